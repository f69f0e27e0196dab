//! Facts that happened, by name. Webhooks, subscriptions and exports all speak of these.
//!
//! Invariant: a name keeps its meaning for ever, and every name says what kind of object it is about.
//! Source: `reference/payments.md` 2.6 row 17 (dotted names of S2 and S0).

mod names;

pub use names::{Later, Names};

use crate::api_version::ApiVersion;
use crate::credential::Scope;
use crate::word::words;

words! {
    /// What happened.
    EventType, "event type" {
        /// The provider has not said what became of the first operation.
        PaymentProcessing = "payment.processing",
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
        /// A payment link takes payments.
        PaymentLinkCreated = "payment_link.created",
        /// The merchant ended a payment link.
        PaymentLinkDeactivated = "payment_link.deactivated",
        /// A promo code can be used.
        PromoCodeCreated = "promo_code.created",
        /// The merchant ended a promo code.
        PromoCodeDeactivated = "promo_code.deactivated",
        /// A credential was made.
        CredentialCreated = "credential.created",
        /// A credential got a new secret or signing key.
        CredentialRotated = "credential.rotated",
        /// Name, scopes, allowlist, expiry, signing keys or API version of a credential were changed.
        CredentialUpdated = "credential.updated",
        /// A credential opens nothing any more.
        CredentialRevoked = "credential.revoked",
        /// An operator changed what a merchant may do or pays.
        MerchantUpdated = "merchant.updated",
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
        /// A payment link.
        PaymentLink = "payment_link",
        /// A promo code.
        PromoCode = "promo_code",
        /// A credential.
        Credential = "credential",
        /// The merchant itself.
        Merchant = "merchant",
    }
}

impl EventType {
    /// What kind of object it is about.
    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::PaymentProcessing
            | Self::PaymentAuthorized
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
            Self::PaymentLinkCreated | Self::PaymentLinkDeactivated => Subject::PaymentLink,
            Self::PromoCodeCreated | Self::PromoCodeDeactivated => Subject::PromoCode,
            Self::CredentialCreated
            | Self::CredentialRotated
            | Self::CredentialUpdated
            | Self::CredentialRevoked => Subject::Credential,
            Self::MerchantUpdated => Subject::Merchant,
        }
    }

    /// The names under which it is told to whoever reads by `version`, its own first. The log has one event; who sends it on sends it
    /// once under each name, about the same object.
    #[must_use]
    pub fn told_as(self, version: ApiVersion) -> Vec<Self> {
        match (self, version) {
            (Self::PaymentExpired, ApiVersion::Tigris) => vec![self, Self::PaymentVoided],
            (_, ApiVersion::Tigris | ApiVersion::Basra) => vec![self],
        }
    }
}

impl Subject {
    /// What a credential must be allowed to see events about it.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Payment
            | Self::Refund
            | Self::Intent
            | Self::PaymentLink
            | Self::PromoCode
            | Self::Merchant => Scope::PaymentsRead,
            Self::Credential => Scope::CredentialsManage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_with_the_kind_of_its_object() {
        for event_type in EventType::ALL {
            let (kind, what) = event_type.as_str().split_once('.').unwrap();
            assert_eq!(kind, event_type.subject().as_str());
            assert!(!what.is_empty() && event_type.as_str().parse() == Ok(*event_type));
        }
        for subject in Subject::ALL {
            let told = |event_type: &&EventType| event_type.subject() == *subject;
            assert!(EventType::ALL.iter().any(|it| told(&it)), "{subject}");
        }
    }

    #[test]
    fn the_older_version_calls_a_hold_that_ran_out_voided_too() {
        for event_type in EventType::ALL.iter().copied() {
            assert_eq!(event_type.told_as(ApiVersion::Basra), [event_type]);
            let both = [EventType::PaymentExpired, EventType::PaymentVoided];
            let tigris = event_type.told_as(ApiVersion::Tigris);
            if event_type == EventType::PaymentExpired {
                assert_eq!(tigris, both);
            } else {
                assert_eq!(tigris, [event_type]);
            }
        }
    }
}
