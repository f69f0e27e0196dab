//! Why a request was not let in.
//!
//! Invariant: one word a cause, and each is noted in the request log. The caller of an unknown key learns less than the log says:
//! what opens nothing is answered alike whatever the reason. Source: design.md 8, order of checks.

use std::{fmt, str::FromStr};

/// Declares the reasons: the variant, its word, and what it means.
macro_rules! denials {
    ($($name:ident = $word:literal, $meaning:literal;)+) => {
        /// Why a request was not let in. Each way in is checked in an order of its own: `docs/security.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Denial {
            $(#[doc = $meaning] $name,)+
        }

        impl Denial {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in the request log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// What it means, in words.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)+
                }
            }
        }
    };
}

denials! {
    KeyMissing = "key_missing", "no key was shown";
    TooManyRefusedKeys = "too_many_refused_keys", "too many keys from this address were refused";
    KeyMalformed = "key_malformed", "what was shown is no key of this service";
    KeyUnknown = "key_unknown", "there is no such key";
    SecretWrong = "secret_wrong", "the key is known, its secret is another";
    ModeMismatch = "mode_mismatch", "the key belongs to the other mode than the path";
    KeyRevoked = "key_revoked", "the key was revoked";
    KeyExpired = "key_expired", "the key has expired";
    AddressNotAllowed = "address_not_allowed", "the key is not for use from this address";
    SessionUnknown = "session_unknown", "there is no such session, or it was revoked";
    SessionExpired = "session_expired", "the session has expired";
    CsrfTokenWrong = "csrf_token_wrong", "the session came without its CSRF token";
    VersionUnknown = "version_unknown", "there is no such API version";
    SignatureMalformed = "signature_malformed", "the signature or a header that belongs to it cannot be read";
    SignatureIncomplete = "signature_incomplete", "the signature does not cover all that it has to";
    ClockDrift = "clock_drift", "the request was signed more than 300 seconds ago or ahead, or has expired by its own word";
    BodyHashMismatch = "body_hash_mismatch", "the body is another than the one whose hash was sent";
    SigningKeyMissing = "signing_key_missing", "the key has no signing key for this algorithm";
    SignatureInvalid = "signature_invalid", "the signature does not fit the request";
    NonceReused = "nonce_reused", "a request with this nonce was taken before";
    ScopeMissing = "scope_missing", "the key lacks the scope";
    RateLimited = "rate_limited", "too much at once";
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meaning())
    }
}

impl std::error::Error for Denial {}

/// A word that is not a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason of denial")]
pub struct UnknownDenial;

impl FromStr for Denial {
    type Err = UnknownDenial;

    fn from_str(word: &str) -> Result<Self, UnknownDenial> {
        Self::ALL
            .iter()
            .copied()
            .find(|denial| denial.as_str() == word)
            .ok_or(UnknownDenial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_as_it_is_written_and_has_a_word_of_its_own() {
        for denial in Denial::ALL {
            assert_eq!(denial.as_str().parse(), Ok(*denial));
        }
        assert!("revoked".parse::<Denial>().is_err());
    }
}
