//! Writing down what attempts brought: one writer, many at once.
//!
//! Invariant: what was sent is written before the lane goes on with what waits for it. While the database does not take it, it is tried again,
//! and nothing more is claimed once the lanes are full.

use super::lane::Settled;
use super::send::Ended;
use super::state::DispatcherState;
use domain::Timestamp;
use domain::id::WebhookEndpointId;
use domain::webhook::{Answer, DeliveryState, DisabledReason, FailureClass, Health, Notice};
use service::App;
use service::webhook::{Outcome, Recorded, Tried, record};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Most that are written together.
const BATCH: usize = 256;
/// How long the first of a batch waits for others.
const GATHER: Duration = Duration::from_millis(1);
/// The pause before another try, twice as long each further time.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(3));

/// What the writer is told.
pub(super) enum Note {
    /// This node has a lane, whose endpoint has answered so.
    Adopted(WebhookEndpointId, Health),
    /// An attempt has ended.
    Ended(Box<Written>),
}

/// An attempt that is to be written.
pub(super) struct Written {
    pub(super) ended: Ended,
    /// Under which epoch the lane was this node's.
    pub(super) epoch: i64,
    /// Whether its endpoint is left alone and switched off when it fails; addresses that payments carry are not.
    pub(super) is_watched: bool,
}

/// Writes until nobody tells it anything any more.
pub(super) async fn write(
    app: App,
    state: Arc<DispatcherState>,
    mut notes: mpsc::Receiver<Note>,
    settled: mpsc::UnboundedSender<Settled>,
) {
    let mut health: HashMap<WebhookEndpointId, Health> = HashMap::new();
    let mut batch = Vec::with_capacity(BATCH);
    while notes.recv_many(&mut batch, BATCH).await > 0 {
        if batch.len() < BATCH {
            sleep(GATHER).await;
            while batch.len() < BATCH {
                let Ok(note) = notes.try_recv() else { break };
                batch.push(note);
            }
        }
        let mut written = Vec::with_capacity(batch.len());
        for note in batch.drain(..) {
            match note {
                Note::Adopted(endpoint, stands) => drop(health.insert(endpoint, stands)),
                Note::Ended(ended) => written.push(*ended),
            }
        }
        if !written.is_empty() {
            settle(&app, &state, &mut health, written, &settled).await;
        }
    }
}

async fn settle(
    app: &App,
    state: &DispatcherState,
    health: &mut HashMap<WebhookEndpointId, Health>,
    written: Vec<Written>,
    settled: &mpsc::UnboundedSender<Settled>,
) {
    let now = app.now();
    let mut lanes: HashMap<WebhookEndpointId, Recorded> = HashMap::new();
    for it in written.iter().filter(|it| it.is_watched) {
        let endpoint = it.ended.tried.delivery.endpoint;
        let was = health.get(&endpoint).copied().unwrap_or_default();
        let (stands, disable) = judge(was, &it.ended, now);
        health.insert(endpoint, stands);
        if stands != was || disable.is_some() {
            let lane = lanes.entry(endpoint).or_insert(Recorded {
                endpoint,
                epoch: it.epoch,
                health: stands,
                disable: None,
            });
            lane.health = stands;
            lane.disable = lane.disable.or(disable);
        }
    }
    let lanes: Vec<Recorded> = lanes.into_values().collect();
    let (tried, rest): (Vec<Tried>, Vec<_>) = written
        .into_iter()
        .map(|it| {
            let rest = (it.ended.answer, it.ended.took, it.epoch);
            (it.ended.tried, rest)
        })
        .unzip();
    let outcomes = insist(app, &tried, &lanes).await;
    for ((tried, (answer, took, epoch)), outcome) in tried.iter().zip(rest).zip(outcomes) {
        let endpoint = tried.delivery.endpoint;
        if outcome == Outcome::Stale {
            state.stale.fetch_add(1, Ordering::Relaxed);
        }
        if tried.attempt.failure == Some(FailureClass::AddressDenied) {
            state.denied.fetch_add(1, Ordering::Relaxed);
        }
        let again = match tried.state {
            DeliveryState::Waiting { at, .. } if outcome == Outcome::Applied => Some(at),
            _ => None,
        };
        state.attempted(answer == Answer::Taken, took);
        let settled_now = Settled {
            endpoint,
            took,
            is_success: answer == Answer::Taken,
            timed_out: tried.attempt.failure == Some(FailureClass::Timeout),
            too_much: matches!(tried.attempt.status, Some(429 | 503)),
            again,
            health: health.get(&endpoint).copied().unwrap_or_default(),
            epoch,
            is_closed: lanes
                .iter()
                .any(|lane| lane.endpoint == endpoint && lane.disable.is_some()),
        };
        if settled.send(settled_now).is_err() {
            tracing::debug!("nobody plans webhooks any more");
        }
    }
}

/// How an endpoint stands after an attempt, and why it is switched off, if it is.
fn judge(was: Health, ended: &Ended, now: Timestamp) -> (Health, Option<DisabledReason>) {
    if matches!(
        ended.tried.attempt.failure,
        Some(FailureClass::Unreadable | FailureClass::Interrupted)
    ) {
        // Our fault, not the endpoint's.
        return (was, None);
    }
    match ended.answer {
        Answer::Taken => (was.succeeded(), None),
        Answer::Gone => (was.failed(now).0, Some(DisabledReason::Gone)),
        Answer::Failed { .. } => {
            let (stands, notice) = was.failed(now);
            let endpoint = ended.tried.delivery.endpoint;
            match notice {
                None => (stands, None),
                Some(Notice::Failing(percent)) => {
                    tracing::warn!(%endpoint, percent, "a webhook endpoint fails and will be switched off");
                    (stands, None)
                }
                Some(Notice::Disabled(reason)) => (stands, Some(reason)),
            }
        }
    }
}

/// Writes, however often the database refuses: an attempt that was made must not be forgotten, or it is made again.
async fn insist(app: &App, tried: &[Tried], lanes: &[Recorded]) -> Vec<Outcome> {
    let mut pause = PAUSE.0;
    loop {
        match record(app, tried, lanes).await {
            Ok(outcomes) => {
                for lane in lanes {
                    if let Some(reason) = lane.disable {
                        tracing::warn!(endpoint = %lane.endpoint, %reason, "a webhook endpoint was switched off");
                    }
                }
                return outcomes;
            }
            Err(error) => {
                tracing::warn!(%error, attempts = tried.len(), "attempts cannot be written down yet");
                sleep(pause).await;
                pause = pause.saturating_mul(2).min(PAUSE.1);
            }
        }
    }
}
