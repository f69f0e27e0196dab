//! Sending what was claimed together.
//!
//! Invariant: each delivery that was claimed is told to the writer once, whatever panics: what was counted has an end in the log.

use super::send::Sender;
use super::write::{Note, Written};
use domain::webhook::{Delivery, Dialect};
use futures_util::FutureExt as _;
use service::App;
use service::webhook::{Bodies, Signer, bodies};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How long to wait after the database did not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// What was claimed, endpoint by endpoint: who signs, what is sent, and the epoch of the lane.
pub(super) type Batch = Vec<(Arc<Signer>, Vec<Delivery>, i64)>;

/// Loads the bodies of what was claimed and sends each on its own.
pub(super) async fn send_all(sender: Arc<Sender>, batch: Batch, notes: mpsc::Sender<Note>) {
    let all: Vec<Delivery> = batch
        .iter()
        .flat_map(|(_, deliveries, _)| deliveries)
        .cloned()
        .collect();
    let loaded = AssertUnwindSafe(load(&sender.app, &all)).catch_unwind().await;
    let bodies = loaded.unwrap_or_else(|_| {
        tracing::error!("loading the bodies of webhooks ended in a panic");
        Bodies::new()
    });
    for (signer, deliveries, epoch) in batch {
        for delivery in deliveries {
            let body = bodies.get(&delivery.key).cloned();
            let (sender, signer, notes) = (Arc::clone(&sender), Arc::clone(&signer), notes.clone());
            tokio::spawn(async move {
                let sending = AssertUnwindSafe(sender.send(delivery.clone(), &signer, body));
                let ended = sending.catch_unwind().await.unwrap_or_else(|_| {
                    tracing::error!(delivery = %delivery.id, "an attempt at a webhook ended in a panic");
                    sender.broke_off(delivery, &signer)
                });
                let written = Written {
                    ended,
                    epoch,
                    is_watched: signer.endpoint.settings.dialect != Dialect::Callback,
                };
                // The writer ends after all who send.
                drop(notes.send(Note::Ended(Box::new(written))).await);
            });
        }
    }
}

/// The bodies, however long the database takes: what was claimed is to be sent.
async fn load(app: &App, deliveries: &[Delivery]) -> Bodies {
    loop {
        match bodies(app, deliveries).await {
            Ok(bodies) => return bodies,
            Err(error) => {
                tracing::warn!(%error, "the bodies of webhooks could not be read yet");
                sleep(PAUSE).await;
            }
        }
    }
}
