//! Idempotency keys: asking twice does once.
//!
//! Invariant: within [`KEY_LIVES_HOURS`], one key of a tenant and command stands for one input and one answer; afterwards it is
//! new. Source: S2 "Idempotency", `reference/payments.md` 2.6 row 19.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// How long a key is remembered (S2: 24 hours, on every door).
pub const KEY_LIVES_HOURS: i64 = 24;
/// Longest key, in characters.
pub const MAX_KEY: usize = 255;

/// A key that the client chose for one command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

/// Text that cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("idempotency key must have 1 to {MAX_KEY} visible ASCII characters")]
pub struct MalformedKey;

impl FromStr for IdempotencyKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_KEY || !visible {
            return Err(MalformedKey);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl IdempotencyKey {
    /// The key `self` of `subject`, which is no other subject's: for those who may do one thing only and choose keys by themselves. One
    /// that would be too long stands as its digest.
    #[must_use]
    pub fn of(&self, subject: impl fmt::Display) -> Self {
        let whole = format!("{subject}:{}", self.0);
        if whole.len() <= MAX_KEY {
            return Self(whole);
        }
        Self(format!(
            "{subject}:sha256:{}",
            hex::encode(Sha256::digest(&self.0))
        ))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a known key gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyRefusal {
    /// The key stands for another input.
    #[error("idempotency key already used with different request data")]
    Reused,
    /// The first request with this key has no answer yet.
    #[error("a request with this idempotency key is still in progress")]
    InProgress,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_subject_is_a_key_however_long_and_no_other_subjects() {
        let key = |text: &str| text.parse::<IdempotencyKey>().unwrap();
        assert_eq!(key("try-1").of("pi_1").as_str(), "pi_1:try-1");
        assert_ne!(key("try-1").of("pi_1"), key("try-1").of("pi_2"));
        let (long, longer) = (key(&"x".repeat(MAX_KEY - 1)), key(&"x".repeat(MAX_KEY)));
        assert_ne!(long.of("pi_1"), longer.of("pi_1"));
        for key in [long, longer] {
            assert_eq!(key.of("pi_1").as_str().parse(), Ok(key.of("pi_1")));
        }
    }
}
