//! Reading an intent under its lock and writing it back.

use crate::event::{self, NewEvent};
use crate::{App, Error, Result, Txn};
use domain::Timestamp;
use domain::event::EventType;
use domain::id::IntentId;
use domain::intent::{Intent, IntentStatus};
use domain::merchant::Tenant;
use entity::intent;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// An intent of this tenant, locked until the transaction ends.
pub(super) async fn locked(txn: &Txn, tenant: Tenant, id: IntentId) -> Result<Intent> {
    let row = intent::Entity::of(tenant)
        .filter(intent::Column::Id.eq(id.to_string()))
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(Error::NotFound("payment intent"))?;
    Ok(row.try_into()?)
}

/// Writes a changed intent and what the world is told of its new status.
///
/// # Errors
/// [`Error::Conflict`] if somebody changed it since it was read.
pub(super) async fn save(
    app: &App,
    txn: &Txn,
    before: IntentStatus,
    intent: &mut Intent,
    now: Timestamp,
) -> Result<()> {
    let read = intent.version;
    intent.version = read.checked_add(1).ok_or(Error::Conflict)?;
    intent.updated_at = now;
    let written = intent::Entity::update_many()
        .set(intent::change(intent))
        .filter(intent::Column::Id.eq(intent.id.to_string()))
        .filter(intent::Column::Version.eq(read))
        .exec(txn)
        .await?;
    if written.rows_affected != 1 {
        return Err(Error::Conflict);
    }
    let after = intent.state.status();
    match told(after) {
        Some(event) if before != after => {
            let told = NewEvent::about(event, intent.id, intent)?;
            event::write(app, txn, intent.tenant, vec![told], now).await
        }
        _ => Ok(()),
    }
}

/// What the world is told when an intent comes to a status. A declined attempt is told as the failure of its payment.
const fn told(status: IntentStatus) -> Option<EventType> {
    match status {
        IntentStatus::Created | IntentStatus::Processing => None,
        IntentStatus::RequiresCapture => Some(EventType::IntentRequiresCapture),
        IntentStatus::Succeeded => Some(EventType::IntentSucceeded),
        IntentStatus::Failed => Some(EventType::IntentFailed),
        IntentStatus::Canceled => Some(EventType::IntentCanceled),
        IntentStatus::Expired => Some(EventType::IntentExpired),
    }
}
