//! `Content-Digest` (RFC 9530): what a request says about its body.
//!
//! Invariant: a digest that is there is checked. Of several, every one that we know has to fit; one that nobody here can check
//! is as good as none, and a request that counts on it is refused rather than believed.

use super::{BodyClaim, RequestHead};
use crate::credential::Denial;
use sfv::{Dictionary, ListEntry, Parser};
use sha2::{Digest, Sha256, Sha512};

pub(super) const CONTENT_DIGEST: &str = "content-digest";

/// The value of `Content-Digest` for `body`: `sha-256=:…:`.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// Compares the body with what is said about it.
pub(super) fn body_claim(head: &RequestHead<'_>) -> Result<BodyClaim, Denial> {
    let Some(field) = head.field(CONTENT_DIGEST)? else {
        return Ok(BodyClaim::None);
    };
    let digests: Dictionary = Parser::new(&field)
        .parse()
        .map_err(|_| Denial::SignatureMalformed)?;
    let mut claim = BodyClaim::None;
    for (algorithm, entry) in &digests {
        let fits: fn(&[u8], &[u8]) -> bool = match algorithm.as_str() {
            "sha-256" => |body, digest| *Sha256::digest(body) == *digest,
            "sha-512" => |body, digest| *Sha512::digest(body) == *digest,
            _ => continue,
        };
        let ListEntry::Item(item) = entry else {
            return Err(Denial::SignatureMalformed);
        };
        let digest = item.bare_item.as_byte_sequence();
        if !fits(head.body, digest.ok_or(Denial::SignatureMalformed)?) {
            claim = BodyClaim::Differs;
        } else if claim == BodyClaim::None {
            claim = BodyClaim::Matches;
        }
    }
    match claim {
        BodyClaim::None => Err(Denial::SignatureMalformed),
        known => Ok(known),
    }
}
