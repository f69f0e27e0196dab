//! A payment: money held or taken from a payer.
//!
//! Invariant: amounts never leave `0 <= refunded + refund pending <= captured <= authorized <= amount`, and at most one capture
//! or void is in flight at a time. Refunds may be in flight together: each has reserved its own part.

mod refusal;
mod state;
#[cfg(test)]
mod state_tests;
mod status;

pub use refusal::{
    AuthorizeRefusal, CaptureRefusal, ProcessingRefusal, RefundRefusal, StaleVersion, VoidRefusal,
};
pub use state::{AUTHORIZATION_LIVES, BrokenAmounts, Finality, Hold, Intake, PaymentState, Release, Taken};
pub use status::{PaymentStatus, UnknownPaymentStatus};

use crate::fee::CaptureOrder;
use crate::id::{CardId, IntentId, OperationId, PaymentId};
use crate::merchant::Tenant;
use crate::metadata::Metadata;
use crate::provider::{Gateway, RefundSupport};
use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Who pays, as the merchant says; never used to decide anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Phone number, as typed.
    pub phone: Option<String>,
}

/// A payment with all that decisions need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The intent of which it is an attempt.
    pub intent: Option<IntentId>,
    /// What was asked for; what the provider agreed to is in the state.
    pub amount: Money,
    /// How the payer pays.
    pub gateway: Gateway,
    /// Name of the provider that moves the money; every later operation goes to the same one.
    pub provider: String,
    /// The vaulted card, for card payments.
    pub card: Option<CardId>,
    /// What the payer's money is doing.
    pub state: PaymentState,
    /// The capture or void that has no answer yet.
    pub in_flight: Option<OperationId>,
    /// Who pays.
    pub customer: Customer,
    /// What it is for, shown to the payer.
    pub description: Option<String>,
    /// The merchant's own number for it.
    pub merchant_reference: Option<String>,
    /// The merchant's own notes.
    pub metadata: Metadata,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes; a writer that read an older version writes nothing.
    pub version: i64,
}

impl Payment {
    /// Whether `gateway` can begin with `intake`.
    ///
    /// # Errors
    /// When a hold is asked of a gateway that has none.
    pub const fn may_begin(gateway: Gateway, intake: Intake) -> Result<(), AuthorizeRefusal> {
        match intake {
            Intake::Authorize if !gateway.capabilities().holds => {
                Err(AuthorizeRefusal::HoldsNotSupported { gateway })
            }
            _ => Ok(()),
        }
    }

    /// That it is still as the caller saw it; what was not seen is not compared.
    ///
    /// # Errors
    /// When it has changed since.
    pub const fn at_version(&self, expected: Option<i64>) -> Result<(), StaleVersion> {
        match expected {
            Some(expected) if expected != self.version => Err(StaleVersion {
                expected,
                actual: self.version,
            }),
            _ => Ok(()),
        }
    }

    /// The status as of `now`. A hold that ran out has ended even if nobody has swept it, but not while a capture or void has no
    /// answer yet: the provider may have done it in time.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> PaymentStatus {
        match self.in_flight {
            Some(_) => self.state.status(),
            None => self.state.status_at(now),
        }
    }

    /// What is left of the hold; what a capture without amount takes.
    #[must_use]
    pub fn capturable(&self) -> Money {
        let held = self.state.hold().map_or(0, |hold| hold.authorized.minor());
        let captured = self.state.taken().map_or(0, |taken| taken.captured().minor());
        let minor = if self.state.hold().is_some() {
            held.saturating_sub(captured)
        } else {
            0
        };
        Money::new(minor, self.amount.currency())
    }

    /// What can still be refunded; what a refund without amount gives back.
    #[must_use]
    pub fn refundable(&self) -> Money {
        self.state
            .taken()
            .map_or(Money::zero(self.amount.currency()), Taken::remaining)
    }

    /// Which capture the next one is, for the fixed part of the fee.
    #[must_use]
    pub const fn next_capture(&self) -> CaptureOrder {
        if self.state.taken().is_some() {
            CaptureOrder::Later
        } else {
            CaptureOrder::First
        }
    }

    /// The state after a capture of `amount`, if it may happen.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn decide_capture(
        &self,
        amount: Money,
        finality: Finality,
        now: Timestamp,
    ) -> Result<PaymentState, CaptureRefusal> {
        if amount.currency() != self.amount.currency() {
            return Err(CaptureRefusal::WrongCurrency {
                expected: self.amount.currency(),
            });
        }
        if finality == Finality::KeepRest && !self.gateway.capabilities().several_captures {
            return Err(CaptureRefusal::SeveralNotSupported {
                gateway: self.gateway,
            });
        }
        let after = self.state.clone().capture(amount, finality, now)?;
        if self.in_flight.is_some() {
            Err(CaptureRefusal::InProgress)
        } else {
            Ok(after)
        }
    }

    /// The state after giving up what is held, if that may happen.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn decide_void(&self, reason: Option<String>, now: Timestamp) -> Result<PaymentState, VoidRefusal> {
        let after = self.state.clone().void(reason, now)?;
        if self.in_flight.is_some() {
            Err(VoidRefusal::InProgress)
        } else {
            Ok(after)
        }
    }

    /// The state with `amount` promised back, if that may happen.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn decide_refund(&self, amount: Money) -> Result<PaymentState, RefundRefusal> {
        if amount.currency() != self.amount.currency() {
            return Err(RefundRefusal::WrongCurrency {
                expected: self.amount.currency(),
            });
        }
        let after = self.state.clone().reserve_refund(amount)?;
        let whole = self.state.taken().map(Taken::captured);
        match self.gateway.capabilities().refunds {
            RefundSupport::None => Err(RefundRefusal::NotSupported {
                gateway: self.gateway,
            }),
            RefundSupport::FullOnly if whole != Some(amount) => Err(RefundRefusal::FullOnly {
                gateway: self.gateway,
            }),
            RefundSupport::FullOnly | RefundSupport::Partial => Ok(after),
        }
    }
}
