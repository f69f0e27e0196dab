//! The task that writes the request log.
//!
//! Invariant: it ends only when it is told to, whatever the database does, and it takes no more of the database than its pace.

use super::log::{Shared, add};
use super::queue::{BATCH, Batch, Next};
use super::statements::{self, Part};
use crate::Error;
use crate::db::{Trouble, trouble};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Longest that a row waits for others: nobody reads the log sooner without asking for it, and a commit each fifth of a second is
/// nothing to a disk.
const GATHER: Duration = Duration::from_millis(200);
/// How often it is looked whether a last use may be written while nothing else is there.
const LINGER: Duration = Duration::from_secs(1);
/// What a full batch is followed by: at most 5,000 rows a second, so that a flood of denied requests, all of which matter, leaves the
/// database to payments.
const BREATH: Duration = Duration::from_millis(100);
/// Pauses before another try: with the time that each try waits for a connection, longer than a database takes to fail over.
const PAUSES: [Duration; 9] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
    Duration::from_millis(3_200),
    Duration::from_secs(5),
    Duration::from_secs(5),
    Duration::from_secs(5),
];
/// Most refused statements of one batch: enough to find a few rows that the database does not take, not enough to be a burden when
/// it takes none.
const MOST_REFUSALS: usize = 40;

/// Frees whoever waits when the task ends without being told to, with its runtime for example.
struct Alive(Option<Arc<Shared>>);

impl Drop for Alive {
    fn drop(&mut self) {
        if let Some(log) = self.0.take() {
            log.lock().end();
        }
    }
}

/// Writes until it is told to end.
pub(super) async fn run(log: Arc<Shared>) {
    let mut alive = Alive(Some(Arc::clone(&log)));
    let mut ripe = false;
    loop {
        let next = {
            let now = log.clock.now();
            let mut queue = log.lock();
            let next = queue.next(ripe, now);
            log.publish(queue.len());
            next
        };
        ripe = false;
        match next {
            Next::Write(batch) => {
                let full = batch.rows.len() >= BATCH;
                write(&log, batch).await;
                if full && !log.lock().stopping {
                    sleep(BREATH).await;
                }
            }
            Next::Gather => ripe = timed_out(&log, GATHER).await,
            Next::Linger => ripe = timed_out(&log, LINGER).await,
            Next::Idle => log.wake.notified().await,
            Next::End => {
                // Another writer may have begun by now, and whoever waits belongs to it.
                alive.0 = None;
                return;
            }
        }
    }
}

/// Waits until it is woken; `true` when it was not.
async fn timed_out(log: &Shared, at_most: Duration) -> bool {
    tokio::select! {
        () = sleep(at_most) => true,
        () = log.wake.notified() => false,
    }
}

/// Writes a batch. What the database refuses is cut in halves until the rows that it does not take are alone.
async fn write(log: &Shared, batch: Batch) {
    let Batch { rows, uses, waiting } = batch;
    let mut parts = vec![Part { rows, uses }];
    let mut refusals = 0;
    while let Some(part) = parts.pop() {
        let rows = part.rows.len();
        let Err(error) = persist(log, &part).await else {
            add(&log.tally.written, rows);
            log.written.send_replace(());
            continue;
        };
        if passes(&error) {
            tracing::error!(%error, rows, "requests are lost to the log: the database does not answer");
            add(&log.tally.unreachable, rows);
            give_back(log, part);
            continue;
        }
        refusals += 1;
        match part.split() {
            Some(halves) if refusals < MOST_REFUSALS => parts.extend(halves),
            _ => {
                tracing::error!(%error, rows, "requests are lost to the log: the database refuses them");
                add(&log.tally.refused, rows);
            }
        }
    }
    drop(waiting);
}

/// The uses of a part that could not be written are noted again; at the end, everything is given up.
fn give_back(log: &Shared, part: Part) {
    let mut queue = log.lock();
    if queue.stopping {
        add(&log.tally.unreachable, queue.give_up());
        log.publish(queue.len());
    } else {
        queue.give_back(part.uses);
    }
}

/// Writes a part, trying again while that may help.
async fn persist(log: &Shared, part: &Part) -> crate::Result<()> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(error) = statements::write(&log.db, part).await else {
            return Ok(());
        };
        let again = passes(&error) && !log.lock().stopping;
        let Some(pause) = pauses.next().filter(|_| again) else {
            return Err(error);
        };
        tracing::warn!(%error, "the request log could not be written; trying again");
        tokio::select! {
            () = sleep(pause) => {}
            () = log.hurry.notified() => {}
        }
    }
}

/// Whether an error has nothing to do with what was to be written.
fn passes(error: &Error) -> bool {
    matches!(error, Error::Storage(cause) if trouble(cause) != Trouble::Defect)
}
