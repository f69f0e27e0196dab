//! Why a command on a payment cannot happen: one variant a cause, in the words of S2 where S2 has words.

use super::state::BrokenAmounts;
use super::status::PaymentStatus;
use crate::money::MoneyError;
use crate::provider::Gateway;
use crate::{Currency, Money};

/// An answer to the first operation that no longer fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment is {0} already")]
pub struct ProcessingRefusal(pub PaymentStatus);

/// Why money cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeRefusal {
    /// Wallets take money at once or not at all.
    #[error("{gateway} cannot hold money: use a sale")]
    HoldsNotSupported {
        /// The gateway.
        gateway: Gateway,
    },
}

/// Why a capture cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureRefusal {
    /// Everything that could be taken is taken.
    #[error("payment already captured")]
    AlreadyCaptured,
    /// More than what is left of the hold.
    #[error("capture amount exceeds authorized amount")]
    ExceedsAuthorized {
        /// What can still be captured.
        left: Money,
    },
    /// The hold ran out.
    #[error("authorization expired (valid for 7 days)")]
    Expired,
    /// The payment never held money, or gave it up.
    #[error("cannot capture a payment that is {0}")]
    WrongState(PaymentStatus),
    /// Another capture or void has no answer yet.
    #[error("another operation on this payment is still in progress")]
    InProgress,
    /// The gateway captures a hold once only.
    #[error("{gateway} cannot keep the rest of a partial capture")]
    SeveralNotSupported {
        /// The gateway.
        gateway: Gateway,
    },
    /// The amount is in another currency than the payment.
    #[error("currency must be {expected}")]
    WrongCurrency {
        /// The currency of the payment.
        expected: Currency,
    },
}

/// Why a void cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoidRefusal {
    /// Money was taken: only a refund gives it back.
    #[error("cannot void captured payment (use refund instead)")]
    Captured,
    /// The hold was given up before.
    #[error("payment already voided")]
    AlreadyVoided,
    /// The hold ran out by itself.
    #[error("authorization expired (valid for 7 days)")]
    Expired,
    /// The payment never held money.
    #[error("cannot void a payment that is {0}")]
    WrongState(PaymentStatus),
    /// Another capture or void has no answer yet.
    #[error("another operation on this payment is still in progress")]
    InProgress,
}

/// Why a refund cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// Nothing was taken.
    #[error("can only refund captured payments")]
    NotCaptured,
    /// More than what is left of the capture.
    #[error("refund amount exceeds available amount")]
    ExceedsAvailable {
        /// What can still be refunded.
        available: Money,
    },
    /// Everything went back already.
    #[error("payment already fully refunded")]
    AlreadyRefunded,
    /// An answer came for a refund that was never promised.
    #[error("no refund of this amount is open")]
    NotOpen,
    /// The gateway gives nothing back through its API.
    #[error("{gateway} does not support refunds")]
    NotSupported {
        /// The gateway.
        gateway: Gateway,
    },
    /// The gateway gives back all or nothing.
    #[error("{gateway} refunds the whole amount only")]
    FullOnly {
        /// The gateway.
        gateway: Gateway,
    },
    /// The amount is in another currency than the payment.
    #[error("currency must be {expected}")]
    WrongCurrency {
        /// The currency of the payment.
        expected: Currency,
    },
}

// The commands on a payment check its currency first, so inside the state machine a mismatch can only be that currency's.
impl From<MoneyError> for CaptureRefusal {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch { left, .. } => Self::WrongCurrency { expected: left },
            MoneyError::Overflow { currency } => Self::ExceedsAuthorized {
                left: Money::zero(currency),
            },
        }
    }
}

impl From<MoneyError> for RefundRefusal {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch { left, .. } => Self::WrongCurrency { expected: left },
            MoneyError::Overflow { currency } => Self::ExceedsAvailable {
                available: Money::zero(currency),
            },
        }
    }
}

impl From<BrokenAmounts> for RefundRefusal {
    fn from(_: BrokenAmounts) -> Self {
        Self::NotOpen
    }
}

/// The payment has changed since the caller looked at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment has changed: version {expected} was expected, it is at {actual}")]
pub struct StaleVersion {
    /// What the caller saw.
    pub expected: i64,
    /// What it is.
    pub actual: i64,
}
