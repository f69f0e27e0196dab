//! What was noted and is not written yet.
//!
//! Invariant: memory is bounded. Rows have their limits; credentials are as many as were used within a minute.

use chrono::Duration;
use domain::Timestamp;
use domain::api_request::ApiRequest;
use domain::credential::LastUse;
use domain::id::CredentialId;
use std::collections::{HashMap, VecDeque};
use tokio::sync::oneshot;

/// Most rows in memory: some ten megabytes, and four seconds of the fastest that is written ([`BATCH`] every tenth of a second).
pub(super) const MOST_ROWS: usize = 20_000;
/// Where plain questions stop: the last quarter is kept for what was denied or changed something.
pub(super) const MOST_QUESTIONS: usize = MOST_ROWS / 4 * 3;
/// Most rows in one statement: by then its fixed cost is a hundredth, and it holds SQLite's only writer for a few milliseconds.
pub(super) const BATCH: usize = 500;
/// How often the last use of one credential is written: people read it in minutes, and each write is a new version of its row.
const USE_EVERY: Duration = Duration::minutes(1);

/// Rows and uses that go to the database together.
pub(super) struct Batch {
    pub(super) rows: Vec<ApiRequest>,
    pub(super) uses: Vec<(CredentialId, LastUse)>,
    /// Dropped when the batch is settled, which tells whoever waits for it.
    pub(super) waiting: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.uses.is_empty() && self.waiting.is_empty()
    }
}

/// What the writer is to do next.
pub(super) enum Next {
    /// Write this.
    Write(Batch),
    /// Wait for rows to write together.
    Gather,
    /// Wait until a use may be written.
    Linger,
    /// Wait until something is noted.
    Idle,
    /// End: everything is written, and nobody is to note more.
    End,
}

/// The last use of a credential.
struct Used {
    latest: LastUse,
    /// Whether it is still to be written.
    pending: bool,
    /// When a use of it was written last.
    written: Option<Timestamp>,
}

impl Used {
    fn due(&self, now: Timestamp) -> bool {
        self.written
            .is_none_or(|written| now.signed_duration_since(written) >= USE_EVERY)
    }
}

/// What was noted and is not written yet.
#[derive(Default)]
pub(super) struct Queue {
    rows: VecDeque<ApiRequest>,
    /// How many rows were ever taken in.
    noted: u64,
    /// How many of them were taken out.
    taken: u64,
    uses: HashMap<CredentialId, Used>,
    /// How many uses are still to be written.
    pending: usize,
    /// Who waits until so many rows are settled.
    waiting: Vec<(u64, oneshot::Sender<()>)>,
    /// Whether the writer is to end when everything is written.
    pub(super) stopping: bool,
    /// Whether there is a writer.
    pub(super) has_writer: bool,
}

impl Queue {
    /// How many rows wait.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is left to write.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.pending == 0
    }

    /// Takes a row in; `false` when there is no room for it.
    pub(super) fn take_in(&mut self, request: ApiRequest, room: usize) -> bool {
        if self.rows.len() >= room {
            return false;
        }
        self.rows.push_back(request);
        self.noted += 1;
        true
    }

    /// Takes a use of a credential in, unless a later one is known.
    pub(super) fn take_use(&mut self, credential: CredentialId, latest: LastUse) {
        let used = self.uses.entry(credential).or_insert(Used {
            latest,
            pending: false,
            written: None,
        });
        if latest.at > used.latest.at || used.written.is_none() {
            used.latest = if latest.at < used.latest.at {
                used.latest
            } else {
                latest
            };
            self.pending += usize::from(!used.pending);
            used.pending = true;
        }
    }

    /// Takes a use back in that could not be written.
    pub(super) fn give_back(&mut self, uses: Vec<(CredentialId, LastUse)>) {
        for (credential, latest) in uses {
            if let Some(used) = self.uses.get_mut(&credential) {
                used.written = None;
            }
            self.take_use(credential, latest);
        }
    }

    /// Gives up everything; says how many rows that were.
    pub(super) fn give_up(&mut self) -> usize {
        let rows = self.rows.len();
        self.taken = self.noted;
        self.rows.clear();
        self.uses.clear();
        self.pending = 0;
        rows
    }

    /// Resolves when everything that was noted up to now is settled.
    pub(super) fn wait(&mut self) -> oneshot::Receiver<()> {
        let (settled, wait) = oneshot::channel();
        self.waiting.push((self.noted, settled));
        wait
    }

    /// Resolves when the writer ends.
    pub(super) fn wait_for_the_end(&mut self) -> oneshot::Receiver<()> {
        let (ended, wait) = oneshot::channel();
        self.waiting.push((u64::MAX, ended));
        wait
    }

    /// The writer has ended: nobody waits for it any more.
    pub(super) fn end(&mut self) {
        self.has_writer = false;
        self.stopping = false;
        self.waiting.clear();
    }

    /// What to do now; `ripe` when rows have been gathered for long enough.
    pub(super) fn next(&mut self, ripe: bool, now: Timestamp) -> Next {
        let urgent = self.stopping || !self.waiting.is_empty();
        if ripe || urgent || self.rows.len() >= BATCH {
            let batch = self.batch(urgent, now);
            if !batch.is_empty() {
                return Next::Write(batch);
            }
            if self.stopping {
                self.end();
                return Next::End;
            }
        }
        match (self.rows.is_empty(), self.pending) {
            (false, _) => Next::Gather,
            (true, 0) => Next::Idle,
            (true, _) => Next::Linger,
        }
    }

    fn batch(&mut self, all_uses: bool, now: Timestamp) -> Batch {
        let rows: Vec<_> = self.rows.drain(..BATCH.min(self.rows.len())).collect();
        self.taken = self
            .taken
            .saturating_add(u64::try_from(rows.len()).unwrap_or_default());
        let taken = self.taken;
        let settled = |(noted, _): &mut (u64, _)| *noted <= taken;
        let waiting = self.waiting.extract_if(.., settled).map(|(_, waits)| waits);
        Batch {
            rows,
            waiting: waiting.collect(),
            uses: self.uses_to_write(all_uses, now),
        }
    }

    /// The uses that may be written now, and forgets credentials that were not used for long.
    fn uses_to_write(&mut self, all: bool, now: Timestamp) -> Vec<(CredentialId, LastUse)> {
        let mut uses = Vec::new();
        if self.pending > 0 {
            self.uses.retain(|credential, used| {
                let due = used.due(now);
                if used.pending && (due || all) {
                    uses.push((*credential, used.latest));
                    (used.pending, used.written) = (false, Some(now));
                    return true;
                }
                used.pending || !due
            });
            self.pending = self.pending.saturating_sub(uses.len());
        }
        uses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{IdGenerator, SeededIds};

    fn start() -> Timestamp {
        "2026-06-15T10:00:00Z".parse().unwrap()
    }

    fn used(seconds: i64) -> LastUse {
        LastUse {
            at: start() + Duration::seconds(seconds),
            address: "192.0.2.1".parse().unwrap(),
        }
    }

    fn written(queue: &mut Queue, now: i64) -> Vec<LastUse> {
        match queue.next(true, start() + Duration::seconds(now)) {
            Next::Write(batch) => batch.uses.into_iter().map(|(_, used)| used).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_use_is_written_at_once_and_then_the_latest_of_each_minute() {
        let mut queue = Queue::default();
        let key = SeededIds::new(1).id(start());
        queue.take_use(key, used(0));
        assert_eq!(written(&mut queue, 0), [used(0)]);
        for seconds in [10, 30, 20] {
            queue.take_use(key, used(seconds));
        }
        assert_eq!(written(&mut queue, 59), []);
        assert!(matches!(queue.next(true, start()), Next::Linger));
        assert_eq!(written(&mut queue, 60), [used(30)]);
        assert!(matches!(queue.next(true, start()), Next::Idle));
        // An hour later nobody remembers it; the database still does.
        queue.take_use(SeededIds::new(2).id(start()), used(3_600));
        assert_eq!(written(&mut queue, 3_600), [used(3_600)]);
        assert_eq!(queue.uses.len(), 1);
    }

    #[test]
    fn a_use_that_was_not_written_is_tried_again_unless_a_later_one_is_known() {
        let mut queue = Queue::default();
        let key = SeededIds::new(1).id(start());
        queue.take_use(key, used(0));
        assert_eq!(written(&mut queue, 0), [used(0)]);
        queue.give_back(vec![(key, used(0))]);
        assert_eq!(written(&mut queue, 0), [used(0)]);
        queue.take_use(key, used(5));
        queue.give_back(vec![(key, used(0))]);
        assert_eq!(written(&mut queue, 5), [used(5)]);
        assert!(queue.is_empty());
    }

    #[test]
    fn whoever_waits_gets_the_uses_of_this_minute_too() {
        let mut queue = Queue::default();
        let key = SeededIds::new(1).id(start());
        queue.take_use(key, used(0));
        assert_eq!(written(&mut queue, 0), [used(0)]);
        queue.take_use(key, used(1));
        let mut wait = queue.wait();
        let Next::Write(batch) = queue.next(false, start()) else {
            panic!("nothing is written");
        };
        assert_eq!(batch.uses, [(key, used(1))]);
        assert_eq!(wait.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        drop(batch);
        assert_eq!(wait.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    }
}
