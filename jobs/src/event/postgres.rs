//! A bus for the nodes of one PostgreSQL database: LISTEN and NOTIFY.
//!
//! Invariant: a node has one listening connection. When it breaks, it is made again, and the node looks for itself meanwhile.

use super::bus::{EventBus, note};
use async_trait::async_trait;
use service::App;
use service::event::{Listener, announce};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long to wait before listening is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Numbers by NOTIFY.
pub struct Postgres {
    app: App,
    heard: watch::Sender<i64>,
}

impl Postgres {
    /// A bus of `app`; it hears others while [`Self::listen`] runs.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            app,
            heard: watch::Sender::new(0),
        }
    }

    /// Listens until `stopping`.
    pub async fn listen(&self, stopping: &CancellationToken) {
        loop {
            let listening = async {
                match Listener::open(&self.app).await {
                    Ok(listener) => self.hear(listener).await,
                    Err(error) => tracing::warn!(%error, "nobody listens for events"),
                }
                tokio::time::sleep(RETRY).await;
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = listening => {}
            }
        }
    }

    async fn hear(&self, mut listener: Listener) {
        loop {
            match listener.hear().await {
                Ok(Some(pos)) => note(&self.heard, pos),
                Ok(None) => tracing::info!("the connection that listens for events was made again"),
                Err(error) => {
                    tracing::warn!(%error, "the connection that listens for events broke");
                    return;
                }
            }
        }
    }
}

#[async_trait]
impl EventBus for Postgres {
    async fn announce(&self, pos: i64) {
        // This node hears itself at once and needs no connection for it.
        note(&self.heard, pos);
        if let Err(error) = announce(&self.app, pos).await {
            tracing::warn!(%error, "other nodes were not told of events; they look for themselves");
        }
    }

    fn heard(&self) -> watch::Receiver<i64> {
        self.heard.subscribe()
    }

    fn name(&self) -> &'static str {
        "postgres"
    }
}
