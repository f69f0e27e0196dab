//! Rate limits that the nodes of an installation share.
//!
//! Invariant: no request waits for this. A node tells what it used since the last time and hears what all have used, in one
//! statement; in between, and while the database does not answer, it decides alone. The clock is the database's: nodes and table
//! tell each other durations, so that a node whose clock is a second behind does not find all buckets of a second empty.
//! The rule of the statement is [`domain::limit::Told::on`].

use crate::db::sql;
use crate::{App, Error, Result};
use domain::limit::Told;
use entity::Inconsistency;
use sea_orm::QueryResult;
use serde_json::json;

/// One statement for all buckets that were used. Rows are written in the order of their key, so that two nodes cannot wait for each
/// other; `excluded.full_at` is the bucket as if nobody else had used it.
const EXCHANGE: &str = "\
INSERT INTO rate_limits AS r (class, holder, full_at, added, most)
SELECT class, holder, statement_timestamp() + LEAST(own, most) * INTERVAL '1 microsecond', added, most
FROM json_to_recordset(?::json) AS told (class TEXT, holder TEXT, added BIGINT, own BIGINT, most BIGINT)
ORDER BY class COLLATE \"C\", holder COLLATE \"C\"
ON CONFLICT (class, holder) DO UPDATE SET
    full_at = LEAST(
        GREATEST(r.full_at + excluded.added * INTERVAL '1 microsecond', excluded.full_at),
        statement_timestamp() + excluded.most * INTERVAL '1 microsecond'
    ),
    added = excluded.added,
    most = excluded.most
RETURNING class, holder, CAST(EXTRACT(EPOCH FROM full_at - statement_timestamp()) * 1000000 AS BIGINT) AS missing";

/// Buckets that are full again say nothing. What another node is writing just now is left for the next time: a purge waits for nobody.
const PURGE: &str = "\
DELETE FROM rate_limits WHERE (class, holder) IN (
    SELECT class, holder FROM rate_limits WHERE full_at < statement_timestamp() - INTERVAL '10 seconds' LIMIT 10000 FOR UPDATE SKIP LOCKED
)";

/// Whose bucket of which class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// `cost`, for example.
    pub class: &'static str,
    /// Whoever has it, as text.
    pub holder: String,
}

/// A bucket as all nodes have used it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Its class.
    pub class: String,
    /// Whoever has it.
    pub holder: String,
    /// In how many microseconds it is full again.
    pub missing: i64,
}

/// Tells what this node used of each bucket, once for each, and gives what all have used of them. Only on PostgreSQL: elsewhere
/// there is no other node.
///
/// # Errors
/// Storage errors. Nothing was told then, unless the connection broke during COMMIT; what is told twice counts twice, once.
pub async fn exchange(app: &App, used: &[(Key, Told)]) -> Result<Vec<Merged>> {
    if !app.db().is_postgres() || used.is_empty() {
        return Ok(Vec::new());
    }
    let rows = used.iter().map(|(key, told)| {
        json!({
            "class": key.class, "holder": key.holder, "added": told.added, "own": told.own, "most": told.most,
        })
    });
    let rows = serde_json::Value::from_iter(rows).to_string();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let rows = sql(true, EXCHANGE).bind(rows).all(txn).await?;
                rows.iter().map(merged).collect()
            })
        })
        .await
}

fn merged(row: &QueryResult) -> Result<Merged> {
    let missing: i64 = row.try_get_by("missing")?;
    let (class, holder) = (row.try_get_by("class")?, row.try_get_by("holder")?);
    if missing < 0 {
        return Err(Error::Inconsistent(Inconsistency {
            table: "rate_limits",
            column: "full_at",
            row: holder,
            why: "it lies behind the statement that wrote it".to_owned(),
        }));
    }
    Ok(Merged {
        class,
        holder,
        missing,
    })
}

/// Deletes buckets that are full again; says how many.
///
/// # Errors
/// Storage errors.
pub async fn purge(app: &App) -> Result<u64> {
    if !app.db().is_postgres() {
        return Ok(0);
    }
    app.db()
        .in_txn(|txn| Box::pin(async move { Ok(sql(true, PURGE).run(txn).await?) }))
        .await
}
