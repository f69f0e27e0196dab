//! What the dispatcher of this node did and does; for metrics.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Numbers that only rise, and those of this moment.
#[derive(Debug, Default)]
pub struct DispatcherState {
    /// Attempts that were taken.
    pub succeeded: AtomicU64,
    /// Attempts that were not.
    pub failed: AtomicU64,
    /// Deliveries whose time was over.
    pub expired: AtomicU64,
    /// Attempts whose delivery somebody else decided about meanwhile.
    pub stale: AtomicU64,
    /// Addresses that were not dialled.
    pub denied: AtomicU64,
    /// Time that attempts took, in microseconds.
    pub attempt_micros: AtomicU64,
    /// Attempts under way.
    pub in_flight: AtomicI64,
    /// Of these, to endpoints that are slow.
    pub slow_in_flight: AtomicI64,
    /// Lanes of this node.
    pub lanes: AtomicI64,
    /// Of these, left alone for a while.
    pub open_breakers: AtomicI64,
    /// Lanes that another node took.
    pub lanes_lost: AtomicU64,
    /// For how long the oldest delivery that is due waits, in milliseconds.
    pub overdue_millis: AtomicI64,
}

impl DispatcherState {
    /// Notes an attempt.
    pub(super) fn attempted(&self, is_success: bool, took: Duration) {
        let counter = if is_success { &self.succeeded } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.attempt_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// A count as a gauge shows it.
pub(super) fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
