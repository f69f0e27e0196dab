//! Deleting old events.
//!
//! Invariant: events are deleted from the first place on and without leaving any out, and how far is noted in the same transaction, so
//! that a cursor from before is told apart from one of whose merchant nothing has happened since.

use super::read::{Positions, positions};
use crate::db::sql;
use crate::{App, Result, webhook};
use domain::Timestamp;

/// The first event in a range that is too young; the range is walked from its beginning and no further.
const YOUNG: &str =
    "SELECT pos FROM outbox_events WHERE pos > ? AND pos <= ? AND occurred_at >= ? ORDER BY pos LIMIT 1";

const NOTE_EACH: &str = "\
UPDATE event_counters SET purged_seq = gone.seq FROM (\
    SELECT merchant_id, mode, MAX(tenant_seq) AS seq FROM outbox_events WHERE pos <= ? GROUP BY merchant_id, mode\
) AS gone WHERE event_counters.merchant_id = gone.merchant_id AND event_counters.mode = gone.mode";

/// Deletes events from before `before`, at most `limit`; gives how many.
///
/// # Errors
/// Storage errors; nothing was deleted then.
pub async fn purge(app: &App, before: Timestamp, limit: u64) -> Result<u64> {
    let postgres = app.db().is_postgres();
    let Positions { last, purged } = positions(app).await?;
    let most = last.min(purged.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX)));
    let young = sql(postgres, YOUNG).bind(purged).bind(most).bind(before);
    let young = young.one(app.db().reads()).await?;
    let young: Option<i64> = young.map(|row| row.try_get_by("pos")).transpose()?;
    let upto = young.map_or(most, |pos| pos.saturating_sub(1));
    if upto <= purged {
        return Ok(0);
    }
    webhook::keep_bodies(app, purged, upto).await?;
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let note = "UPDATE event_sequencer SET purged_pos = ? WHERE id = 1 AND purged_pos < ?";
                if sql(postgres, note).bind(upto).bind(upto).run(txn).await? == 0 {
                    // Somebody else has just deleted them.
                    return Ok(0);
                }
                sql(postgres, NOTE_EACH).bind(upto).run(txn).await?;
                let delete = "DELETE FROM outbox_events WHERE pos <= ?";
                Ok(sql(postgres, delete).bind(upto).run(txn).await?)
            })
        })
        .await
}
