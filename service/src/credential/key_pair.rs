//! Keys that are made here for signed requests.
//!
//! Invariant: a private key exists here only until it is shown; what is kept is the public half, so a stolen database signs
//! nothing. Of the shared key for HMAC, which must be kept, only a sealed form is.

use crate::keys::Keys;
use crate::{Error, Result, random};
use domain::Timestamp;
use domain::credential::{KeyMaterial, PublicKey, SigningAlgorithm, SigningKey};
use domain::id::SigningKeyId;
use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

/// Rounds of PBKDF2 that guard an encrypted private key; its passphrase has 190 random bits, so they matter little.
const ROUNDS: u32 = 10_000;

/// Which signing key a credential gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NewSigningKey {
    /// Ed25519, made here and shown once as plain PKCS#8 PEM, which the Postman scripts of S3 read.
    #[default]
    Ed25519,
    /// Ed25519, made here and shown once as PKCS#8 PEM that the secret of the credential decrypts, which the Node example of S3
    /// reads.
    Ed25519Encrypted,
    /// A shared key for HMAC-SHA256, made here and shown once, in hex.
    HmacSha256,
    /// The merchant's own public key, Ed25519 or RSA.
    Upload(PublicKey),
    /// None: only the secret opens the credential.
    None,
}

/// A new signing key, with what is shown once.
#[derive(Debug)]
pub struct IssuedSigningKey {
    /// The key as it is kept.
    pub key: SigningKey,
    /// The private key in PEM or the shared key in hex; `None` when the merchant has its own.
    pub private: Option<PrivateKey>,
}

impl IssuedSigningKey {
    /// The private or shared key in clear, if it was made here.
    #[must_use]
    pub fn reveal(&self) -> Option<&str> {
        Some(self.private.as_ref()?.reveal())
    }
}

/// A private or shared key in clear, to show once. Wiped when dropped; prints as nothing.
pub struct PrivateKey(Zeroizing<String>);

impl PrivateKey {
    /// The text to show.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// Makes the key that `new` asks for. `secret` is that of the credential.
pub(super) fn issue(
    keys: &Keys,
    new: NewSigningKey,
    id: SigningKeyId,
    secret: &str,
    now: Timestamp,
) -> Result<Option<IssuedSigningKey>> {
    let (material, fingerprint, private) = match new {
        NewSigningKey::None => return Ok(None),
        NewSigningKey::Upload(public) => {
            let fingerprint = public.fingerprint();
            (KeyMaterial::Public(public), fingerprint, None)
        }
        NewSigningKey::Ed25519 => pair(fresh(), None)?,
        NewSigningKey::Ed25519Encrypted => pair(fresh(), Some(secret))?,
        NewSigningKey::HmacSha256 => {
            let shared = fresh();
            let sealed = keys.seal(shared.as_slice(), &id.to_string());
            let text = Zeroizing::new(hex::encode(shared.as_slice()));
            (
                KeyMaterial::Sealed(sealed),
                keys.shared_key_fingerprint(&shared),
                Some(PrivateKey(text)),
            )
        }
    };
    let algorithm = match &material {
        KeyMaterial::Public(public) => public.algorithm(),
        KeyMaterial::Sealed(_) => SigningAlgorithm::HmacSha256,
    };
    let key = SigningKey {
        id,
        algorithm,
        material,
        fingerprint,
        valid_until: None,
        created_at: now,
    };
    Ok(Some(IssuedSigningKey { key, private }))
}

fn fresh() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    random::fill(bytes.as_mut_slice());
    bytes
}

type Pair = (KeyMaterial, String, Option<PrivateKey>);

fn pair(seed: Zeroizing<[u8; 32]>, passphrase: Option<&str>) -> Result<Pair> {
    let unwritable = |_| Error::Unavailable("a private key cannot be written");
    let public = PublicKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key());
    // Without the public key inside, which is optional: OpenSSL 3.0, and so Node, cannot read the longer form.
    let private = KeypairBytes {
        secret_key: *seed,
        public_key: None,
    };
    let pem = match passphrase {
        None => private.to_pkcs8_pem(LineEnding::LF).map_err(unwritable)?,
        Some(passphrase) => {
            let (mut salt, mut iv) = ([0; 16], [0; 16]);
            random::fill(&mut salt);
            random::fill(&mut iv);
            // What OpenSSL itself writes and every version of it reads: PBES2 with PBKDF2, HMAC-SHA256 and AES-256-CBC.
            let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
                .map_err(|_| Error::Unavailable("a private key cannot be encrypted"))?;
            let plain = private.to_pkcs8_der().map_err(unwritable)?;
            let info = pkcs8::PrivateKeyInfoRef::try_from(plain.as_bytes())
                .map_err(|_| Error::Unavailable("a private key cannot be read back"))?;
            let encrypted = info
                .encrypt_with_params(parameters, passphrase)
                .map_err(unwritable)?;
            let pem = encrypted.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF);
            pem.map_err(|_| Error::Unavailable("a private key cannot be written"))?
        }
    };
    let fingerprint = public.fingerprint();
    Ok((KeyMaterial::Public(public), fingerprint, Some(PrivateKey(pem))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::pkcs8::DecodePrivateKey;
    use ed25519_dalek::{Signer, SigningKey as Private};

    fn issued(new: NewSigningKey) -> IssuedSigningKey {
        let id = "skey_00000000000000000000000001".parse().unwrap();
        let keys = Keys::derive(&[7; 32]);
        issue(&keys, new, id, "esk_test_1", Timestamp::default())
            .unwrap()
            .unwrap()
    }

    fn verifies(key: &SigningKey, private: &Private) -> bool {
        let KeyMaterial::Public(public) = &key.material else {
            panic!("no public key");
        };
        public.verifies(b"POST\n/graphql", &private.sign(b"POST\n/graphql").to_bytes())
    }

    /// RFC 8410, section 7: version 0, the algorithm, and the 32 bytes of the key, without the public key after it.
    #[test]
    fn the_private_key_is_written_as_in_the_standard() {
        let seed = fresh();
        let (material, _, private) = pair(seed.clone(), None).unwrap();
        let private = private.unwrap();
        let (label, document) = pkcs8::der::SecretDocument::from_pem(private.reveal()).unwrap();
        assert_eq!(label, "PRIVATE KEY");
        let start = hex::decode("302e020100300506032b657004220420").unwrap();
        assert_eq!(document.as_bytes(), [start.as_slice(), seed.as_slice()].concat());
        let KeyMaterial::Public(public) = material else {
            panic!("no public key");
        };
        let own = Private::from_bytes(&seed).verifying_key();
        assert!(public.to_spki().ends_with(own.as_bytes()));
    }

    #[test]
    fn what_the_private_key_signs_the_public_key_verifies() {
        let issued = issued(NewSigningKey::Ed25519);
        let pem = issued.private.as_ref().unwrap().reveal();
        assert!(verifies(&issued.key, &Private::from_pkcs8_pem(pem).unwrap()));
        assert!(!format!("{issued:?}").contains("PRIVATE"));
    }

    #[test]
    fn an_encrypted_key_opens_with_the_secret_of_its_credential_only() {
        let issued = issued(NewSigningKey::Ed25519Encrypted);
        let pem = issued.private.as_ref().unwrap().reveal();
        let open = |passphrase: &str| {
            let (label, document) = pkcs8::der::SecretDocument::from_pem(pem).unwrap();
            assert_eq!(label, "ENCRYPTED PRIVATE KEY");
            let info = pkcs8::EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).unwrap();
            info.decrypt(passphrase)
                .map(|plain| Private::from_pkcs8_der(plain.as_bytes()).unwrap())
        };
        assert!(verifies(&issued.key, &open("esk_test_1").unwrap()));
        assert!(open("esk_test_2").is_err());
    }

    #[test]
    fn a_shared_key_is_kept_sealed() {
        let issued = issued(NewSigningKey::HmacSha256);
        let shown = issued.private.as_ref().unwrap().reveal();
        let KeyMaterial::Sealed(sealed) = &issued.key.material else {
            panic!("not sealed");
        };
        let opened = Keys::derive(&[7; 32])
            .unseal(sealed, &issued.key.id.to_string())
            .unwrap();
        assert_eq!(hex::encode(opened.as_slice()), shown);
        assert!(!sealed.contains(shown));
    }
}
