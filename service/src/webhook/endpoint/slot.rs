//! The one configuration of S4: the endpoint in the slot `default`.
//!
//! Invariant: a merchant and mode have one at most, however many set it at once: who finds none holds the merchant's row and looks again
//! before it makes one, and the index `webhook_endpoints_slot` stands behind that. Source: S4 "Configuration API".

use super::change::{EndpointChange, changed, deleted, give_up, standing};
use super::create::{endpoint, fresh, hold_merchant, insert, sealed, vet};
use super::find::living;
use super::secret::{Overlap, replace};
use crate::{App, Error, Result, Txn};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::merchant::Tenant;
use domain::webhook::{Endpoint, EndpointSettings, EventPatterns, Slot, Standing, WebhookSecret, WebhookUrl};
use entity::webhook_endpoint as table;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Select};

/// What becomes of the secret. In S4 it is optional, and a new one signs at once: there is no overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretChange {
    /// It stays; without one, deliveries are not signed in S4's header.
    Keep,
    /// This one signs from now on.
    Set(WebhookSecret),
    /// Deliveries are no longer signed in S4's header.
    Remove,
}

/// The configuration as a whole.
#[derive(Clone, Debug)]
pub struct NewConfig {
    /// Where events go.
    pub url: WebhookUrl,
    /// What becomes of the secret.
    pub secret: SecretChange,
    /// Which events.
    pub events: EventPatterns,
    /// Whether deliveries go out.
    pub enabled: bool,
}

/// The configuration, if there is one.
///
/// # Errors
/// When the scope is missing.
pub async fn config(app: &App, who: &Actor) -> Result<Option<Endpoint>> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let row = in_slot(tenant).one(app.db().reads()).await?;
    Ok(row.map(TryInto::try_into).transpose()?)
}

/// Sets the configuration: makes it, or changes what there is. What S4 does not know of stays as it is.
///
/// # Errors
/// Refusals of scope and of what is asked for; when there are as many endpoints as there can be.
pub async fn set_config(app: &App, who: &Actor, new: NewConfig) -> Result<Endpoint> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let (context, now) = (app.clone(), app.now());
    let set = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let mut there = held(txn, tenant).await?;
                if there.is_none() {
                    hold_merchant(txn, tenant).await?;
                    // Somebody may have been faster.
                    there = held(txn, tenant).await?;
                }
                match there {
                    Some(there) => change(&context, txn, there, new, now).await,
                    None => make(&context, txn, tenant, new, now).await,
                }
            })
        })
        .await?;
    app.db().due().tell_changed(set.id);
    tracing::info!(endpoint = %set.id, merchant = %tenant.merchant, "webhook config set");
    Ok(set)
}

/// Removes the configuration, as an endpoint is deleted: what waits for it is given up.
///
/// # Errors
/// When the scope is missing; not found.
pub async fn remove_config(app: &App, who: &Actor) -> Result<Endpoint> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let now = app.now();
    let removed = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let there = held(txn, tenant).await?;
                let there = there.ok_or(Error::NotFound("webhook config"))?;
                deleted(txn, there, now).await
            })
        })
        .await?;
    give_up(app, removed.id, now).await?;
    app.db().due().tell_changed(removed.id);
    tracing::info!(endpoint = %removed.id, merchant = %tenant.merchant, "webhook config removed");
    Ok(removed)
}

fn in_slot(tenant: Tenant) -> Select<table::Entity> {
    living(tenant).filter(table::Column::Slot.eq(Slot::Default.as_str()))
}

/// The configuration, held until the transaction ends.
async fn held(txn: &Txn, tenant: Tenant) -> Result<Option<Endpoint>> {
    let row = in_slot(tenant).lock(LockType::NoKeyUpdate).one(txn).await?;
    Ok(row.map(TryInto::try_into).transpose()?)
}

async fn make(app: &App, txn: &Txn, tenant: Tenant, new: NewConfig, now: Timestamp) -> Result<Endpoint> {
    let mut settings = EndpointSettings::of_default_slot(new.url);
    settings.events = new.events;
    vet(app, &settings)?;
    // The headers of Standard Webhooks are signed whether or not S4's is.
    let (secret, signs) = match new.secret {
        SecretChange::Set(secret) => (secret, true),
        SecretChange::Keep | SecretChange::Remove => (fresh(), false),
    };
    let made = Endpoint {
        slot: Some(Slot::Default),
        standing: standing(Standing::Enabled, Some(new.enabled), now),
        signs,
        ..endpoint(app.keys(), app.id(now), tenant, settings, &secret, now)
    };
    insert(txn, &made).await?;
    Ok(made)
}

async fn change(
    app: &App,
    txn: &Txn,
    mut there: Endpoint,
    new: NewConfig,
    now: Timestamp,
) -> Result<Endpoint> {
    let (secret, signs) = match new.secret {
        SecretChange::Set(secret) => (Some(secret), true),
        // Who knows the secret that signed so far is not to sign any more, in no header.
        SecretChange::Remove if there.signs => (Some(fresh()), false),
        SecretChange::Remove | SecretChange::Keep => (None, there.signs),
    };
    if let Some(secret) = secret {
        let secret = sealed(app.keys(), there.id, &secret);
        replace(&mut there, secret, Overlap::None, now);
    }
    there.signs = signs;
    let change = EndpointChange {
        url: Some(new.url),
        events: Some(new.events),
        enabled: Some(new.enabled),
        ..EndpointChange::default()
    };
    changed(app, txn, there, &change, now).await
}
