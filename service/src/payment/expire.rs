//! Authorizations end after seven days (S2). A late sweep changes nothing that anybody sees: reads and captures look at the
//! clock too.

use super::settle;
use crate::event::{self, NewEvent};
use crate::{App, Error, Result, Txn, intent};
use domain::event::EventType;
use domain::operation::Transition;
use domain::payment::{Payment, PaymentStatus};
use entity::payment;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Closes at most `limit` holds that ran out, oldest first, in one transaction; says how many.
///
/// A hold with a capture or void in flight waits for that answer: the provider may have taken the money in time.
///
/// # Errors
/// Storage errors; then none is closed.
pub async fn expire_due(app: &App, limit: u64) -> Result<u64> {
    let app = app.clone();
    let now = app.now();
    app.clone()
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let due = payment::Entity::find()
                    // As the index has it: SQLite does not see that a flag is what equals true.
                    .filter(Expr::col(payment::Column::HoldOpen))
                    .filter(payment::Column::HoldExpiresAt.lte(now))
                    .filter(payment::Column::InFlightOperationId.is_null())
                    .order_by_asc(payment::Column::HoldExpiresAt)
                    .limit(limit)
                    .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
                    .all(txn)
                    .await?;
                let mut closed = 0;
                for row in due {
                    // One broken row, of a payment or its intent, must not keep all other holds open.
                    let mut payment = match readable(txn, row).await {
                        Ok(payment) => payment,
                        Err(Error::Inconsistent(inconsistency)) => {
                            tracing::error!(%inconsistency, "a hold cannot be closed");
                            continue;
                        }
                        Err(error) => return Err(error),
                    };
                    let Transition::Applied(state) = payment.state.clone().expire(now) else {
                        continue;
                    };
                    payment.state = state;
                    settle::save(txn, &mut payment, now).await?;
                    let event = match payment.state.status() {
                        PaymentStatus::Expired => EventType::PaymentExpired,
                        _ => EventType::PaymentClosed,
                    };
                    let ended = NewEvent::about(event, payment.id, &payment)?;
                    event::write(&app, txn, payment.tenant, vec![ended], now).await?;
                    intent::follow(&app, txn, &payment, None, now).await?;
                    closed += 1;
                }
                Ok(closed)
            })
        })
        .await
}

/// The payment, if its intent can follow it.
async fn readable(txn: &Txn, row: payment::Model) -> Result<Payment> {
    let payment = Payment::try_from(row)?;
    intent::of(txn, &payment).await?;
    Ok(payment)
}
