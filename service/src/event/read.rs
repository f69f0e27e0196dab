//! Reading events by their places.
//!
//! Invariant: rows come in the order of their places and none is left out, so a reader can check that each follows the one before.

use crate::db::{Sql, sql};
use crate::{App, Result};
use domain::Timestamp;
use domain::event::{EventType, Subject};
use domain::id::{EventId, PaymentId};
use domain::merchant::Tenant;
use entity::inconsistency::At as _;
use sea_orm::QueryResult;
use serde::Deserialize;
use std::collections::BTreeSet;

/// An event that has its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Whose it is.
    pub tenant: Tenant,
    /// What happened; `None` is something that a newer version of this program tells, and this one does not know.
    pub event_type: Option<EventType>,
    /// Id of the object that it is about.
    pub subject: String,
    /// The object as it was then, as JSON.
    pub data: Box<str>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Its place among all events, from 1; 0 while it has none, which is seen by who sends webhooks only.
    pub pos: i64,
    /// Its place among those of its merchant and mode, from 1.
    pub seq: i64,
}

impl Event {
    /// The payment that it is about, itself or through a refund.
    #[must_use]
    pub fn payment(&self) -> Option<PaymentId> {
        #[derive(Deserialize)]
        struct OfRefund {
            payment: PaymentId,
        }
        match self.event_type?.subject() {
            Subject::Payment => self.subject.parse().ok(),
            Subject::Refund => serde_json::from_str::<OfRefund>(&self.data)
                .ok()
                .map(|of| of.payment),
            Subject::Intent
            | Subject::PaymentLink
            | Subject::PromoCode
            | Subject::Credential
            | Subject::Merchant => None,
        }
    }
}

/// How far the log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    /// The last place.
    pub last: i64,
    /// Up to here events are deleted.
    pub purged: i64,
}

/// `data` as text, which PostgreSQL keeps in parts.
const COLUMNS: &str =
    "id, merchant_id, mode, type, subject_id, CAST(data AS TEXT) AS data, occurred_at, pos, tenant_seq";

/// Uses the index `outbox_events_pos`.
const AFTER: &str = "pos > ? ORDER BY pos LIMIT ?";
/// Uses the index `outbox_events_tenant_seq`.
const OF_TENANT: &str = "merchant_id = ? AND mode = ? AND tenant_seq > ? ORDER BY tenant_seq LIMIT ?";

/// The statement that reads the events which `condition` says, in its order.
pub(super) fn select(app: &App, condition: &str) -> Sql {
    let text = format!("SELECT {COLUMNS} FROM outbox_events WHERE {condition}");
    sql(app.db().is_postgres(), &text)
}

/// How far the log has come.
///
/// # Errors
/// Storage errors.
pub async fn positions(app: &App) -> Result<Positions> {
    let text = "SELECT last_pos, purged_pos FROM event_sequencer WHERE id = 1";
    let row = sql(app.db().is_postgres(), text).one(app.db().reads()).await?;
    let row = row.at("event_sequencer", "id", "1")?;
    Ok(Positions {
        last: row.try_get_by("last_pos")?,
        purged: row.try_get_by("purged_pos")?,
    })
}

/// Events of everybody after a place, at most `limit`: for the node, which hands them on to those who may see them.
///
/// # Errors
/// Storage errors, or a row that contradicts the rules.
pub async fn after(app: &App, pos: i64, limit: i64) -> Result<Vec<Event>> {
    let rows = select(app, AFTER).bind(pos).bind(limit);
    rows.all(app.db().reads()).await?.iter().map(event).collect()
}

/// Events of one merchant and mode after a place, at most `limit`.
///
/// # Errors
/// Storage errors, or a row that contradicts the rules.
pub async fn of_tenant(app: &App, tenant: Tenant, seq: i64, limit: i64) -> Result<Vec<Event>> {
    let rows = select(app, OF_TENANT)
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str())
        .bind(seq)
        .bind(limit);
    rows.all(app.db().reads()).await?.iter().map(event).collect()
}

/// Events by their ids, whether or not they have their places.
pub(crate) async fn by_ids(app: &App, ids: BTreeSet<String>) -> Result<Vec<Event>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let condition = format!("id IN ({})", vec!["?"; ids.len()].join(", "));
    let rows = ids.into_iter().fold(select(app, &condition), Sql::bind);
    rows.all(app.db().reads()).await?.iter().map(event).collect()
}

pub(super) fn event(row: &QueryResult) -> Result<Event> {
    let id: String = row.try_get_by("id")?;
    let (merchant, mode): (String, String) = (row.try_get_by("merchant_id")?, row.try_get_by("mode")?);
    let event_type: String = row.try_get_by("type")?;
    let data: String = row.try_get_by("data")?;
    Ok(Event {
        tenant: Tenant {
            merchant: merchant.parse().at("outbox_events", "merchant_id", &id)?,
            mode: mode.parse().at("outbox_events", "mode", &id)?,
        },
        event_type: event_type.parse().ok(),
        subject: row.try_get_by("subject_id")?,
        data: data.into_boxed_str(),
        occurred_at: row.try_get_by("occurred_at")?,
        pos: row.try_get_by::<Option<i64>, _>("pos")?.unwrap_or_default(),
        seq: row
            .try_get_by::<Option<i64>, _>("tenant_seq")?
            .unwrap_or_default(),
        id: id.parse().at("outbox_events", "id", &id)?,
    })
}
