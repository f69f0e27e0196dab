//! Sending what was sent before, and trying an endpoint out.
//!
//! Invariant: a replay is a delivery of its own, under the next number, with the same bytes and the same message id; what was before stays as
//! it is. A test carries an example and no object of anybody.

use super::body::{StoredBody, text};
use super::endpoint::{live, locked};
use super::fan_out::order_key;
use super::record::keep;
use crate::db::{self, sql};
use crate::event::{self, Event};
use crate::{App, Error, Result, Txn};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::event::EventType;
use domain::id::{WebhookDeliveryId, WebhookEndpointId};
use domain::provider::Gateway;
use domain::webhook::{
    BodyKey, Cause, Delivery, DeliveryState, Endpoint, EndpointRefusal, RetrySchedule, Slot,
};
use entity::webhook_delivery as table;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeSet;

const NOT_FOUND: Error = Error::NotFound("webhook delivery");

/// The last run of the same message to the same endpoint. Uses the index `webhook_deliveries_once`.
const LAST_RUN: &str =
    "SELECT MAX(run) AS run FROM webhook_deliveries WHERE event_id = ? AND endpoint_id = ? AND type = ?";

/// Sends a delivery again: a new one with the same bytes, whatever became of the first.
///
/// # Errors
/// When the scope is missing; not found, also when its endpoint was deleted.
pub async fn replay(app: &App, who: &Actor, id: WebhookDeliveryId) -> Result<Delivery> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let (context, now) = (app.clone(), app.now());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let row = table::Entity::of(tenant)
                    .filter(table::Column::Id.eq(id.to_string()))
                    .lock_exclusive()
                    .one(txn)
                    .await?
                    .ok_or(NOT_FOUND)?;
                let event_type = row.event_type.clone();
                let first: Delivery = row.try_into()?;
                let endpoint = live(txn, tenant, first.endpoint).await?;
                let run = last_run(&context, txn, &first, &event_type).await?;
                let again = Delivery {
                    id: context.id(now),
                    run: run.saturating_add(1),
                    cause: Cause::Replay,
                    state: DeliveryState::new(&RetrySchedule::once(), now),
                    expires_at: now + endpoint.settings.schedule.lives(),
                    last_status: None,
                    last_failure: None,
                    created_at: now,
                    ..first
                };
                write(txn, &endpoint, &again, &event_type).await?;
                Ok(again)
            })
        })
        .await
}

async fn last_run(app: &App, txn: &Txn, of: &Delivery, event_type: &str) -> Result<u32> {
    let row = sql(app.db().is_postgres(), LAST_RUN)
        .bind(of.key.event.to_string())
        .bind(of.endpoint.to_string())
        .bind(event_type)
        .one(txn)
        .await?;
    let run: i32 = row.ok_or(NOT_FOUND)?.try_get_by("run")?;
    Ok(u32::try_from(run).unwrap_or_default())
}

async fn write(txn: &Txn, endpoint: &Endpoint, delivery: &Delivery, event_type: &str) -> Result<()> {
    let order = order_key(endpoint, &delivery.subject);
    table::Entity::insert(table::insert(delivery, event_type, order))
        .exec_without_returning(txn)
        .await?;
    db::wrote_deliveries(BTreeSet::from([endpoint.id]));
    Ok(())
}

/// Sends an example of an event to an endpoint, once, in the form that the endpoint wants.
///
/// # Errors
/// When the scope is missing; not found; when the names of the endpoint have none for it.
pub async fn test(app: &App, who: &Actor, id: WebhookEndpointId, event_type: EventType) -> Result<Delivery> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let object = event::example(event_type).map_err(|cause| {
        tracing::error!(%cause, %event_type, "an example cannot be made");
        Error::Unavailable("the example of this event cannot be made")
    })?;
    let subject = object
        .get("id")
        .and_then(|id| id.as_str())
        .unwrap_or_default()
        .to_owned();
    let (context, now) = (app.clone(), app.now());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let endpoint = locked(txn, tenant, id).await?;
                if endpoint.slot == Some(Slot::Callback) {
                    return Err(EndpointRefusal::NotYours.into());
                }
                let delivery = example(&context, &endpoint, event_type, subject, now)?;
                let shown = Event {
                    id: delivery.key.event,
                    tenant,
                    event_type: Some(event_type),
                    subject: delivery.subject.clone(),
                    data: Box::default(),
                    occurred_at: now,
                    pos: 0,
                    seq: 0,
                };
                let body = StoredBody::new(text(&delivery, &shown, object));
                keep(&context, txn, &delivery, &body, now).await?;
                write(txn, &endpoint, &delivery, event_type.as_str()).await?;
                Ok(delivery)
            })
        })
        .await
}

/// The delivery that carries an example.
fn example(
    app: &App,
    endpoint: &Endpoint,
    event_type: EventType,
    subject: String,
    now: Timestamp,
) -> Result<Delivery> {
    let settings = &endpoint.settings;
    let name = settings.naming.name(event_type, Some(Gateway::CreditCard));
    let schedule = RetrySchedule::once();
    Ok(Delivery {
        id: app.id(now),
        tenant: endpoint.tenant,
        endpoint: endpoint.id,
        key: BodyKey {
            event: app.id(now),
            body: settings.payload.into(),
            api_version: settings.api_version,
            name: name.ok_or(EndpointRefusal::NoName)?.to_owned(),
        },
        event_type: Some(event_type),
        is_alias: false,
        subject,
        run: 0,
        cause: Cause::Test,
        url: None,
        state: DeliveryState::new(&schedule, now),
        expires_at: now + schedule.lives(),
        last_status: None,
        last_failure: None,
        created_at: now,
    })
}
