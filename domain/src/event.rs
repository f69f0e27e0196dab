//! Facts that happened, by name. Webhooks, subscriptions and exports all speak of these.
//!
//! Invariant: a name keeps its meaning for ever, and every name says what kind of object it is about.
//! Source: `reference/payments.md` 2.6 row 17 (dotted names of S2 and S0).

use crate::credential::Scope;
use crate::word::words;

words! {
    /// What happened.
    EventType, "event type" {
        /// Money is held.
        PaymentAuthorized = "payment.authorized",
        /// Money was taken, all or part of it.
        PaymentCaptured = "payment.captured",
        /// A hold was given up.
        PaymentVoided = "payment.voided",
        /// A hold ran out.
        PaymentExpired = "payment.expired",
        /// What was left of a partly captured hold was given up or ran out; the captured part stays.
        PaymentClosed = "payment.closed",
        /// Money went back, all or part of it.
        PaymentRefunded = "payment.refunded",
        /// No money was held or taken.
        PaymentFailed = "payment.failed",
        /// Money arrived after its intent had run out.
        PaymentLateSuccess = "payment.late_success",
        /// A refund was accepted.
        RefundCreated = "refund.created",
        /// A refund reached the payer.
        RefundSucceeded = "refund.succeeded",
        /// A refund did not happen.
        RefundFailed = "refund.failed",
        /// An intent waits for its payer.
        IntentCreated = "payment_intent.created",
        /// Money is held for an intent; the merchant captures it.
        IntentRequiresCapture = "payment_intent.requires_capture",
        /// An intent is paid.
        IntentSucceeded = "payment_intent.succeeded",
        /// The last attempt at an intent was declined.
        IntentFailed = "payment_intent.failed",
        /// An intent was given up.
        IntentCanceled = "payment_intent.canceled",
        /// Nobody paid an intent in time.
        IntentExpired = "payment_intent.expired",
    }
}

words! {
    /// What kind of object an event is about.
    Subject, "kind of object" {
        /// A payment.
        Payment = "payment",
        /// A refund.
        Refund = "refund",
        /// A payment intent.
        Intent = "payment_intent",
    }
}

impl EventType {
    /// What kind of object it is about.
    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::PaymentAuthorized
            | Self::PaymentCaptured
            | Self::PaymentVoided
            | Self::PaymentExpired
            | Self::PaymentClosed
            | Self::PaymentRefunded
            | Self::PaymentFailed
            | Self::PaymentLateSuccess => Subject::Payment,
            Self::RefundCreated | Self::RefundSucceeded | Self::RefundFailed => Subject::Refund,
            Self::IntentCreated
            | Self::IntentRequiresCapture
            | Self::IntentSucceeded
            | Self::IntentFailed
            | Self::IntentCanceled
            | Self::IntentExpired => Subject::Intent,
        }
    }
}

impl Subject {
    /// What a credential must be allowed to see events about it.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Payment | Self::Refund | Self::Intent => Scope::PaymentsRead,
        }
    }
}
