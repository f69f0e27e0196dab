//! What capture, void and refund share: the way from a reserved operation to a settled one.

use super::begin::{self, Reserved};
use super::settle;
use super::{Answer, Outcome, Run};
use crate::provider::{FollowUp, Provider};
use crate::{App, Error, Result, Txn, intent};
use domain::id::PaymentId;
use domain::merchant::Tenant;
use domain::operation::OperationKind;
use domain::payment::Payment;
use domain::provider::Answer as ProviderAnswer;
use entity::{card, operation, payment};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

/// What a provider must be told about the payment, besides the operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Background {
    pub(crate) intake_reference: Option<String>,
    pub(crate) card_last4: Option<String>,
}

/// A payment of this tenant, locked until the transaction ends (on SQLite the whole transaction is one writer's).
pub(crate) async fn locked(txn: &Txn, tenant: Tenant, id: PaymentId) -> Result<Payment> {
    let row = payment::Entity::of(tenant)
        .filter(payment::Column::Id.eq(id.to_string()))
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(Error::NotFound("payment"))?;
    Ok(row.try_into()?)
}

/// A payment of this tenant, as it is now.
pub(crate) async fn read(app: &App, tenant: Tenant, id: PaymentId) -> Result<Payment> {
    super::find::one(app, tenant, id)
        .await?
        .ok_or(Error::NotFound("payment"))
}

/// Reads what the provider must be told about `payment`.
pub(crate) async fn background(on: &impl ConnectionTrait, payment: &Payment) -> Result<Background> {
    let intake = operation::Entity::of(payment.tenant)
        .filter(operation::Column::PaymentId.eq(payment.id.to_string()))
        .filter(
            operation::Column::Kind.is_in([OperationKind::Authorize.as_str(), OperationKind::Sale.as_str()]),
        )
        .one(on)
        .await?;
    let card = match payment.card {
        None => None,
        Some(id) => {
            card::Entity::of(payment.tenant)
                .filter(card::Column::Id.eq(id.to_string()))
                .one(on)
                .await?
        }
    };
    Ok(Background {
        intake_reference: intake.and_then(|row| row.provider_reference),
        card_last4: card.map(|row| row.last4),
    })
}

pub(crate) fn ask_about<'a>(answer: &'a Answer, background: &'a Background, asked: u32) -> FollowUp<'a> {
    FollowUp {
        operation: answer.operation.id,
        kind: answer.operation.kind,
        tenant: answer.payment.tenant,
        amount: answer.operation.amount,
        gateway: answer.payment.gateway,
        intake_reference: background.intake_reference.as_deref(),
        card_last4: background.card_last4.as_deref(),
        metadata: &answer.payment.metadata,
        asked,
    }
}

/// A follow-up that was decided but not written: what the rehearsal works on.
pub(crate) async fn rehearse(app: &App, decided: Answer) -> Result<Outcome> {
    let provider = app.providers().named(&decided.payment.provider)?;
    let background = background(app.db().reads(), &decided.payment).await?;
    let answer = provider
        .rehearse_follow_up(&ask_about(&decided, &background, 0))
        .unwrap_or_else(settle::assumed_approval);
    Ok(Outcome {
        answer: settle::decide(decided, answer, app.now())?,
        run: Run::Simulated,
    })
}

/// Writes a decided operation as sent and the payment as it stands with it: a capture or void marks the payment as its own, a
/// refund has reserved its amount.
pub(crate) async fn take_off(app: &App, txn: &Txn, mut decided: Answer) -> Result<Reserved> {
    let now = decided.operation.created_at;
    let of_the_hold = decided.operation.kind != OperationKind::Refund;
    if of_the_hold {
        decided.payment.in_flight = Some(decided.operation.id);
    }
    settle::save(txn, &mut decided.payment, now).await?;
    if of_the_hold {
        // The hold does not end by the clock now: the provider may do it in time.
        intent::follow(app, txn, &decided.payment, None, now).await?;
    }
    operation::Entity::insert(operation::insert(decided.payment.tenant, &decided.operation))
        .exec_without_returning(txn)
        .await?;
    Ok(Reserved::New(Box::new(decided)))
}

/// Reserves, asks the provider and settles.
pub(crate) async fn carry_out<F>(app: &App, payment: &Payment, reserve: F) -> Result<Outcome>
where
    F: for<'t> FnOnce(&'t Txn) -> BoxFuture<'t, Result<Reserved>> + Send + 'static,
{
    app.accounts().prepare(app.db(), payment, app.now()).await?;
    let reserved = match app.db().in_txn(reserve).await? {
        Reserved::Replay(answer) => {
            return Ok(Outcome {
                answer: *answer,
                run: Run::Replayed,
            });
        }
        Reserved::New(reserved) => *reserved,
    };
    let provider = app.providers().named(&reserved.payment.provider)?;
    let background = background(app.db().reads(), &reserved.payment).await?;
    let follow_up = ask_about(&reserved, &background, 0);
    let answer = begin::send(app, &reserved.operation, || send(provider.as_ref(), follow_up)).await;
    let answer = settle::settle(app, reserved, answer).await?;
    Ok(Outcome {
        answer,
        run: Run::Done,
    })
}

async fn send(provider: &dyn Provider, follow_up: FollowUp<'_>) -> ProviderAnswer {
    match follow_up.kind {
        OperationKind::Capture => provider.capture(follow_up).await,
        OperationKind::Void => provider.void(follow_up).await,
        OperationKind::Refund => provider.refund(follow_up).await,
        // A first operation is never sent as a follow-up; asking about it is the one thing that does no harm.
        OperationKind::Authorize | OperationKind::Sale => provider.status(follow_up).await,
    }
}
