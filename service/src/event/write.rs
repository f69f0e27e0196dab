//! Writing events into the outbox.
//!
//! Invariant: an event is written in the transaction of its effect, with the subject as it was then. Who reads them waits for a
//! position; writers never notify (`reference/graphql.md` 6). Its webhook deliveries are written with it.

use crate::db::{self, Txn};
use crate::webhook::{self, Told};
use crate::{App, Error, Result};
use domain::Timestamp;
use domain::event::EventType;
use domain::id::EventId;
use domain::merchant::Tenant;
use entity::outbox_event;
use sea_orm::{EntityTrait, Set};
use serde::Serialize;

/// An event to be written.
pub(crate) struct NewEvent {
    event_type: EventType,
    subject: String,
    data: serde_json::Value,
}

impl NewEvent {
    /// An event about `subject`, which is `data` now.
    pub(crate) fn about(
        event_type: EventType,
        subject: impl ToString,
        data: &impl Serialize,
    ) -> Result<Self> {
        let data =
            serde_json::to_value(data).map_err(|_| Error::Unavailable("the event cannot be written"))?;
        Ok(Self {
            event_type,
            subject: subject.to_string(),
            data,
        })
    }
}

/// Writes events, in order, in one statement.
pub(crate) async fn write(
    app: &App,
    txn: &Txn,
    tenant: Tenant,
    events: Vec<NewEvent>,
    now: Timestamp,
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let events: Vec<(EventId, NewEvent)> = events.into_iter().map(|event| (app.id(now), event)).collect();
    let rows = events.iter().map(|(id, event)| outbox_event::ActiveModel {
        id: Set(id.to_string()),
        merchant_id: Set(tenant.merchant.to_string()),
        mode: Set(tenant.mode.as_str().to_owned()),
        event_type: Set(event.event_type.as_str().to_owned()),
        subject_id: Set(event.subject.clone()),
        data: Set(event.data.clone()),
        occurred_at: Set(now),
        ..Default::default()
    });
    db::wrote_events();
    outbox_event::Entity::insert_many(rows)
        .exec_without_returning(txn)
        .await?;
    let told: Vec<Told<'_>> = events
        .iter()
        .map(|(id, event)| Told {
            id: *id,
            event_type: event.event_type,
            subject: &event.subject,
            data: &event.data,
        })
        .collect();
    webhook::fan_out(app, txn, tenant, &told, now).await
}
