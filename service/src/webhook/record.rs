//! Writing down what attempts brought.
//!
//! Invariant: the attempt, the body that was sent and what becomes of the delivery are written together. The number of the attempt fences:
//! when another process has counted a further one, or somebody gave the delivery up, the attempt is logged and changes nothing else.

use super::attempt::{Outcome, Tried};
use super::body::StoredBody;
use crate::db::{Txn, sql};
use crate::{App, Error, Result};
use domain::Timestamp;
use domain::id::{WebhookDeliveryId, WebhookEndpointId};
use domain::webhook::{Attempt, Delivery, DisabledReason, Health};
use entity::{webhook_attempt, webhook_delivery};
use sea_orm::DbErr;
use serde::Serialize;
use std::collections::HashSet;

/// How an endpoint stands after a batch of attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Whose lane.
    pub endpoint: WebhookEndpointId,
    /// Under which epoch this process had it: of an earlier one, nothing is changed.
    pub epoch: i64,
    /// How it has answered lately.
    pub health: Health,
    /// Why it is switched off, if it is to be.
    pub disable: Option<DisabledReason>,
}

const PAYLOADS_ON_POSTGRES: &str = "\
INSERT INTO webhook_payloads (event_id, payload, api_version, name, merchant_id, mode, body, sha256, created_at) \
SELECT event_id, payload, api_version, name, merchant_id, mode, body, sha256, created_at \
FROM json_to_recordset(?::json) AS r(event_id TEXT, payload TEXT, api_version TEXT, name TEXT, merchant_id TEXT, mode TEXT, body TEXT, \
    sha256 TEXT, created_at TIMESTAMPTZ) ON CONFLICT DO NOTHING";
const PAYLOADS_ON_SQLITE: &str = "\
INSERT INTO webhook_payloads (event_id, payload, api_version, name, merchant_id, mode, body, sha256, created_at) \
SELECT value ->> 'event_id', value ->> 'payload', value ->> 'api_version', value ->> 'name', value ->> 'merchant_id', value ->> 'mode', \
    value ->> 'body', value ->> 'sha256', value ->> 'created_at' \
FROM jsonb_each(?) WHERE TRUE ON CONFLICT DO NOTHING";

/// An attempt that is there already is that of a try whose COMMIT was not heard of.
const ATTEMPTS_ON_POSTGRES: &str = "\
INSERT INTO webhook_attempts (id, merchant_id, mode, endpoint_id, delivery_id, number, url, started_at, duration_micros, is_success, \
    status, failure, detail, remote_address, request_headers, response_headers, response_body, body_form, is_truncated, body_sha256, \
    secret_fingerprint) \
SELECT id, merchant_id, mode, endpoint_id, delivery_id, number, url, started_at, duration_micros, is_success, status, failure, detail, \
    remote_address, request_headers, response_headers, response_body, body_form, is_truncated, body_sha256, secret_fingerprint \
FROM json_to_recordset(?::json) AS r(id TEXT, merchant_id TEXT, mode TEXT, endpoint_id TEXT, delivery_id TEXT, number INTEGER, url TEXT, \
    started_at TIMESTAMPTZ, duration_micros BIGINT, is_success BOOLEAN, status INTEGER, failure TEXT, detail TEXT, remote_address TEXT, \
    request_headers JSONB, response_headers JSONB, response_body TEXT, body_form TEXT, is_truncated BOOLEAN, body_sha256 TEXT, \
    secret_fingerprint TEXT) ON CONFLICT DO NOTHING";
const ATTEMPTS_ON_SQLITE: &str = "\
INSERT INTO webhook_attempts (id, merchant_id, mode, endpoint_id, delivery_id, number, url, started_at, duration_micros, is_success, \
    status, failure, detail, remote_address, request_headers, response_headers, response_body, body_form, is_truncated, body_sha256, \
    secret_fingerprint) \
SELECT value ->> 'id', value ->> 'merchant_id', value ->> 'mode', value ->> 'endpoint_id', value ->> 'delivery_id', value ->> 'number', \
    value ->> 'url', value ->> 'started_at', value ->> 'duration_micros', value ->> 'is_success', value ->> 'status', \
    value ->> 'failure', value ->> 'detail', value ->> 'remote_address', value -> 'request_headers', \
    CASE WHEN value ->> 'response_headers' IS NULL THEN NULL ELSE value -> 'response_headers' END, value ->> 'response_body', \
    value ->> 'body_form', value ->> 'is_truncated', value ->> 'body_sha256', value ->> 'secret_fingerprint' \
FROM jsonb_each(?) WHERE TRUE ON CONFLICT DO NOTHING";

const DELIVERIES_ON_POSTGRES: &str = "\
UPDATE webhook_deliveries d SET state = r.state, at = r.at, last_status = r.status, last_failure = r.failure \
FROM json_to_recordset(?::json) AS r(id TEXT, attempts INTEGER, state TEXT, at TIMESTAMPTZ, status INTEGER, failure TEXT) \
WHERE d.id = r.id AND d.state = 'sending' AND d.attempts = r.attempts RETURNING d.id";
const DELIVERIES_ON_SQLITE: &str = "\
UPDATE webhook_deliveries SET state = r.value ->> 'state', at = r.value ->> 'at', last_status = r.value ->> 'status', \
    last_failure = r.value ->> 'failure' \
FROM json_each(?) AS r \
WHERE webhook_deliveries.id = r.value ->> 'id' AND state = 'sending' AND attempts = r.value ->> 'attempts' \
RETURNING webhook_deliveries.id";

const LANE: &str = "UPDATE webhook_lanes SET failures = ?, failing_since = ?, open_until = ?, trips = ?, warned = ? \
    WHERE endpoint_id = ? AND epoch = ?";
const DISABLE: &str = "UPDATE webhook_endpoints SET disabled_at = ?, disabled_reason = ?, updated_at = ? \
    WHERE id = ? AND disabled_at IS NULL AND deleted_at IS NULL \
    AND EXISTS (SELECT 1 FROM webhook_lanes l WHERE l.endpoint_id = webhook_endpoints.id AND l.epoch = ?)";

#[derive(Serialize)]
struct Payload<'a> {
    event_id: String,
    payload: &'static str,
    api_version: &'static str,
    name: &'a str,
    merchant_id: String,
    mode: &'static str,
    body: &'a str,
    sha256: &'a str,
    created_at: String,
}

#[derive(Serialize)]
struct Ended {
    id: String,
    attempts: u32,
    state: &'static str,
    at: String,
    status: Option<u16>,
    failure: Option<&'static str>,
}

/// Writes attempts, and how their endpoints stand. Gives what became of each, in their order. Doing it again, after a failure of which
/// nobody knows how far it came, changes nothing.
///
/// # Errors
/// Storage errors; nothing is written then.
pub async fn record(app: &App, tried: &[Tried], lanes: &[Recorded]) -> Result<Vec<Outcome>> {
    let now = app.now();
    let payloads = json(&payloads(tried, now))?;
    let attempts: Vec<Attempt> = tried.iter().map(|it| it.attempt.clone()).collect();
    let ended = json(&tried.iter().map(|it| ended(it, now)).collect::<Vec<_>>())?;
    let (context, mut lanes) = (app.clone(), lanes.to_vec());
    lanes.sort_unstable_by_key(|lane| lane.endpoint);
    let applied: HashSet<WebhookDeliveryId> = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let postgres = context.db().is_postgres();
                let (text, deliveries) = if postgres {
                    (PAYLOADS_ON_POSTGRES, DELIVERIES_ON_POSTGRES)
                } else {
                    (PAYLOADS_ON_SQLITE, DELIVERIES_ON_SQLITE)
                };
                if payloads != "[]" {
                    sql(postgres, text).bind(payloads).run(txn).await?;
                }
                // Deliveries before attempts, as whoever takes a lane over does.
                let applied = sql(postgres, deliveries).bind(ended).all(txn).await?;
                insert_attempts(&context, txn, &attempts).await?;
                for lane in &lanes {
                    stand(postgres, txn, lane, now).await?;
                }
                let mut ids = HashSet::new();
                for row in applied {
                    let id: String = row.try_get_by("id")?;
                    ids.extend(id.parse::<WebhookDeliveryId>());
                }
                Ok(ids)
            })
        })
        .await?;
    let outcome = |it: &Tried| match applied.contains(&it.delivery.id) {
        true => Outcome::Applied,
        false => Outcome::Stale,
    };
    Ok(tried.iter().map(outcome).collect())
}

async fn stand(postgres: bool, txn: &Txn, lane: &Recorded, now: Timestamp) -> Result<()> {
    let health = &lane.health;
    sql(postgres, LANE)
        .bind(i64::from(health.failures))
        .bind(health.failing_since)
        .bind(health.open_until)
        .bind(i64::from(health.trips))
        .bind(i64::from(health.warned))
        .bind(lane.endpoint.to_string())
        .bind(lane.epoch)
        .run(txn)
        .await?;
    if let Some(reason) = lane.disable {
        sql(postgres, DISABLE)
            .bind(now)
            .bind(reason.as_str())
            .bind(now)
            .bind(lane.endpoint.to_string())
            .bind(lane.epoch)
            .run(txn)
            .await?;
    }
    Ok(())
}

pub(super) async fn insert_attempts(app: &App, txn: &Txn, attempts: &[Attempt]) -> Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    let rows: Vec<webhook_attempt::Model> = attempts.iter().map(webhook_attempt::row).collect();
    let postgres = app.db().is_postgres();
    let text = if postgres {
        ATTEMPTS_ON_POSTGRES
    } else {
        ATTEMPTS_ON_SQLITE
    };
    sql(postgres, text).bind(json(&rows)?).run(txn).await?;
    Ok(())
}

fn payloads(tried: &[Tried], now: Timestamp) -> Vec<Payload<'_>> {
    let mut payloads: Vec<_> = tried.iter().filter_map(|it| payload(it, now)).collect();
    // Two processes that keep the same bodies take them in one order.
    payloads.sort_unstable_by(|a, b| {
        (&a.event_id, a.payload, a.api_version, a.name).cmp(&(&b.event_id, b.payload, b.api_version, b.name))
    });
    payloads
}

fn payload(tried: &Tried, now: Timestamp) -> Option<Payload<'_>> {
    let body = tried.body.as_ref().filter(|body| !body.is_kept)?;
    Some(of(&tried.delivery, body, now))
}

/// Keeps the body of a delivery before its first attempt.
pub(super) async fn keep(
    app: &App,
    txn: &Txn,
    delivery: &Delivery,
    body: &StoredBody,
    now: Timestamp,
) -> Result<()> {
    let postgres = app.db().is_postgres();
    let text = if postgres {
        PAYLOADS_ON_POSTGRES
    } else {
        PAYLOADS_ON_SQLITE
    };
    sql(postgres, text)
        .bind(json(&[of(delivery, body, now)])?)
        .run(txn)
        .await?;
    Ok(())
}

fn of<'a>(delivery: &'a Delivery, body: &'a StoredBody, now: Timestamp) -> Payload<'a> {
    let (key, tenant) = (&delivery.key, delivery.tenant);
    Payload {
        event_id: key.event.to_string(),
        payload: key.body.as_str(),
        api_version: key.api_version.as_str(),
        name: &key.name,
        merchant_id: tenant.merchant.to_string(),
        mode: tenant.mode.as_str(),
        body: &body.text,
        sha256: &body.sha256,
        created_at: now.to_rfc3339(),
    }
}

fn ended(tried: &Tried, now: Timestamp) -> Ended {
    let (state, at) = webhook_delivery::columns(&tried.state, now);
    Ended {
        id: tried.delivery.id.to_string(),
        attempts: tried.attempt.number,
        state,
        at: at.to_rfc3339(),
        status: tried.attempt.status,
        failure: tried.attempt.failure.map(domain::webhook::FailureClass::as_str),
    }
}

fn json(values: &impl Serialize) -> Result<String> {
    serde_json::to_string(values).map_err(|why| Error::Storage(DbErr::Custom(why.to_string())))
}
