//! Keys that verify signed requests.
//!
//! Invariant: a private key is never here; what is kept of one is its public half. The one symmetric kind is sealed where it is
//! stored. Source: S3 (Ed25519, and RSA where the registered key is RSA), S0 and design.md 8 (`ed25519`, `hmac-sha256`).

use crate::Timestamp;
use crate::id::SigningKeyId;
use crate::word::words;
use ed25519_dalek::VerifyingKey;
use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{BitStringRef, UintRef};
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{Decode, Document, Encode, Reader, SliceReader};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use sha2::{Digest, Sha256};

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// Longest public key that is read, in bytes of PEM: an RSA key of 8192 bits has about 1,500.
const MAX_PEM: usize = 4_096;

words! {
    /// How a request is signed.
    SigningAlgorithm, "signing algorithm (ed25519, rsa or hmac-sha256)" {
        /// Ed25519 (RFC 8032).
        Ed25519 = "ed25519",
        /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017).
        Rsa = "rsa",
        /// HMAC with SHA-256 (RFC 2104).
        HmacSha256 = "hmac-sha256",
    }
}

/// The public half of a key pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519.
    Ed25519(VerifyingKey),
    /// RSA of 2048 to 8192 bits.
    Rsa(RsaPublicKey),
}

/// An RSA key as PKCS#1 DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RsaPublicKey(Vec<u8>);

/// Text that is no public key that we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a public key in PEM (-----BEGIN PUBLIC KEY-----): Ed25519, or RSA of 2048 to 8192 bits")]
pub struct PublicKeyRefusal;

impl PublicKey {
    /// Reads what a merchant uploads.
    ///
    /// # Errors
    /// [`PublicKeyRefusal`] for anything else, a private key among them.
    pub fn from_pem(pem: &str) -> Result<Self, PublicKeyRefusal> {
        if pem.len() > MAX_PEM {
            return Err(PublicKeyRefusal);
        }
        let (label, document) = Document::from_pem(pem.trim()).map_err(|_| PublicKeyRefusal)?;
        if label != "PUBLIC KEY" {
            return Err(PublicKeyRefusal);
        }
        Self::from_spki(document.as_bytes())
    }

    /// Reads `SubjectPublicKeyInfo` DER (RFC 5280), the form in which keys are stored.
    ///
    /// # Errors
    /// [`PublicKeyRefusal`] for anything else.
    pub fn from_spki(der: &[u8]) -> Result<Self, PublicKeyRefusal> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| PublicKeyRefusal)?;
        let bytes = info.subject_public_key.as_bytes().ok_or(PublicKeyRefusal)?;
        match info.algorithm.oid {
            ED25519 => {
                let key = VerifyingKey::try_from(bytes).map_err(|_| PublicKeyRefusal)?;
                // Such a key would take one signature for many texts.
                if key.is_weak() {
                    Err(PublicKeyRefusal)
                } else {
                    Ok(Self::Ed25519(key))
                }
            }
            RSA => RsaPublicKey::read(bytes).map(Self::Rsa),
            _ => Err(PublicKeyRefusal),
        }
    }

    /// `SubjectPublicKeyInfo` DER.
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        let (oid, parameters, bytes) = match self {
            Self::Ed25519(key) => (ED25519, None, key.as_bytes().as_slice()),
            Self::Rsa(RsaPublicKey(der)) => (RSA, Some(pkcs8::der::AnyRef::NULL), der.as_slice()),
        };
        let info = BitStringRef::from_bytes(bytes).map(|subject_public_key| SubjectPublicKeyInfoRef {
            algorithm: AlgorithmIdentifierRef { oid, parameters },
            subject_public_key,
        });
        info.and_then(|info| info.to_der()).unwrap_or_default()
    }

    /// The key in PEM, as tools read it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let document = Document::try_from(self.to_spki());
        document
            .and_then(|document| document.to_pem("PUBLIC KEY", LineEnding::LF))
            .unwrap_or_default()
    }

    /// What it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Ed25519(_) => SigningAlgorithm::Ed25519,
            Self::Rsa(_) => SigningAlgorithm::Rsa,
        }
    }

    /// SHA-256 of the DER, in hex: what people compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.to_spki()))
    }

    /// Whether the owner of the private half signed `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                // Strict: of the several encodings of one signature, one is taken.
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::Rsa(RsaPublicKey(der)) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)
                .verify(message, signature)
                .is_ok(),
        }
    }
}

impl RsaPublicKey {
    fn read(der: &[u8]) -> Result<Self, PublicKeyRefusal> {
        let (modulus, exponent) = pkcs1(der).map_err(|_| PublicKeyRefusal)?;
        let leading = modulus.first().map_or(8, |byte| byte.leading_zeros());
        let bits = (modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(8));
        // An exponent of 1 would verify anything.
        let exponent_is_fair = exponent.last().is_some_and(|byte| byte % 2 == 1) && exponent != [1];
        if (2_048..=8_192).contains(&bits) && exponent_is_fair {
            Ok(Self(der.to_vec()))
        } else {
            Err(PublicKeyRefusal)
        }
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, appendix A.1.1).
fn pkcs1(der: &[u8]) -> pkcs8::der::Result<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|inner| {
        let (modulus, exponent) = (UintRef::decode(inner)?, UintRef::decode(inner)?);
        Ok::<_, pkcs8::der::Error>((modulus.as_bytes(), exponent.as_bytes()))
    })?;
    reader.finish()?;
    Ok(parts)
}

/// What a signing key is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// The public half.
    Public(PublicKey),
    /// A shared key for HMAC, sealed under the installation's master key.
    Sealed(String),
}

/// A key that verifies the requests of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its id.
    pub id: SigningKeyId,
    /// How it verifies.
    pub algorithm: SigningAlgorithm,
    /// What it verifies with.
    pub material: KeyMaterial,
    /// What people compare: SHA-256 of the public key, or a keyed hash of the shared one; hex.
    pub fingerprint: String,
    /// Until when it verifies; `None` is for good.
    pub valid_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl SigningKey {
    /// Whether it still verifies.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.valid_until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.1.
    const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn an_ed25519_key_reads_back() {
        let key = PublicKey::from_pem(ED25519_PEM).unwrap();
        assert_eq!(key.algorithm(), SigningAlgorithm::Ed25519);
        assert_eq!(key.to_pem(), ED25519_PEM);
        assert_eq!(PublicKey::from_spki(&key.to_spki()), Ok(key.clone()));
        assert_eq!(key.fingerprint().len(), 64);
    }

    #[test]
    fn signatures_are_checked_to_the_bit() {
        use ed25519_dalek::Signer;
        let private = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let key = PublicKey::Ed25519(private.verifying_key());
        let signature = private.sign(b"POST").to_bytes();
        assert!(key.verifies(b"POST", &signature));
        assert!(!key.verifies(b"PUT", &signature) && !key.verifies(b"POST", &signature[..63]));
        for bit in 0..512 {
            let mut changed = signature;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(b"POST", &changed), "bit {bit}");
        }
    }

    #[test]
    fn other_texts_are_no_public_keys() {
        use ed25519_dalek::pkcs8::EncodePrivateKey;
        let private = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let private = private.to_pkcs8_pem(LineEnding::LF).unwrap();
        let weak = PublicKey::Ed25519(VerifyingKey::from_bytes(&[0; 32]).unwrap()).to_pem();
        let long = format!("{ED25519_PEM}{}", " x".repeat(MAX_PEM));
        for text in ["", "ssh-ed25519 AAAA", &private, &weak, &long] {
            assert_eq!(PublicKey::from_pem(text), Err(PublicKeyRefusal), "{text}");
        }
    }
}
