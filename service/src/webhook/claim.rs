//! Claiming what is to be sent now.
//!
//! Invariant: an attempt is counted in the transaction that begins it, and only by the process that has the lane: the row of the lane is held
//! while that is checked, so no other process can take the lane over in between.

use super::endpoint::told_of;
use super::lane::{NodeId, health};
use super::signer::Signer;
use crate::db::{Sql, Txn, sql};
use crate::{App, Result};
use domain::Timestamp;
use domain::id::WebhookEndpointId;
use domain::webhook::{Delivery, DeliveryOrder, DeliveryState, Endpoint, Health};
use entity::webhook_delivery;
use sea_orm::FromQueryResult;
use std::collections::HashMap;
use std::sync::Arc;

/// What a process would send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// To whom.
    pub endpoint: WebhookEndpointId,
    /// Under which epoch it has the lane.
    pub epoch: i64,
    /// At most so many.
    pub room: u32,
}

/// What was claimed for one endpoint.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// To whom.
    pub endpoint: WebhookEndpointId,
    /// What is to be sent, in order.
    pub deliveries: Vec<Delivery>,
    /// How many had waited for too long.
    pub expired: usize,
    /// How the endpoint has answered lately, as the database has it: whoever enabled it again made it begin afresh.
    pub health: Health,
    /// What signs; `None` when nothing may be sent to it now.
    pub signer: Option<Signer>,
    /// Whether this process still has the lane.
    pub is_mine: bool,
}

/// Held until the transaction ends, so that nobody takes the lanes over meanwhile. SQLite has one writer.
const MINE: &str = "SELECT endpoint_id, epoch, failures, failing_since, open_until, trips, warned FROM webhook_lanes WHERE owner = ? AND endpoint_id IN ";

/// Uses the index `webhook_deliveries_due`.
const DUE: &str = "SELECT seq FROM (SELECT seq FROM webhook_deliveries \
    WHERE endpoint_id = ? AND state = 'waiting' AND at <= ? ORDER BY at, seq LIMIT ?) AS due";

/// Of what waits for each other, the first: steps from key to key through the index `webhook_deliveries_order`.
const HEADS: &str = "\
WITH RECURSIVE keys(order_key) AS ( \
    SELECT MIN(order_key) FROM webhook_deliveries \
    WHERE endpoint_id = ? AND order_key IS NOT NULL AND state IN ('waiting', 'sending') \
    UNION ALL \
    SELECT (SELECT MIN(d.order_key) FROM webhook_deliveries d WHERE d.endpoint_id = ? AND d.order_key IS NOT NULL \
        AND d.state IN ('waiting', 'sending') AND d.order_key > k.order_key) \
    FROM keys k WHERE k.order_key IS NOT NULL \
) \
SELECT h.seq FROM keys k JOIN webhook_deliveries h ON h.seq = ( \
    SELECT MIN(d.seq) FROM webhook_deliveries d WHERE d.endpoint_id = ? AND d.order_key = k.order_key \
        AND d.order_key IS NOT NULL AND d.state IN ('waiting', 'sending')) \
WHERE h.state = 'waiting' AND h.at <= ? LIMIT ?";

/// What was written before the endpoint kept an order.
const UNORDERED: &str = "SELECT seq FROM webhook_deliveries \
    WHERE endpoint_id = ? AND state = 'waiting' AND order_key IS NULL AND at <= ? ORDER BY at, seq LIMIT ?";

/// As `DeliveryState::begin` says: what is due is sent, and what has waited for too long has expired.
const BEGIN: &str = "\
UPDATE webhook_deliveries SET \
    state = CASE WHEN expires_at <= ? THEN 'expired' ELSE 'sending' END, \
    attempts = CASE WHEN expires_at <= ? THEN attempts ELSE attempts + 1 END, \
    at = CASE WHEN expires_at <= ? THEN expires_at ELSE ? END \
WHERE state = 'waiting' AND seq IN ";

/// As `BEGIN`, for endpoints to which nothing is sent.
const EXPIRE: &str = "\
UPDATE webhook_deliveries SET state = 'expired', at = expires_at WHERE state = 'waiting' AND seq IN \
(SELECT seq FROM webhook_deliveries WHERE state = 'waiting' AND endpoint_id = ? AND at <= ? AND expires_at <= ? LIMIT 500)";

/// What this program cannot read is left to another version of it, later.
const PUT_OFF: &str = "UPDATE webhook_deliveries SET state = 'waiting', at = ? WHERE seq = ?";
/// For how long.
const PUT_OFF_BY: chrono::Duration = chrono::Duration::hours(1);

/// Claims what is due for these endpoints, the oldest first, and ends what has waited for too long.
///
/// # Errors
/// Storage errors, or a row that contradicts the rules. Nothing is claimed then.
pub async fn claim(app: &App, node: &NodeId, wanted: &[Wanted]) -> Result<Vec<Claimed>> {
    let (context, node, wanted, now) = (app.clone(), node.clone(), wanted.to_vec(), app.now());
    app.db()
        .in_txn(move |txn| Box::pin(async move { claim_in(&context, txn, &node, &wanted, now).await }))
        .await
}

async fn claim_in(
    app: &App,
    txn: &Txn,
    node: &NodeId,
    wanted: &[Wanted],
    now: Timestamp,
) -> Result<Vec<Claimed>> {
    let ids: Vec<String> = wanted.iter().map(|it| it.endpoint.to_string()).collect();
    let mine = mine(app, txn, node, &ids).await?;
    let endpoints: HashMap<WebhookEndpointId, Arc<Endpoint>> = told_of(txn, &ids)
        .await?
        .into_iter()
        .map(|endpoint| (endpoint.id, Arc::new(endpoint)))
        .collect();
    let mut claimed = Vec::with_capacity(wanted.len());
    let (mut batch, mut seqs) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let lane = mine
            .get(&wanted.endpoint)
            .filter(|(epoch, _)| *epoch == wanted.epoch);
        let is_mine = lane.is_some();
        let endpoint = endpoints.get(&wanted.endpoint).filter(|_| is_mine);
        let open = endpoint.filter(|it| it.is_open());
        let signer = open.and_then(|it| Signer::open(app.keys(), Arc::clone(it), now));
        let mut expired = 0;
        match (&signer, endpoint) {
            (Some(signer), _) if signer.endpoint.settings.order == DeliveryOrder::None => {
                batch.push((wanted.endpoint, wanted.room));
            }
            (Some(_), _) => seqs.extend(heads(app, txn, wanted, now).await?),
            (None, Some(_)) => {
                expired = expire(app, txn, wanted.endpoint, now).await?;
            }
            (None, None) => {}
        }
        claimed.push(Claimed {
            endpoint: wanted.endpoint,
            deliveries: Vec::new(),
            expired,
            health: lane.map(|(_, health)| *health).unwrap_or_default(),
            signer,
            is_mine,
        });
    }
    seqs.extend(due(app, txn, &batch, now).await?);
    for delivery in begin(app, txn, &seqs, now).await? {
        let lane = claimed.iter_mut().find(|it| it.endpoint == delivery.endpoint);
        match (lane, &delivery.state) {
            (Some(lane), DeliveryState::Sending { .. }) => lane.deliveries.push(delivery),
            (Some(lane), _) => lane.expired += 1,
            (None, _) => {}
        }
    }
    Ok(claimed)
}

/// The lanes that this process has, with their epochs and how their endpoints have answered.
async fn mine(
    app: &App,
    txn: &Txn,
    node: &NodeId,
    ids: &[String],
) -> Result<HashMap<WebhookEndpointId, (i64, Health)>> {
    // In one order, as everybody takes them.
    let lock = if app.db().is_postgres() {
        " ORDER BY endpoint_id FOR SHARE"
    } else {
        ""
    };
    let text = format!("{MINE}({}){lock}", vec!["?"; ids.len()].join(", "));
    let query = ids.iter().fold(
        sql(app.db().is_postgres(), &text).bind(node.to_string()),
        |sql, id| sql.bind(id.clone()),
    );
    let mut mine = HashMap::new();
    for row in query.all(txn).await? {
        let id: String = row.try_get_by("endpoint_id")?;
        if let Ok(id) = id.parse() {
            mine.insert(id, (row.try_get_by("epoch")?, health(&row)?));
        }
    }
    Ok(mine)
}

/// What is due for endpoints that keep no order, in one statement.
async fn due(app: &App, txn: &Txn, lanes: &[(WebhookEndpointId, u32)], now: Timestamp) -> Result<Vec<i64>> {
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let text = vec![DUE; lanes.len()].join(" UNION ALL ");
    let query = lanes
        .iter()
        .fold(sql(app.db().is_postgres(), &text), |sql, (endpoint, room)| {
            sql.bind(endpoint.to_string()).bind(now).bind(i64::from(*room))
        });
    seqs(query, txn).await
}

async fn heads(app: &App, txn: &Txn, wanted: &Wanted, now: Timestamp) -> Result<Vec<i64>> {
    let postgres = app.db().is_postgres();
    let id = || wanted.endpoint.to_string();
    let room = i64::from(wanted.room);
    let heads = sql(postgres, HEADS)
        .bind(id())
        .bind(id())
        .bind(id())
        .bind(now)
        .bind(room);
    let mut found = seqs(heads, txn).await?;
    let left = room - i64::try_from(found.len()).unwrap_or(room);
    if left > 0 {
        let others = sql(postgres, UNORDERED).bind(id()).bind(now).bind(left);
        found.extend(seqs(others, txn).await?);
    }
    Ok(found)
}

async fn seqs(query: Sql, txn: &Txn) -> Result<Vec<i64>> {
    let rows = query.all(txn).await?;
    rows.iter().map(|row| Ok(row.try_get_by("seq")?)).collect()
}

async fn begin(app: &App, txn: &Txn, seqs: &[i64], now: Timestamp) -> Result<Vec<Delivery>> {
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!("{BEGIN}({}) RETURNING *", vec!["?"; seqs.len()].join(", "));
    let begun = sql(app.db().is_postgres(), &text)
        .bind(now)
        .bind(now)
        .bind(now)
        .bind(now);
    let rows = seqs
        .iter()
        .fold(begun, |sql, seq| sql.bind(*seq))
        .all(txn)
        .await?;
    let mut rows: Vec<webhook_delivery::Model> = rows
        .iter()
        .map(|row| webhook_delivery::Model::from_query_result(row, ""))
        .collect::<std::result::Result<_, _>>()?;
    rows.sort_unstable_by_key(|row| row.seq);
    let mut begun = Vec::with_capacity(rows.len());
    for row in rows {
        let seq = row.seq;
        match Delivery::try_from(row) {
            Ok(delivery) => begun.push(delivery),
            Err(error) => {
                tracing::error!(%error, "a webhook delivery cannot be read and is put off");
                let put_off = sql(app.db().is_postgres(), PUT_OFF).bind(now + PUT_OFF_BY);
                put_off.bind(seq).run(txn).await?;
            }
        }
    }
    Ok(begun)
}

async fn expire(app: &App, txn: &Txn, endpoint: WebhookEndpointId, now: Timestamp) -> Result<usize> {
    let expired = sql(app.db().is_postgres(), EXPIRE)
        .bind(endpoint.to_string())
        .bind(now)
        .bind(now)
        .run(txn)
        .await?;
    Ok(usize::try_from(expired).unwrap_or(usize::MAX))
}
