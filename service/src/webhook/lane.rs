//! Who sends to an endpoint.
//!
//! Invariant: one process at a time. It takes the lane of an endpoint under a new epoch, and claims deliveries only while the lane is its
//! own (`claim` holds the row of the lane as it does so). On PostgreSQL a lane is leased by the clock of the database, and whoever does not
//! renew loses it; on SQLite the last process that asks has it. What the process before had under way is made again, under the next number.

use super::attempt::interrupted;
use super::endpoint::told_of;
use crate::db::{Sql, Txn, sql};
use crate::{App, Result};
use domain::Timestamp;
use domain::id::WebhookEndpointId;
use domain::webhook::{Delivery, Health, WebhookUrl};
use entity::inconsistency::At as _;
use entity::webhook_delivery;
use sea_orm::{FromQueryResult, QueryResult};
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// For how long a lane is taken, and again each time it is renewed.
pub const LEASE: std::time::Duration = std::time::Duration::from_secs(10);
/// Most lanes that are taken at once.
const MOST: i64 = 256;

/// A process that sends: another one each time it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeId(String);

impl NodeId {
    /// A new process.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A lane that a process has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Whose lane.
    pub endpoint: WebhookEndpointId,
    /// Rises with each owner.
    pub epoch: i64,
    /// How the endpoint has answered lately.
    pub health: Health,
}

/// When something is to be sent to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agenda {
    /// Where to.
    pub endpoint: WebhookEndpointId,
    /// When the next of what waits is due.
    pub at: Option<Timestamp>,
    /// Whether something is under way, or was when a process died.
    pub is_sending: bool,
    /// Whether this process has the lane.
    pub is_mine: bool,
    /// Whether another process does not have it.
    pub is_free: bool,
}

/// Steps from endpoint to endpoint through the index `webhook_deliveries_due`, however much waits for each; then those where something is
/// under way, of which there is little.
const AGENDA: &str = "\
WITH RECURSIVE waiting(endpoint_id) AS ( \
    SELECT MIN(endpoint_id) FROM webhook_deliveries WHERE state = 'waiting' \
    UNION ALL \
    SELECT (SELECT MIN(d.endpoint_id) FROM webhook_deliveries d WHERE d.state = 'waiting' AND d.endpoint_id > w.endpoint_id) \
    FROM waiting w WHERE w.endpoint_id IS NOT NULL \
), due AS ( \
    SELECT w.endpoint_id, (SELECT MIN(d.at) FROM webhook_deliveries d WHERE d.endpoint_id = w.endpoint_id AND d.state = 'waiting') AS at \
    FROM waiting w WHERE w.endpoint_id IS NOT NULL \
    UNION ALL SELECT DISTINCT endpoint_id, {no_time} FROM webhook_deliveries WHERE state = 'sending' \
) \
SELECT due.endpoint_id, MIN(due.at) AS at, MAX(CASE WHEN due.at IS NULL THEN 1 ELSE 0 END) AS is_sending, MAX(CASE WHEN l.owner = ? THEN 1 ELSE 0 END) AS is_mine, \
    MAX(CASE WHEN {free} THEN 1 ELSE 0 END) AS is_free \
FROM due JOIN webhook_lanes l ON l.endpoint_id = due.endpoint_id GROUP BY due.endpoint_id";

/// What is to be sent, to whom, when, and by whom. Endpoints that are held back are among them: their deliveries expire.
///
/// # Errors
/// Storage errors, or a row that contradicts the rules.
pub async fn agenda(app: &App, node: &NodeId) -> Result<Vec<Agenda>> {
    let postgres = app.db().is_postgres();
    let (no_time, free) = if postgres {
        (
            "CAST(NULL AS TIMESTAMPTZ)",
            "l.owner IS NULL OR l.lease_until < clock_timestamp()",
        )
    } else {
        ("NULL", "l.owner IS NULL OR l.owner <> ?")
    };
    let text = AGENDA.replace("{no_time}", no_time).replace("{free}", free);
    let mut query = sql(postgres, &text).bind(node.to_string());
    if !postgres {
        query = query.bind(node.to_string());
    }
    let rows = query.all(app.db().reads()).await?;
    rows.iter()
        .map(|row| {
            let flag = |column: &str| row.try_get_by::<i32, _>(column).map(|yes| yes == 1);
            Ok(Agenda {
                endpoint: endpoint(row)?,
                at: row.try_get_by("at")?,
                is_sending: flag("is_sending")?,
                is_mine: flag("is_mine")?,
                is_free: flag("is_free")?,
            })
        })
        .collect()
}

fn endpoint(row: &QueryResult) -> Result<WebhookEndpointId> {
    let id: String = row.try_get_by("endpoint_id")?;
    Ok(id.parse().at("webhook_lanes", "endpoint_id", &id)?)
}

/// On PostgreSQL, free lanes only, and none that another process is about to take; also one that this process was given without hearing of it.
const TAKE_ON_POSTGRES: &str = "\
UPDATE webhook_lanes SET owner = ?, epoch = epoch + 1, lease_until = clock_timestamp() + make_interval(secs => ?) \
WHERE endpoint_id IN (SELECT endpoint_id FROM webhook_lanes WHERE endpoint_id IN (SELECT json_array_elements_text(?::json)) \
    AND (owner IS NULL OR owner = ? OR lease_until < clock_timestamp()) ORDER BY endpoint_id LIMIT ? FOR UPDATE SKIP LOCKED) \
RETURNING endpoint_id, epoch, failures, failing_since, open_until, trips, warned";
const TAKE_ON_SQLITE: &str = "\
UPDATE webhook_lanes SET owner = ?, epoch = epoch + 1, lease_until = ? \
WHERE endpoint_id IN (SELECT value FROM json_each(?) ORDER BY value LIMIT ?) \
RETURNING endpoint_id, epoch, failures, failing_since, open_until, trips, warned";

/// What is under way, with when it began.
const SENDING: &str = "SELECT * FROM webhook_deliveries WHERE state = 'sending' AND endpoint_id IN ";
/// As `DeliveryState::lost` says. Uses the index `webhook_deliveries_sending`.
const LOST: &str =
    "UPDATE webhook_deliveries SET state = 'waiting', at = ? WHERE state = 'sending' AND endpoint_id IN ";

/// Takes the lanes of these endpoints, as far as they are to be had. What was under way there is made again, and the log says that nobody
/// knows what became of it.
///
/// # Errors
/// Storage errors, or a row that contradicts the rules.
pub async fn acquire(app: &App, node: &NodeId, endpoints: &[WebhookEndpointId]) -> Result<Vec<Lane>> {
    let (context, node, now) = (app.clone(), node.clone(), app.now());
    let ids: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let lanes = take(&context, txn, &node, ids, now).await?;
                if !lanes.is_empty() {
                    take_over(&context, txn, &lanes, now).await?;
                }
                Ok(lanes)
            })
        })
        .await
}

async fn take(app: &App, txn: &Txn, node: &NodeId, ids: Vec<String>, now: Timestamp) -> Result<Vec<Lane>> {
    let ids = serde_json::Value::from(ids).to_string();
    let rows = if app.db().is_postgres() {
        let seconds = LEASE.as_secs_f64();
        sql(true, TAKE_ON_POSTGRES)
            .bind(node.to_string())
            .bind(seconds)
            .bind(ids)
            .bind(node.to_string())
            .bind(MOST)
    } else {
        sql(false, TAKE_ON_SQLITE)
            .bind(node.to_string())
            .bind(now)
            .bind(ids)
            .bind(MOST)
    };
    let rows = rows.all(txn).await?;
    rows.iter()
        .map(|row| {
            Ok(Lane {
                endpoint: endpoint(row)?,
                epoch: row.try_get_by("epoch")?,
                health: health(row)?,
            })
        })
        .collect()
}

/// How an endpoint has answered lately, in the columns of its lane.
pub(super) fn health(row: &QueryResult) -> Result<Health> {
    Ok(Health {
        failures: count(row, "failures")?,
        failing_since: row.try_get_by("failing_since")?,
        open_until: row.try_get_by("open_until")?,
        trips: count(row, "trips")?,
        warned: row.try_get_by::<i16, _>("warned")?.try_into().unwrap_or_default(),
    })
}

fn count(row: &QueryResult, column: &'static str) -> Result<u32> {
    let count: i32 = row.try_get_by(column)?;
    Ok(u32::try_from(count).at("webhook_lanes", column, "a lane")?)
}

async fn take_over(app: &App, txn: &Txn, lanes: &[Lane], now: Timestamp) -> Result<()> {
    let postgres = app.db().is_postgres();
    let ids: Vec<String> = lanes.iter().map(|lane| lane.endpoint.to_string()).collect();
    let places = vec!["?"; ids.len()].join(", ");
    let sending = sql(postgres, &format!("{SENDING}({places})"));
    let sending = ids.iter().cloned().fold(sending, Sql::bind).all(txn).await?;
    if sending.is_empty() {
        return Ok(());
    }
    let lost = sql(postgres, &format!("{LOST}({places}) RETURNING seq")).bind(now);
    let mut seqs = BTreeSet::new();
    for row in ids.iter().cloned().fold(lost, Sql::bind).all(txn).await? {
        seqs.insert(row.try_get_by::<i64, _>("seq")?);
    }
    let urls: HashMap<WebhookEndpointId, Option<WebhookUrl>> = told_of(txn, &ids)
        .await?
        .into_iter()
        .map(|endpoint| (endpoint.id, endpoint.settings.url))
        .collect();
    let mut attempts = Vec::new();
    for row in sending {
        let row = webhook_delivery::Model::from_query_result(&row, "")?;
        // Its process was faster after all.
        if !seqs.contains(&row.seq) {
            continue;
        }
        let began = row.at;
        match Delivery::try_from(row) {
            Ok(delivery) => {
                tracing::warn!(delivery = %delivery.id, "an attempt was interrupted and is made again");
                let url = urls.get(&delivery.endpoint).cloned().flatten();
                attempts.push(interrupted(app, &delivery, url.as_ref(), began, now));
            }
            Err(error) => tracing::error!(%error, "a webhook delivery that was under way cannot be read"),
        }
    }
    super::record::insert_attempts(app, txn, &attempts).await
}

/// Keeps this process's lanes for another while, and gives those back in which nothing is to be done. Only PostgreSQL has other processes.
///
/// # Errors
/// Storage errors.
pub async fn renew(app: &App, node: &NodeId, idle: &[WebhookEndpointId]) -> Result<()> {
    if !app.db().is_postgres() {
        return Ok(());
    }
    if !idle.is_empty() {
        give_back(app, node, idle).await?;
    }
    const RENEW: &str = "UPDATE webhook_lanes SET lease_until = clock_timestamp() + make_interval(secs => ?) WHERE endpoint_id IN \
         (SELECT endpoint_id FROM webhook_lanes WHERE owner = ? ORDER BY endpoint_id FOR UPDATE)";
    let node = node.to_string();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                sql(true, RENEW)
                    .bind(LEASE.as_secs_f64())
                    .bind(node)
                    .run(txn)
                    .await?;
                Ok(())
            })
        })
        .await
}

async fn give_back(app: &App, node: &NodeId, idle: &[WebhookEndpointId]) -> Result<()> {
    let text = format!(
        "UPDATE webhook_lanes SET owner = NULL, lease_until = NULL WHERE owner = ? AND endpoint_id IN ({})",
        vec!["?"; idle.len()].join(", ")
    );
    let ids: Vec<String> = idle.iter().map(ToString::to_string).collect();
    let (postgres, node) = (app.db().is_postgres(), node.to_string());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let begun = sql(postgres, &text).bind(node);
                ids.into_iter().fold(begun, Sql::bind).run(txn).await?;
                Ok(())
            })
        })
        .await
}

/// Gives all lanes of this process back: the last thing that it does.
///
/// # Errors
/// Storage errors.
pub async fn release(app: &App, node: &NodeId) -> Result<()> {
    let (postgres, node) = (app.db().is_postgres(), node.to_string());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let text = "UPDATE webhook_lanes SET owner = NULL, lease_until = NULL WHERE owner = ?";
                sql(postgres, text).bind(node).run(txn).await?;
                Ok(())
            })
        })
        .await
}
