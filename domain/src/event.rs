//! Facts that happened, by name. Webhooks, subscriptions and exports all speak of these.
//!
//! Source: `reference/payments.md` 2.6 row 17 (dotted names of S2 and S0).

use serde::{Deserialize, Serialize};
use std::fmt;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventType {
    /// Money is held.
    #[serde(rename = "payment.authorized")]
    PaymentAuthorized,
    /// Money was taken, all or part of it.
    #[serde(rename = "payment.captured")]
    PaymentCaptured,
    /// A hold was given up.
    #[serde(rename = "payment.voided")]
    PaymentVoided,
    /// A hold ran out.
    #[serde(rename = "payment.expired")]
    PaymentExpired,
    /// What was left of a partly captured hold was given up or ran out; the captured part stays.
    #[serde(rename = "payment.closed")]
    PaymentClosed,
    /// Money went back, all or part of it.
    #[serde(rename = "payment.refunded")]
    PaymentRefunded,
    /// No money was held or taken.
    #[serde(rename = "payment.failed")]
    PaymentFailed,
    /// A refund was accepted.
    #[serde(rename = "refund.created")]
    RefundCreated,
    /// A refund reached the payer.
    #[serde(rename = "refund.succeeded")]
    RefundSucceeded,
    /// A refund did not happen.
    #[serde(rename = "refund.failed")]
    RefundFailed,
    /// Money arrived after its intent had run out.
    #[serde(rename = "payment.late_success")]
    PaymentLateSuccess,
    /// An intent waits for its payer.
    #[serde(rename = "payment_intent.created")]
    IntentCreated,
    /// Money is held for an intent; the merchant captures it.
    #[serde(rename = "payment_intent.requires_capture")]
    IntentRequiresCapture,
    /// An intent is paid. S0 calls it `checkout.session.completed`.
    #[serde(rename = "payment_intent.succeeded")]
    IntentSucceeded,
    /// The last attempt at an intent was declined.
    #[serde(rename = "payment_intent.failed")]
    IntentFailed,
    /// An intent was given up.
    #[serde(rename = "payment_intent.canceled")]
    IntentCanceled,
    /// Nobody paid an intent in time.
    #[serde(rename = "payment_intent.expired")]
    IntentExpired,
}

impl EventType {
    /// The dotted name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentAuthorized => "payment.authorized",
            Self::PaymentCaptured => "payment.captured",
            Self::PaymentVoided => "payment.voided",
            Self::PaymentExpired => "payment.expired",
            Self::PaymentClosed => "payment.closed",
            Self::PaymentRefunded => "payment.refunded",
            Self::PaymentFailed => "payment.failed",
            Self::RefundCreated => "refund.created",
            Self::RefundSucceeded => "refund.succeeded",
            Self::RefundFailed => "refund.failed",
            Self::PaymentLateSuccess => "payment.late_success",
            Self::IntentCreated => "payment_intent.created",
            Self::IntentRequiresCapture => "payment_intent.requires_capture",
            Self::IntentSucceeded => "payment_intent.succeeded",
            Self::IntentFailed => "payment_intent.failed",
            Self::IntentCanceled => "payment_intent.canceled",
            Self::IntentExpired => "payment_intent.expired",
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
