//! Enums of the domain as clients see them. The names are those of the domain; adding a value is announced in the change log,
//! and clients treat an unknown one as "something new".

use async_graphql::Enum;
use async_graphql::resolver_utils::EnumType;

/// A value's name in the schema.
pub fn name_of<T: EnumType>(value: T) -> Option<&'static str> {
    let item = T::items().iter().find(|item| item.value == value)?;
    Some(item.name)
}

macro_rules! mirrored {
    ($(#[$doc:meta])* $name:ident = $domain:ty { $($(#[$value_doc:meta])* $value:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$value_doc])* $value),+
        }

        super::plain::leaf! {
            $name = |value, out| super::plain::text(name_of(*value)?, out);
        }

        // Both ways spelt out, so that the compiler finds a value that one side has and the other lacks.
        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value {
                    $(<$domain>::$value => Self::$value),+
                }
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$value => Self::$value),+
                }
            }
        }
    };
}

pub(super) use mirrored;

mirrored! {
    /// What a payment's amounts and operations add up to.
    PaymentStatus = domain::payment::PaymentStatus {
        /// The first operation is at the provider.
        Processing,
        /// Money is held.
        Authorized,
        /// Part of the authorization is captured, the rest is still held.
        PartiallyCaptured,
        /// Money is captured.
        Captured,
        /// Part of what was captured went back.
        PartiallyRefunded,
        /// All that was captured went back.
        Refunded,
        /// The authorization was given up.
        Voided,
        /// The authorization ran out after seven days.
        Expired,
        /// Declined by issuer, provider or fraud check.
        Failed,
    }
}

mirrored! {
    /// What was tried on a payment.
    OperationKind = domain::operation::OperationKind {
        /// Hold money.
        Authorize,
        /// Hold and take money in one step.
        Sale,
        /// Take held money.
        Capture,
        /// Release held money.
        Void,
        /// Give captured money back.
        Refund,
    }
}

mirrored! {
    /// How far an operation has come.
    OperationStatus = domain::operation::OperationStatus {
        /// At the provider.
        Sent,
        /// At the provider; the answer was lost, and the provider is asked again.
        OutcomeUnknown,
        /// It happened.
        Succeeded,
        /// It did not happen.
        Failed,
    }
}

mirrored! {
    /// How far a refund has come.
    RefundStatus = domain::refund::RefundStatus {
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
}

mirrored! {
    /// How a payer pays.
    Gateway = domain::provider::Gateway {
        /// A card.
        CreditCard,
        /// FastPay wallet.
        FastPay,
        /// First Iraqi Bank.
        Fib,
        /// ZainCash wallet.
        Zain,
        /// AsiaPay wallet.
        AsiaPay,
        /// Nass wallet.
        NassWallet,
    }
}

mirrored! {
    /// Why money was not moved.
    FailureReason = domain::provider::DeclineReason {
        /// The issuer gives no reason (05).
        DoNotHonor,
        /// Not enough money (51).
        InsufficientFunds,
        /// The card has expired (54).
        ExpiredCard,
        /// The card verification value is wrong (N7).
        CvvMismatch,
        /// The provider could not process it (96).
        ProcessingError,
        /// The fraud score is above 70.
        FraudRisk,
        /// Nothing was sent: the provider could not be reached, so nothing was charged.
        NotSent,
    }
}

mirrored! {
    /// Real money or rehearsal.
    Mode = domain::merchant::Mode {
        /// Real money.
        Live,
        /// Rehearsal: no money moves.
        Test,
    }
}

mirrored! {
    /// The scheme of a card.
    CardBrand = domain::card::CardBrand {
        /// Visa.
        Visa,
        /// Mastercard.
        Mastercard,
        /// American Express.
        Amex,
        /// Any other scheme.
        Other,
    }
}

mirrored! {
    /// What a credential is good for.
    CredentialStatus = domain::credential::CredentialStatus {
        /// It opens what its scopes say.
        Active,
        /// It does, and so does the secret before this one.
        Rotating,
        /// Its time is over.
        Expired,
        /// It was revoked.
        Revoked,
    }
}

mirrored! {
    /// What a rule of the database is made of.
    IntegrityRuleKind = service::integrity::Kind {
        /// Each row is checked by itself.
        Check,
        /// No two rows are alike.
        Unique,
    }
}

mirrored! {
    /// Whether a request was let in.
    RequestOutcome = domain::api_request::RequestOutcome {
        /// Every check was passed.
        Passed,
        /// A check was not passed.
        Denied,
    }
}

mirrored! {
    /// What the catalogue of the database says of a rule.
    IntegrityRuleStatus = service::integrity::Status {
        /// It is there and holds for every row.
        Installed,
        /// There is nothing of its name.
        Missing,
        /// Something of its name is there and does not hold for every row: older rows were never checked, it is switched off, or it
        /// belongs to another table or says something else.
        NotValidated,
    }
}

mirrored! {
    /// What was done with a credential for the sake of security.
    SecurityAction = domain::credential::SecurityAction {
        /// It was made.
        Created,
        /// Its name, scopes, allowlist or expiry were changed.
        Updated,
        /// It got a new secret.
        Rotated,
        /// It got a new signing key.
        SigningKeyRotated,
        /// It went to another API version.
        ApiVersionUpgraded,
        /// It was revoked.
        Revoked,
    }
}

mirrored! {
    /// Why a request was not let in, in the order in which it is looked at.
    RequestReason = domain::credential::Denial {
        /// No key was shown.
        KeyMissing,
        /// Too many keys from this address were refused.
        TooManyRefusedKeys,
        /// What was shown is no key of this service.
        KeyMalformed,
        /// There is no such key.
        KeyUnknown,
        /// The key is known, its secret is another.
        SecretWrong,
        /// The key belongs to the other mode than the path.
        ModeMismatch,
        /// The key was revoked.
        KeyRevoked,
        /// The key has expired.
        KeyExpired,
        /// The key is not for use from this address.
        AddressNotAllowed,
        /// There is no such session, or it was revoked.
        SessionUnknown,
        /// The session has expired.
        SessionExpired,
        /// The session came without its CSRF token.
        CsrfTokenWrong,
        /// There is no such API version.
        VersionUnknown,
        /// The signature or a header that belongs to it cannot be read.
        SignatureMalformed,
        /// The signature does not cover all that it has to.
        SignatureIncomplete,
        /// The request was signed more than 300 seconds ago or ahead, or has expired by its own word.
        ClockDrift,
        /// The body is another than the one whose hash was sent.
        BodyHashMismatch,
        /// The key has no signing key for this algorithm.
        SigningKeyMissing,
        /// The signature does not fit the request.
        SignatureInvalid,
        /// A request with this nonce was taken before.
        NonceReused,
        /// The key lacks the scope.
        ScopeMissing,
        /// Too much at once.
        RateLimited,
    }
}

mirrored! {
    /// How a request is signed.
    SigningAlgorithm = domain::credential::SigningAlgorithm {
        /// Ed25519.
        Ed25519,
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rsa,
        /// HMAC with SHA-256.
        HmacSha256,
    }
}

mirrored! {
    /// What the rate limits said to a request. One that is denied for another reason is blocked too: it gets no share.
    RateLimitState = domain::api_request::RateLimitState {
        /// There was room.
        Allowed,
        /// There was none.
        Blocked,
    }
}

mirrored! {
    /// How somebody showed who they are.
    RequestWay = domain::api_request::Way {
        /// Not at all.
        None,
        /// By a secret in a header.
        Secret,
        /// By a signed request of our own kind.
        SignedRequest,
        /// By HTTP Message Signatures (RFC 9421).
        HttpSignature,
        /// By `x-id` and `x-signature`, which cover neither body nor time.
        LegacySignature,
        /// By the cookie of a dashboard session.
        Session,
    }
}

mirrored! {
    /// What happens to a row that offends against a rule.
    IntegrityEnforcement = service::integrity::Enforcement {
        /// It is refused.
        Block,
        /// It is written, with a warning.
        Warn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::credential::Denial;

    #[test]
    fn every_reason_is_documented_by_its_meaning() {
        let sdl = crate::graphql::sdl();
        for denial in Denial::ALL {
            let (first, rest) = denial.meaning().split_at(1);
            let name = name_of(RequestReason::from(*denial)).unwrap();
            let documented = format!("\"\"\"\n  {}{rest}.\n  \"\"\"\n  {name}\n", first.to_uppercase());
            assert_eq!(denial.as_str().to_uppercase(), name);
            assert!(sdl.contains(&documented), "{documented}");
        }
    }
}
