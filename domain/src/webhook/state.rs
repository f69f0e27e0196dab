//! The life of a delivery, as a state machine.
//!
//! Invariant: an attempt is counted when it begins, so numbers of attempts rise strictly whatever is killed in between; a delivery that has
//! ended never begins again (a replay is another delivery). Source: S2 ("5 attempts, then failed; expires after 24 hours"), S0 (`delivered`,
//! `retry scheduled`), `reference/webhooks.md` 6.

use super::schedule::RetrySchedule;
use crate::Timestamp;
use crate::word::words;
use chrono::Duration;
use serde::{Deserialize, Serialize};

words! {
    /// How a delivery stands.
    DeliveryStatus, "delivery status" {
        /// Its first attempt is still to come.
        Pending = "pending",
        /// An attempt is under way.
        Sending = "sending",
        /// An attempt failed, and another will be made.
        RetryScheduled = "retry_scheduled",
        /// The server took it.
        Delivered = "delivered",
        /// All attempts failed, or the server wants no more.
        Failed = "failed",
        /// Its time was over before the next attempt.
        Expired = "expired",
        /// Somebody gave it up.
        Canceled = "canceled",
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The server took it.
    Taken,
    /// It did not, or could not be asked; perhaps it said for how long to leave it alone.
    Failed {
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// It wants no more of these (410).
    Gone,
}

/// A delivery. `attempts` counts those that were begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DeliveryState {
    /// The next attempt is to be made.
    Waiting {
        /// How many were made.
        attempts: u32,
        /// When.
        at: Timestamp,
    },
    /// An attempt is under way.
    Sending {
        /// Its number, from 1.
        attempts: u32,
    },
    /// The server took it.
    Delivered {
        /// How many attempts it took.
        attempts: u32,
        /// When.
        at: Timestamp,
    },
    /// No attempt was taken and none will be made.
    Failed {
        /// How many were made.
        attempts: u32,
        /// Since when.
        at: Timestamp,
    },
    /// Its time was over.
    Expired {
        /// How many attempts were made.
        attempts: u32,
        /// Since when.
        at: Timestamp,
    },
    /// Somebody gave it up.
    Canceled {
        /// How many attempts were made.
        attempts: u32,
        /// When.
        at: Timestamp,
    },
}

impl DeliveryState {
    /// A delivery that was made at `now`.
    #[must_use]
    pub fn new(schedule: &RetrySchedule, now: Timestamp) -> Self {
        Self::Waiting {
            attempts: 0,
            at: schedule.first(now),
        }
    }

    /// Begins an attempt, if one is due before `expires_at`; ends it if that is over.
    #[must_use]
    pub fn begin(self, expires_at: Timestamp, now: Timestamp) -> Self {
        match self {
            Self::Waiting { attempts, .. } if now >= expires_at => Self::Expired {
                attempts,
                at: expires_at,
            },
            Self::Waiting { attempts, at } if now >= at => Self::Sending {
                attempts: attempts.saturating_add(1),
            },
            other => other,
        }
    }

    /// The attempt under way ended at `now`. `chance`, 0 to 1,000, spreads what failed together. What is not under way stays as it is: its
    /// answer came too late.
    #[must_use]
    pub fn answered(
        self,
        answer: Answer,
        schedule: &RetrySchedule,
        expires_at: Timestamp,
        now: Timestamp,
        chance: u16,
    ) -> Self {
        let Self::Sending { attempts } = self else {
            return self;
        };
        match answer {
            Answer::Taken => Self::Delivered { attempts, at: now },
            Answer::Gone => Self::Failed { attempts, at: now },
            Answer::Failed { retry_after } => match schedule.next(attempts, now, retry_after, chance) {
                None => Self::Failed { attempts, at: now },
                Some(at) if at >= expires_at => Self::Expired { attempts, at: now },
                Some(at) => Self::Waiting { attempts, at },
            },
        }
    }

    /// Whoever made the attempt under way is gone and nobody knows what came of it: it is made again, under the next number, and at once.
    /// The last one of a schedule, too: at least once is what is promised.
    #[must_use]
    pub fn lost(self, now: Timestamp) -> Self {
        match self {
            Self::Sending { attempts } => Self::Waiting { attempts, at: now },
            other => other,
        }
    }

    /// Somebody gives it up. What has ended stays as it is.
    #[must_use]
    pub fn cancel(self, now: Timestamp) -> Self {
        match self {
            Self::Waiting { attempts, .. } | Self::Sending { attempts } => {
                Self::Canceled { attempts, at: now }
            }
            ended => ended,
        }
    }

    /// How many attempts were begun.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        match self {
            Self::Waiting { attempts, .. }
            | Self::Sending { attempts }
            | Self::Delivered { attempts, .. }
            | Self::Failed { attempts, .. }
            | Self::Expired { attempts, .. }
            | Self::Canceled { attempts, .. } => *attempts,
        }
    }

    /// How it stands.
    #[must_use]
    pub const fn status(&self) -> DeliveryStatus {
        match self {
            Self::Waiting { attempts: 0, .. } => DeliveryStatus::Pending,
            Self::Waiting { .. } => DeliveryStatus::RetryScheduled,
            Self::Sending { .. } => DeliveryStatus::Sending,
            Self::Delivered { .. } => DeliveryStatus::Delivered,
            Self::Failed { .. } => DeliveryStatus::Failed,
            Self::Expired { .. } => DeliveryStatus::Expired,
            Self::Canceled { .. } => DeliveryStatus::Canceled,
        }
    }

    /// Whether nothing more happens to it.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        !matches!(self, Self::Waiting { .. } | Self::Sending { .. })
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

    const REFUSED: Answer = Answer::Failed { retry_after: None };

    #[test]
    fn a_server_that_refuses_is_tried_as_s2_says_and_then_it_has_failed() {
        let (schedule, expires_at) = (RetrySchedule::default(), noon() + Duration::hours(24));
        let mut state = DeliveryState::new(&schedule, noon());
        let (mut now, mut tried) = (noon(), Vec::new());
        assert_eq!(state.status(), DeliveryStatus::Pending);
        while let DeliveryState::Waiting { at, .. } = state {
            assert_eq!(
                state.clone().begin(expires_at, at - Duration::seconds(1)),
                state,
                "not yet"
            );
            now = at;
            tried.push((now - noon()).num_minutes());
            state = state.begin(expires_at, now);
            assert_eq!(state.status(), DeliveryStatus::Sending);
            state = state.answered(REFUSED, &schedule, expires_at, now, 0);
        }
        assert_eq!(tried, [0, 5, 20, 80, 440]);
        assert_eq!(state, DeliveryState::Failed { attempts: 5, at: now });
    }

    #[test]
    fn what_would_come_after_its_time_expires() {
        let schedule = RetrySchedule::default();
        let expires_at = noon() + Duration::minutes(10);
        let first = DeliveryState::new(&schedule, noon()).begin(expires_at, noon());
        let second = first.answered(REFUSED, &schedule, expires_at, noon(), 0);
        assert_eq!(second.status(), DeliveryStatus::RetryScheduled);
        let late = expires_at + Duration::hours(1);
        let over = second.clone().begin(expires_at, late);
        assert_eq!(
            over,
            DeliveryState::Expired {
                attempts: 1,
                at: expires_at
            }
        );
        let now = noon() + Duration::minutes(5);
        let ended = second
            .begin(expires_at, now)
            .answered(REFUSED, &schedule, expires_at, now, 0);
        assert_eq!(
            ended.status(),
            DeliveryStatus::Expired,
            "15 minutes later would be too late"
        );
    }

    #[test]
    fn gone_ends_it_and_taken_does() {
        let schedule = RetrySchedule::default();
        let expires_at = noon() + Duration::hours(24);
        let sending = DeliveryState::new(&schedule, noon()).begin(expires_at, noon());
        for (answer, status) in [
            (Answer::Gone, DeliveryStatus::Failed),
            (Answer::Taken, DeliveryStatus::Delivered),
        ] {
            let ended = sending.clone().answered(answer, &schedule, expires_at, noon(), 0);
            assert_eq!(ended.status(), status);
            assert!(ended.has_ended());
            let same = ended
                .clone()
                .cancel(noon())
                .lost(noon())
                .begin(expires_at, noon());
            assert_eq!(same.answered(REFUSED, &schedule, expires_at, noon(), 0), ended);
        }
    }

    #[test]
    fn an_attempt_that_nobody_knows_the_end_of_is_made_again_under_the_next_number() {
        let schedule = RetrySchedule::new(vec![Duration::zero()], Duration::hours(1)).unwrap();
        let expires_at = noon() + Duration::hours(1);
        let sending = DeliveryState::new(&schedule, noon()).begin(expires_at, noon());
        let again = sending.lost(noon()).begin(expires_at, noon());
        assert_eq!(again, DeliveryState::Sending { attempts: 2 });
        let ended = again.answered(REFUSED, &schedule, expires_at, noon(), 0);
        assert_eq!(ended.status(), DeliveryStatus::Failed);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Begin,
        Answer(bool),
        Lost,
        Cancel,
    }

    fn step() -> impl Strategy<Value = (Step, i64)> {
        let what = prop_oneof![
            6 => Just(Step::Begin),
            6 => any::<bool>().prop_map(Step::Answer),
            2 => Just(Step::Lost),
            1 => Just(Step::Cancel),
        ];
        (what, 0_i64..30_000)
    }

    proptest! {
        #[test]
        fn attempts_never_go_back_and_an_end_is_an_end(steps in prop::collection::vec(step(), 0..40)) {
            let (schedule, expires_at) = (RetrySchedule::default(), noon() + Duration::hours(24));
            let (mut now, mut state) = (noon(), DeliveryState::new(&RetrySchedule::default(), noon()));
            for (step, seconds) in steps {
                now += Duration::seconds(seconds);
                let before = state.clone();
                state = match step {
                    Step::Begin => state.begin(expires_at, now),
                    Step::Answer(true) => state.answered(Answer::Taken, &schedule, expires_at, now, 0),
                    Step::Answer(false) => state.answered(REFUSED, &schedule, expires_at, now, 500),
                    Step::Lost => state.lost(now),
                    Step::Cancel => state.cancel(now),
                };
                prop_assert!(state.attempts() >= before.attempts());
                prop_assert!(state.attempts() <= before.attempts() + 1);
                if before.has_ended() {
                    prop_assert_eq!(&state, &before);
                }
                if let (DeliveryState::Waiting { at, .. }, Step::Answer(_)) = (&state, &step) {
                    prop_assert!(state == before || *at < expires_at);
                }
            }
        }
    }
}
