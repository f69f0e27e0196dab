//! Our own form: four headers, and six lines that are signed.
//!
//! Invariant: everything that decides what a request does is signed (method, path, query, version, body), and what makes it
//! one of its kind (time, nonce). `Idempotency-Key` is not: it guards its sender against sending twice, and nobody else can
//! send the request a second time under another key, because its nonce is used up. Who alters requests on their way, which
//! takes breaking TLS, could remove it from one that the sender then repeats with a new nonce; RFC 9421 covers it, for those
//! to whom this matters. Source: design.md 8, S0.

use super::content_digest::body_claim;
use super::{RequestHead, SignedRequest, Unreadable, is_nonce, unreadable};
use crate::Timestamp;
use crate::api_request::Way;
use crate::credential::{Denial, SigningAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SubsecRound, Utc};
use sha2::{Digest, Sha256};

const KEY: &str = "x-tahsil-key";
const TIMESTAMP: &str = "x-tahsil-timestamp";
const NONCE: &str = "x-tahsil-nonce";
const SIGNATURE: &str = "x-tahsil-signature";
const VERSION: &str = "x-api-version";

/// What the signed text of a native request is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanonicalParts<'a> {
    /// The method, as sent.
    pub method: &'a str,
    /// The path, as on the wire.
    pub path: &'a str,
    /// The query without its `?`, as on the wire.
    pub query: Option<&'a str>,
    /// `X-Tahsil-Timestamp`, exactly as sent.
    pub timestamp: &'a str,
    /// `X-Tahsil-Nonce`, exactly as sent.
    pub nonce: &'a str,
    /// `X-API-Version`, exactly as sent; empty when there is none.
    pub version: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// The text that a native request signs: six lines, the last one without a line break.
///
/// ```text
/// METHOD
/// path?query
/// timestamp
/// nonce
/// version
/// sha256:hex of the body
/// ```
#[must_use]
pub fn canonical_string(parts: &CanonicalParts<'_>) -> String {
    let CanonicalParts {
        method,
        path,
        timestamp,
        nonce,
        version,
        ..
    } = parts;
    let (mark, query) = parts.query.map_or(("", ""), |query| ("?", query));
    let body = hex::encode(Sha256::digest(parts.body));
    format!("{method}\n{path}{mark}{query}\n{timestamp}\n{nonce}\n{version}\nsha256:{body}")
}

/// Reads a native request; `None` when none of its headers is there.
pub(super) fn read(head: &RequestHead<'_>) -> Option<Result<SignedRequest, Unreadable>> {
    if ![KEY, TIMESTAMP, NONCE, SIGNATURE]
        .into_iter()
        .any(|name| (head.header)(name).is_some())
    {
        return None;
    }
    Some(parts(head).map_err(|denial| {
        let token = head.field(KEY).ok().flatten();
        unreadable(denial, token, Way::SignedRequest)
    }))
}

fn parts(head: &RequestHead<'_>) -> Result<SignedRequest, Denial> {
    let token = head.required(KEY)?;
    let timestamp = head.required(TIMESTAMP)?;
    let nonce = head.required(NONCE)?;
    let (algorithm, signature) = signature(&head.required(SIGNATURE)?)?;
    let version = head.field(VERSION)?.unwrap_or_default();
    if !is_nonce(&nonce) {
        return Err(Denial::SignatureMalformed);
    }
    let message = canonical_string(&CanonicalParts {
        method: head.method,
        path: head.path,
        query: head.query,
        timestamp: &timestamp,
        nonce: &nonce,
        version: &version,
        body: head.body,
    });
    Ok(SignedRequest {
        token,
        algorithm,
        signed_at: instant(&timestamp)?,
        expires: None,
        nonce,
        message: message.into_bytes(),
        signature,
        body: body_claim(head)?,
        way: Way::SignedRequest,
    })
}

/// `algorithm=base64`.
fn signature(text: &str) -> Result<(SigningAlgorithm, Vec<u8>), Denial> {
    let (algorithm, encoded) = text.split_once('=').ok_or(Denial::SignatureMalformed)?;
    let algorithm = algorithm.parse().map_err(|_| Denial::SignatureMalformed)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| Denial::SignatureMalformed)?;
    Ok((algorithm, bytes))
}

fn instant(text: &str) -> Result<Timestamp, Denial> {
    let read = DateTime::parse_from_rfc3339(text).map_err(|_| Denial::SignatureMalformed)?;
    Ok(read.with_timezone(&Utc).trunc_subsecs(6))
}
