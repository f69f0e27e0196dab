//! Authorizations end after seven days (S2). A late sweep changes nothing that anybody sees: reads and captures look at the
//! clock too.

use super::settle;
use crate::event::{self, NewEvent};
use crate::{App, Result, intent};
use domain::event::EventType;
use domain::operation::Transition;
use domain::payment::{Payment, PaymentStatus};
use entity::payment;
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
                    .filter(payment::Column::HoldOpen.eq(true))
                    .filter(payment::Column::HoldExpiresAt.lte(now))
                    .filter(payment::Column::InFlightOperationId.is_null())
                    .order_by_asc(payment::Column::HoldExpiresAt)
                    .limit(limit)
                    .lock_with_behavior(
                        sea_orm::sea_query::LockType::Update,
                        sea_orm::sea_query::LockBehavior::SkipLocked,
                    )
                    .all(txn)
                    .await?;
                let mut closed = 0;
                for row in due {
                    let mut payment = match Payment::try_from(row) {
                        Ok(payment) => payment,
                        Err(inconsistency) => {
                            // One broken row must not keep all other holds open.
                            tracing::error!(%inconsistency, "a hold cannot be closed");
                            continue;
                        }
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
