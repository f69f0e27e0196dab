//! The secrets of an endpoint: told to its merchant, and changed while both sides go on.

use super::create::{fresh, sealed};
use super::{get, locked, store};
use crate::webhook::signer;
use crate::{App, Error, Result};
use chrono::Duration;
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::WebhookEndpointId;
use domain::webhook::{
    Endpoint, EndpointRefusal, EndpointSecrets, LONGEST_OVERLAP, SealedSecret, WebhookSecret,
};

/// For how long two secrets sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// So long; 24 hours is what is usual.
    For(Duration),
    /// Not at all: the old one may be known to others.
    None,
}

/// The secrets of an endpoint.
#[derive(Debug)]
pub struct Revealed {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The one that signs.
    pub current: WebhookSecret,
    /// The one that takes its place, and when.
    pub next: Option<(WebhookSecret, Timestamp)>,
}

/// Tells the merchant the secrets. That it was asked for is in the request log.
///
/// # Errors
/// When the scope is missing; not found; unavailable when a secret was sealed under another master key.
pub async fn reveal(app: &App, who: &Actor, id: WebhookEndpointId) -> Result<Revealed> {
    let endpoint = get(app, who, id).await?;
    tracing::info!(endpoint = %id, "the secrets of a webhook endpoint were shown");
    open(app, endpoint)
}

fn open(app: &App, endpoint: Endpoint) -> Result<Revealed> {
    let opened = |secret: &SealedSecret| {
        signer::open(app.keys(), &secret.sealed, endpoint.id).ok_or(Error::Unavailable(
            "the secret of this webhook endpoint cannot be opened",
        ))
    };
    let (current, next) = endpoint.secrets.at(app.now());
    let (current, next) = (opened(current)?, next.map(opened).transpose()?);
    let from = endpoint.secrets.next.as_ref().map(|(_, from)| *from);
    Ok(Revealed {
        current,
        next: next.zip(from),
        endpoint,
    })
}

/// Puts `new` in the place of the secret that there is.
pub(super) fn replace(endpoint: &mut Endpoint, new: SealedSecret, overlap: Overlap, now: Timestamp) {
    let (current, _) = endpoint.secrets.at(now);
    endpoint.secrets = match overlap {
        Overlap::For(time) => EndpointSecrets {
            current: current.clone(),
            next: Some((new, now + time)),
        },
        Overlap::None => EndpointSecrets {
            current: new,
            next: None,
        },
    };
}

/// Gives an endpoint a new secret. Until the overlap ends, headers that hold one signature keep that of the old secret, and the new one's
/// stands beside it; doing it again meanwhile takes the place of the newer one.
///
/// # Errors
/// Refusals of scope and of the overlap; not found.
pub async fn rotate(
    app: &App,
    who: &Actor,
    id: WebhookEndpointId,
    given: Option<WebhookSecret>,
    overlap: Overlap,
) -> Result<Revealed> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    if matches!(overlap, Overlap::For(time) if time <= Duration::zero() || time > LONGEST_OVERLAP) {
        return Err(EndpointRefusal::Overlap.into());
    }
    let (context, now) = (app.clone(), app.now());
    let secret = given.unwrap_or_else(fresh);
    let endpoint = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let mut endpoint = locked(txn, tenant, id).await?;
                let new = sealed(context.keys(), id, &secret);
                replace(&mut endpoint, new, overlap, now);
                (endpoint.signs, endpoint.updated_at) = (true, now);
                store(txn, &endpoint).await?;
                Ok(endpoint)
            })
        })
        .await?;
    tracing::info!(endpoint = %id, merchant = %tenant.merchant, "webhook secret rotated");
    open(app, endpoint)
}
