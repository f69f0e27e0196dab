//! Refund: give taken money back.
//!
//! What is promised is reserved on the payment's row before the provider is asked, under the row's lock, so that two refunds can
//! never promise the same dinar.

use super::begin::{self, Reserved, Terms};
use super::{Answer, Outcome, follow_up};
use crate::event::{self, NewEvent};
use crate::idempotency::{Claim, Command};
use crate::{App, Result, Txn, ledger};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::event::EventType;
use domain::id::{PaymentId, RefundId};
use domain::idempotency::IdempotencyKey;
use domain::ledger::Draft;
use domain::merchant::Tenant;
use domain::operation::OperationKind;
use domain::payment::{Finality, Payment};
use domain::refund::{Approvals, Refund, RefundState};
use domain::{Money, Timestamp};
use sea_orm::EntityTrait;

/// What a merchant asks for.
#[derive(Clone, Debug)]
pub struct NewRefund {
    /// Makes asking twice safe.
    pub idempotency_key: IdempotencyKey,
    /// The payment.
    pub payment: PaymentId,
    /// The version that the caller saw; the command is refused if the payment has changed since.
    pub expected_version: Option<i64>,
    /// How much; all that can be refunded if not given.
    pub amount: Option<Money>,
    /// Why, for the audit log.
    pub reason: Option<String>,
    /// Whether to rehearse only.
    pub simulate: bool,
}

/// Gives captured money back to the payer.
///
/// # Errors
/// Refusals of scope, amount, state and idempotency key; not found.
pub async fn refund(app: &App, who: &Actor, cmd: NewRefund) -> Result<Outcome> {
    let tenant = who.may(Scope::RefundsCreate)?.tenant;
    let app = app.clone();
    app.clone()
        .to_the_end(async move { run(&app, tenant, cmd).await })
        .await
}

pub(crate) async fn run(app: &App, tenant: Tenant, cmd: NewRefund) -> Result<Outcome> {
    let payment = follow_up::read(app, tenant, cmd.payment).await?;
    if cmd.simulate {
        let decided = decide(app, &cmd, payment, app.now())?;
        return follow_up::rehearse(app, decided).await;
    }
    let context = app.clone();
    follow_up::carry_out(app, &payment, move |txn| {
        Box::pin(async move { reserve(&context, txn, tenant, &cmd, context.now()).await })
    })
    .await
}

/// Idempotency record, row lock, decision, reservation, journal, operation `sent`: all or nothing.
async fn reserve(app: &App, txn: &Txn, tenant: Tenant, cmd: &NewRefund, now: Timestamp) -> Result<Reserved> {
    let input_hash = app
        .keys()
        .input_hash()
        .field("payment", cmd.payment.to_string())
        .optional("amount", cmd.amount.map(|amount| amount.to_string()))
        .optional("reason", cmd.reason.as_deref())
        .optional(
            "expected_version",
            cmd.expected_version.map(|version| version.to_string()),
        )
        .finish();
    let command = OperationKind::Refund;
    let claim = Claim {
        tenant,
        command: Command::Operation(command),
        key: cmd.idempotency_key.clone(),
        input_hash,
    };
    let operation = app.id(now);
    if let Some(replay) = begin::claim(txn, &claim, operation, now).await? {
        return Ok(replay);
    }
    let payment = follow_up::locked(txn, tenant, cmd.payment).await?;
    let mut decided = decide(app, cmd, payment, now)?;
    decided.operation.id = operation;
    let Some(refund) = decided.refund.as_mut() else {
        return Err(crate::Error::Conflict);
    };
    refund.operation = operation;
    let refund = refund.clone();

    let reserved = follow_up::take_off(app, txn, decided).await?;
    entity::refund::Entity::insert(entity::refund::insert(tenant, &refund))
        .exec_without_returning(txn)
        .await?;
    if let Reserved::New(answer) = &reserved {
        let draft = Draft::refund_accepted(tenant, &answer.payment.provider, refund.amount);
        ledger::post(app, txn, &draft, &refund.id.to_string(), None, now).await?;
        let created = NewEvent::about(EventType::RefundCreated, refund.id, &refund)?;
        event::write(app, txn, tenant, vec![created], now).await?;
    }
    Ok(reserved)
}

/// The refund and the operation that it would send; the payment has the amount reserved already.
fn decide(app: &App, cmd: &NewRefund, mut payment: Payment, now: Timestamp) -> Result<Answer> {
    payment.at_version(cmd.expected_version)?;
    let amount = match cmd.amount {
        Some(amount) => amount.chargeable()?,
        None => payment.refundable(),
    };
    payment.state = payment.decide_refund(amount)?;
    let terms = Terms {
        payment: payment.id,
        amount,
        finality: Finality::Final,
        reason: cmd.reason.clone(),
        key: cmd.idempotency_key.clone(),
        parts: None,
    };
    let operation = begin::operation(app, app.id(now), OperationKind::Refund, terms, now);
    let refund = Refund {
        id: app.id::<RefundId>(now),
        payment: payment.id,
        operation: operation.id,
        amount,
        reason: cmd.reason.clone(),
        state: RefundState::requested(amount, Approvals::NotNeeded),
        created_at: now,
    };
    Ok(Answer {
        payment,
        operation,
        refund: Some(refund),
        intent: None,
    })
}
