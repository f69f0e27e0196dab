//! Money that arrived after its intent had run out goes back, where the merchant wants that (`reference/payments.md` 2.5).
//!
//! Invariant: the intent remembers what is due in the transaction in which the money arrived, so a crash forgets nothing; the key of the
//! refund is made of the intent and its version, so no crash gives back twice.

use super::write;
use crate::payment::{NewRefund, Outcome, Void, refund, void};
use crate::{App, Result};
use chrono::Duration;
use domain::idempotency::IdempotencyKey;
use domain::intent::{Intent, IntentState};
use domain::operation::OperationStatus;
use domain::payment::{Payment, PaymentStatus};
use entity::intent;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// How long to wait after a try that came to nothing.
const TRY_AGAIN: Duration = Duration::hours(1);
/// Why, as the merchant reads it.
const REASON: &str = "the payment arrived after its intent had expired";

/// Gives the late money of at most `limit` intents back; says of how many.
///
/// # Errors
/// When the due intents cannot be read. One that fails does not stop the others; it is tried again.
pub async fn give_back_late_money(app: &App, limit: u64) -> Result<u64> {
    let now = app.now();
    // Fresh ones at once, those that came to nothing after a while.
    let fresh = Condition::any()
        .add(intent::Column::UpdatedAt.lte(now - TRY_AGAIN))
        .add(sea_orm::sea_query::ExprTrait::eq(
            sea_orm::sea_query::Expr::col(intent::Column::UpdatedAt),
            sea_orm::sea_query::Expr::col(intent::Column::EndedAt),
        ));
    let due = intent::Entity::find()
        .filter(intent::Column::GiveBackDue.eq(true))
        .filter(fresh)
        .order_by_asc(intent::Column::Id)
        .limit(limit)
        .all(app.db().reads())
        .await?;
    let mut given = 0;
    for row in due {
        let id = row.id.clone();
        match one(app, row).await {
            Ok(true) => given += 1,
            Ok(false) => tracing::warn!(
                intent = id,
                "late money could not be given back; it is tried again in an hour"
            ),
            Err(error) => tracing::error!(%error, intent = id, "late money could not be given back"),
        }
    }
    Ok(given)
}

async fn one(app: &App, row: intent::Model) -> Result<bool> {
    let intent: Intent = row.try_into()?;
    let IntentState::Expired { late: Some(late), .. } = intent.state else {
        return Ok(true);
    };
    let payment = crate::payment::read(app, intent.tenant, late.payment).await?;
    let key = format!("late-{}-{}", intent.id, intent.version);
    let key: IdempotencyKey = key.parse().map_err(|_| crate::Error::Conflict)?;
    let gone = match payment.status_at(app.now()) {
        PaymentStatus::Authorized | PaymentStatus::Captured => give_back(app, &payment, key).await?,
        // The merchant was faster, or the hold ran out.
        _ => true,
    };
    record(app, &intent, gone).await?;
    Ok(gone)
}

/// Whether the money is on its way back. A refund whose outcome is unknown is: it is asked about until it is known.
async fn give_back(app: &App, payment: &Payment, idempotency_key: IdempotencyKey) -> Result<bool> {
    let (app, tenant, id) = (app.clone(), payment.tenant, payment.id);
    let reason = Some(REASON.to_owned());
    let held = payment.state.hold().is_some();
    let outcome: Outcome = app
        .clone()
        .to_the_end(async move {
            if held {
                let cmd = Void {
                    idempotency_key,
                    payment: id,
                    expected_version: None,
                    reason,
                    simulate: false,
                };
                void::run(&app, tenant, cmd).await
            } else {
                let cmd = NewRefund {
                    idempotency_key,
                    payment: id,
                    expected_version: None,
                    amount: None,
                    reason,
                    simulate: false,
                };
                refund::run(&app, tenant, cmd).await
            }
        })
        .await?;
    Ok(outcome.answer.operation.state.status() != OperationStatus::Failed)
}

/// Writes down how it went, if nobody else has.
async fn record(app: &App, seen: &Intent, gone: bool) -> Result<()> {
    let (context, tenant, id, version) = (app.clone(), seen.tenant, seen.id, seen.version);
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let intent = write::locked(txn, tenant, id).await?;
                if intent.version != version {
                    return Ok(());
                }
                let before = intent.state.status();
                let mut next = if gone {
                    intent.late_money_given_back()
                } else {
                    intent
                };
                write::save(&context, txn, before, &mut next, context.now()).await
            })
        })
        .await
}
