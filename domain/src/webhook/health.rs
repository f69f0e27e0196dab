//! How an endpoint has answered lately, and when it is left alone or switched off.
//!
//! Invariant: an endpoint that answers is healthy at once, whatever was before. One that does not is asked less and less often, costs no
//! attempt of its deliveries while it is left alone, and is switched off after days, with warnings before. Source: `reference/webhooks.md`
//! 5.8 and 6.3.

use super::endpoint::DisabledReason;
use crate::Timestamp;
use chrono::Duration;

/// So many failures in a row, and an endpoint is left alone for a while.
const TRIPS_AT: u32 = 10;
/// For how long first; twice as long each further time.
const FIRST_PAUSE: Duration = Duration::seconds(30);
/// For how long at most.
const LONGEST_PAUSE: Duration = Duration::minutes(15);
/// After so long without any success an endpoint is switched off.
pub const DISABLED_AFTER: Duration = Duration::days(5);

/// How far on the way to being switched off a merchant is warned, in percent.
const WARNINGS: [u8; 2] = [80, 50];

/// How an endpoint has answered lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How often in a row it has failed.
    pub failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// Nothing is sent before.
    pub open_until: Option<Timestamp>,
    /// How often in a row it was left alone.
    pub trips: u32,
    /// How far it was on the way to being switched off when its merchant was last warned, in percent.
    pub warned: u8,
}

/// What is to be told about an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It has failed for so much of the time after which it is switched off, in percent.
    Failing(u8),
    /// It is switched off.
    Disabled(DisabledReason),
}

impl Health {
    /// The endpoint took a delivery.
    #[must_use]
    pub fn succeeded(self) -> Self {
        Self::default()
    }

    /// It did not take one, at `now`; perhaps there is something to be told.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> (Self, Option<Notice>) {
        let failures = self.failures.saturating_add(1);
        let since = self.failing_since.unwrap_or(now);
        let is_open = self.open_until.is_some_and(|until| now < until);
        let mut health = Self {
            failures,
            failing_since: Some(since),
            ..self
        };
        // What was under way when it was left alone says nothing new.
        if failures >= TRIPS_AT && !is_open {
            health.open_until = now.checked_add_signed(pause(self.trips));
            health.trips = self.trips.saturating_add(1);
        }
        let notice = health.notice(now.signed_duration_since(since));
        if let Some(Notice::Failing(percent)) = notice {
            health.warned = percent;
        }
        (health, notice)
    }

    fn notice(&self, failing_for: Duration) -> Option<Notice> {
        if failing_for >= DISABLED_AFTER {
            return Some(Notice::Disabled(DisabledReason::Failing));
        }
        let reached = |percent: u8| failing_for * 100 >= DISABLED_AFTER * i32::from(percent);
        let percent = WARNINGS.into_iter().find(|percent| reached(*percent))?;
        (percent > self.warned).then_some(Notice::Failing(percent))
    }

    /// Whether it is tried out: one request at a time, until one is taken.
    #[must_use]
    pub const fn is_on_probation(&self) -> bool {
        self.trips > 0
    }
}

fn pause(trips: u32) -> Duration {
    let factor = 1_i32.checked_shl(trips.min(16)).unwrap_or(i32::MAX);
    FIRST_PAUSE
        .checked_mul(factor)
        .map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-06-15T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn ten_failures_in_a_row_and_it_is_left_alone_for_longer_each_time() {
        let mut health = Health::default();
        for _ in 0..9 {
            health = health.failed(noon()).0;
        }
        assert_eq!(health.open_until, None);
        let (mut now, mut pauses) = (noon(), Vec::new());
        for _ in 0..7 {
            health = health.failed(now).0;
            let until = health.open_until.unwrap();
            pauses.push((until - now).num_seconds());
            let same = health.failed(now).0;
            assert_eq!((same.open_until, same.trips), (health.open_until, health.trips));
            now = until;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900]);
        assert!(health.is_on_probation());
        assert_eq!(health.succeeded(), Health::default());
    }

    #[test]
    fn its_merchant_is_warned_twice_and_then_it_is_switched_off() {
        let mut health = Health::default();
        let mut told = Vec::new();
        for hours in 0..=121 {
            let (next, notice) = health.failed(noon() + Duration::hours(hours));
            health = next;
            told.extend(notice.map(|notice| (hours, notice)));
        }
        let disabled = Notice::Disabled(DisabledReason::Failing);
        assert_eq!(
            told,
            [
                (60, Notice::Failing(50)),
                (96, Notice::Failing(80)),
                (120, disabled),
                (121, disabled)
            ]
        );
    }

    #[test]
    fn one_success_begins_it_anew() {
        let failing = Health::default().failed(noon()).0;
        let (again, notice) = failing.succeeded().failed(noon() + Duration::days(6));
        assert_eq!(
            (again.failing_since, notice),
            (Some(noon() + Duration::days(6)), None)
        );
    }
}
