//! Noting requests.
//!
//! Invariant: noting waits for nothing but a lock that is held for the time of a few copies.

use super::queue::{BATCH, MOST_QUESTIONS, MOST_ROWS, Queue};
use super::writer;
use crate::Db;
use domain::api_request::ApiRequest;
use domain::credential::LastUse;
use domain::id::CredentialId;
use domain::{Clock, Timestamp};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

/// Most requests of strangers that are noted in a second. They cost whoever sends them nothing, so without a bound anybody could
/// fill the disk; enough of them are kept to see that somebody tries.
const STRANGERS_PER_SECOND: u64 = 100;

/// What became of the rows since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They are in the database.
    pub written: u64,
    /// There was no room in memory.
    pub dropped_full: u64,
    /// Plain questions, or requests of strangers, beyond what is noted in a second.
    pub dropped_over_rate: u64,
    /// The database did not answer for too long.
    pub dropped_unreachable: u64,
    /// The database refused them: a defect.
    pub dropped_refused: u64,
    /// They wait in memory.
    pub queued: usize,
}

/// The request log of a node.
pub struct RequestLog(Arc<Shared>);

/// What doors and the writer share.
pub(super) struct Shared {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    queue: Mutex<Queue>,
    queued: AtomicUsize,
    rate: Rate,
    strangers: Rate,
    pub(super) tally: Tally,
    /// Rows were written.
    pub(super) written: watch::Sender<()>,
    /// Something is there for the writer.
    pub(super) wake: Notify,
    /// Whoever pauses before another try is not to.
    pub(super) hurry: Notify,
}

/// Counters behind [`Counts`].
#[derive(Default)]
pub(super) struct Tally {
    pub(super) written: AtomicU64,
    full: AtomicU64,
    over_rate: AtomicU64,
    pub(super) unreachable: AtomicU64,
    pub(super) refused: AtomicU64,
}

/// Adds to a counter.
pub(super) fn add(counter: &AtomicU64, rows: usize) {
    counter.fetch_add(u64::try_from(rows).unwrap_or_default(), Ordering::Relaxed);
}

/// How many plain questions came in the present second: the second in the upper bits, the count in the lower.
struct Rate {
    held: AtomicU64,
    /// Beyond it they are a flood of which no single one is evidence, and writing them would take the database from payments: a row
    /// takes some 30 microseconds of a core in all, so 2,500 are less than a tenth of one.
    most: u64,
}

impl Rate {
    const COUNT_BITS: u32 = 24;

    fn so_far(held: u64, now: Timestamp) -> (u64, u64) {
        let second = now.timestamp().unsigned_abs();
        let same = held >> Self::COUNT_BITS == second;
        let count = held & ((1 << Self::COUNT_BITS) - 1);
        (second, if same { count } else { 0 })
    }

    fn is_reached(&self, now: Timestamp) -> bool {
        Self::so_far(self.held.load(Ordering::Relaxed), now).1 >= self.most
    }

    fn take(&self, now: Timestamp) -> bool {
        let take = |held| {
            let (second, count) = Self::so_far(held, now);
            (count < self.most).then_some(second << Self::COUNT_BITS | (count + 1))
        };
        self.held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }
}

impl RequestLog {
    /// An empty log over a database, which takes at most so many plain questions in a second. The task that writes it begins with
    /// the first row.
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, questions_per_second: u32) -> Self {
        Self(Arc::new(Shared {
            db,
            clock,
            queue: Mutex::default(),
            queued: AtomicUsize::new(0),
            rate: Rate {
                held: AtomicU64::new(0),
                most: questions_per_second.into(),
            },
            strangers: Rate {
                held: AtomicU64::new(0),
                most: STRANGERS_PER_SECOND,
            },
            tally: Tally::default(),
            written: watch::Sender::default(),
            wake: Notify::new(),
            hurry: Notify::new(),
        }))
    }

    /// Whether a plain question (see [`ApiRequest::matters_most`]) would be kept now. If not, it is counted as dropped, and
    /// there is no need to put its row together: tell [`used`](Self::used) of its key and leave it at that.
    #[must_use]
    pub fn has_room_for_question(&self) -> bool {
        let Shared {
            queued,
            tally,
            rate,
            clock,
            ..
        } = &*self.0;
        let full = queued.load(Ordering::Relaxed) >= MOST_QUESTIONS;
        if full {
            add(&tally.full, 1);
        } else if rate.is_reached(clock.now()) {
            add(&tally.over_rate, 1);
        } else {
            return true;
        }
        false
    }

    /// Notes a request. Never waits and never fails; a row for which there is no room is counted.
    pub fn note(&self, request: ApiRequest) {
        let log = &self.0;
        let used = match (request.credential, request.denial) {
            (Some(credential), None) => Some((credential, last_use(&request))),
            _ => None,
        };
        let matters = request.matters_most();
        let pace = match (matters, request.is_of_a_stranger()) {
            (true, _) => None,
            (false, true) => Some(&log.strangers),
            (false, false) => Some(&log.rate),
        };
        let within = pace.is_none_or(|rate| rate.take(log.clock.now()));
        let room = match (within, matters) {
            (false, _) => 0,
            (true, false) => MOST_QUESTIONS,
            (true, true) => MOST_ROWS,
        };
        let mut queue = log.lock();
        let idle = queue.is_empty();
        if let Some((credential, latest)) = used {
            queue.take_use(credential, latest);
        }
        let kept = queue.take_in(request, room);
        let queued = queue.len();
        log.publish(queued);
        // The first row begins a wait for others, a full batch ends it.
        let first = !queue.has_writer || (idle && !queue.is_empty());
        if first || (kept && (queued == 1 || queued == BATCH)) {
            log.wake_writer(&mut queue);
        }
        drop(queue);
        if !within {
            add(&log.tally.over_rate, 1);
        } else if !kept {
            add(&log.tally.full, 1);
        }
    }

    /// Notes the use of a credential whose request was let in but is not noted, for want of room. [`note`](Self::note) does this by
    /// itself.
    pub fn used(&self, credential: CredentialId, address: IpAddr, at: Timestamp) {
        let mut queue = self.0.lock();
        let idle = queue.is_empty();
        queue.take_use(credential, LastUse { at, address });
        if !queue.has_writer || (idle && !queue.is_empty()) {
            self.0.wake_writer(&mut queue);
        }
    }

    /// Changes when this node has written rows.
    #[must_use]
    pub fn written(&self) -> watch::Receiver<()> {
        self.0.written.subscribe()
    }

    /// Resolves when everything that was noted before is written, or given up.
    pub async fn flush(&self) {
        let wait = {
            let mut queue = self.0.lock();
            if queue.is_empty() && !queue.has_writer {
                return;
            }
            let wait = queue.wait();
            self.0.wake_writer(&mut queue);
            wait
        };
        // The sender is dropped, never used: either way it is over.
        drop(wait.await);
    }

    /// Writes what was noted and ends the task that writes. A database that does not answer is not waited for any more.
    pub(crate) async fn stop(&self) {
        let wait = {
            let mut queue = self.0.lock();
            if queue.is_empty() && !queue.has_writer {
                return;
            }
            queue.stopping = true;
            let wait = queue.wait_for_the_end();
            self.0.wake_writer(&mut queue);
            wait
        };
        self.0.hurry.notify_one();
        drop(wait.await);
    }

    /// What became of the rows so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let tally = &self.0.tally;
        Counts {
            written: read(&tally.written),
            dropped_full: read(&tally.full),
            dropped_over_rate: read(&tally.over_rate),
            dropped_unreachable: read(&tally.unreachable),
            dropped_refused: read(&tally.refused),
            // Under the lock, so that whoever was told of the end sees it.
            queued: self.0.lock().len(),
        }
    }
}

/// Nobody is left to note anything.
impl Drop for RequestLog {
    fn drop(&mut self) {
        self.0.lock().stopping = true;
        self.0.wake.notify_one();
    }
}

const fn last_use(request: &ApiRequest) -> LastUse {
    LastUse {
        at: request.at,
        address: request.address,
    }
}

impl Shared {
    /// The queue. Nothing is awaited while it is held.
    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes how many rows wait.
    pub(super) fn publish(&self, queued: usize) {
        self.queued.store(queued, Ordering::Relaxed);
    }

    /// Wakes the writer, or begins one. Where no runtime is, rows wait for somebody who notes in one.
    fn wake_writer(self: &Arc<Self>, queue: &mut Queue) {
        if queue.has_writer {
            self.wake.notify_one();
        } else if let Ok(runtime) = Handle::try_current() {
            queue.has_writer = true;
            runtime.spawn(writer::run(Arc::clone(self)));
        }
    }
}
