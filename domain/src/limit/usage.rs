//! What one node used of a bucket that several share, until it has told the others.
//!
//! Invariant: nothing that was used is lost or counted twice, whatever order the nodes tell it in. Each use of a bucket turns the
//! instant `f` at which it is full into `max(f + added, own)`, and so do any number of them together, so that two numbers say all
//! that happened since the last exchange. A bucket that one node uses alone is the same with exchanges and without.

use super::{Bucket, Limit};
use crate::clock::Timestamp;

/// What was used, and given back, since the last exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Microseconds by which the bucket is full later; negative when more was given back than taken.
    added: i64,
    /// When it would be full if it had been full before, as Unix time in microseconds.
    own: Option<i64>,
}

/// What the shared bucket is told. Every number is a duration, so that the clocks of nodes and database need not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// By how many microseconds the bucket is full later.
    pub added: i64,
    /// In how many microseconds it would be full if nobody else had used it; never negative.
    pub own: i64,
    /// In how many microseconds it may be full at the most: one capacity until it is empty, and one that it owes.
    pub most: i64,
}

impl Usage {
    /// Notes that `before` became `after` at `now`.
    pub fn note(&mut self, limit: Limit, before: Bucket, after: Bucket, now: Timestamp) {
        let at = now.timestamp_micros();
        let by = after.missing(limit, at).saturating_sub(before.missing(limit, at));
        if by == 0 {
            return;
        }
        let full = self.own.map_or(at, |own| own.max(at));
        let less = self.own.map_or(at, |own| own.saturating_add(by).max(at));
        self.own = Some(if by > 0 { full.saturating_add(by) } else { less });
        self.added = self.added.saturating_add(by);
    }

    /// This and then `later`: an exchange that failed is told with the next.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let own = self.own.map(|own| own.saturating_add(later.added));
        Self {
            added: self.added.saturating_add(later.added),
            own: own.max(later.own),
        }
    }

    /// What the shared bucket is told at `now`.
    #[must_use]
    pub fn told(self, limit: Limit, now: Timestamp) -> Told {
        let at = now.timestamp_micros();
        Told {
            added: self.added,
            own: self.own.map_or(0, |own| own.saturating_sub(at).max(0)),
            most: limit.micros(limit.capacity).saturating_mul(2),
        }
    }

    fn on(self, full_at: i64) -> i64 {
        let moved = full_at.saturating_add(self.added);
        self.own.map_or(moved, |own| own.max(moved))
    }
}

impl Told {
    /// The rule of the shared bucket: in how many microseconds it is full afterwards, if it was in `missing` before. The table
    /// `rate_limits` says the same in SQL.
    #[must_use]
    pub fn on(self, missing: i64) -> i64 {
        missing.saturating_add(self.added).max(self.own).min(self.most)
    }
}

impl Bucket {
    /// The bucket as all nodes have used it: full in `missing` microseconds from `asked_at`, and then what this node has used since.
    #[must_use]
    pub fn merged(limit: Limit, missing: i64, asked_at: Timestamp, since: Usage, now: Timestamp) -> Self {
        let full_at = since.on(asked_at.timestamp_micros().saturating_add(missing));
        let capacity = limit.micros(limit.capacity);
        let owed = full_at
            .saturating_sub(now.timestamp_micros())
            .saturating_sub(capacity);
        Self {
            full_at,
            owed: owed.clamp(0, capacity),
        }
    }
}

#[cfg(test)]
mod tests;
