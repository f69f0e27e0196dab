//! The life of an intent, as a state machine that follows its attempts.
//!
//! Invariant: an intent never says more than its payment: it is paid when money was taken, and not before; late money is given back
//! when none of it is here any more, and not before. A transition gives the next state and whether anything changed. What an
//! operation took is news once, because an operation is settled once; all other news may come twice.

use super::refusal::{CancelRefusal, ConfirmRefusal};
use super::status::{CanceledBy, IntentStatus};
use super::{Intent, MAX_ATTEMPTS};
use crate::id::PaymentId;
use crate::merchant::LateSuccess;
use crate::operation::{Operation, OperationKind, OperationState, Transition};
use crate::payment::{Payment, PaymentState};
use crate::provider::{Decline, DeclineReason, Gateway, RefundSupport};
use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// A try to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The payment that it makes.
    pub payment: PaymentId,
    /// Through which gateway.
    pub gateway: Gateway,
}

/// What was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The payment.
    pub payment: PaymentId,
    /// Through which gateway (S3: `paidVia`).
    pub via: Gateway,
    /// When the money was taken (S3: `paidAt`).
    pub at: Timestamp,
    /// What the merchant is owed of it: what was taken less the fees (S3: `payoutAmount`). What is held back as reserve is the
    /// merchant's too.
    pub payout: Money,
    /// Whether the money arrived after the intent had run out.
    pub late: bool,
}

/// Money that arrived after its intent had run out, and is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateMoney {
    /// The payment that has it.
    pub payment: PaymentId,
    /// Through which gateway it came.
    pub gateway: Gateway,
    /// Whether it went back.
    pub given_back: bool,
}

/// How far an intent has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntentState {
    /// Waits for the payer.
    Created {
        /// Why the last attempt was declined, if there was one.
        last_decline: Option<Decline>,
    },
    /// An attempt has no answer yet.
    Processing {
        /// The attempt.
        attempt: Attempt,
    },
    /// Money is held.
    RequiresCapture {
        /// The attempt that holds it.
        attempt: Attempt,
        /// Whether the hold arrived after the intent had run out.
        late: bool,
        /// When the hold ends if nothing else is said. None while a capture or void has no answer: the provider may have done it in
        /// time.
        lapses_at: Option<Timestamp>,
    },
    /// Paid.
    Succeeded {
        /// What was paid.
        paid: Paid,
    },
    /// The last attempt was declined.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        decline: Decline,
    },
    /// Given up.
    Canceled {
        /// When.
        at: Timestamp,
        /// By whom.
        by: CanceledBy,
    },
    /// Nobody paid in time.
    Expired {
        /// When it was swept.
        at: Timestamp,
        /// Money that arrived afterwards.
        late: Option<LateMoney>,
    },
}

/// When an answer was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// While the payer could still be waiting for it.
    InTime,
    /// After the payer was told that nobody knows.
    Later,
}

/// What became of an intent when its payment moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// Nothing that an intent shows.
    Unchanged,
    /// It moved.
    Moved(Box<Intent>),
}

impl IntentState {
    /// The name of the state.
    #[must_use]
    pub const fn status(&self) -> IntentStatus {
        match self {
            Self::Created { .. } => IntentStatus::Created,
            Self::Processing { .. } => IntentStatus::Processing,
            Self::RequiresCapture { .. } => IntentStatus::RequiresCapture,
            Self::Succeeded { .. } => IntentStatus::Succeeded,
            Self::Failed { .. } => IntentStatus::Failed,
            Self::Canceled { .. } => IntentStatus::Canceled,
            Self::Expired { .. } => IntentStatus::Expired,
        }
    }

    /// The payment that is under way or has the money.
    #[must_use]
    pub const fn payment(&self) -> Option<PaymentId> {
        match self {
            Self::Processing { attempt } | Self::RequiresCapture { attempt, .. } => Some(attempt.payment),
            Self::Succeeded { paid } => Some(paid.payment),
            Self::Expired { late: Some(late), .. } => Some(late.payment),
            Self::Created { .. }
            | Self::Failed { .. }
            | Self::Canceled { .. }
            | Self::Expired { late: None, .. } => None,
        }
    }

    /// Whether its money came after the intent had run out.
    #[must_use]
    pub const fn is_late(&self) -> bool {
        match self {
            Self::RequiresCapture { late, .. } => *late,
            Self::Succeeded { paid } => paid.late,
            Self::Expired { late, .. } => late.is_some(),
            Self::Created { .. } | Self::Processing { .. } | Self::Failed { .. } | Self::Canceled { .. } => {
                false
            }
        }
    }

    /// Why the last attempt was declined.
    #[must_use]
    pub const fn last_decline(&self) -> Option<&Decline> {
        match self {
            Self::Created { last_decline } => last_decline.as_ref(),
            Self::Failed { decline, .. } => Some(decline),
            _ => None,
        }
    }

    /// Whether its hold has ended by the clock, though nobody has swept it.
    #[must_use]
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        matches!(self, Self::RequiresCapture { lapses_at: Some(end), .. } if now >= *end)
    }

    /// Who gave it up, or what did, as of `now`.
    #[must_use]
    pub fn canceled_by(&self, now: Timestamp) -> Option<CanceledBy> {
        match self {
            Self::Canceled { by, .. } => Some(*by),
            held if held.has_lapsed(now) => Some(CanceledBy::AuthorizationExpired),
            _ => None,
        }
    }

    /// What was paid.
    #[must_use]
    pub const fn paid(&self) -> Option<&Paid> {
        match self {
            Self::Succeeded { paid } => Some(paid),
            _ => None,
        }
    }
}

impl Intent {
    /// That a payer may try to pay through `gateway` now.
    ///
    /// # Errors
    /// One refusal a cause. What the intent is comes before what is wrong with the attempt.
    pub fn may_confirm(&self, gateway: Gateway, now: Timestamp) -> Result<(), ConfirmRefusal> {
        match self.status_at(now) {
            IntentStatus::Created => {}
            IntentStatus::Expired => {
                return Err(ConfirmRefusal::Expired {
                    lived: self.life_in_words(),
                });
            }
            IntentStatus::Processing => return Err(ConfirmRefusal::AttemptInProgress),
            IntentStatus::Failed => return Err(ConfirmRefusal::NoAttemptLeft),
            IntentStatus::Canceled => return Err(ConfirmRefusal::Canceled),
            IntentStatus::RequiresCapture | IntentStatus::Succeeded => return Err(ConfirmRefusal::Completed),
        }
        if self.gateways.contains(gateway) {
            Ok(())
        } else {
            Err(ConfirmRefusal::GatewayNotOffered { gateway })
        }
    }

    /// The intent with an attempt under way.
    ///
    /// # Errors
    /// As [`Self::may_confirm`].
    pub fn confirm(mut self, attempt: Attempt, now: Timestamp) -> Result<Self, ConfirmRefusal> {
        self.may_confirm(attempt.gateway, now)?;
        self.state = IntentState::Processing { attempt };
        Ok(self)
    }

    /// The intent given up. Giving up twice is giving up once.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn cancel(mut self, by: CanceledBy, now: Timestamp) -> Result<Transition<Self>, CancelRefusal> {
        match self.status_at(now) {
            IntentStatus::Created => {
                self.state = IntentState::Canceled { at: now, by };
                Ok(Transition::Applied(self))
            }
            IntentStatus::Canceled => Ok(Transition::AlreadyApplied(self)),
            IntentStatus::Processing => Err(CancelRefusal::AttemptInProgress),
            status @ (IntentStatus::Succeeded | IntentStatus::RequiresCapture) => {
                Err(CancelRefusal::Completed { status })
            }
            status @ (IntentStatus::Failed | IntentStatus::Expired) => Err(CancelRefusal::Ended { status }),
        }
    }

    /// The intent after nobody paid it in time; nothing changes before that, or while an attempt has no answer.
    #[must_use]
    pub fn expire(mut self, now: Timestamp) -> Transition<Self> {
        if self.state.status() == IntentStatus::Created && now >= self.expires_at {
            self.state = IntentState::Expired { at: now, late: None };
            Transition::Applied(self)
        } else {
            Transition::AlreadyApplied(self)
        }
    }

    /// What becomes of the intent when `operation` on its `payment` was answered, or the payment's hold ran out (no operation).
    ///
    /// Only the attempt that the intent knows moves it: an older, declined one is history.
    #[must_use]
    pub fn follow(
        &self,
        payment: &Payment,
        operation: Option<&Operation>,
        heard: Heard,
        policy: LateSuccess,
        now: Timestamp,
    ) -> Followed {
        if self.state.payment() != Some(payment.id) {
            return Followed::Unchanged;
        }
        let mut next = self.clone();
        match &self.state {
            IntentState::Processing { attempt } => {
                let late = heard == Heard::Later && now >= self.expires_at;
                next.answered(*attempt, payment, operation, late.then_some(policy), now);
            }
            IntentState::RequiresCapture { attempt, late, .. } => {
                next.held(*attempt, *late, payment, operation, now);
            }
            IntentState::Succeeded { paid } => next.taken_more(paid, operation),
            IntentState::Expired { at, late: Some(late) } => {
                let given_back = payment.state.is_gone();
                let late = Some(LateMoney { given_back, ..*late });
                next.state = IntentState::Expired { at: *at, late };
            }
            _ => {}
        }
        if next == *self {
            Followed::Unchanged
        } else {
            Followed::Moved(Box::new(next))
        }
    }

    /// `late` is what becomes of money that came too late; none if it came in time.
    fn answered(
        &mut self,
        attempt: Attempt,
        payment: &Payment,
        operation: Option<&Operation>,
        late: Option<LateSuccess>,
        now: Timestamp,
    ) {
        match &payment.state {
            PaymentState::Processing { .. } => {}
            PaymentState::Failed { decline, .. } => self.declined(decline, now),
            // What no gateway gives back would be neither the payer's nor the merchant's for ever: it counts as paid.
            state if late == Some(LateSuccess::GiveBack) && can_go_back(payment) => {
                let late = LateMoney {
                    payment: payment.id,
                    gateway: attempt.gateway,
                    given_back: state.is_gone(),
                };
                self.state = IntentState::Expired {
                    at: now,
                    late: Some(late),
                };
            }
            _ => self.held(attempt, late.is_some(), payment, operation, now),
        }
    }

    /// A charge that provably never left counts for nothing.
    fn declined(&mut self, decline: &Decline, now: Timestamp) {
        if decline.reason != DeclineReason::NotSent {
            self.attempts = self.attempts.saturating_add(1);
        }
        self.state = if self.attempts >= MAX_ATTEMPTS {
            IntentState::Failed {
                at: now,
                decline: decline.clone(),
            }
        } else {
            IntentState::Created {
                last_decline: Some(decline.clone()),
            }
        };
    }

    fn held(
        &mut self,
        attempt: Attempt,
        late: bool,
        payment: &Payment,
        operation: Option<&Operation>,
        now: Timestamp,
    ) {
        let canceled = |by| IntentState::Canceled { at: now, by };
        match &payment.state {
            PaymentState::Processing { .. } | PaymentState::Failed { .. } => {}
            PaymentState::Authorized { hold } => {
                self.state = IntentState::RequiresCapture {
                    attempt,
                    late,
                    lapses_at: payment.in_flight.is_none().then_some(hold.expires_at),
                };
            }
            PaymentState::Voided { .. } => self.state = canceled(CanceledBy::Void),
            PaymentState::Expired { .. } => self.state = canceled(CanceledBy::AuthorizationExpired),
            PaymentState::PartiallyCaptured { .. } | PaymentState::Captured { .. } => {
                let paid = Paid {
                    payment: payment.id,
                    via: attempt.gateway,
                    at: now,
                    payout: payout(operation, self.amount),
                    late,
                };
                self.state = IntentState::Succeeded { paid };
            }
        }
    }

    /// A later capture of the same hold.
    fn taken_more(&mut self, paid: &Paid, operation: Option<&Operation>) {
        let Some(operation) = operation.filter(|operation| took_money(operation)) else {
            return;
        };
        if let Ok(payout) = paid.payout.checked_add(payout(Some(operation), self.amount)) {
            let paid = Paid {
                payout,
                ..paid.clone()
            };
            self.state = IntentState::Succeeded { paid };
        }
    }
}

/// Whether a provider takes this money back from us: a hold is released, what was taken is refunded where the gateway can.
fn can_go_back(payment: &Payment) -> bool {
    payment.state.taken().is_none() || payment.gateway.capabilities().refunds != RefundSupport::None
}

fn took_money(operation: &Operation) -> bool {
    let takes = matches!(operation.kind, OperationKind::Sale | OperationKind::Capture);
    takes && matches!(operation.state, OperationState::Succeeded { .. })
}

/// What an operation leaves to the merchant: what it took less its fee.
fn payout(operation: Option<&Operation>, of: Money) -> Money {
    operation
        .filter(|operation| took_money(operation))
        .and_then(|operation| operation.amount.checked_sub(operation.fee).ok())
        .unwrap_or(Money::zero(of.currency()))
}
