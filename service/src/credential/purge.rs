//! Forget nonces whose time is over, and sessions that ended long ago.

use crate::db::sql;
use crate::{App, Result};
use chrono::Duration;

/// How long a session that ended is kept, so that one can see that it was there.
const SESSIONS_KEPT: Duration = Duration::days(30);

/// Uses `nonces_by_end`.
const OLD_NONCE: &str = "SELECT nonce FROM nonces WHERE expires_at < ? LIMIT 1";
const NONCES: &str = "DELETE FROM nonces WHERE (credential_id, nonce) IN \
     (SELECT credential_id, nonce FROM nonces WHERE expires_at < ? ORDER BY expires_at LIMIT ?)";
/// Uses `sessions_by_end`.
const OLD_SESSION: &str = "SELECT id FROM sessions WHERE expires_at < ? LIMIT 1";
const SESSIONS: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?)";

/// Deletes at most `limit` nonces and as many sessions whose time is over; says how many rows that were.
///
/// # Errors
/// When the database does not do it.
pub async fn purge(app: &App, limit: u64) -> Result<u64> {
    let (postgres, now) = (app.db().is_postgres(), app.now());
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut purged = 0;
    for (look, delete, before) in [
        (OLD_NONCE, NONCES, now),
        (OLD_SESSION, SESSIONS, now - SESSIONS_KEPT),
    ] {
        // Most often there is nothing, and SQLite's only writer need not be asked.
        let old = sql(postgres, look).bind(before);
        if old.one(app.db().reads()).await?.is_none() {
            continue;
        }
        let delete = sql(postgres, delete).bind(before).bind(rows);
        purged += app
            .db()
            .in_txn(move |txn| Box::pin(async move { Ok(delete.run(txn).await?) }))
            .await?;
    }
    Ok(purged)
}
