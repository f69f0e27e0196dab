//! What this node knows of an endpoint to which it sends.
//!
//! Invariant: an endpoint gets no more requests at once than it wants, one at a time while it is tried out, and few while it is slow, so that
//! those who answer are not kept waiting by those who do not.

use super::pace::Pace;
use domain::Timestamp;
use domain::id::WebhookEndpointId;
use domain::webhook::{DeliveryOrder, EndpointSettings, Health};
use service::webhook::Lane as Taken;
use std::time::Duration;
use tokio::time::Instant;

/// Requests at once to all endpoints of this node.
pub(super) const TOTAL: usize = 256;
/// Of these, to endpoints that are slow or were never heard of.
pub(super) const SLOW: usize = TOTAL / 2;
/// Of all, for endpoints to which little is under way: those who began to hang a moment ago cannot take them.
pub(super) const RESERVE: usize = TOTAL / 4;
/// So little.
const LITTLE: usize = 8;
/// From here on an endpoint is slow.
const SLOW_FROM: Duration = Duration::from_secs(1);
/// How many are claimed at once for an endpoint that seldom has something, and at most.
const CLAIM: (u32, u32) = (2, 64);
/// Requests at once before anything is known of an endpoint.
const UNPROVEN: u32 = 4;
/// How long an endpoint to which nothing may be sent is left out of account.
const HELD: Duration = Duration::from_secs(30);

/// An endpoint.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) endpoint: WebhookEndpointId,
    pub(super) epoch: i64,
    /// When something is to be sent, as far as is known.
    pub(super) due: Option<Timestamp>,
    pub(super) in_flight: usize,
    pub(super) last_used: Instant,
    health: Health,
    pace: Pace,
    most: u32,
    /// Fewer than `most` after the endpoint said that it is too much.
    window: u32,
    claim: u32,
    is_ordered: bool,
    /// Nothing is known of it yet, or it is slow.
    is_slow: bool,
    average: Duration,
    /// Since when what is under way has brought nothing.
    silent_since: Instant,
    held_until: Option<Instant>,
    /// Nothing was to be sent to it when it was last looked at.
    was_held: bool,
    /// What is kept of it here may be wrong: it is given up when nothing is under way, and taken anew.
    is_suspect: bool,
}

/// What came of an attempt, for the lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) endpoint: WebhookEndpointId,
    pub(super) took: Duration,
    pub(super) is_success: bool,
    pub(super) timed_out: bool,
    /// The endpoint asked to be left alone for a while (429, 503).
    pub(super) too_much: bool,
    /// When it is tried again.
    pub(super) again: Option<Timestamp>,
    pub(super) health: Health,
    /// Under which epoch it began.
    pub(super) epoch: i64,
    /// Whether anything may be sent to it.
    pub(super) is_closed: bool,
}

impl Lane {
    pub(super) fn new(taken: &Taken, due: Option<Timestamp>, now: Instant) -> Self {
        Self {
            endpoint: taken.endpoint,
            epoch: taken.epoch,
            due,
            in_flight: 0,
            last_used: now,
            health: taken.health,
            pace: Pace::new(now),
            most: UNPROVEN,
            window: u32::MAX,
            claim: CLAIM.0,
            is_ordered: false,
            is_slow: true,
            average: Duration::ZERO,
            silent_since: now,
            held_until: None,
            was_held: false,
            is_suspect: false,
        }
    }

    /// Slow, never heard of, or silent for so long that it would be slow.
    pub(super) fn is_slow(&self, instant: Instant) -> bool {
        let silent = instant.saturating_duration_since(self.silent_since);
        self.is_slow || (self.in_flight > 0 && silent > SLOW_FROM)
    }

    /// Whether nothing was ever sent to it from here: one request finds out, and does not wait for those that hang.
    pub(super) const fn is_untried(&self) -> bool {
        self.is_slow && self.average.is_zero() && self.in_flight == 0
    }

    /// Whether it has something under way or would have, if there were room.
    pub(super) fn is_busy(&self, now: Timestamp, instant: Instant) -> bool {
        self.in_flight > 0 || (self.is_due(now) && !self.is_blocked(now, instant))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    fn is_blocked(&self, now: Timestamp, instant: Instant) -> bool {
        self.is_suspect || self.held_until.is_some_and(|until| instant < until) || self.is_open(now)
    }

    /// What is known here may be wrong.
    pub(super) const fn suspect(&mut self) {
        self.is_suspect = true;
    }

    /// Whether it is to be taken anew.
    pub(super) const fn is_to_be_taken_anew(&self) -> bool {
        self.is_suspect && self.in_flight == 0
    }

    /// How many can be claimed for it at `now`, of so many that are left; `slow_share` is what a slow one may have at once.
    pub(super) fn room(&mut self, now: Timestamp, instant: Instant, left: usize, slow_share: usize) -> u32 {
        if !self.is_due(now) || self.is_blocked(now, instant) {
            return 0;
        }
        let mut most = if self.health.is_on_probation() || self.is_untried() {
            1
        } else {
            self.most.min(self.window)
        };
        if self.is_slow(instant) {
            most = most.min(u32::try_from(slow_share).unwrap_or(u32::MAX));
        }
        let left = if self.in_flight < LITTLE {
            left.min(LITTLE - self.in_flight)
                .max(left.saturating_sub(RESERVE))
        } else {
            left.saturating_sub(RESERVE)
        };
        let under_way = u32::try_from(self.in_flight).unwrap_or(u32::MAX);
        most.saturating_sub(under_way)
            .min(self.claim)
            .min(u32::try_from(left).unwrap_or(u32::MAX))
            .min(self.pace.room(instant))
    }

    /// When it is to be looked at again, if nothing is told before. What waits for an attempt that is under way, its own or another one's, is
    /// woken by the end of that.
    pub(super) fn wakes(&self, now: Timestamp) -> Option<Duration> {
        let due = self.due?;
        let due = self.health.open_until.map_or(due, |until| due.max(until));
        let until_due = due.signed_duration_since(now).to_std().unwrap_or_default();
        if until_due > Duration::ZERO {
            return Some(until_due);
        }
        self.pace.is_empty().then(|| self.pace.wait())
    }

    /// How long the oldest of what is due has waited.
    pub(super) fn overdue(&self, now: Timestamp) -> Duration {
        if self.held_until.is_some() || self.health.open_until.is_some() {
            return Duration::ZERO;
        }
        let waited = self
            .due
            .map(|due| now.signed_duration_since(due).to_std().unwrap_or_default());
        waited.unwrap_or_default()
    }

    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.health.open_until.is_some_and(|until| now < until)
    }

    /// So many were claimed out of the room that was asked for; `settings` are those in force, `None` when nothing may be sent.
    pub(super) fn claimed(
        &mut self,
        settings: Option<&EndpointSettings>,
        room: u32,
        claimed: usize,
        ended: usize,
        instant: Instant,
    ) {
        let Some(settings) = settings else {
            (self.held_until, self.was_held) = (Some(instant + HELD), true);
            self.due = None;
            return;
        };
        (self.held_until, self.was_held) = (None, false);
        self.most = settings.max_in_flight;
        self.is_ordered = settings.order != DeliveryOrder::None;
        self.pace.set(settings.rate_per_second, instant);
        self.pace.took(claimed);
        if self.in_flight == 0 {
            self.silent_since = instant;
        }
        self.in_flight += claimed;
        if claimed > 0 {
            self.last_used = instant;
        }
        // As many as were asked for: there are more.
        if u32::try_from(claimed + ended).unwrap_or(u32::MAX) >= room {
            self.claim = self.claim.saturating_mul(2).min(CLAIM.1);
        } else {
            (self.claim, self.due) = (CLAIM.0, None);
        }
    }

    /// Whether nothing was to be sent to it until now.
    pub(super) const fn was_held(&self) -> bool {
        self.was_held
    }

    /// Its endpoint has answered so, as the database has it.
    pub(super) const fn begin_afresh(&mut self, health: Health) {
        self.health = health;
    }

    /// Something is to be sent at `at`, if not before.
    pub(super) fn expect(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Whoever held it back may have let it go.
    pub(super) const fn let_go(&mut self) {
        self.held_until = None;
    }

    /// An attempt has ended and is written down.
    pub(super) fn settled(&mut self, settled: &Settled, now: Timestamp, instant: Instant) {
        if settled.epoch != self.epoch {
            // Of an earlier ownership, which was counted then.
            return;
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        self.silent_since = instant;
        self.health = settled.health;
        self.average = if self.average.is_zero() {
            settled.took
        } else {
            self.average.saturating_mul(7).saturating_add(settled.took) / 8
        };
        self.is_slow = settled.timed_out || self.average > SLOW_FROM || (self.is_slow && !settled.is_success);
        self.window = if settled.too_much {
            (self.window.min(self.most) / 2).max(1)
        } else {
            self.window.saturating_add(1)
        };
        if let Some(again) = settled.again {
            self.expect(again);
        }
        if self.is_ordered {
            // The next one waited for this one.
            self.expect(now);
        }
        if settled.is_closed {
            (self.held_until, self.was_held) = (Some(instant + HELD), true);
        }
    }
}
