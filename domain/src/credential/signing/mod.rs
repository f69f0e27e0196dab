//! Signed requests: what is signed, in each form that is taken.
//!
//! Invariant: a form says exactly which bytes are signed, so that a request means one thing; reading it decides nothing about
//! who signed. A request of both forms means two things and is refused. Sources: design.md 8 and S0 (native), RFC 9421 with
//! RFC 9530 (HTTP Message Signatures), S3 (`x-signature`).

mod component;
mod content_digest;
mod http_signature;
mod native;

pub use component::signature_base;
pub use content_digest::content_digest;
pub use native::{CanonicalParts, canonical_string};

use super::{Denial, SigningAlgorithm, Token};
use crate::Timestamp;
use crate::api_request::Way;
use std::ops::RangeInclusive;

/// Longest value of a header that takes part in signing, in bytes: an RSA signature of 8192 bits has 1,368 characters.
pub const MAX_FIELD: usize = 8_192;
/// Length of a nonce, in visible ASCII characters.
pub const NONCE: RangeInclusive<usize> = 8..=128;
/// Most signatures of which one request may be the bearer: ours, and those of proxies on the way.
pub const MAX_SIGNATURES: usize = 4;
/// Most parts of a request that one HTTP Message Signature may cover.
pub const MAX_COMPONENTS: usize = 32;

/// A signed request that was read but not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// The public token of the credential that is named.
    pub token: String,
    /// How it is signed.
    pub algorithm: SigningAlgorithm,
    /// When, as the signer says.
    pub signed_at: Timestamp,
    /// From when on the signer wants it taken no more.
    pub expires: Option<Timestamp>,
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

impl SignedRequest {
    /// Whether it is over by the signer's own word, however little its clock and ours differ.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }
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

/// A request as it came, as far as signing is concerned.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method, as sent.
    pub method: &'a str,
    /// The path as on the wire: percent-encoding untouched.
    pub path: &'a str,
    /// What stands behind the first `?`, as on the wire; an empty query is not the same as none.
    pub query: Option<&'a str>,
    /// `Host`, or `:authority` of HTTP/2.
    pub authority: Option<&'a str>,
    /// `https` or `http`, as the client sees it.
    pub scheme: &'a str,
    /// The value of a header by its name in lower case: its lines trimmed and joined by a comma and a space; `None` if it is
    /// absent or not visible ASCII. The rest of the server has to read headers in the same way, so that nothing takes effect
    /// that was not looked at here.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body.
    pub body: &'a [u8],
}

impl RequestHead<'_> {
    /// A header of reasonable length.
    fn field(&self, name: &str) -> Result<Option<String>, Denial> {
        match (self.header)(name) {
            Some(value) if value.len() > MAX_FIELD => Err(Denial::SignatureMalformed),
            value => Ok(value),
        }
    }

    /// A header that has to be there.
    fn required(&self, name: &str) -> Result<String, Denial> {
        self.field(name)?.ok_or(Denial::SignatureMalformed)
    }
}

/// A request that wants to be a signed one and cannot be read as such.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{denial}")]
pub struct Unreadable {
    /// Why not.
    pub denial: Denial,
    /// The public token that was named, for the request log: only what is a token, since anything may stand there.
    pub token: Option<String>,
    /// Which form it seems to have.
    pub way: Way,
}

/// Reads a signed request of either form; `None` when it has neither, and shows a key in another way or none.
///
/// # Errors
/// [`Unreadable`] with [`Denial::SignatureMalformed`] or [`Denial::SignatureIncomplete`].
pub fn read(head: &RequestHead<'_>) -> Option<Result<SignedRequest, Unreadable>> {
    match (native::read(head), http_signature::read(head)) {
        (None, None) => None,
        (Some(read), None) => Some(read),
        (None, Some(read)) => Some(read),
        // Which of the two keys would be asking?
        (Some(_), Some(_)) => Some(Err(unreadable(
            Denial::SignatureMalformed,
            None,
            Way::SignedRequest,
        ))),
    }
}

fn unreadable(denial: Denial, token: Option<String>, way: Way) -> Unreadable {
    let token = token.filter(|token| token.parse::<Token>().is_ok());
    Unreadable { denial, token, way }
}

fn is_nonce(text: &str) -> bool {
    NONCE.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What S3 signs: method, secret and path. Neither body nor time is in it, so it is taken on that door only.
#[must_use]
pub fn legacy_message(method: &str, secret: &str, path: &str) -> String {
    format!("{method} || {secret} || {path}")
}

#[cfg(test)]
mod tests;
