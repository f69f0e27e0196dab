//! The private or shared key with which `tahsil sign` signs.
//!
//! Invariant: it is read, it signs, it is wiped; nothing prints it, and a message about a key that cannot be read quotes none of
//! it. The server never sees it: what it keeps is the public half.

use anyhow::{Context, bail, ensure};
use domain::credential::SigningAlgorithm;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use pkcs8::der::SecretDocument;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The variable with the passphrase of an encrypted key: an argument would show in the list of processes.
pub const PASSPHRASE: &str = "TAHSIL_SIGN_PASSPHRASE";

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_IS_NOT_SUPPORTED: &str = "RSA private keys are not supported by this command: sign with `openssl dgst -sha256 -sign KEY` instead; the server does take RSA signatures";

/// A key that signs.
pub enum PrivateKey {
    /// Ed25519.
    Ed25519(SigningKey),
    /// The shared key of HMAC-SHA256.
    HmacSha256(Zeroizing<Vec<u8>>),
}

impl PrivateKey {
    /// Reads PKCS#8 PEM with Ed25519, or 32 bytes in hex.
    pub fn read(text: &str, passphrase: Option<&str>) -> anyhow::Result<Self> {
        let text = text.trim();
        if text.starts_with("-----BEGIN") {
            return Self::from_pem(text, passphrase);
        }
        ensure!(
            !text.starts_with("esk_"),
            "this is the secret of a credential: it is shown in X-API-Key as it is and signs nothing; the private key was printed beside it"
        );
        let mut shared = Zeroizing::new(vec![0; 32]);
        hex::decode_to_slice(text, &mut shared).ok().context(
            "expected a private key in PEM (-----BEGIN PRIVATE KEY-----), or a shared key of 32 bytes in hex",
        )?;
        Ok(Self::HmacSha256(shared))
    }

    fn from_pem(pem: &str, passphrase: Option<&str>) -> anyhow::Result<Self> {
        let first = pem.lines().next().unwrap_or_default().trim_end();
        let label = first
            .strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_suffix("-----"));
        match label {
            Some("PRIVATE KEY" | "ENCRYPTED PRIVATE KEY") => {}
            Some("RSA PRIVATE KEY") => bail!(RSA_IS_NOT_SUPPORTED),
            Some("PUBLIC KEY") => bail!("this is the public half of a key: it verifies and cannot sign"),
            _ => bail!("expected PRIVATE KEY or ENCRYPTED PRIVATE KEY in the first line of the PEM"),
        }
        let (label, document) = SecretDocument::from_pem(pem)
            .ok()
            .context("the PEM of the private key cannot be read")?;
        if label == "PRIVATE KEY" {
            return Self::from_der(document.as_bytes());
        }
        let passphrase = passphrase.with_context(|| {
            format!("the private key is encrypted: set {PASSPHRASE} to its passphrase, which is the secret of the credential if the server made the key")
        })?;
        let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
            .ok()
            .context("the encryption of the private key cannot be read")?;
        let plain = info
            .decrypt(passphrase)
            .ok()
            .with_context(|| format!("the private key does not open with the passphrase in {PASSPHRASE}"))?;
        Self::from_der(plain.as_bytes())
    }

    fn from_der(der: &[u8]) -> anyhow::Result<Self> {
        let info = PrivateKeyInfoRef::try_from(der)
            .ok()
            .context("the private key is no PKCS#8")?;
        match info.algorithm.oid {
            ED25519 => Ok(Self::Ed25519(
                SigningKey::from_pkcs8_der(der)
                    .ok()
                    .context("the Ed25519 key cannot be read")?,
            )),
            RSA => bail!(RSA_IS_NOT_SUPPORTED),
            other => bail!("expected an Ed25519 key, got one of algorithm {other}"),
        }
    }

    /// How it signs.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Ed25519(_) => SigningAlgorithm::Ed25519,
            Self::HmacSha256(_) => SigningAlgorithm::HmacSha256,
        }
    }

    /// The signature of `message`.
    pub fn sign(&self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
            Self::HmacSha256(shared) => {
                let mac = Hmac::<Sha256>::new_from_slice(shared)?.chain_update(message);
                Ok(mac.finalize().into_bytes().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use pkcs8::AlgorithmIdentifierRef;
    use pkcs8::der::asn1::OctetStringRef;
    use pkcs8::der::pem::LineEnding;
    use pkcs8::pkcs5::pbes2::Parameters;

    const PASSPHRASE_OF_THE_TEST: &str = "open sesame";

    /// A private key in PEM, and the same behind a passphrase.
    fn pair() -> (String, String) {
        let mut seed = [0; 32];
        service::random::fill(&mut seed);
        let plain = SigningKey::from_bytes(&seed).to_pkcs8_der().unwrap();
        let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(1_000, &[1; 16], [2; 16]).unwrap();
        let info = PrivateKeyInfoRef::try_from(plain.as_bytes()).unwrap();
        let encrypted = info
            .encrypt_with_params(parameters, PASSPHRASE_OF_THE_TEST)
            .unwrap();
        let pem = |document: &SecretDocument, label| document.to_pem(label, LineEnding::LF).unwrap();
        (
            pem(&plain, "PRIVATE KEY").to_string(),
            pem(&encrypted, "ENCRYPTED PRIVATE KEY").to_string(),
        )
    }

    /// What says that it is an RSA key, and holds none.
    fn rsa() -> String {
        let algorithm = AlgorithmIdentifierRef {
            oid: RSA,
            parameters: None,
        };
        let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&[0]).unwrap());
        let document = SecretDocument::encode_msg(&info).unwrap();
        document
            .to_pem("PRIVATE KEY", LineEnding::LF)
            .unwrap()
            .to_string()
    }

    fn refusal(text: &str, passphrase: Option<&str>) -> String {
        match PrivateKey::read(text, passphrase) {
            Ok(_) => panic!("{text} was read"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_algorithm_is_told_from_the_key() {
        let plain = PrivateKey::read(&pair().0, None).unwrap();
        assert_eq!(plain.algorithm(), SigningAlgorithm::Ed25519);
        let shared = PrivateKey::read(&format!(" {}\n", "0b".repeat(32)), None).unwrap();
        assert_eq!(shared.algorithm(), SigningAlgorithm::HmacSha256);
    }

    #[test]
    fn an_encrypted_key_is_the_plain_one_behind_its_passphrase() {
        let sign = |key: PrivateKey| key.sign(b"POST\n/graphql").unwrap();
        let (plain, encrypted) = pair();
        let opened = PrivateKey::read(&encrypted, Some(PASSPHRASE_OF_THE_TEST)).unwrap();
        assert_eq!(sign(PrivateKey::read(&plain, None).unwrap()), sign(opened));
        assert!(refusal(&encrypted, None).contains(PASSPHRASE));
        assert!(refusal(&encrypted, Some("open barley")).contains("does not open"));
    }

    /// RFC 4231, section 4.3, has a shorter key; this one was computed with OpenSSL.
    #[test]
    fn a_shared_key_signs_as_openssl_does() {
        let shared = PrivateKey::read(&"0b".repeat(32), None).unwrap();
        assert_eq!(
            hex::encode(shared.sign(b"Hi There").unwrap()),
            "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"
        );
    }

    #[test]
    fn what_cannot_sign_is_refused_with_the_way_out_and_without_a_quotation() {
        for (text, says) in [
            ("", "in hex"),
            ("0b0b", "in hex"),
            ("esk_test_0123456789", "X-API-Key"),
            (
                "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----",
                "public half",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nMC4C!!\n-----END PRIVATE KEY-----",
                "cannot be read",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----",
                "cannot be read",
            ),
            (
                "-----BEGIN EC PRIVATE KEY-----\nMC4C\n-----END EC PRIVATE KEY-----",
                "in the first line",
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMC4C\n-----END RSA PRIVATE KEY-----",
                "RSA private keys are not supported",
            ),
            (&rsa(), "RSA private keys are not supported"),
        ] {
            let refusal = refusal(text, None);
            assert!(refusal.contains(says), "{text}: {refusal}");
            assert!(
                !refusal.contains("MC4C") && !refusal.contains("0123456789"),
                "{refusal}"
            );
        }
    }
}
