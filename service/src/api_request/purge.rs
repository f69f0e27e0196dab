//! Forget what is older than it has to be kept.

use crate::db::sql;
use crate::{App, Result};
use domain::Timestamp;
use domain::id::{RequestId, first_id};

/// Most rows of one transaction: it ends in a few milliseconds, and others get their turn.
const CHUNK: u64 = 500;

/// The oldest row. Uses the primary key.
const OLDEST: &str = "SELECT id FROM api_requests WHERE id < ? ORDER BY id LIMIT 1";
/// Nodes that purge at once take different rows. Uses the primary key.
const DELETE_POSTGRES: &str = "DELETE FROM api_requests WHERE id IN \
     (SELECT id FROM api_requests WHERE id < ? ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED) RETURNING pos";
/// The same for SQLite, where there is one writer.
const DELETE_SQLITE: &str = "DELETE FROM api_requests WHERE id IN \
     (SELECT id FROM api_requests WHERE id < ? ORDER BY id LIMIT ?) RETURNING pos";
/// Places up to here are not whole any more.
const NOTE: &str = "UPDATE api_request_positions SET purged_pos = ? WHERE id = 1 AND purged_pos < ?";

/// Deletes requests that came before an instant, oldest first and at most `limit`; says how many.
///
/// # Errors
/// When the database does not do it. What was deleted until then is.
pub async fn purge(app: &App, before: Timestamp, limit: u64) -> Result<u64> {
    let postgres = app.db().is_postgres();
    let bound = first_id::<RequestId>(before).to_string();
    let oldest = sql(postgres, OLDEST).bind(bound.clone());
    // Most often there is nothing, and SQLite's only writer need not be asked.
    if oldest.one(app.db().reads()).await?.is_none() {
        return Ok(0);
    }
    let text = if postgres { DELETE_POSTGRES } else { DELETE_SQLITE };
    let mut purged = 0;
    while purged < limit {
        let chunk = CHUNK.min(limit - purged);
        let rows = i64::try_from(chunk).unwrap_or(i64::MAX);
        let delete = sql(postgres, text).bind(bound.clone()).bind(rows);
        let gone = app
            .db()
            .in_txn(move |txn| {
                Box::pin(async move {
                    let rows = delete.all(txn).await?;
                    let mut last = None;
                    for row in &rows {
                        last = last.max(row.try_get_by::<Option<i64>, _>("pos")?);
                    }
                    if let Some(last) = last {
                        sql(postgres, NOTE).bind(last).bind(last).run(txn).await?;
                    }
                    Ok(rows.len() as u64)
                })
            })
            .await?;
        purged += gone;
        if gone < chunk {
            break;
        }
    }
    Ok(purged)
}
