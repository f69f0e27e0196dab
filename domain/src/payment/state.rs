//! The life of a payment, as a state machine.
//!
//! Invariant: a state carries exactly the amounts that are true in it, and the status is read off them: `Captured` with nothing
//! captured, or more refunded than captured, cannot be written down. A transition consumes the state; a hold that ran out
//! refuses by the clock, whether or not somebody swept it. Source: S2 "Payment Status Lifecycle", `reference/payments.md` 2.2, 2.3.

use super::refusal::{CaptureRefusal, ProcessingRefusal, RefundRefusal, VoidRefusal};
use super::status::PaymentStatus;
use crate::money::MoneyError;
use crate::operation::Transition;
use crate::provider::Decline;
use crate::{Money, Timestamp};
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// How long an authorization lives (S2: 7 days).
pub const AUTHORIZATION_LIVES: Duration = Duration::days(7);

/// Money held on the payer's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What the provider agreed to hold.
    pub authorized: Money,
    /// When the hold began.
    pub at: Timestamp,
    /// When the hold ends by itself.
    pub expires_at: Timestamp,
}

/// Money taken from the payer, and what went or is going back of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    captured: Money,
    refunded: Money,
    refund_pending: Money,
    at: Timestamp,
}

/// Amounts that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 0 < captured and 0 <= refunded + refund pending <= captured, in one currency")]
pub struct BrokenAmounts;

impl Taken {
    /// Checks and keeps the amounts; `at` is when the first part was captured.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn new(
        captured: Money,
        refunded: Money,
        refund_pending: Money,
        at: Timestamp,
    ) -> Result<Self, BrokenAmounts> {
        let gone = refunded.checked_add(refund_pending).map_err(|_| BrokenAmounts)?;
        let negative = refunded.minor() < 0 || refund_pending.minor() < 0;
        if !captured.is_positive() || negative || gone.exceeds(captured).map_err(|_| BrokenAmounts)? {
            return Err(BrokenAmounts);
        }
        Ok(Self {
            captured,
            refunded,
            refund_pending,
            at,
        })
    }

    fn first(captured: Money, at: Timestamp) -> Self {
        let nothing = Money::zero(captured.currency());
        Self {
            captured,
            refunded: nothing,
            refund_pending: nothing,
            at,
        }
    }

    /// What was taken.
    #[must_use]
    pub const fn captured(&self) -> Money {
        self.captured
    }

    /// What went back.
    #[must_use]
    pub const fn refunded(&self) -> Money {
        self.refunded
    }

    /// What is promised to go back.
    #[must_use]
    pub const fn refund_pending(&self) -> Money {
        self.refund_pending
    }

    /// When the first part was taken.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What can still be refunded: captured - refunded - pending.
    #[must_use]
    pub fn remaining(&self) -> Money {
        // Cannot underflow: `new` and each step keep the sum within what was captured.
        let minor = self.captured.minor().saturating_sub(self.refunded.minor());
        Money::new(
            minor.saturating_sub(self.refund_pending.minor()),
            self.captured.currency(),
        )
    }

    fn with(&self, refunded: Money, refund_pending: Money) -> Result<Self, BrokenAmounts> {
        Self::new(self.captured, refunded, refund_pending, self.at)
    }
}

/// Why a hold was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// When.
    pub at: Timestamp,
    /// The merchant's reason, for the audit log.
    pub reason: Option<String>,
}

/// What the payer's money is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PaymentState {
    /// The first operation is at the provider.
    Processing {
        /// Whether the answer was lost, so that the provider has to be asked again.
        outcome_unknown: bool,
    },
    /// Money is held, nothing is taken.
    Authorized {
        /// The hold.
        hold: Hold,
    },
    /// Part of the hold is taken, the rest stays held.
    PartiallyCaptured {
        /// The hold.
        hold: Hold,
        /// What was taken.
        taken: Taken,
    },
    /// Money is taken, nothing is held any more.
    Captured {
        /// What had been held, or sold at once.
        authorized: Money,
        /// What was taken.
        taken: Taken,
    },
    /// The hold was given up; nothing was taken.
    Voided {
        /// The hold.
        hold: Hold,
        /// When and why.
        release: Release,
    },
    /// The hold ran out; nothing was taken.
    Expired {
        /// The hold.
        hold: Hold,
    },
    /// No money was ever held or taken.
    Failed {
        /// When that was known.
        at: Timestamp,
        /// Why.
        decline: Decline,
    },
}

/// What happens to the part of a hold that a capture leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finality {
    /// It is released at once (the default, and the only way on the REST doors).
    Final,
    /// It stays held for another capture.
    KeepRest,
}

/// What the first operation asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intake {
    /// Hold only.
    Authorize,
    /// Hold and take at once.
    Sale,
}

impl PaymentState {
    /// The provider said yes to the first operation.
    ///
    /// # Errors
    /// When the payment has failed or moved on in another way.
    pub fn approve(
        self,
        intake: Intake,
        amount: Money,
        at: Timestamp,
    ) -> Result<Transition<Self>, ProcessingRefusal> {
        match (self, intake) {
            (Self::Processing { .. }, Intake::Authorize) => {
                let hold = Hold {
                    authorized: amount,
                    at,
                    expires_at: at + AUTHORIZATION_LIVES,
                };
                Ok(Transition::Applied(Self::Authorized { hold }))
            }
            (Self::Processing { .. }, Intake::Sale) => Ok(Transition::Applied(Self::Captured {
                authorized: amount,
                taken: Taken::first(amount, at),
            })),
            (state @ Self::Authorized { .. }, Intake::Authorize)
            | (state @ Self::Captured { .. }, Intake::Sale) => Ok(Transition::AlreadyApplied(state)),
            (other, _) => Err(ProcessingRefusal(other.status())),
        }
    }

    /// The provider said no to the first operation, or provably never got it.
    ///
    /// # Errors
    /// When money is held or taken already.
    pub fn decline(self, decline: Decline, at: Timestamp) -> Result<Transition<Self>, ProcessingRefusal> {
        match self {
            Self::Processing { .. } => Ok(Transition::Applied(Self::Failed { at, decline })),
            Self::Failed { .. } => Ok(Transition::AlreadyApplied(self)),
            other => Err(ProcessingRefusal(other.status())),
        }
    }

    /// Nobody knows what became of the first operation. Never a failure: the provider is asked again.
    ///
    /// # Errors
    /// When it is known already.
    pub fn lose_track(self) -> Result<Transition<Self>, ProcessingRefusal> {
        match self {
            Self::Processing {
                outcome_unknown: false,
            } => Ok(Transition::Applied(Self::Processing {
                outcome_unknown: true,
            })),
            Self::Processing {
                outcome_unknown: true,
            } => Ok(Transition::AlreadyApplied(self)),
            other => Err(ProcessingRefusal(other.status())),
        }
    }

    /// Takes `amount` of what is held; what is left is released unless `finality` keeps it.
    ///
    /// # Errors
    /// One refusal a cause; nothing is held any more once `now` has reached the end of the hold.
    pub fn capture(self, amount: Money, finality: Finality, now: Timestamp) -> Result<Self, CaptureRefusal> {
        let (hold, before) = match self {
            Self::Authorized { hold } => (hold, None),
            Self::PartiallyCaptured { hold, taken } => (hold, Some(taken)),
            Self::Captured { .. } => return Err(CaptureRefusal::AlreadyCaptured),
            Self::Expired { .. } => return Err(CaptureRefusal::Expired),
            other => return Err(CaptureRefusal::WrongState(other.status())),
        };
        if now >= hold.expires_at {
            return Err(CaptureRefusal::Expired);
        }
        let captured = before
            .as_ref()
            .map_or(Money::zero(hold.authorized.currency()), Taken::captured);
        let left = hold.authorized.checked_sub(captured)?;
        if !amount.is_positive() || amount.exceeds(left)? {
            return Err(CaptureRefusal::ExceedsAuthorized { left });
        }
        let captured = captured.checked_add(amount)?;
        let taken = match before {
            Some(taken) => Taken { captured, ..taken },
            None => Taken::first(captured, now),
        };
        if finality == Finality::KeepRest && amount != left {
            Ok(Self::PartiallyCaptured { hold, taken })
        } else {
            Ok(Self::Captured {
                authorized: hold.authorized,
                taken,
            })
        }
    }

    /// Gives up what is held. A payment that has captured part of it keeps that part and closes.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn void(self, reason: Option<String>, now: Timestamp) -> Result<Self, VoidRefusal> {
        match self {
            Self::Authorized { hold } if now < hold.expires_at => Ok(Self::Voided {
                hold,
                release: Release { at: now, reason },
            }),
            Self::PartiallyCaptured { hold, taken } if now < hold.expires_at => Ok(Self::Captured {
                authorized: hold.authorized,
                taken,
            }),
            Self::Captured { .. } => Err(VoidRefusal::Captured),
            Self::Voided { .. } => Err(VoidRefusal::AlreadyVoided),
            Self::Authorized { .. } | Self::PartiallyCaptured { .. } | Self::Expired { .. } => {
                Err(VoidRefusal::Expired)
            }
            other => Err(VoidRefusal::WrongState(other.status())),
        }
    }

    /// Closes a hold that ran out. Before its end, and without a hold, nothing happens.
    #[must_use]
    pub fn expire(self, now: Timestamp) -> Transition<Self> {
        match self {
            Self::Authorized { hold } if now >= hold.expires_at => {
                Transition::Applied(Self::Expired { hold })
            }
            Self::PartiallyCaptured { hold, taken } if now >= hold.expires_at => {
                Transition::Applied(Self::Captured {
                    authorized: hold.authorized,
                    taken,
                })
            }
            other => Transition::AlreadyApplied(other),
        }
    }

    /// Promises `amount` back to the payer: it can no longer be refunded a second time.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn reserve_refund(self, amount: Money) -> Result<Self, RefundRefusal> {
        self.change_taken(|taken| {
            if taken.refunded() == taken.captured() {
                return Err(RefundRefusal::AlreadyRefunded);
            }
            let available = taken.remaining();
            if !amount.is_positive() || amount.exceeds(available)? {
                return Err(RefundRefusal::ExceedsAvailable { available });
            }
            Ok(taken.with(taken.refunded(), taken.refund_pending().checked_add(amount)?)?)
        })
    }

    /// The payer has the promised `amount`.
    ///
    /// # Errors
    /// When that much was never promised.
    pub fn refund_succeeded(self, amount: Money) -> Result<Self, RefundRefusal> {
        self.change_taken(|taken| {
            let pending = taken.refund_pending().checked_sub(amount)?;
            Ok(taken.with(taken.refunded().checked_add(amount)?, pending)?)
        })
    }

    /// The promised `amount` did not go back and is free again.
    ///
    /// # Errors
    /// When that much was never promised.
    pub fn refund_failed(self, amount: Money) -> Result<Self, RefundRefusal> {
        self.change_taken(|taken| {
            Ok(taken.with(taken.refunded(), taken.refund_pending().checked_sub(amount)?)?)
        })
    }

    /// The provider took a confirmed refund of `amount` back.
    ///
    /// # Errors
    /// When that much was never refunded.
    pub fn refund_reversed(self, amount: Money) -> Result<Self, RefundRefusal> {
        self.change_taken(|taken| {
            Ok(taken.with(taken.refunded().checked_sub(amount)?, taken.refund_pending())?)
        })
    }

    fn change_taken(
        self,
        step: impl FnOnce(Taken) -> Result<Taken, RefundRefusal>,
    ) -> Result<Self, RefundRefusal> {
        match self {
            Self::PartiallyCaptured { hold, taken } => Ok(Self::PartiallyCaptured {
                hold,
                taken: step(taken)?,
            }),
            Self::Captured { authorized, taken } => Ok(Self::Captured {
                authorized,
                taken: step(taken)?,
            }),
            _ => Err(RefundRefusal::NotCaptured),
        }
    }

    /// Whether nothing is held or taken, and nothing can be any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Voided { .. } | Self::Expired { .. } | Self::Failed { .. } => true,
            Self::Captured { taken, .. } => taken.refunded() == taken.captured(),
            Self::Processing { .. } | Self::Authorized { .. } | Self::PartiallyCaptured { .. } => false,
        }
    }

    /// The status that amounts and operations add up to.
    #[must_use]
    pub fn status(&self) -> PaymentStatus {
        let refunds = |taken: &Taken, otherwise| match taken.refunded().minor() {
            0 => otherwise,
            all if all == taken.captured().minor() => PaymentStatus::Refunded,
            _ => PaymentStatus::PartiallyRefunded,
        };
        match self {
            Self::Processing { .. } => PaymentStatus::Processing,
            Self::Authorized { .. } => PaymentStatus::Authorized,
            // What is still held can still be captured, so "refunded" would be a final state that is not final.
            Self::PartiallyCaptured { taken, .. } => match refunds(taken, PaymentStatus::PartiallyCaptured) {
                PaymentStatus::Refunded => PaymentStatus::PartiallyRefunded,
                status => status,
            },
            Self::Captured { taken, .. } => refunds(taken, PaymentStatus::Captured),
            Self::Voided { .. } => PaymentStatus::Voided,
            Self::Expired { .. } => PaymentStatus::Expired,
            Self::Failed { .. } => PaymentStatus::Failed,
        }
    }

    /// The status as of `now`: a hold that ran out is expired even if nobody has swept it.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> PaymentStatus {
        match self.hold() {
            Some(hold) if now >= hold.expires_at => self.clone().expire(now).into_state().status(),
            _ => self.status(),
        }
    }

    /// The hold that is still open, if there is one.
    #[must_use]
    pub const fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Authorized { hold } | Self::PartiallyCaptured { hold, .. } => Some(hold),
            _ => None,
        }
    }

    /// What was taken, if anything was.
    #[must_use]
    pub const fn taken(&self) -> Option<&Taken> {
        match self {
            Self::PartiallyCaptured { taken, .. } | Self::Captured { taken, .. } => Some(taken),
            _ => None,
        }
    }

    /// What the provider agreed to hold or take; `None` if it never agreed.
    #[must_use]
    pub const fn authorized(&self) -> Option<Money> {
        match self {
            Self::Authorized { hold }
            | Self::PartiallyCaptured { hold, .. }
            | Self::Voided { hold, .. }
            | Self::Expired { hold } => Some(hold.authorized),
            Self::Captured { authorized, .. } => Some(*authorized),
            Self::Processing { .. } | Self::Failed { .. } => None,
        }
    }
}

impl From<MoneyError> for BrokenAmounts {
    fn from(_: MoneyError) -> Self {
        Self
    }
}
