//! Forgetting what is older than it has to be kept.
//!
//! Invariant: what still waits is kept with its body, however old it is. Test rows may be kept for a shorter time than live ones, never longer.

use super::body::bodies;
use super::record::keep;
use crate::db::sql;
use crate::{App, Result};
use domain::Timestamp;
use domain::id::{EventId, WebhookAttemptId, WebhookDeliveryId, first_id};
use domain::webhook::Delivery;
use entity::webhook_delivery;
use sea_orm::FromQueryResult;

/// Most rows of one transaction: it ends in a few milliseconds, and others get their turn.
const CHUNK: u64 = 500;

/// Before when rows are forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Forgotten {
    /// Of both modes.
    pub all: Timestamp,
    /// Of rehearsal alone.
    pub test: Timestamp,
}

/// What is deleted from a table, by its key and what must hold besides.
struct Old {
    table: &'static str,
    key: &'static str,
    and: &'static str,
}

const OLD: [Old; 3] = [
    Old {
        table: "webhook_attempts",
        key: "id",
        and: "",
    },
    Old {
        table: "webhook_deliveries",
        key: "id",
        and: " AND state NOT IN ('waiting', 'sending')",
    },
    Old {
        table: "webhook_payloads",
        key: "event_id",
        and: " AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = webhook_payloads.event_id)",
    },
];

/// Deletes attempts, ended deliveries, and bodies that nothing needs any more, oldest first and at most `limit` of each; says how many.
///
/// # Errors
/// When the database does not do it. What was deleted until then is.
pub async fn purge(app: &App, before: Forgotten, limit: u64) -> Result<u64> {
    let mut purged = 0;
    for (table, (all, test)) in OLD.iter().zip(bounds(before)) {
        purged += delete(app, table, "", &all, limit).await?;
        if before.test > before.all {
            // Uses the indexes of test rows.
            purged += delete(app, table, " AND mode = 'test'", &test, limit).await?;
        }
    }
    Ok(purged)
}

/// The first keys that are kept, table by table.
fn bounds(before: Forgotten) -> [(String, String); 3] {
    fn of<I: From<uuid::Uuid> + ToString>(before: Forgotten) -> (String, String) {
        (
            first_id::<I>(before.all).to_string(),
            first_id::<I>(before.test).to_string(),
        )
    }
    [
        of::<WebhookAttemptId>(before),
        of::<WebhookDeliveryId>(before),
        of::<EventId>(before),
    ]
}

async fn delete(app: &App, old: &Old, of: &'static str, bound: &str, limit: u64) -> Result<u64> {
    let postgres = app.db().is_postgres();
    let Old { table, key, and } = old;
    // Most often there is nothing, and SQLite's only writer need not be asked.
    let text = format!("SELECT 1 FROM {table} WHERE {key} < ?{of}{and} LIMIT 1");
    if sql(postgres, &text)
        .bind(bound)
        .one(app.db().reads())
        .await?
        .is_none()
    {
        return Ok(0);
    }
    let lock = if postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
    let row = if postgres { "ctid" } else { "rowid" };
    let text = format!(
        "DELETE FROM {table} WHERE {row} IN (SELECT {row} FROM {table} WHERE {key} < ?{of}{and} ORDER BY {key} LIMIT ?{lock})"
    );
    let mut deleted = 0;
    while deleted < limit {
        let chunk = CHUNK.min(limit - deleted);
        let rows = i64::try_from(chunk).unwrap_or(i64::MAX);
        let delete = sql(postgres, &text).bind(bound).bind(rows);
        let gone = app
            .db()
            .in_txn(move |txn| Box::pin(async move { Ok(delete.run(txn).await?) }))
            .await?;
        deleted += gone;
        if gone < chunk {
            break;
        }
    }
    Ok(deleted)
}

/// Deliveries of events that are about to be deleted, without a body yet: they wait, or ended without an attempt and may be sent again.
const BARE: &str = "SELECT d.* FROM outbox_events e JOIN webhook_deliveries d ON d.event_id = e.id \
    WHERE e.pos > ? AND e.pos <= ? AND d.seq > ? AND NOT EXISTS (SELECT 1 FROM webhook_payloads p \
    WHERE p.event_id = d.event_id AND p.payload = d.payload AND p.api_version = d.api_version AND p.name = d.name) ORDER BY d.seq LIMIT 500";

/// Keeps the bodies of what waits, before the events behind these places are deleted.
pub(crate) async fn keep_bodies(app: &App, after: i64, upto: i64) -> Result<()> {
    let mut reached = 0_i64;
    loop {
        let bare = sql(app.db().is_postgres(), BARE)
            .bind(after)
            .bind(upto)
            .bind(reached);
        let rows = bare.all(app.db().reads()).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut deliveries: Vec<Delivery> = Vec::with_capacity(rows.len());
        for row in rows {
            let row = webhook_delivery::Model::from_query_result(&row, "")?;
            reached = reached.max(row.seq);
            match row.try_into() {
                Ok(delivery) => deliveries.push(delivery),
                Err(error) => tracing::error!(%error, "a webhook delivery cannot be read"),
            }
        }
        let bodies = bodies(app, &deliveries).await?;
        let made: Vec<_> = deliveries
            .into_iter()
            .filter_map(|delivery| {
                let body = bodies.get(&delivery.key)?.clone();
                Some((delivery, body))
            })
            .collect();
        let (context, now) = (app.clone(), app.now());
        app.db()
            .in_txn(move |txn| {
                Box::pin(async move {
                    for (delivery, body) in &made {
                        keep(&context, txn, delivery, body, now).await?;
                    }
                    Ok(())
                })
            })
            .await?;
    }
}
