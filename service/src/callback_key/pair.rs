//! P-521 key pairs, and the compact JWT (RFC 7519) that they sign with ES512 (RFC 7518, 3.4).
//!
//! Invariant: a signature needs no randomness (RFC 6979), so a weak source can never give the private half away.

use crate::{Error, Result, random};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::CallbackKeyId;
use p521::ecdsa::signature::Signer;
use p521::ecdsa::{Signature, SigningKey};
use p521::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use p521::{PublicKey, SecretKey};
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

/// Bytes of a private key: 521 bits.
pub(super) const PRIVATE_BYTES: usize = 66;
/// The one bit of the first byte that is part of the number.
const TOP_BIT: u8 = 1;

/// A new private key.
pub(super) fn fresh() -> Result<Zeroizing<[u8; PRIVATE_BYTES]>> {
    let mut bytes = Zeroizing::new([0; PRIVATE_BYTES]);
    random::fill(bytes.as_mut_slice());
    if let Some(first) = bytes.first_mut() {
        *first &= TOP_BIT;
    }
    // Of 521 random bits one in 2^260 is no key: that is a broken source, not bad luck.
    secret(bytes.as_slice())?;
    Ok(bytes)
}

/// The public half, as `SubjectPublicKeyInfo` in DER.
pub(super) fn public_der(private: &[u8]) -> Result<Vec<u8>> {
    let der = secret(private)?.public_key().to_public_key_der();
    Ok(der.map_err(|_| BROKEN)?.into_vec())
}

/// The public half in PEM, as the SDKs of S3 read it.
pub(super) fn public_pem(der: &[u8]) -> Option<String> {
    PublicKey::from_public_key_der(der)
        .ok()?
        .to_public_key_pem(LineEnding::LF)
        .ok()
}

/// `payload`, signed: header, payload and signature in base64url, with dots between.
pub(super) fn sign(private: &[u8], id: CallbackKeyId, payload: &impl Serialize) -> Result<String> {
    let header = json!({ "alg": "ES512", "typ": "JWT", "kid": id.to_string() });
    let payload = serde_json::to_vec(payload).map_err(|_| BROKEN)?;
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature: Signature = SigningKey::from(secret(private)?)
        .try_sign(text.as_bytes())
        .map_err(|_| BROKEN)?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
}

const BROKEN: Error = Error::Unavailable("a callback cannot be signed");

fn secret(private: &[u8]) -> Result<SecretKey> {
    // The library takes shorter numbers too; ours were written whole.
    let whole = Some(private).filter(|private| private.len() == PRIVATE_BYTES);
    SecretKey::from_slice(whole.ok_or(BROKEN)?).map_err(|_| BROKEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use p521::ecdsa::VerifyingKey;
    use p521::ecdsa::signature::Verifier;
    use serde_json::Value;

    /// What Node.js verifies with its own cryptography (`tests/conformance/checks/callbacks.mjs`).
    const EXAMPLE: &str = include_str!("../../../tests/conformance/signing/callback.json");

    fn verifies(der: &[u8], jwt: &str) -> bool {
        let (text, signature) = jwt.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let key = VerifyingKey::from(PublicKey::from_public_key_der(der).unwrap());
        key.verify(text.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies_and_no_other() {
        let id = "cbk_00000000000000000000000001".parse().unwrap();
        let payload = json!({ "referenceCode": "ref-292929", "status": "PAID", "payoutAmount": "15000" });
        let (private, other) = (fresh().unwrap(), fresh().unwrap());
        let jwt = sign(private.as_slice(), id, &payload).unwrap();
        let der = public_der(private.as_slice()).unwrap();
        assert!(verifies(&der, &jwt) && !verifies(&public_der(other.as_slice()).unwrap(), &jwt));
        assert_eq!(
            sign(private.as_slice(), id, &payload).unwrap(),
            jwt,
            "the same again"
        );

        let [header, body, signature] = jwt.split('.').collect::<Vec<_>>().try_into().unwrap();
        let read =
            |text: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap() };
        assert_eq!(
            read(header),
            json!({ "alg": "ES512", "typ": "JWT", "kid": id.to_string() })
        );
        assert_eq!(read(body), payload);
        assert_eq!(
            URL_SAFE_NO_PAD.decode(signature).unwrap().len(),
            2 * PRIVATE_BYTES
        );
        let pem = public_pem(&der).unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn the_example_that_others_verify_is_what_is_signed_here() {
        let example: Value = serde_json::from_str(EXAMPLE).unwrap();
        let private = [1; PRIVATE_BYTES];
        let id = example["keyId"].as_str().unwrap().parse().unwrap();
        assert_eq!(
            hex::encode(public_der(&private).unwrap()),
            example["publicKey"].as_str().unwrap()
        );
        assert_eq!(
            sign(&private, id, &example["payload"]).unwrap(),
            example["content"].as_str().unwrap()
        );
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        let id = "cbk_00000000000000000000000001".parse().unwrap();
        for private in [&[0; PRIVATE_BYTES][..], &[0xff; PRIVATE_BYTES], &[1; 65], &[]] {
            assert!(sign(private, id, &json!({})).is_err() && public_der(private).is_err());
        }
        assert_eq!(public_pem(b"0"), None);
    }
}
