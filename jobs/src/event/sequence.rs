//! The loop around the sequencer: taking the turn, numbering what waits, giving way.
//!
//! Invariant: it runs on every working node and numbers on one. Whatever goes wrong, the turn is given up and taken anew: a failure costs
//! time and never a place. How long events have waited decides whether a silent colleague still lives.

use super::bus::EventBus;
use service::App;
use service::event::{Numbered, Sequencer, depose, is_waiting, positions};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long a wake-up waits for more, so that a busy moment costs few transactions.
const GATHER: Duration = Duration::from_millis(2);
/// How long after one transaction the next begins, unless as many wait as one can number: with it, a busy database numbers fifty times
/// a second and not as often as it can.
const PACE: Duration = Duration::from_millis(20);
/// How often the numbering node looks for what other processes wrote: at first, and when nothing has come for a while.
const LOOK: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));
/// How often another node asks for the turn.
const ASK: Duration = Duration::from_millis(250);
/// How long events may wait before whoever has the turn is taken for dead.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a sequencer did so far; for metrics.
#[derive(Debug, Default)]
pub struct SequencerState {
    /// The epoch of this node's turn; 0 while it has none.
    pub epoch: AtomicI64,
    /// Events that this node numbered.
    pub numbered: AtomicI64,
}

/// Why a turn ended.
enum Ended {
    Stopping,
    Fenced,
    Broken,
}

/// Runs until `stopping`.
pub async fn sequence(
    app: App,
    bus: Arc<dyn EventBus>,
    state: Arc<SequencerState>,
    stopping: CancellationToken,
) {
    let mut stalled = None;
    while !stopping.is_cancelled() {
        match Sequencer::elect(&app).await {
            Ok(Some(turn)) => {
                tracing::info!(epoch = turn.epoch(), "this node gives events their places");
                stalled = None;
                state.epoch.store(turn.epoch(), Ordering::Relaxed);
                let ended = lead(&app, &turn, bus.as_ref(), &state, &stopping).await;
                state.epoch.store(0, Ordering::Relaxed);
                turn.resign().await;
                match ended {
                    Ended::Stopping => return,
                    Ended::Fenced => tracing::warn!("another node gives events their places now"),
                    Ended::Broken => {}
                }
            }
            Ok(None) => watch(&app, &mut stalled).await,
            Err(error) => tracing::warn!(%error, "nobody can be asked for the turn to number events"),
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = sleep(ASK) => {}
        }
    }
}

/// Numbers until the turn ends.
async fn lead(
    app: &App,
    turn: &Sequencer,
    bus: &dyn EventBus,
    state: &SequencerState,
    stopping: &CancellationToken,
) -> Ended {
    let mut look = LOOK.0;
    loop {
        let begun = Instant::now();
        match turn.number(app).await {
            Ok(Numbered::Upto { pos, count }) => {
                look = LOOK.0;
                state.numbered.fetch_add(count, Ordering::Relaxed);
                bus.announce(pos).await;
                if count < Sequencer::BATCH {
                    tokio::select! {
                        () = stopping.cancelled() => return Ended::Stopping,
                        () = sleep_until(begun + PACE) => {}
                    }
                }
                // More may have come meanwhile.
                continue;
            }
            Ok(Numbered::Nothing) => {}
            Ok(Numbered::Fenced) => return Ended::Fenced,
            Err(error) => {
                tracing::warn!(%error, "events could not be numbered");
                return Ended::Broken;
            }
        }
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ended::Stopping,
                () = app.db().told().notified() => {
                    sleep(GATHER).await;
                    break;
                }
                () = sleep(look) => match turn.is_waiting(app).await {
                    Ok(true) => break,
                    Ok(false) => look = LOOK.1.min(look.saturating_mul(2)),
                    Err(error) => {
                        tracing::warn!(%error, "events could not be looked for");
                        return Ended::Broken;
                    }
                },
            }
        }
    }
}

/// Takes the turn away from whoever has it while events wait and the log does not move.
async fn watch(app: &App, stalled: &mut Option<(Instant, i64)>) {
    let (Ok(true), Ok(positions)) = (is_waiting(app).await, positions(app).await) else {
        *stalled = None;
        return;
    };
    let (since, pos) = *stalled.get_or_insert_with(|| (Instant::now(), positions.last));
    if pos != positions.last {
        *stalled = None;
    } else if since.elapsed() >= PATIENCE {
        tracing::error!("events wait and nobody numbers them: the turn is taken away from whoever has it");
        *stalled = None;
        if let Err(error) = depose(app).await {
            tracing::warn!(%error, "the turn could not be taken away");
        }
    }
}
