//! Changing and deleting an endpoint.

use super::{get, locked, store};
use crate::db::sql;
use crate::keys::Keys;
use crate::{App, Result, Txn};
use domain::Timestamp;
use domain::actor::Actor;
use domain::api_version::ApiVersion;
use domain::credential::Scope;
use domain::id::WebhookEndpointId;
use domain::webhook::{
    DeliveryOrder, Endpoint, EndpointRefusal, EndpointSettings, EventPatterns, Naming, PayloadForm,
    RetrySchedule, SealedHeaders, Slot, Standing, StaticHeader, StaticHeaders, SuccessRule, WebhookUrl,
};

/// What is to be changed; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// Where events go.
    pub url: Option<WebhookUrl>,
    /// What people call it.
    pub description: Option<String>,
    /// Whose names events have.
    pub naming: Option<Naming>,
    /// What the body is.
    pub payload: Option<PayloadForm>,
    /// What S1's hash covers.
    pub security_fields: Option<Vec<String>>,
    /// Which events.
    pub events: Option<EventPatterns>,
    /// Which answers count.
    pub success: Option<SuccessRule>,
    /// How long one request may take, in milliseconds.
    pub timeout_ms: Option<u32>,
    /// When it is tried again.
    pub schedule: Option<RetrySchedule>,
    /// Most requests a second; `Some(None)` is without limit.
    pub rate_per_second: Option<Option<u32>>,
    /// Most requests at once.
    pub max_in_flight: Option<u32>,
    /// What waits for what.
    pub order: Option<DeliveryOrder>,
    /// By which version objects are shown.
    pub api_version: Option<ApiVersion>,
    /// Headers that go with each request, instead of those there are.
    pub headers: Option<StaticHeaders>,
    /// Whether deliveries go out.
    pub enabled: Option<bool>,
    /// Give up what waits; with `enabled`, when the merchant wants to go on with what is new.
    pub drops_backlog: bool,
}

impl EndpointChange {
    /// Changes what settings say.
    pub(super) fn apply(&self, settings: &mut EndpointSettings) {
        fn set<T: Clone>(place: &mut T, new: Option<&T>) {
            if let Some(new) = new {
                *place = new.clone();
            }
        }
        if self.url.is_some() {
            settings.url.clone_from(&self.url);
        }
        set(&mut settings.description, self.description.as_ref());
        set(&mut settings.naming, self.naming.as_ref());
        set(&mut settings.payload, self.payload.as_ref());
        set(&mut settings.security_fields, self.security_fields.as_ref());
        set(&mut settings.events, self.events.as_ref());
        set(&mut settings.success, self.success.as_ref());
        set(&mut settings.timeout_ms, self.timeout_ms.as_ref());
        set(&mut settings.schedule, self.schedule.as_ref());
        set(&mut settings.rate_per_second, self.rate_per_second.as_ref());
        set(&mut settings.max_in_flight, self.max_in_flight.as_ref());
        set(&mut settings.order, self.order.as_ref());
        set(&mut settings.api_version, self.api_version.as_ref());
    }
}

/// Headers as they are kept; none if there are none.
pub(super) fn seal(keys: &Keys, id: WebhookEndpointId, headers: &StaticHeaders) -> Option<SealedHeaders> {
    let headers = headers.as_slice();
    if headers.is_empty() {
        return None;
    }
    let text = zeroize::Zeroizing::new(serde_json::to_vec(headers).ok()?);
    Some(SealedHeaders {
        names: headers
            .iter()
            .map(StaticHeader::name)
            .map(str::to_owned)
            .collect(),
        sealed: keys.seal(&text, &id.to_string()),
    })
}

/// Changes an endpoint. What was written for it before keeps its form and its time; where it goes and how it is signed follows the endpoint.
///
/// # Errors
/// Refusals of scope and of what is asked for; not found.
pub async fn update(
    app: &App,
    who: &Actor,
    id: WebhookEndpointId,
    change: EndpointChange,
) -> Result<Endpoint> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let (context, now) = (app.clone(), app.now());
    if change.drops_backlog {
        // Before deliveries go out again.
        get(app, who, id).await?;
        give_up(app, id, now).await?;
    }
    let updated = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let endpoint = locked(txn, tenant, id).await?;
                changed(&context, txn, endpoint, &change, now).await
            })
        })
        .await?;
    app.db().due().tell_changed(id);
    Ok(updated)
}

/// Changes an endpoint that this transaction holds.
pub(super) async fn changed(
    app: &App,
    txn: &Txn,
    mut endpoint: Endpoint,
    change: &EndpointChange,
    now: Timestamp,
) -> Result<Endpoint> {
    let id = endpoint.id;
    change.apply(&mut endpoint.settings);
    if endpoint.slot == Some(Slot::Callback) && change.url.is_some() {
        return Err(EndpointRefusal::NotYours.into());
    }
    if let Some(url) = &change.url {
        app.webhook_targets()
            .vet_url(url)
            .map_err(EndpointRefusal::from)?;
    }
    endpoint.settings.check()?;
    if let Some(headers) = &change.headers {
        endpoint.headers = seal(app.keys(), id, headers);
    }
    endpoint.standing = standing(endpoint.standing, change.enabled, now);
    endpoint.updated_at = now;
    store(txn, &endpoint).await?;
    if change.enabled == Some(true) {
        start_afresh(app, txn, id).await?;
    }
    Ok(endpoint)
}

/// Held back and switched off stay what they are when they are asked for again.
pub(super) fn standing(was: Standing, enabled: Option<bool>, now: Timestamp) -> Standing {
    match (enabled, was) {
        (None, was) | (Some(false), was @ (Standing::Paused { .. } | Standing::Disabled { .. })) => was,
        (Some(true), _) => Standing::Enabled,
        (Some(false), Standing::Enabled) => Standing::Paused { at: now },
    }
}

/// Deletes an endpoint: it is told nothing more, and what waits for it is given up. The log keeps what was.
///
/// # Errors
/// When the scope is missing; not found.
pub async fn delete(app: &App, who: &Actor, id: WebhookEndpointId) -> Result<Endpoint> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let now = app.now();
    let gone = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let endpoint = locked(txn, tenant, id).await?;
                deleted(txn, endpoint, now).await
            })
        })
        .await?;
    give_up(app, id, now).await?;
    app.db().due().tell_changed(id);
    tracing::info!(endpoint = %id, merchant = %tenant.merchant, "webhook endpoint deleted");
    Ok(gone)
}

/// Deletes an endpoint that this transaction holds. What waits for it is given up afterwards.
pub(super) async fn deleted(txn: &Txn, mut endpoint: Endpoint, now: Timestamp) -> Result<Endpoint> {
    (endpoint.deleted_at, endpoint.updated_at) = (Some(now), now);
    store(txn, &endpoint).await?;
    Ok(endpoint)
}

/// As `DeliveryState::cancel` says, of what waits: so much at a time that nobody waits long for it. What is under way ends as it ends.
const GIVE_UP: &str = "UPDATE webhook_deliveries SET state = 'canceled', at = ? WHERE state = 'waiting' AND seq IN \
    (SELECT seq FROM webhook_deliveries WHERE endpoint_id = ? AND state = 'waiting' AND created_at <= ? LIMIT 2000)";

/// Gives up what waits for an endpoint. One that died in the middle of it leaves the rest to expire, or to whoever asks again.
pub(super) async fn give_up(app: &App, id: WebhookEndpointId, now: Timestamp) -> Result<()> {
    let mut canceled = 0;
    loop {
        let some = sql(app.db().is_postgres(), GIVE_UP)
            .bind(now)
            .bind(id.to_string())
            .bind(now);
        let gone = app
            .db()
            .in_txn(move |txn| Box::pin(async move { Ok(some.run(txn).await?) }))
            .await?;
        canceled += gone;
        if gone == 0 {
            break;
        }
    }
    tracing::info!(endpoint = %id, canceled, "what waited for a webhook endpoint was given up");
    Ok(())
}

/// What an endpoint failed before counts no more.
const AFRESH: &str = "UPDATE webhook_lanes SET failures = 0, failing_since = NULL, open_until = NULL, trips = 0, warned = 0 \
    WHERE endpoint_id = ?";

async fn start_afresh(app: &App, txn: &Txn, id: WebhookEndpointId) -> Result<()> {
    sql(app.db().is_postgres(), AFRESH)
        .bind(id.to_string())
        .run(txn)
        .await?;
    Ok(())
}
