//! Making an endpoint.

use super::change::EndpointChange;
use crate::keys::Keys;
use crate::{App, Error, Result, Txn, random};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::WebhookEndpointId;
use domain::merchant::Tenant;
use domain::webhook::{
    Dialect, Endpoint, EndpointRefusal, EndpointSecrets, EndpointSettings, MOST_ENDPOINTS, SealedSecret,
    Slot, Standing, WebhookSecret, WebhookUrl,
};
use entity::{webhook_endpoint as table, webhook_lane};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Set};

/// What is asked for: the preset of a dialect, with these changes.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Where events go.
    pub url: WebhookUrl,
    /// How deliveries are signed.
    pub dialect: Dialect,
    /// What differs from the preset of the dialect.
    pub change: EndpointChange,
    /// The secret; one is made if it is not given.
    pub secret: Option<WebhookSecret>,
}

/// An endpoint and its secret.
#[derive(Debug)]
pub struct Created {
    /// The endpoint as it is kept.
    pub endpoint: Endpoint,
    /// What signs.
    pub secret: WebhookSecret,
}

/// Makes an endpoint. It is told of everything that happens from now on.
///
/// # Errors
/// Refusals of scope and of what is asked for; when there are as many as there can be.
pub async fn create(app: &App, who: &Actor, new: NewEndpoint) -> Result<Created> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let mut settings = EndpointSettings::preset(new.dialect, Some(new.url));
    new.change.apply(&mut settings);
    let (app, headers) = (app.clone(), new.change.headers);
    let secret = new.secret.unwrap_or_else(fresh);
    vet(&app, &settings)?;
    let now = app.now();
    let mut endpoint = endpoint(app.keys(), app.id(now), tenant, settings, &secret, now);
    endpoint.headers = headers
        .as_ref()
        .and_then(|headers| super::change::seal(app.keys(), endpoint.id, headers));
    let kept = endpoint.clone();
    app.db()
        .in_txn(move |txn| Box::pin(async move { insert(txn, &kept).await }))
        .await?;
    tracing::info!(endpoint = %endpoint.id, merchant = %tenant.merchant, "webhook endpoint created");
    Ok(Created { endpoint, secret })
}

/// Refuses settings that lead where webhooks do not go, or that are out of limits.
pub(super) fn vet(app: &App, settings: &EndpointSettings) -> Result<()> {
    app.webhook_targets()
        .vet_url(settings.url.as_ref().ok_or(EndpointRefusal::CallbackDialect)?)
        .map_err(EndpointRefusal::from)?;
    Ok(settings.check()?)
}

/// A secret that nobody knows yet.
pub(super) fn fresh() -> WebhookSecret {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    random::fill(bytes.as_mut_slice());
    WebhookSecret::of(&bytes)
}

/// The secret as it is kept with the endpoint.
pub(super) fn sealed(keys: &Keys, id: WebhookEndpointId, secret: &WebhookSecret) -> SealedSecret {
    SealedSecret {
        sealed: keys.seal(secret.reveal().as_bytes(), &id.to_string()),
        fingerprint: keys.webhook_fingerprint(secret),
    }
}

pub(super) fn endpoint(
    keys: &Keys,
    id: WebhookEndpointId,
    tenant: Tenant,
    settings: EndpointSettings,
    secret: &WebhookSecret,
    now: Timestamp,
) -> Endpoint {
    Endpoint {
        id,
        tenant,
        slot: None,
        settings,
        headers: None,
        standing: Standing::Enabled,
        secrets: EndpointSecrets {
            current: sealed(keys, id, secret),
            next: None,
        },
        signs: true,
        deleted_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// Writes a new endpoint and its lane. The merchant's row is held, so that two requests cannot each make the last one.
pub(super) async fn insert(txn: &Txn, endpoint: &Endpoint) -> Result<()> {
    let tenant = endpoint.tenant;
    hold_merchant(txn, tenant).await?;
    let there = table::Entity::of(tenant)
        .filter(table::Column::DeletedAt.is_null())
        .filter(table::Column::Dialect.ne(Dialect::Callback.as_str()))
        .count(txn)
        .await?;
    if usize::try_from(there).unwrap_or(usize::MAX) >= MOST_ENDPOINTS {
        return Err(EndpointRefusal::TooMany.into());
    }
    table::Entity::insert(table::row(endpoint))
        .exec_without_returning(txn)
        .await?;
    lane(txn, endpoint.id).await
}

/// Holds the merchant's row until the transaction ends; doing it twice is doing it once.
pub(super) async fn hold_merchant(txn: &Txn, tenant: Tenant) -> Result<()> {
    let merchant = entity::merchant::Entity::find_by_id(tenant.merchant.to_string())
        .lock_exclusive()
        .one(txn)
        .await?;
    merchant.ok_or(Error::NotFound("merchant"))?;
    Ok(())
}

async fn lane(txn: &Txn, id: WebhookEndpointId) -> Result<()> {
    let lane = webhook_lane::ActiveModel {
        endpoint_id: Set(id.to_string()),
        owner: Set(None),
        lease_until: Set(None),
        epoch: Set(0),
        failures: Set(0),
        failing_since: Set(None),
        open_until: Set(None),
        trips: Set(0),
        warned: Set(0),
    };
    webhook_lane::Entity::insert(lane)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// The endpoint that stands for the addresses that payments carry, made when the first of them is to be called. It does not count among
/// those that a merchant sets up.
pub(in crate::webhook) async fn callback_slot(
    app: &App,
    txn: &Txn,
    tenant: Tenant,
    now: Timestamp,
) -> Result<Endpoint> {
    let settings = EndpointSettings::preset(Dialect::Callback, None);
    let mut new = endpoint(app.keys(), app.id(now), tenant, settings, &fresh(), now);
    new.slot = Some(Slot::Callback);
    let once = OnConflict::new().do_nothing().to_owned();
    let made = table::Entity::insert(table::row(&new))
        .on_conflict(once)
        .exec_without_returning(txn)
        .await?;
    if made == 1 {
        lane(txn, new.id).await?;
        return Ok(new);
    }
    // Another transaction was faster.
    let row = table::Entity::of(tenant)
        .filter(table::Column::Slot.eq(Slot::Callback.as_str()))
        .filter(table::Column::DeletedAt.is_null())
        .one(txn)
        .await?;
    Ok(row.ok_or(Error::Conflict)?.try_into()?)
}
