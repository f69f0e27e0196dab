//! The life of a refund: requested → (pending approval) → pending → succeeded | failed | canceled; succeeded → reversed.

use crate::operation::Transition;
use crate::provider::Decline;
use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How far a refund has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RefundState {
    /// Above the merchant's limit: a second person has to agree before anything is sent.
    PendingApproval,
    /// At the provider.
    Pending,
    /// The payer has the money.
    Succeeded {
        /// When the provider confirmed it.
        at: Timestamp,
    },
    /// Nothing went back; the reservation was returned.
    Failed {
        /// When that was known.
        at: Timestamp,
        /// Why.
        decline: Decline,
    },
    /// Withdrawn before it was sent; the reservation was returned.
    Canceled {
        /// When.
        at: Timestamp,
    },
    /// The provider took a confirmed refund back (rare).
    Reversed {
        /// When.
        at: Timestamp,
    },
}

/// The name of a state, as tables and clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Waits for a second person.
    PendingApproval,
    /// At the provider.
    Pending,
    /// The payer has the money.
    Succeeded,
    /// Nothing went back.
    Failed,
    /// Withdrawn before it was sent.
    Canceled,
    /// Taken back by the provider.
    Reversed,
}

impl RefundStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::PendingApproval,
        Self::Pending,
        Self::Succeeded,
        Self::Failed,
        Self::Canceled,
        Self::Reversed,
    ];

    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingApproval => "pending_approval",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Reversed => "reversed",
        }
    }
}

/// A word that is not a refund status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a refund status such as pending or succeeded")]
pub struct UnknownRefundStatus;

impl FromStr for RefundStatus {
    type Err = UnknownRefundStatus;

    fn from_str(word: &str) -> Result<Self, UnknownRefundStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(UnknownRefundStatus)
    }
}

/// From which amount on a second person has to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approvals {
    /// Refunds go out at once.
    NotNeeded,
    /// Refunds above this amount wait.
    Above(Money),
}

/// An event that cannot happen in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not possible while the refund is {0:?}")]
pub struct WrongRefundState(pub RefundStatus);

impl RefundState {
    /// The first state of a refund of `amount`. An amount in another currency than the limit waits: nobody set a limit for it.
    #[must_use]
    pub fn requested(amount: Money, approvals: Approvals) -> Self {
        match approvals {
            Approvals::NotNeeded => Self::Pending,
            Approvals::Above(limit) if amount.exceeds(limit) == Ok(false) => Self::Pending,
            Approvals::Above(_) => Self::PendingApproval,
        }
    }

    /// The name of this state.
    #[must_use]
    pub const fn status(&self) -> RefundStatus {
        match self {
            Self::PendingApproval => RefundStatus::PendingApproval,
            Self::Pending => RefundStatus::Pending,
            Self::Succeeded { .. } => RefundStatus::Succeeded,
            Self::Failed { .. } => RefundStatus::Failed,
            Self::Canceled { .. } => RefundStatus::Canceled,
            Self::Reversed { .. } => RefundStatus::Reversed,
        }
    }

    /// Whether the amount is still reserved on the payment.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::PendingApproval | Self::Pending)
    }

    /// A second person agreed.
    ///
    /// # Errors
    /// When the refund does not wait for one and never went out either.
    pub fn approve(self) -> Result<Transition<Self>, WrongRefundState> {
        match self {
            Self::PendingApproval => Ok(Transition::Applied(Self::Pending)),
            Self::Pending => Ok(Transition::AlreadyApplied(self)),
            other => Err(WrongRefundState(other.status())),
        }
    }

    /// The provider confirmed it.
    ///
    /// # Errors
    /// When it never went out or ended another way.
    pub fn succeed(self, at: Timestamp) -> Result<Transition<Self>, WrongRefundState> {
        match self {
            Self::Pending => Ok(Transition::Applied(Self::Succeeded { at })),
            Self::Succeeded { .. } => Ok(Transition::AlreadyApplied(self)),
            other => Err(WrongRefundState(other.status())),
        }
    }

    /// The provider refused it, or it provably never got there.
    ///
    /// # Errors
    /// When it never went out or ended another way.
    pub fn fail(self, at: Timestamp, decline: Decline) -> Result<Transition<Self>, WrongRefundState> {
        match self {
            Self::Pending => Ok(Transition::Applied(Self::Failed { at, decline })),
            Self::Failed { .. } => Ok(Transition::AlreadyApplied(self)),
            other => Err(WrongRefundState(other.status())),
        }
    }

    /// Withdraws a refund that waits for a second person.
    ///
    /// # Errors
    /// Once it went out: then only the provider knows.
    pub fn cancel(self, at: Timestamp) -> Result<Transition<Self>, WrongRefundState> {
        match self {
            Self::PendingApproval => Ok(Transition::Applied(Self::Canceled { at })),
            Self::Canceled { .. } => Ok(Transition::AlreadyApplied(self)),
            other => Err(WrongRefundState(other.status())),
        }
    }

    /// The provider took a confirmed refund back.
    ///
    /// # Errors
    /// When it was never confirmed.
    pub fn reverse(self, at: Timestamp) -> Result<Transition<Self>, WrongRefundState> {
        match self {
            Self::Succeeded { .. } => Ok(Transition::Applied(Self::Reversed { at })),
            Self::Reversed { .. } => Ok(Transition::AlreadyApplied(self)),
            other => Err(WrongRefundState(other.status())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use crate::provider::DeclineReason;

    fn decline() -> Decline {
        Decline {
            reason: DeclineReason::NotSent,
            response_code: None,
            message: "connection refused".into(),
            provider_reference: None,
            fraud: None,
        }
    }

    #[test]
    fn the_whole_matrix() {
        use RefundStatus::{Canceled, Failed, Pending, PendingApproval, Reversed, Succeeded};
        let at = Timestamp::default();
        let states = [
            RefundState::PendingApproval,
            RefundState::Pending,
            RefundState::Succeeded { at },
            RefundState::Failed {
                at,
                decline: decline(),
            },
            RefundState::Canceled { at },
            RefundState::Reversed { at },
        ];
        type Event = fn(RefundState) -> Result<Transition<RefundState>, WrongRefundState>;
        let events: [(&str, Event); 5] = [
            ("approve", RefundState::approve),
            ("succeed", |state| state.succeed(Timestamp::default())),
            ("fail", |state| state.fail(Timestamp::default(), decline())),
            ("cancel", |state| state.cancel(Timestamp::default())),
            ("reverse", |state| state.reverse(Timestamp::default())),
        ];
        // For each state the status after approve, succeed, fail, cancel, reverse; None is a refusal, the same status "already".
        let expected = [
            (PendingApproval, [Some(Pending), None, None, Some(Canceled), None]),
            (
                Pending,
                [Some(Pending), Some(Succeeded), Some(Failed), None, None],
            ),
            (Succeeded, [None, Some(Succeeded), None, None, Some(Reversed)]),
            (Failed, [None, None, Some(Failed), None, None]),
            (Canceled, [None, None, None, Some(Canceled), None]),
            (Reversed, [None, None, None, None, Some(Reversed)]),
        ];
        for (state, (status, row)) in states.into_iter().zip(expected) {
            assert_eq!(state.status(), status);
            for ((name, event), after) in events.iter().zip(row) {
                match (event(state.clone()), after) {
                    (Ok(Transition::Applied(next)), Some(after)) => {
                        assert_eq!(next.status(), after, "{status:?} {name}");
                        assert_ne!(after, status, "{status:?} {name} changed nothing");
                    }
                    (Ok(Transition::AlreadyApplied(next)), Some(after)) => {
                        assert_eq!((next.status(), status), (after, after), "{status:?} {name}");
                    }
                    (Err(refusal), None) => assert_eq!(refusal, WrongRefundState(status), "{name}"),
                    (got, wanted) => panic!("{status:?} {name}: {got:?}, wanted {wanted:?}"),
                }
            }
        }
    }

    #[test]
    fn large_refunds_wait_for_a_second_person() {
        let limit = Money::new(100_000_000, Currency::Iqd);
        let above = Money::new(100_001_000, Currency::Iqd);
        let requested = |amount| RefundState::requested(amount, Approvals::Above(limit)).status();
        assert_eq!(requested(limit), RefundStatus::Pending);
        assert_eq!(requested(above), RefundStatus::PendingApproval);
        assert_eq!(
            requested(Money::new(1, Currency::Usd)),
            RefundStatus::PendingApproval
        );
    }
}
