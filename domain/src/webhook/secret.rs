//! The secret of an endpoint.
//!
//! Invariant: it is printed nowhere by accident. What is made here has 32 random bytes; what is given has 16 characters at least.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What secrets of Standard Webhooks begin with.
const PREFIX: &str = "whsec_";
/// Bytes of a key of Standard Webhooks.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Characters of a secret that a merchant gives.
const GIVEN: std::ops::RangeInclusive<usize> = 16..=256;

/// Why a secret is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefusal {
    /// It is too short or too long.
    #[error("a secret has 16 to 256 characters")]
    Length,
    /// It holds something else than printable ASCII, which no two programs read as the same bytes.
    #[error("a secret is printable ASCII without spaces")]
    Characters,
    /// It begins like one of Standard Webhooks and is none.
    #[error("a secret that begins with whsec_ goes on with 24 to 64 bytes in base64")]
    Malformed,
}

/// A secret with which deliveries are signed.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<String>);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

impl WebhookSecret {
    /// The secret of these random bytes.
    #[must_use]
    pub fn of(random: &[u8; 32]) -> Self {
        Self(Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(random))))
    }

    /// A secret that a merchant gives, or that was kept.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn given(text: &str) -> Result<Self, SecretRefusal> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretRefusal::Characters);
        }
        if !GIVEN.contains(&text.len()) {
            return Err(SecretRefusal::Length);
        }
        let secret = Self(Zeroizing::new(text.to_owned()));
        if text.starts_with(PREFIX) && secret.decoded().is_none() {
            return Err(SecretRefusal::Malformed);
        }
        Ok(secret)
    }

    /// The secret as it is shown and kept, sealed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The key of Standard Webhooks: what stands behind `whsec_`, decoded; of a secret in another form, its bytes.
    #[must_use]
    pub fn standard_key(&self) -> Zeroizing<Vec<u8>> {
        self.decoded()
            .unwrap_or_else(|| Zeroizing::new(self.0.as_bytes().to_vec()))
    }

    fn decoded(&self) -> Option<Zeroizing<Vec<u8>>> {
        let key = Zeroizing::new(STANDARD.decode(self.0.strip_prefix(PREFIX)?).ok()?);
        KEY_BYTES.contains(&key.len()).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_enough_and_the_same_bytes_for_everybody() {
        let made = WebhookSecret::of(&[7; 32]);
        assert_eq!(made.standard_key().as_slice(), [7; 32]);
        assert_eq!(WebhookSecret::given(made.reveal()).unwrap(), made);
        let given = WebhookSecret::given("correct-horse-battery").unwrap();
        assert_eq!(given.standard_key().as_slice(), b"correct-horse-battery");
        for (text, refusal) in [
            ("short", SecretRefusal::Length),
            (&"x".repeat(257), SecretRefusal::Length),
            ("sixteen characters", SecretRefusal::Characters),
            ("كلمة_سر_طويلة_جدا", SecretRefusal::Characters),
            ("whsec_not*base64*at*all", SecretRefusal::Malformed),
            ("whsec_c2hvcnQgb25lLi4=", SecretRefusal::Malformed),
        ] {
            assert_eq!(WebhookSecret::given(text).unwrap_err(), refusal, "{text}");
        }
        assert_eq!(format!("{made:?}"), "WebhookSecret(…)");
    }
}
