//! Key pairs for signed requests.
//!
//! Invariant: the private half exists here only until it is shown; what is kept is the public half, so a stolen database signs
//! nothing.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
use zeroize::Zeroizing;

/// A new Ed25519 key pair.
pub struct SigningKeyPair {
    /// The public key: 64 hex characters, as a credential keeps it.
    pub public_hex: String,
    /// The private key in PKCS#8 PEM, to show once. Wiped when dropped.
    pub private_pem: Zeroizing<String>,
}

impl std::fmt::Debug for SigningKeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKeyPair({})", self.public_hex)
    }
}

/// Makes a key pair out of fresh randomness.
#[must_use]
pub fn generate() -> SigningKeyPair {
    let mut seed = Zeroizing::new([0; 32]);
    service::random::fill(seed.as_mut_slice());
    from_seed(&seed)
}

#[expect(
    clippy::expect_used,
    reason = "32 bytes always fit the fixed form of RFC 8410"
)]
fn from_seed(seed: &[u8; 32]) -> SigningKeyPair {
    let public = SigningKey::from_bytes(seed).verifying_key();
    // Without the public key inside, which is optional: OpenSSL 3.0, and so Node, cannot read the longer form.
    let private = KeypairBytes {
        secret_key: *seed,
        public_key: None,
    };
    SigningKeyPair {
        public_hex: hex::encode(public.as_bytes()),
        private_pem: private
            .to_pkcs8_pem(LineEnding::LF)
            .expect("32 bytes always fit the fixed form of RFC 8410"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::pkcs8::DecodePrivateKey;
    use ed25519_dalek::{Signer, Verifier, VerifyingKey};

    /// RFC 8410, section 10.3: the example key in the form that every library reads.
    #[test]
    fn the_private_key_is_written_as_in_the_standard() {
        let seed = hex::decode("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842").unwrap();
        let pair = from_seed(seed.as_slice().try_into().unwrap());
        assert_eq!(
            *pair.private_pem,
            "-----BEGIN PRIVATE KEY-----\n\
             MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
             -----END PRIVATE KEY-----\n"
        );
        assert_eq!(
            pair.public_hex,
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
        );
    }

    #[test]
    fn what_the_private_key_signs_the_public_key_verifies() {
        let pair = generate();
        let private = SigningKey::from_pkcs8_pem(&pair.private_pem).unwrap();
        let public: [u8; 32] = hex::decode(&pair.public_hex).unwrap().try_into().unwrap();
        let public = VerifyingKey::from_bytes(&public).unwrap();
        assert!(
            public
                .verify(b"POST\n/graphql", &private.sign(b"POST\n/graphql"))
                .is_ok()
        );
        assert_ne!(pair.public_hex, generate().public_hex);
        assert!(!format!("{pair:?}").contains("PRIVATE"));
    }
}
