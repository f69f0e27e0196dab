//! Finishing what a lost answer or a crash left open: ask the provider, never guess.

use super::follow_up::{ask_about, background};
use super::{Answer, settle};
use crate::provider::ask;
use crate::{App, Error, Result, Txn};
use domain::id::OperationId;
use domain::operation::Operation;
use domain::payment::Payment;
use entity::inconsistency::At;
use entity::{operation, payment, refund};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

/// How long an operation is left alone after asking about it failed on our side.
const PUT_OFF_S: i64 = 60;

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Operations that have an answer now.
    pub settled: u64,
    /// Operations about which the provider does not know either; they are asked about again later.
    pub still_unknown: u64,
    /// Operations that could not be looked at; the log says why.
    pub failed: u64,
}

/// Asks the providers about at most `limit` operations that are due, oldest first.
///
/// # Errors
/// When the due operations cannot be read. One operation that fails does not stop the others.
pub async fn resolve_unknown_outcomes(app: &App, limit: u64) -> Result<Resolved> {
    let due = operation::Entity::find()
        .filter(operation::Column::SettledAt.is_null())
        .filter(operation::Column::AskAgainAt.lte(app.now()))
        .order_by_asc(operation::Column::AskAgainAt)
        .limit(limit)
        .all(app.db().reads())
        .await?;
    let mut resolved = Resolved::default();
    for row in due {
        match resolve(app, row.id.clone()).await {
            Ok(answer) if answer.operation.state.is_settled() => resolved.settled += 1,
            Ok(_) => resolved.still_unknown += 1,
            Err(error) => {
                tracing::error!(%error, operation = row.id, "an open operation could not be resolved");
                resolved.failed += 1;
                put_off(app, row.id).await?;
            }
        }
    }
    Ok(resolved)
}

/// Leaves an operation that failed for a while, so that it does not take the turn of the others at every sweep.
async fn put_off(app: &App, operation: String) -> Result<()> {
    let later = app.now() + chrono::Duration::seconds(PUT_OFF_S);
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let change = operation::ActiveModel {
                    ask_again_at: Set(Some(later)),
                    ..Default::default()
                };
                operation::Entity::update_many()
                    .set(change)
                    .filter(operation::Column::Id.eq(operation))
                    .filter(operation::Column::SettledAt.is_null())
                    .exec(txn)
                    .await?;
                Ok(())
            })
        })
        .await
}

async fn resolve(app: &App, id: String) -> Result<Answer> {
    let current = load(app.db().reads(), id.parse().at("operations", "id", &id)?).await?;
    if current.operation.state.is_settled() {
        return Ok(current);
    }
    let asked = match current.operation.state {
        domain::operation::OperationState::OutcomeUnknown { asked } => asked,
        _ => 0,
    };
    let provider = app.providers().named(&current.payment.provider)?;
    let background = background(app.db().reads(), &current.payment).await?;
    let answer = ask(
        app.provider_timeout(),
        provider.status(ask_about(&current, &background, asked)),
    )
    .await;
    app.accounts()
        .prepare(app.db(), &current.payment, app.now())
        .await?;
    settle::settle(app, current, answer).await
}

/// An operation with its payment and refund, as they are now.
async fn load(on: &impl ConnectionTrait, id: OperationId) -> Result<Answer> {
    let operation = operation::Entity::find_by_id(id.to_string())
        .one(on)
        .await?
        .ok_or(Error::NotFound("operation"))?;
    let payment = payment::Entity::find_by_id(operation.payment_id.clone())
        .one(on)
        .await?;
    let payment: Payment = payment.ok_or(Error::NotFound("payment"))?.try_into()?;
    with_refund(on, operation.try_into()?, payment).await
}

/// As [`load`], with the payment locked until the transaction ends.
pub(crate) async fn load_locked(txn: &Txn, id: OperationId) -> Result<Answer> {
    let seen = operation::Entity::find_by_id(id.to_string())
        .one(txn)
        .await?
        .ok_or(Error::NotFound("operation"))?;
    let payment = payment::Entity::find_by_id(seen.payment_id)
        .lock_exclusive()
        .one(txn)
        .await?;
    let payment: Payment = payment.ok_or(Error::NotFound("payment"))?.try_into()?;
    // Read again under the lock: another settler may have been faster.
    let operation = operation::Entity::find_by_id(id.to_string())
        .one(txn)
        .await?
        .ok_or(Error::NotFound("operation"))?;
    with_refund(txn, operation.try_into()?, payment).await
}

async fn with_refund(on: &impl ConnectionTrait, operation: Operation, payment: Payment) -> Result<Answer> {
    let refund = refund::Entity::of(payment.tenant)
        .filter(refund::Column::OperationId.eq(operation.id.to_string()))
        .one(on)
        .await?;
    let refund = refund.map(TryInto::try_into).transpose()?;
    Ok(Answer {
        payment,
        operation,
        refund,
        intent: None,
    })
}
