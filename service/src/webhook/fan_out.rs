//! From an event to its deliveries.
//!
//! Invariant: runs in the transaction that writes the event. Who is told is decided by what the merchant's endpoints say then; an endpoint
//! that is held back or switched off is told too, and its deliveries wait.

use super::{callback, endpoint};
use crate::db::{self, Txn};
use crate::{App, Result};
use domain::Timestamp;
use domain::event::{EventType, Subject};
use domain::id::EventId;
use domain::merchant::Tenant;
use domain::provider::Gateway;
use domain::webhook::{
    Body, BodyKey, Cause, Delivery, DeliveryOrder, DeliveryState, Dialect, Endpoint, WebhookUrl,
};
use entity::webhook_delivery;
use sea_orm::EntityTrait;
use serde_json::Value;
use std::collections::BTreeSet;

/// An event that is being written.
pub(crate) struct Told<'a> {
    pub(crate) id: EventId,
    pub(crate) event_type: EventType,
    pub(crate) subject: &'a str,
    pub(crate) data: &'a Value,
}

impl Told<'_> {
    /// Through which gateway the payment goes that it is about.
    fn gateway(&self) -> Option<Gateway> {
        (self.event_type.subject() == Subject::Payment)
            .then(|| self.data.get("gateway")?.as_str()?.parse().ok())
            .flatten()
    }
}

/// Writes the deliveries of these events.
pub(crate) async fn fan_out(
    app: &App,
    txn: &Txn,
    tenant: Tenant,
    events: &[Told<'_>],
    now: Timestamp,
) -> Result<()> {
    let mut endpoints = endpoint::told(txn, tenant).await?;
    let callbacks: Vec<Option<WebhookUrl>> = events.iter().map(callback::address).collect();
    let has_slot = endpoints
        .iter()
        .any(|it| it.settings.dialect == Dialect::Callback);
    if !has_slot && callbacks.iter().any(Option::is_some) {
        endpoints.push(endpoint::callback_slot(app, txn, tenant, now).await?);
    }
    let mut rows = Vec::new();
    let mut lanes = BTreeSet::new();
    for endpoint in &endpoints {
        for (event, callback) in events.iter().zip(&callbacks) {
            for delivery in deliveries(app, endpoint, event, callback.as_ref(), now) {
                let told_as = delivery.event_type.unwrap_or(event.event_type);
                rows.push(webhook_delivery::insert(
                    &delivery,
                    told_as.as_str(),
                    order_key(endpoint, event.subject),
                ));
                lanes.insert(endpoint.id);
            }
        }
    }
    if !rows.is_empty() {
        webhook_delivery::Entity::insert_many(rows)
            .exec_without_returning(txn)
            .await?;
        db::wrote_deliveries(lanes);
    }
    Ok(())
}

/// What waits for each other at this endpoint.
pub(super) fn order_key(endpoint: &Endpoint, subject: &str) -> Option<String> {
    match endpoint.settings.order {
        DeliveryOrder::None => None,
        DeliveryOrder::Object => Some(subject.to_owned()),
        DeliveryOrder::Endpoint => Some(endpoint.id.to_string()),
    }
}

/// What `endpoint` is told of `event`: nothing, or it under one name or several.
fn deliveries(
    app: &App,
    endpoint: &Endpoint,
    event: &Told<'_>,
    callback: Option<&WebhookUrl>,
    now: Timestamp,
) -> Vec<Delivery> {
    let settings = &endpoint.settings;
    let delivery = |event_type: EventType, name: &str, body: Body, url: Option<WebhookUrl>| Delivery {
        id: app.id(now),
        tenant: endpoint.tenant,
        endpoint: endpoint.id,
        key: BodyKey {
            event: event.id,
            body,
            api_version: settings.api_version,
            name: name.to_owned(),
        },
        event_type: Some(event_type),
        is_alias: event_type != event.event_type,
        subject: event.subject.to_owned(),
        run: 0,
        cause: Cause::Event,
        url,
        state: DeliveryState::new(&settings.schedule, now),
        expires_at: now + settings.schedule.lives(),
        last_status: None,
        last_failure: None,
        created_at: now,
    };
    if settings.dialect == Dialect::Callback {
        let told = callback.map(|url| {
            let event_type = event.event_type;
            delivery(event_type, event_type.as_str(), Body::Callback, Some(url.clone()))
        });
        return told.into_iter().collect();
    }
    let gateway = event.gateway();
    let mut names = BTreeSet::new();
    event
        .event_type
        .told_as(settings.api_version)
        .into_iter()
        .filter(|told| settings.events.take(*told, gateway))
        .filter_map(|told| Some((told, settings.naming.name(told, gateway)?)))
        // Two names of ours can be one of theirs: it is one message then.
        .filter(|(_, name)| names.insert(*name))
        .map(|(told, name)| delivery(told, name, settings.payload.into(), None))
        .collect()
}
