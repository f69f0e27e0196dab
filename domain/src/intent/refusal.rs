//! Why a command on an intent cannot happen: one variant a cause, in the words of S2 where S2 has words.

use super::status::IntentStatus;
use crate::fee::NoSurcharge;
use crate::money::AmountRefusal;
use crate::provider::Gateway;
use crate::web_url::UrlRefusal;
use crate::webhook::TargetRefusal;
use crate::{Currency, Money};

/// Why an intent cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntentRefusal {
    /// The merchant may not use it.
    #[error("gateway {gateway} is not enabled for this account")]
    GatewayNotEnabled {
        /// The gateway.
        gateway: Gateway,
    },
    /// None of the gateways can do what is asked.
    #[error("no enabled gateway takes {currency} with this capture method")]
    NoGateway {
        /// The currency.
        currency: Currency,
    },
    /// It takes no money in this currency.
    #[error("{gateway} does not take {currency}")]
    GatewayCurrency {
        /// The gateway.
        gateway: Gateway,
        /// The currency.
        currency: Currency,
    },
    /// Out of bounds.
    #[error("an intent lives 5 minutes to 7 days")]
    LifeOutOfBounds,
    /// An address cannot be used.
    #[error("{field} {refusal}")]
    Url {
        /// Which address.
        field: &'static str,
        /// Why not.
        refusal: UrlRefusal,
    },
    /// Nothing is reported to the callback address.
    #[error("callbackUrl {0}")]
    Callback(#[from] TargetRefusal),
    /// The fee cannot be put on top.
    #[error(transparent)]
    Surcharge(#[from] NoSurcharge),
}

/// Why an intent cannot be paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmRefusal {
    /// Nobody paid in time.
    #[error("payment intent expired (valid for {lived})")]
    Expired {
        /// How long it lived, in words: `1 hour`.
        lived: String,
    },
    /// The last attempt was declined.
    #[error("maximum payment attempts reached (5)")]
    NoAttemptLeft,
    /// It was given up.
    #[error("payment intent canceled")]
    Canceled,
    /// It is paid, or waits for its capture.
    #[error("payment intent already completed")]
    Completed,
    /// Another attempt has no answer yet.
    #[error("another payment attempt is still in progress")]
    AttemptInProgress,
    /// The intent does not offer this gateway.
    #[error("{gateway} is not offered for this payment")]
    GatewayNotOffered {
        /// The gateway.
        gateway: Gateway,
    },
    /// The merchant wants to know the payer's e-mail address.
    #[error("customer_email is required")]
    EmailRequired,
    /// That is no e-mail address.
    #[error("customer_email must be an e-mail address")]
    EmailInvalid,
    /// The merchant wants to know the payer's phone number.
    #[error("customer_phone is required")]
    PhoneRequired,
    /// That is no phone number.
    #[error("customer_phone must be a phone number with 7 to 15 digits")]
    PhoneInvalid,
    /// The price is not the one that the payer saw.
    #[error("the total has changed to {total}")]
    TotalChanged {
        /// What it is now.
        total: Money,
    },
    /// What is left to pay cannot be charged.
    #[error(transparent)]
    Amount(#[from] AmountRefusal),
    /// The payment link has been used as often as it may be.
    #[error("this payment link has been used up")]
    LinkUsedUp,
    /// The client secret opens nothing.
    #[error("client secret is invalid or expired")]
    InvalidClientSecret,
    /// The fee cannot be put on top.
    #[error(transparent)]
    Surcharge(#[from] NoSurcharge),
}

/// Why an intent cannot be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// It is paid, or money is held for it.
    #[error("cannot cancel completed payment intent")]
    Completed {
        /// What it is.
        status: IntentStatus,
    },
    /// An attempt has no answer yet.
    #[error("a payment attempt is still in progress")]
    AttemptInProgress,
    /// It ended by itself.
    #[error("cannot cancel a payment intent that is {status}")]
    Ended {
        /// What it is.
        status: IntentStatus,
    },
}
