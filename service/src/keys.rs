//! Keys that never stand in the database, all derived from the installation's master key.
//!
//! Invariant: a key has one purpose, so that a hash made for one can never be mistaken for another's.

use crate::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::card::CardDetails;
use domain::credential::{Secret, SecretHash};
use domain::id::{IntentId, SessionId};
use domain::metadata::Metadata;
use domain::webhook::WebhookSecret;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a sealed secret begins with.
const SEALED: &str = "v1";

/// Bytes of chance in a client secret.
const CLIENT_SECRET_BYTES: usize = 20;

type Key = Zeroizing<[u8; 32]>;

/// The keys of this installation.
pub struct Keys {
    pepper: Key,
    fingerprint: Key,
    input: Key,
    csrf: Key,
    client_secret: Key,
    client_secret_hash: Key,
    shared: Key,
    webhook: Key,
    place: Key,
    place_mask: Key,
    seal: Key,
    /// Says which master key sealed a secret, so that another one is told apart from damage.
    seal_id: String,
}

/// A sealed secret that cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsealable {
    /// It was sealed under another master key.
    #[error("a secret was sealed under another master key than the one in force")]
    OtherKey,
    /// It is damaged, or belongs to something else.
    #[error("a sealed secret is damaged or was moved")]
    Damaged,
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
            csrf: key("tahsil/csrf-token/1"),
            client_secret: key("tahsil/client-secret/1"),
            client_secret_hash: key("tahsil/client-secret-hash/1"),
            shared: key("tahsil/shared-key-fingerprint/1"),
            webhook: key("tahsil/webhook-secret-fingerprint/1"),
            place: key("tahsil/place/1"),
            place_mask: key("tahsil/place-mask/1"),
            seal: key("tahsil/seal/1"),
            seal_id: hex::encode(
                mac(master, [b"tahsil/seal-id/1".as_slice()])
                    .get(..4)
                    .unwrap_or_default(),
            ),
        }
    }

    /// By what people tell master keys apart: what is sealed under this one opens under no other.
    #[must_use]
    pub fn seal_id(&self) -> &str {
        &self.seal_id
    }

    /// Encrypts a secret that must be kept: ChaCha20-Poly1305 under a random nonce. It opens for `owner` only, the id of the row
    /// that it stands in, so that it cannot be moved to another.
    #[must_use]
    pub fn seal(&self, secret: &[u8], owner: &str) -> String {
        let mut nonce = [0; NONCE_LEN];
        random::fill(&mut nonce);
        let mut sealed = secret.to_vec();
        #[expect(clippy::expect_used, reason = "it fails for texts of 256 GiB only")]
        self.aead()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut sealed)
            .expect("a short secret can be sealed");
        let body = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
        format!("{SEALED}.{}.{body}", self.seal_id)
    }

    /// Decrypts what [`Self::seal`] made for `owner`.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub fn unseal(&self, sealed: &str, owner: &str) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let rest = sealed
            .strip_prefix(SEALED)
            .and_then(|rest| rest.strip_prefix('.'));
        let (id, body) = rest
            .and_then(|rest| rest.split_once('.'))
            .ok_or(Unsealable::Damaged)?;
        if id != self.seal_id {
            return Err(Unsealable::OtherKey);
        }
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| Unsealable::Damaged)?;
        let (nonce, text) = bytes
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(Unsealable::Damaged)?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self
            .aead()
            .open_in_place(nonce, Aad::from(owner), &mut text)
            .map_err(|_| Unsealable::Damaged)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    #[expect(clippy::expect_used, reason = "the cipher takes keys of 32 bytes")]
    fn aead(&self) -> LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, self.seal.as_slice());
        LessSafeKey::new(key.expect("the cipher takes keys of 32 bytes"))
    }

    /// By what people compare shared keys; 64 hex characters.
    #[must_use]
    pub fn shared_key_fingerprint(&self, key: &[u8; 32]) -> String {
        hex::encode(mac(&self.shared, [key.as_slice()]))
    }

    /// By what people compare webhook secrets; 64 hex characters.
    #[must_use]
    pub fn webhook_fingerprint(&self, secret: &WebhookSecret) -> String {
        hex::encode(mac(&self.webhook, [secret.reveal().as_bytes()]))
    }

    /// The CSRF token of a session: whoever can read it can read our answers, which a page of another origin cannot.
    #[must_use]
    pub fn csrf_token(&self, session: SessionId) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.csrf, [session.to_string().as_bytes()]))
    }

    /// Whether `token` is that of the session; takes the same time whatever differs.
    #[must_use]
    pub fn is_csrf_token(&self, session: SessionId, token: &str) -> bool {
        self.csrf_token(session).as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// The client secret of an intent (S2: `pi_…_secret_…`). Made from the id, so that a repeated request gets the same one
    /// although only its hash is kept.
    #[must_use]
    pub fn client_secret(&self, intent: IntentId) -> String {
        let made = mac(&self.client_secret, [intent.to_string().as_bytes()]);
        let body = hex::encode(made.get(..CLIENT_SECRET_BYTES).unwrap_or_default());
        format!("{intent}_secret_{body}")
    }

    /// The hash of a client secret, as it is kept; 64 hex characters.
    #[must_use]
    pub fn client_secret_hash(&self, secret: &str) -> String {
        hex::encode(mac(&self.client_secret_hash, [secret.as_bytes()]))
    }

    /// What makes the cursor of a place one that only we can give. Parts have fixed lengths, so none is taken for another.
    #[must_use]
    pub fn place_proof<const N: usize>(&self, parts: [&[u8]; N]) -> [u8; 8] {
        first_eight(&mac(&self.place, parts))
    }

    /// What hides the place in the cursor with this proof.
    #[must_use]
    pub fn place_mask(&self, proof: [u8; 8]) -> i64 {
        i64::from_be_bytes(first_eight(&mac(&self.place_mask, [proof.as_slice()])))
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

    /// Adds a merchant's notes.
    #[must_use]
    pub fn metadata(self, metadata: &Metadata) -> Self {
        metadata.iter().fold(self, |hash, (key, value)| {
            hash.field("metadata.key", key).field("metadata.value", value)
        })
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

fn first_eight(bytes: &[u8; 32]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *bytes;
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_owner_under_its_key_only() {
        let keys = Keys::derive(&[1; 32]);
        let sealed = keys.seal(b"whsec", "skey_1");
        assert_eq!(
            keys.unseal(&sealed, "skey_1")
                .as_ref()
                .map(|text| text.as_slice()),
            Ok(&b"whsec"[..])
        );
        assert_ne!(keys.seal(b"whsec", "skey_1"), sealed, "the nonce is random");
        assert_eq!(keys.unseal(&sealed, "skey_2"), Err(Unsealable::Damaged));
        assert_eq!(
            Keys::derive(&[2; 32]).unseal(&sealed, "skey_1"),
            Err(Unsealable::OtherKey)
        );
        for place in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(keys.unseal(&changed, "skey_1").is_err(), "{place}");
        }
    }

    #[test]
    fn a_csrf_token_belongs_to_one_session() {
        let keys = Keys::derive(&[1; 32]);
        let session = |n: u128| SessionId::from(uuid::Uuid::from_u128(n));
        let token = keys.csrf_token(session(1));
        assert!(keys.is_csrf_token(session(1), &token) && !keys.is_csrf_token(session(2), &token));
        assert!(
            !keys.is_csrf_token(session(1), "") && !Keys::derive(&[2; 32]).is_csrf_token(session(1), &token)
        );
    }
}
