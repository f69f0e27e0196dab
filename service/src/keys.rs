//! Keys that never stand in the database, all derived from the installation's master key.
//!
//! Invariant: a key has one purpose, so that a hash made for one can never be mistaken for another's.

use domain::card::CardDetails;
use domain::credential::{Secret, SecretHash};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

type Key = Zeroizing<[u8; 32]>;

/// The keys of this installation.
pub struct Keys {
    pepper: Key,
    fingerprint: Key,
    input: Key,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Derives the keys.
    #[must_use]
    pub fn derive(master: &[u8; 32]) -> Self {
        let key = |purpose: &str| Zeroizing::new(mac(master, [purpose.as_bytes()]));
        Self {
            pepper: key("tahsil/secret-hash/1"),
            fingerprint: key("tahsil/card-fingerprint/1"),
            input: key("tahsil/idempotent-input/1"),
        }
    }

    /// The hash of a secret, as it is kept.
    #[must_use]
    pub fn hash(&self, secret: &Secret) -> SecretHash {
        secret.hash(&self.pepper)
    }

    /// What makes two payments with one card recognisable without keeping its number. 64 hex characters.
    #[must_use]
    pub fn card_fingerprint(&self, tenant: domain::merchant::Tenant, card: &CardDetails) -> String {
        // Bound to merchant and mode: equal cards of two merchants must not be linkable through us.
        let scope = format!("{}|{}|", tenant.merchant, tenant.mode);
        hex::encode(mac(
            &self.fingerprint,
            [scope.as_bytes(), card.number().as_bytes()],
        ))
    }

    /// Begins the hash of a command's input.
    #[must_use]
    pub fn input_hash(&self) -> InputHash {
        InputHash(keyed(&self.input))
    }
}

/// A keyed hash over named fields; keyed because an input may hold a card number, which a plain hash would give away.
pub struct InputHash(Hmac<Sha256>);

impl InputHash {
    /// Adds a field. Lengths go in too, so that no two lists of fields read the same.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl AsRef<str>) -> Self {
        for part in [name, value.as_ref()] {
            self.0.update(&part.len().to_be_bytes());
            self.0.update(part.as_bytes());
        }
        self
    }

    /// Adds a field that may be missing.
    #[must_use]
    pub fn optional(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// 64 hex characters.
    #[must_use]
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize().into_bytes())
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn mac<'a>(key: &[u8; 32], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut mac = keyed(key);
    parts.into_iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
