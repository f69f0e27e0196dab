//! An endpoint with its secrets opened: what signs the attempts of one claim.
//!
//! Invariant: it lives as long as the attempts that it signs, and prints no secret.

use crate::keys::Keys;
use domain::Timestamp;
use domain::id::WebhookEndpointId;
use domain::webhook::{Endpoint, StaticHeaders, WebhookSecret};
use std::sync::Arc;

/// What signs.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The endpoint.
    pub endpoint: Arc<Endpoint>,
    /// The secret in force.
    pub secret: WebhookSecret,
    /// By what people know it.
    pub fingerprint: Arc<str>,
    /// The one that takes its place.
    pub next: Option<WebhookSecret>,
    /// The merchant's own headers.
    pub headers: StaticHeaders,
}

impl Signer {
    /// Opens what is needed at `now`; `None` when it was sealed under another master key.
    pub(super) fn open(keys: &Keys, endpoint: Arc<Endpoint>, now: Timestamp) -> Option<Self> {
        let id = endpoint.id;
        let (current, next) = endpoint.secrets.at(now);
        let headers = match &endpoint.headers {
            None => StaticHeaders::default(),
            Some(headers) => {
                let text = keys.unseal(&headers.sealed, &id.to_string()).ok()?;
                serde_json::from_slice(&text).ok()?
            }
        };
        Some(Self {
            secret: open(keys, &current.sealed, id)?,
            fingerprint: current.fingerprint.as_str().into(),
            next: match next {
                Some(next) => Some(open(keys, &next.sealed, id)?),
                None => None,
            },
            headers,
            endpoint,
        })
    }
}

/// The secret that is sealed; `None` if it cannot be opened, which is logged.
pub(super) fn open(keys: &Keys, sealed: &str, id: WebhookEndpointId) -> Option<WebhookSecret> {
    let text = match keys.unseal(sealed, &id.to_string()) {
        Ok(text) => text,
        Err(cause) => {
            tracing::error!(%cause, endpoint = %id, "a webhook secret cannot be opened");
            return None;
        }
    };
    WebhookSecret::given(std::str::from_utf8(&text).ok()?).ok()
}
