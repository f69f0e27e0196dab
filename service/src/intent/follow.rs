//! An intent follows its payment.

use super::{slot, write};
use crate::event::{self, NewEvent};
use crate::{App, Error, Result, Txn, merchant};
use domain::Timestamp;
use domain::event::EventType;
use domain::intent::{Followed, Heard, Intent};
use domain::merchant::LateSuccess;
use domain::operation::Operation;
use domain::payment::Payment;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

/// Moves the intent of `payment`, in the transaction that moved the payment, and gives it, moved or not. `operation` is what was
/// answered, or none when the hold ran out.
pub(crate) async fn follow(
    app: &App,
    txn: &Txn,
    payment: &Payment,
    operation: Option<&Operation>,
    now: Timestamp,
) -> Result<Option<Intent>> {
    let Some(id) = payment.intent else {
        return Ok(None);
    };
    let intent = write::locked(txn, payment.tenant, id).await?;
    let before = intent.state.status();
    let heard = operation.map_or(Heard::InTime, |operation| heard(app, operation, now));
    let policy = match heard {
        Heard::InTime => LateSuccess::Accept,
        Heard::Later => {
            merchant::of(txn, payment.tenant.merchant)
                .await?
                .checkout
                .late_success
        }
    };
    let Followed::Moved(mut moved) = intent.follow(payment, operation, heard, policy, now) else {
        return Ok(Some(intent));
    };
    slot::settle(txn, before, &moved).await?;
    write::save(app, txn, before, &mut moved, now).await?;
    if moved.state.is_late() && !intent.state.is_late() {
        let late = NewEvent::about(EventType::PaymentLateSuccess, payment.id, payment)?;
        event::write(app, txn, payment.tenant, vec![late], now).await?;
    }
    Ok(Some(*moved))
}

/// The intent of which `payment` is an attempt, as it is now.
pub(crate) async fn of(on: &impl ConnectionTrait, payment: &Payment) -> Result<Option<Intent>> {
    let Some(id) = payment.intent else {
        return Ok(None);
    };
    let row = entity::intent::Entity::of(payment.tenant)
        .filter(entity::intent::Column::Id.eq(id.to_string()))
        .one(on)
        .await?
        .ok_or(Error::NotFound("payment intent"))?;
    Ok(Some(row.try_into()?))
}

/// Whoever sent it waits no longer than a provider may take; afterwards they were told that nobody knows.
fn heard(app: &App, operation: &Operation, now: Timestamp) -> Heard {
    let waited = chrono::Duration::from_std(app.provider_timeout()).unwrap_or(chrono::Duration::MAX);
    if now - operation.created_at > waited {
        Heard::Later
    } else {
        Heard::InTime
    }
}
