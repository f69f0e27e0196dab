//! Intents run out (S2: an hour, S3: a day). A late sweep changes nothing that anybody sees: reads and attempts look at the clock too.

use super::write;
use crate::{App, Result};
use domain::intent::{Intent, IntentStatus};
use domain::operation::Transition;
use entity::intent;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Ends at most `limit` intents that ran out, oldest first, in one transaction; says how many. One with an attempt under way waits
/// for its answer.
///
/// # Errors
/// Storage errors; then none is ended.
pub async fn expire_due(app: &App, limit: u64) -> Result<u64> {
    let (context, now) = (app.clone(), app.now());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let due = intent::Entity::find()
                    .filter(intent::Column::Status.eq(IntentStatus::Created.as_str()))
                    .filter(intent::Column::ExpiresAt.lte(now))
                    .order_by_asc(intent::Column::ExpiresAt)
                    .limit(limit)
                    .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
                    .all(txn)
                    .await?;
                let mut ended = 0;
                for row in due {
                    let intent = match Intent::try_from(row) {
                        Ok(intent) => intent,
                        Err(inconsistency) => {
                            // One broken row must not keep all other intents open.
                            tracing::error!(%inconsistency, "an intent cannot be ended");
                            continue;
                        }
                    };
                    let before = intent.state.status();
                    if let Transition::Applied(mut expired) = intent.expire(now) {
                        write::save(&context, txn, before, &mut expired, now).await?;
                        ended += 1;
                    }
                }
                Ok(ended)
            })
        })
        .await
}
