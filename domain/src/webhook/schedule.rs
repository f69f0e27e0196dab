//! When a delivery is tried again.
//!
//! Invariant: a schedule ends. Nothing is tried earlier than the schedule says, and nothing after the end of its life.

use crate::Timestamp;
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// Most attempts.
pub const MOST_ATTEMPTS: usize = 20;
/// Longest pause before an attempt.
pub const LONGEST_DELAY: Duration = Duration::days(3);
/// Longest life of a delivery.
pub const LONGEST_LIFE: Duration = Duration::days(30);
/// Most that a server can put the next attempt off by `Retry-After`.
const LONGEST_RETRY_AFTER: Duration = Duration::hours(6);
/// Most that chance puts an attempt off, in thousandths of its pause: never earlier than documented (S2 names its pauses).
const MOST_JITTER: i32 = 100;

/// Why a schedule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleRefusal {
    /// There is no attempt, or there are too many.
    #[error("a schedule has 1 to {MOST_ATTEMPTS} attempts")]
    Attempts,
    /// A pause is negative or too long.
    #[error("a pause is 0 seconds to {} days", LONGEST_DELAY.num_days())]
    Delay,
    /// The life is too short for the second attempt, or too long.
    #[error("a delivery lives 1 minute to {} days", LONGEST_LIFE.num_days())]
    Life,
}

/// The pauses before each attempt, the first among them, and how long a delivery lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct RetrySchedule {
    delays: Vec<Duration>,
    lives: Duration,
}

/// Seconds, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    delays: Vec<i64>,
    lives: i64,
}

impl Default for RetrySchedule {
    /// S2: at once, then after 5 minutes, 15 minutes, 1 hour and 6 hours; a delivery lives 24 hours.
    fn default() -> Self {
        Self {
            delays: [0, 5, 15, 60, 360].map(Duration::minutes).to_vec(),
            lives: Duration::hours(24),
        }
    }
}

impl RetrySchedule {
    /// A schedule of these pauses, one before each attempt.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn new(delays: Vec<Duration>, lives: Duration) -> Result<Self, ScheduleRefusal> {
        if delays.is_empty() || delays.len() > MOST_ATTEMPTS {
            return Err(ScheduleRefusal::Attempts);
        }
        if delays
            .iter()
            .any(|delay| *delay < Duration::zero() || *delay > LONGEST_DELAY)
        {
            return Err(ScheduleRefusal::Delay);
        }
        if lives < Duration::minutes(1) || lives > LONGEST_LIFE {
            return Err(ScheduleRefusal::Life);
        }
        Ok(Self { delays, lives })
    }

    /// One attempt, at once.
    #[must_use]
    pub fn once() -> Self {
        Self {
            delays: vec![Duration::zero()],
            lives: Duration::hours(1),
        }
    }

    /// Most attempts of a delivery.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.delays.len()).unwrap_or(u32::MAX)
    }

    /// The pauses, one before each attempt.
    #[must_use]
    pub fn delays(&self) -> &[Duration] {
        &self.delays
    }

    /// How long a delivery lives.
    #[must_use]
    pub const fn lives(&self) -> Duration {
        self.lives
    }

    /// When a delivery that was made at `now` is tried first.
    #[must_use]
    pub fn first(&self, now: Timestamp) -> Timestamp {
        later(now, self.delays.first().copied().unwrap_or_default())
    }

    /// When it is tried again after so many attempts, the last of which ended at `now`; `None` when those were all. `chance` is 0 to 1,000.
    #[must_use]
    pub fn next(
        &self,
        attempts: u32,
        now: Timestamp,
        retry_after: Option<Duration>,
        chance: u16,
    ) -> Option<Timestamp> {
        let delay = *self.delays.get(usize::try_from(attempts).ok()?)?;
        let jitter = i32::from(chance.min(1_000)) * MOST_JITTER / 1_000;
        let delay = delay + delay * jitter / 1_000;
        let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        Some(later(now, delay.max(asked)))
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add_signed(by).unwrap_or(Timestamp::MAX_UTC)
}

impl From<RetrySchedule> for Kept {
    fn from(schedule: RetrySchedule) -> Self {
        Self {
            delays: schedule.delays.iter().map(Duration::num_seconds).collect(),
            lives: schedule.lives.num_seconds(),
        }
    }
}

impl TryFrom<Kept> for RetrySchedule {
    type Error = ScheduleRefusal;

    fn try_from(kept: Kept) -> Result<Self, ScheduleRefusal> {
        let seconds = |seconds: i64| Duration::try_seconds(seconds).ok_or(ScheduleRefusal::Delay);
        let delays = kept.delays.into_iter().map(seconds).collect::<Result<_, _>>()?;
        Self::new(delays, seconds(kept.lives)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    fn noon() -> Timestamp {
        chrono::Utc.with_ymd_and_hms(2026, 6, 15, 12, 0, 0).unwrap()
    }

    #[test]
    fn the_pauses_of_s2_to_the_second() {
        let schedule = RetrySchedule::default();
        let mut at = schedule.first(noon());
        assert_eq!(at, noon());
        for (attempts, pause) in [(1, 5), (2, 15), (3, 60), (4, 360)] {
            let next = schedule.next(attempts, at, None, 0).unwrap();
            assert_eq!(next - at, Duration::minutes(pause));
            at = next;
        }
        assert_eq!(schedule.next(5, at, None, 0), None);
        assert_eq!(schedule.attempts(), 5);
        assert_eq!(schedule.lives(), Duration::hours(24));
    }

    #[test]
    fn a_server_can_ask_for_more_time_but_not_for_less_and_not_for_ever() {
        let schedule = RetrySchedule::default();
        let next = |after| schedule.next(1, noon(), Some(after), 0).unwrap() - noon();
        assert_eq!(next(Duration::seconds(1)), Duration::minutes(5));
        assert_eq!(next(Duration::minutes(30)), Duration::minutes(30));
        assert_eq!(next(Duration::days(365)), Duration::hours(6));
        assert_eq!(next(Duration::seconds(-1)), Duration::minutes(5));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let minute = Duration::minutes(1);
        let refused = |delays, lives| RetrySchedule::new(delays, lives).unwrap_err();
        assert_eq!(refused(vec![], minute), ScheduleRefusal::Attempts);
        assert_eq!(refused(vec![minute; 21], minute), ScheduleRefusal::Attempts);
        assert_eq!(refused(vec![-minute], minute), ScheduleRefusal::Delay);
        assert_eq!(refused(vec![Duration::days(4)], minute), ScheduleRefusal::Delay);
        assert_eq!(refused(vec![minute], Duration::zero()), ScheduleRefusal::Life);
        assert_eq!(refused(vec![minute], Duration::days(31)), ScheduleRefusal::Life);
    }

    #[test]
    fn it_reads_back_and_a_broken_one_does_not() {
        let schedule = RetrySchedule::default();
        let text = serde_json::to_string(&schedule).unwrap();
        assert_eq!(text, r#"{"delays":[0,300,900,3600,21600],"lives":86400}"#);
        assert_eq!(serde_json::from_str::<RetrySchedule>(&text).unwrap(), schedule);
        for broken in [
            r#"{"delays":[],"lives":86400}"#,
            r#"{"delays":[9223372036854775807],"lives":86400}"#,
        ] {
            assert!(serde_json::from_str::<RetrySchedule>(broken).is_err());
        }
    }

    proptest! {
        #[test]
        fn chance_never_makes_it_earlier_and_at_most_a_tenth_later(attempts in 1_u32..5, chance in any::<u16>()) {
            let schedule = RetrySchedule::default();
            let pause = schedule.delays()[attempts as usize];
            let next = schedule.next(attempts, noon(), None, chance).unwrap() - noon();
            prop_assert!(next >= pause && next <= pause + pause / 10);
        }
    }
}
