//! One reading of the log for all who follow it on this node.
//!
//! Invariant: the newest events are kept in the order of their places without a gap, at most [`MOST_EVENTS`] and [`MOST_BYTES`] of them; who
//! wants older ones reads the log. Nothing is read while nobody follows. A place that is missing stops the reading and is told: it cannot
//! be, so it is looked at again rather than passed over.

use super::bus::EventBus;
use super::follower::Follower;
use domain::merchant::Tenant;
use service::event::{Event, after, positions};
use service::{App, Error};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Most events that are kept.
const MOST_EVENTS: usize = 65_536;
/// Most bytes of objects that are kept with them.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Most events that one statement reads.
const BATCH: i64 = 1_000;
/// How often the node looks for itself, whatever the bus says.
const LOOK: Duration = Duration::from_secs(1);
/// How long after a failure.
const RETRY: Duration = Duration::from_millis(250);

/// What followers of one merchant and mode are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// The newest sequence that this node has read, 0 before the first.
    pub newest: i64,
    /// Counts how often the reading began anew: what came before is to be looked for in the log.
    pub begun: u64,
}

/// What is kept of one merchant and mode.
struct Lane {
    events: VecDeque<Arc<Event>>,
    news: watch::Sender<News>,
}

#[derive(Default)]
struct Kept {
    /// The last place that was read; none while nobody follows.
    read: Option<i64>,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    lanes: HashMap<Tenant, Lane>,
    followers: usize,
    begun: u64,
}

/// What a feed did so far; for metrics.
#[derive(Debug, Default)]
pub struct FeedState {
    /// The last place that was read, 0 while nobody follows.
    pub pos: AtomicI64,
    /// Events that were read.
    pub events: AtomicU64,
    /// Statements that read them.
    pub reads: AtomicU64,
    /// Places that were missing, which cannot be.
    pub gaps: AtomicU64,
}

/// The newest events on this node; cheap to clone.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    app: App,
    kept: Mutex<Kept>,
    followed: Notify,
    state: Arc<FeedState>,
}

/// What is kept after a place.
pub(super) enum Found {
    /// The events that follow it.
    Events(Vec<Arc<Event>>),
    /// Nothing newer was read.
    UpToDate,
    /// Only the log has them.
    InTheLog,
}

impl Feed {
    /// A feed of `app`; it reads while [`Self::run`] runs.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(Arc::new(Inner {
            app,
            kept: Mutex::default(),
            followed: Notify::new(),
            state: Arc::default(),
        }))
    }

    /// What it did so far.
    #[must_use]
    pub fn state(&self) -> Arc<FeedState> {
        Arc::clone(&self.0.state)
    }

    /// Follows the events of a merchant and mode from the place after `seq` on.
    #[must_use]
    pub fn follow(&self, tenant: Tenant, seq: i64) -> Follower {
        let news = {
            let mut kept = self.kept();
            kept.followers = kept.followers.saturating_add(1);
            kept.lane(tenant).news.subscribe()
        };
        self.0.followed.notify_one();
        Follower::new(self.clone(), tenant, seq, news)
    }

    pub(super) fn app(&self) -> &App {
        &self.0.app
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves whole events behind.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A follower has gone.
    pub(super) fn left(&self, tenant: Tenant) {
        let mut kept = self.kept();
        kept.followers = kept.followers.saturating_sub(1);
        if kept.followers == 0 {
            kept.forget();
            self.0.state.pos.store(0, Ordering::Relaxed);
        } else if kept
            .lanes
            .get(&tenant)
            .is_some_and(|lane| lane.events.is_empty() && lane.news.receiver_count() <= 1)
        {
            kept.lanes.remove(&tenant);
        }
    }

    /// What is kept of `tenant` after `seq`, at most `limit`.
    pub(super) fn find(&self, tenant: Tenant, seq: i64, limit: usize) -> Found {
        let kept = self.kept();
        let Some(lane) = kept.lanes.get(&tenant) else {
            return Found::InTheLog;
        };
        if lane.news.borrow().newest <= seq {
            return Found::UpToDate;
        }
        let Some(first) = lane.events.front() else {
            return Found::InTheLog;
        };
        // Sequences are dense, so the place of an event in the lane is a subtraction.
        match usize::try_from(seq.saturating_add(1).saturating_sub(first.seq)) {
            Ok(skip) => Found::Events(lane.events.iter().skip(skip).take(limit).cloned().collect()),
            Err(_) => Found::InTheLog,
        }
    }

    /// Reads what the bus tells of, until `stopping`.
    pub async fn run(&self, bus: Arc<dyn EventBus>, stopping: CancellationToken) {
        let mut heard = bus.heard();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                changed = heard.changed() => {
                    if changed.is_err() {
                        // The bus is gone; the node goes on looking for itself.
                        look.tick().await;
                    }
                }
                () = self.0.followed.notified() => {}
                _ = look.tick() => {}
            }
            if let Err(error) = self.read_on().await {
                tracing::warn!(%error, "the event log could not be read");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Reads until nothing is left to read.
    async fn read_on(&self) -> Result<(), Error> {
        let app = &self.0.app;
        loop {
            let read = {
                let kept = self.kept();
                if kept.followers == 0 {
                    return Ok(());
                }
                kept.read
            };
            let Some(read) = read else {
                let last = positions(app).await?.last;
                self.kept().begin(last);
                continue;
            };
            let events = after(app, read, BATCH).await?;
            self.0.state.reads.fetch_add(1, Ordering::Relaxed);
            let full = i64::try_from(events.len()).is_ok_and(|count| count == BATCH);
            if !self.keep(read, events) || !full {
                return Ok(());
            }
        }
    }

    /// Keeps events that follow `read`; false when one is missing among them.
    fn keep(&self, read: i64, events: Vec<Event>) -> bool {
        let mut kept = self.kept();
        // Everybody left while they were read.
        if kept.read != Some(read) {
            return true;
        }
        let mut told: Vec<(Tenant, i64)> = Vec::new();
        let mut whole = true;
        for event in events {
            let expected = kept.read.unwrap_or_default().saturating_add(1);
            if event.pos != expected {
                self.0.state.gaps.fetch_add(1, Ordering::Relaxed);
                tracing::error!(expected, found = event.pos, "a place is missing in the event log");
                whole = false;
                break;
            }
            kept.read = Some(event.pos);
            self.0.state.events.fetch_add(1, Ordering::Relaxed);
            self.0.state.pos.store(event.pos, Ordering::Relaxed);
            let (tenant, seq) = (event.tenant, event.seq);
            kept.push(Arc::new(event));
            match told.iter_mut().find(|(of, _)| *of == tenant) {
                Some((_, newest)) => *newest = seq,
                None => told.push((tenant, seq)),
            }
        }
        for (tenant, newest) in told {
            if let Some(lane) = kept.lanes.get(&tenant) {
                lane.news.send_modify(|news| news.newest = newest);
            }
        }
        whole
    }
}

impl Kept {
    fn lane(&mut self, tenant: Tenant) -> &mut Lane {
        let begun = self.begun;
        self.lanes.entry(tenant).or_insert_with(|| Lane {
            events: VecDeque::new(),
            news: watch::Sender::new(News { newest: 0, begun }),
        })
    }

    /// Reading begins after `last`: what was numbered until then is in the log only, so all look there once more.
    fn begin(&mut self, last: i64) {
        self.read = Some(last);
        self.begun = self.begun.wrapping_add(1);
        let begun = self.begun;
        for lane in self.lanes.values() {
            lane.news.send_modify(|news| news.begun = begun);
        }
    }

    fn push(&mut self, event: Arc<Event>) {
        self.bytes = self.bytes.saturating_add(weight(&event));
        self.lane(event.tenant).events.push_back(Arc::clone(&event));
        self.events.push_back(event);
        while self.events.len() > MOST_EVENTS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(weight(&oldest));
            if let Some(lane) = self.lanes.get_mut(&oldest.tenant) {
                lane.events.pop_front();
                if lane.events.is_empty() && lane.news.receiver_count() == 0 {
                    self.lanes.remove(&oldest.tenant);
                }
            }
        }
    }

    fn forget(&mut self) {
        *self = Self {
            begun: self.begun,
            ..Self::default()
        };
    }
}

fn weight(event: &Event) -> usize {
    event.data.len().saturating_add(size_of::<Event>())
}
