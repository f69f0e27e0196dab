//! Signed requests: what is signed, in each form that is taken.
//!
//! Invariant: a form says exactly which bytes are signed, so that a request means one thing; reading it decides nothing about
//! who signed. Sources: design.md 8 and S0 (native), RFC 9421 with RFC 9530 (HTTP Message Signatures), S3 (`x-signature`).

use super::SigningAlgorithm;
use crate::Timestamp;
use crate::api_request::Way;

/// A signed request that was read but not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// The public token of the credential that is named.
    pub token: String,
    /// How it is signed.
    pub algorithm: SigningAlgorithm,
    /// When, as the signer says.
    pub signed_at: Timestamp,
    /// What makes it different from every other; 8 to 128 characters.
    pub nonce: String,
    /// The bytes that are signed.
    pub message: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// What the request says about its body.
    pub body: BodyClaim,
    /// Which form it has.
    pub way: Way,
}

/// What a request says about its body, by `Content-Digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyClaim {
    /// Nothing; the signature itself covers the body, or there is none.
    None,
    /// The hash of the body that came.
    Matches,
    /// Another hash.
    Differs,
}

/// What S3 signs: method, secret and path. Neither body nor time is in it, so it is taken on that door only.
#[must_use]
pub fn legacy_message(method: &str, secret: &str, path: &str) -> String {
    format!("{method} || {secret} || {path}")
}
