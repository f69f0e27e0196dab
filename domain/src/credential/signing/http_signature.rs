//! HTTP Message Signatures (RFC 9421).
//!
//! Invariant: what decides what a request does is covered, or the request is refused: the standard leaves that to whom it
//! serves. Of several signatures, for proxies sign too, ours is the one whose `keyid` is a public token; two of that kind would
//! be two askers. The algorithm has to be named, because a key does not say for which one its owner meant it.

use super::component::{Component, covered};
use super::content_digest::{CONTENT_DIGEST, body_claim};
use super::{MAX_SIGNATURES, RequestHead, SignedRequest, Unreadable, is_nonce, unreadable};
use crate::Timestamp;
use crate::api_request::Way;
use crate::credential::{Denial, SigningAlgorithm};
use chrono::DateTime;
use sfv::{Dictionary, InnerList, ListEntry, Parser};
use std::collections::BTreeSet;

const INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";
/// How the `keyid` of our signatures begins.
const OURS: &str = "epk_";
/// Headers that change what a request does: covered whenever they are there.
const EFFECTIVE: [&str; 2] = ["x-api-version", "idempotency-key"];

/// Reads a request with a signature for us; `None` when there is none.
pub(super) fn read(head: &RequestHead<'_>) -> Option<Result<SignedRequest, Unreadable>> {
    (head.header)(INPUT)?;
    let refused = |denial, token| Some(Err(unreadable(denial, token, Way::HttpSignature)));
    let inputs = match dictionary(head, INPUT) {
        Ok(inputs) if inputs.len() <= MAX_SIGNATURES => inputs,
        _ => return refused(Denial::SignatureMalformed, None),
    };
    let mut ours = inputs.iter().filter_map(|(label, entry)| match entry {
        ListEntry::InnerList(input) => {
            let key = text(input, "keyid").ok().flatten()?;
            key.starts_with(OURS).then_some((label.as_str(), input, key))
        }
        ListEntry::Item(_) => None,
    });
    match (ours.next()?, ours.next()) {
        ((label, input, token), None) => match parts(head, label, input, token) {
            Ok(request) => Some(Ok(request)),
            Err(denial) => refused(denial, Some(token.to_owned())),
        },
        (_, Some(_)) => refused(Denial::SignatureMalformed, None),
    }
}

fn parts(
    head: &RequestHead<'_>,
    label: &str,
    input: &InnerList,
    token: &str,
) -> Result<SignedRequest, Denial> {
    let signature = signature(head, label)?;
    let created = instant(input, "created")?;
    let expires = instant(input, "expires")?;
    let nonce = text(input, "nonce")?;
    let algorithm = text(input, "alg")?.map(algorithm).transpose()?;
    let (seen, message) = covered(head, input)?;
    let body = body_claim(head)?;
    let (Some(signed_at), Some(nonce), Some(algorithm)) = (created, nonce, algorithm) else {
        return Err(Denial::SignatureIncomplete);
    };
    if !is_nonce(nonce) || expires.is_some_and(|expires| expires < signed_at) {
        return Err(Denial::SignatureMalformed);
    }
    if !suffices(head, &seen)? {
        return Err(Denial::SignatureIncomplete);
    }
    Ok(SignedRequest {
        token: token.to_owned(),
        algorithm,
        signed_at,
        expires,
        nonce: nonce.to_owned(),
        message: message.into_bytes(),
        signature,
        body,
        way: Way::HttpSignature,
    })
}

/// Whether all is covered that decides what the request does.
fn suffices(head: &RequestHead<'_>, seen: &BTreeSet<Component>) -> Result<bool, Denial> {
    let field = |name: &str| seen.contains(&Component::Field(name.to_owned()));
    let target = seen.contains(&Component::TargetUri)
        || seen.contains(&Component::RequestTarget)
        || seen.contains(&Component::Path) && (head.query.is_none() || seen.contains(&Component::Query));
    let body = head.body.is_empty() || field(CONTENT_DIGEST);
    for name in EFFECTIVE {
        if head.field(name)?.is_some() && !field(name) {
            return Ok(false);
        }
    }
    Ok(seen.contains(&Component::Method) && target && body)
}

fn dictionary(head: &RequestHead<'_>, name: &str) -> Result<Dictionary, Denial> {
    Parser::new(&head.required(name)?)
        .parse()
        .map_err(|_| Denial::SignatureMalformed)
}

fn signature(head: &RequestHead<'_>, label: &str) -> Result<Vec<u8>, Denial> {
    match dictionary(head, SIGNATURE)?.get(label) {
        Some(ListEntry::Item(item)) => item.bare_item.as_byte_sequence().map(<[u8]>::to_vec),
        _ => None,
    }
    .ok_or(Denial::SignatureMalformed)
}

/// A parameter that is text.
fn text<'a>(input: &'a InnerList, name: &str) -> Result<Option<&'a str>, Denial> {
    let read = |item: &'a sfv::BareItem| item.as_string().map(sfv::StringRef::as_str);
    let parameter = input.params.get(name);
    parameter
        .map(|item| read(item).ok_or(Denial::SignatureMalformed))
        .transpose()
}

/// A parameter that is a time in whole seconds.
fn instant(input: &InnerList, name: &str) -> Result<Option<Timestamp>, Denial> {
    let read = |item: &sfv::BareItem| DateTime::from_timestamp(i64::from(item.as_integer()?), 0);
    let parameter = input.params.get(name);
    parameter
        .map(|item| read(item).ok_or(Denial::SignatureMalformed))
        .transpose()
}

/// The names of RFC 9421, section 6.2.2.
fn algorithm(name: &str) -> Result<SigningAlgorithm, Denial> {
    match name {
        "ed25519" => Ok(SigningAlgorithm::Ed25519),
        "rsa-v1_5-sha256" => Ok(SigningAlgorithm::Rsa),
        "hmac-sha256" => Ok(SigningAlgorithm::HmacSha256),
        _ => Err(Denial::SignatureMalformed),
    }
}
