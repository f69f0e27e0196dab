//! Time as an argument.
//!
//! Invariant: every instant is UTC in whole microseconds, the precision that both databases keep, so that a value read back
//! equals the value written and a cursor made from it finds its row.

use chrono::{DateTime, Duration, NaiveDate, SubsecRound, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// An instant: UTC, whole microseconds.
pub type Timestamp = DateTime<Utc>;

/// Where use cases take the time from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's time"
    )]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until it is moved: for tests and for demo data of the past.
#[derive(Debug)]
pub struct MockClock(AtomicI64);

impl MockClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.timestamp_micros()))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.0
            .fetch_add(by.num_microseconds().unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

/// The day on which a sale made at `at` counts: 00:00 to 24:00 in Baghdad (UTC+3, no daylight saving).
#[must_use]
pub fn business_date(at: Timestamp) -> NaiveDate {
    at.with_timezone(&chrono_tz::Asia::Baghdad).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_day_begins_at_midnight_in_baghdad() {
        let before: Timestamp = "2026-06-15T20:59:59.999999Z".parse().unwrap();
        let after: Timestamp = "2026-06-15T21:00:00Z".parse().unwrap();
        assert_eq!(business_date(before).to_string(), "2026-06-15");
        assert_eq!(business_date(after).to_string(), "2026-06-16");
    }

    #[test]
    fn a_mock_clock_moves_only_when_told() {
        let clock = MockClock::at("2026-06-15T10:42:07.000001Z".parse().unwrap());
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::days(7));
        assert_eq!(clock.now().to_rfc3339(), "2026-06-22T10:42:07.000001+00:00");
    }
}
