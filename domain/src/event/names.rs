//! What events are called elsewhere: by S0, S1, S2 and S4.
//!
//! Invariant: a name of theirs stands beside an event that really is its cause, and what has no cause yet is said to come later. Source:
//! the seeds' lists of events, `reference/webhooks.md` 0, `reference/payments.md` 2.6 row 17.

use super::EventType;
use crate::provider::Gateway;

/// What an event is called by each of them; none where there is no word for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// S0: dotted names.
    pub s0: Option<&'static str>,
    /// S1: names in `PascalCase`, one for all that happens to a kind of object.
    pub s1: Option<&'static str>,
    /// S2: dotted names.
    pub s2: Option<&'static str>,
    /// S4: categories; of a payment, the one of payments by card. See [`EventType::s4`].
    pub s4: Option<&'static str>,
}

/// A name of theirs that nothing here is a cause of yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Later {
    /// Who calls it so.
    pub by: &'static str,
    /// The name.
    pub name: &'static str,
    /// What it comes with.
    pub with: &'static str,
}

/// S1: the status of a transaction changed.
const TRANSACTION: &str = "BusinessRequestStatusChanged";
/// S4: a transaction of a payer was made or changed.
const BY_CARD: &str = "card_transaction";
/// S4: a transaction of the merchant's account was made or changed.
const OF_ACCOUNT: &str = "account_transaction";

impl Names {
    /// Names of theirs that come later.
    pub const LATER: [Later; 5] = [
        Later {
            by: "S1",
            name: "BusinessKycStatusChanged",
            with: "the check of merchants (KYC)",
        },
        Later {
            by: "S1",
            name: "BusinessExternalAccountStatusChanged",
            with: "destinations of payouts",
        },
        Later {
            by: "S1",
            name: "BusinessRequestPayoutConfirmationStatusChanged",
            with: "confirmations of payouts",
        },
        Later {
            by: "S4",
            name: "account_topup",
            with: "top-ups",
        },
        Later {
            by: "S4",
            name: "card_state",
            with: "cards that can be closed",
        },
    ];
}

impl EventType {
    /// What S0, S1, S2 and S4 call it.
    #[must_use]
    pub const fn names(self) -> Names {
        let own = Some(self.as_str());
        match self {
            Self::PaymentCaptured => Names {
                s0: own,
                s1: Some(TRANSACTION),
                s2: own,
                s4: Some(BY_CARD),
            },
            Self::PaymentAuthorized | Self::PaymentVoided | Self::PaymentRefunded | Self::PaymentFailed => {
                Names {
                    s0: None,
                    s1: Some(TRANSACTION),
                    s2: own,
                    s4: Some(BY_CARD),
                }
            }
            Self::PaymentProcessing
            | Self::PaymentExpired
            | Self::PaymentClosed
            | Self::PaymentLateSuccess => Names {
                s0: None,
                s1: Some(TRANSACTION),
                s2: None,
                s4: Some(BY_CARD),
            },
            Self::RefundCreated => Names {
                s0: own,
                s1: Some(TRANSACTION),
                s2: None,
                s4: Some(OF_ACCOUNT),
            },
            Self::RefundSucceeded | Self::RefundFailed => Names {
                s0: None,
                s1: Some(TRANSACTION),
                s2: None,
                s4: Some(OF_ACCOUNT),
            },
            Self::IntentSucceeded => Names {
                s0: Some("checkout.session.completed"),
                s1: None,
                s2: own,
                s4: None,
            },
            Self::IntentCreated | Self::IntentCanceled => Names {
                s0: None,
                s1: None,
                s2: own,
                s4: None,
            },
            Self::IntentRequiresCapture
            | Self::IntentFailed
            | Self::IntentExpired
            | Self::PaymentLinkCreated
            | Self::PaymentLinkDeactivated
            | Self::PromoCodeCreated
            | Self::PromoCodeDeactivated
            | Self::CredentialCreated
            | Self::CredentialRotated
            | Self::CredentialUpdated
            | Self::CredentialRevoked
            | Self::MerchantUpdated => Names {
                s0: None,
                s1: None,
                s2: None,
                s4: None,
            },
        }
    }

    /// The category of S4 for what was paid through `gateway`: by a wallet no card has a transaction.
    #[must_use]
    pub fn s4(self, gateway: Gateway) -> Option<&'static str> {
        let by_card = self.names().s4?;
        match gateway {
            Gateway::CreditCard => Some(by_card),
            _ => Some(OF_ACCOUNT),
        }
    }

    /// When it happens, in a sentence.
    #[must_use]
    pub const fn when(self) -> &'static str {
        match self {
            Self::PaymentProcessing => {
                "The provider has not said whether money was held or taken; it is asked until it does."
            }
            Self::PaymentAuthorized => "Money is held.",
            Self::PaymentCaptured => "Money was taken, all or part of it.",
            Self::PaymentVoided => "A hold of which nothing was taken was given up.",
            Self::PaymentExpired => "A hold of which nothing was taken ran out.",
            Self::PaymentClosed => {
                "What was left of a partly captured hold was given up or ran out; the captured part stays."
            }
            Self::PaymentRefunded => "Money went back, all or part of it.",
            Self::PaymentFailed => "No money was held or taken.",
            Self::PaymentLateSuccess => "Money arrived after its intent had run out.",
            Self::RefundCreated => "A refund was accepted.",
            Self::RefundSucceeded => "A refund reached the payer.",
            Self::RefundFailed => "A refund did not happen; nothing went back.",
            Self::IntentCreated => "An intent waits for its payer.",
            Self::IntentRequiresCapture => "Money is held for an intent; capture it.",
            Self::IntentSucceeded => "An intent is paid.",
            Self::IntentFailed => {
                "The last attempt at an intent was declined. Each attempt before it is told as `payment.failed` alone."
            }
            Self::IntentCanceled => "An intent was given up, or its hold was voided or ran out.",
            Self::IntentExpired => "Nobody paid an intent in time.",
            Self::PaymentLinkCreated => "A payment link takes payments.",
            Self::PaymentLinkDeactivated => "A payment link was ended by hand.",
            Self::PromoCodeCreated => "A promo code can be used.",
            Self::PromoCodeDeactivated => "A promo code was ended by hand.",
            Self::CredentialCreated => "A credential was made.",
            Self::CredentialRotated => "A credential got a new secret or signing key.",
            Self::CredentialUpdated => {
                "Name, scopes, allowlist, expiry, signing keys or API version of a credential were changed."
            }
            Self::CredentialRevoked => "A credential opens nothing any more.",
            Self::MerchantUpdated => "An operator changed the settings of the merchant. Told in both modes.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_s2_keeps_its_name() {
        let own: Vec<&str> = EventType::ALL.iter().filter_map(|it| it.names().s2).collect();
        let theirs = [
            "payment.authorized",
            "payment.captured",
            "payment.voided",
            "payment.refunded",
            "payment.failed",
            "payment_intent.created",
            "payment_intent.succeeded",
            "payment_intent.canceled",
        ];
        assert_eq!(own.len(), theirs.len());
        assert!(theirs.iter().all(|name| own.contains(name)));
    }

    #[test]
    fn a_payment_by_wallet_is_no_transaction_of_a_card() {
        let paid = EventType::PaymentCaptured;
        assert_eq!(paid.s4(Gateway::CreditCard), Some(BY_CARD));
        assert_eq!(paid.s4(Gateway::Zain), Some(OF_ACCOUNT));
        assert_eq!(EventType::RefundCreated.s4(Gateway::CreditCard), Some(OF_ACCOUNT));
        assert_eq!(EventType::IntentCreated.s4(Gateway::Zain), None);
    }
}
