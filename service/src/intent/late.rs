//! Money that arrived after its intent had run out goes back, where the merchant wants that (`reference/payments.md` 2.5).
//!
//! Invariant: that it is due is written in the transaction in which the money arrived, and that it went in the one in which it went, so
//! a crash forgets nothing. Only what the payment still has is given back, so no crash gives back twice.

use super::write;
use crate::payment::{NewRefund, Outcome, Void, read, refund, void};
use crate::{App, Result};
use chrono::Duration;
use domain::idempotency::IdempotencyKey;
use domain::intent::{Intent, IntentState, LateMoney};
use domain::payment::{Payment, PaymentStatus};
use entity::intent;
use sea_orm::sea_query::{Expr, ExprTrait};
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
    // Fresh ones at once, those that were tried after a while.
    let fresh = Expr::col(intent::Column::UpdatedAt).eq(Expr::col(intent::Column::EndedAt));
    let waited = intent::Column::UpdatedAt.lte(now - TRY_AGAIN);
    let due = intent::Entity::find()
        // As the index has it: SQLite does not see that a flag is what equals true.
        .filter(Expr::col(intent::Column::GiveBackDue))
        .filter(Condition::any().add(waited).add(fresh))
        .order_by_asc(intent::Column::UpdatedAt)
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
                "late money is not back yet; it is looked at in an hour"
            ),
            Err(error) => tracing::error!(%error, intent = id, "late money could not be given back"),
        }
    }
    Ok(given)
}

/// Whether the money of an intent is back.
async fn one(app: &App, row: intent::Model) -> Result<bool> {
    let intent: Intent = row.try_into()?;
    let IntentState::Expired { late: Some(late), .. } = intent.state else {
        return Ok(true);
    };
    match give_back(app, &intent, late).await {
        Ok(true) => Ok(true),
        // Also after an error: what fails at every try must not take the turn of the others.
        tried => put_off(app, &intent).await.and(tried),
    }
}

/// Releases what is held and refunds what was taken. The intent follows its payment, so there is nothing to write down here.
async fn give_back(app: &App, intent: &Intent, late: LateMoney) -> Result<bool> {
    let key = format!("late-{}-{}", intent.id, intent.version);
    let key: IdempotencyKey = key.parse().map_err(|_| crate::Error::Conflict)?;
    let mut payment = read(app, intent.tenant, late.payment).await?;
    let mut gone = late.given_back;
    // The merchant may have captured a part of a hold: then there are two steps.
    for _ in 0..2 {
        let Some(outcome) = step(app, &payment, key.clone()).await? else {
            break;
        };
        gone = outcome.answer.intent.is_some_and(|intent| is_back(&intent));
        payment = outcome.answer.payment;
    }
    Ok(gone)
}

/// What can be done now; nothing while the last step has no answer, or where the hold has run out.
async fn step(app: &App, payment: &Payment, idempotency_key: IdempotencyKey) -> Result<Option<Outcome>> {
    let (context, tenant, id) = (app.clone(), payment.tenant, payment.id);
    let reason = Some(REASON.to_owned());
    if payment.in_flight.is_some() {
        return Ok(None);
    }
    let done = match payment.status_at(app.now()) {
        PaymentStatus::Authorized | PaymentStatus::PartiallyCaptured => {
            let cmd = Void {
                idempotency_key,
                payment: id,
                expected_version: None,
                reason,
                simulate: false,
            };
            app.to_the_end(async move { void::run(&context, tenant, cmd).await })
                .await
        }
        _ if payment.refundable().is_positive() => {
            let cmd = NewRefund {
                idempotency_key,
                payment: id,
                expected_version: None,
                amount: None,
                reason,
                simulate: false,
            };
            app.to_the_end(async move { refund::run(&context, tenant, cmd).await })
                .await
        }
        _ => return Ok(None),
    };
    done.map(Some)
}

const fn is_back(intent: &Intent) -> bool {
    match intent.state {
        IntentState::Expired { late: Some(late), .. } => late.given_back,
        _ => true,
    }
}

/// Leaves an intent that is still due for a while.
async fn put_off(app: &App, seen: &Intent) -> Result<()> {
    let (context, tenant, id) = (app.clone(), seen.tenant, seen.id);
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let mut intent = write::locked(txn, tenant, id).await?;
                if is_back(&intent) {
                    return Ok(());
                }
                let before = intent.state.status();
                write::save(&context, txn, before, &mut intent, context.now()).await
            })
        })
        .await
}
