//! Void: give up what is held.

use super::begin::{self, Reserved, Terms};
use super::{Answer, Outcome, follow_up};
use crate::idempotency::{Claim, Command};
use crate::{App, Result, Txn};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::PaymentId;
use domain::idempotency::IdempotencyKey;
use domain::merchant::Tenant;
use domain::operation::OperationKind;
use domain::payment::{Finality, Payment};

/// What a merchant asks for.
#[derive(Clone, Debug)]
pub struct Void {
    /// Makes asking twice safe.
    pub idempotency_key: IdempotencyKey,
    /// The payment.
    pub payment: PaymentId,
    /// The version that the caller saw; the command is refused if the payment has changed since.
    pub expected_version: Option<i64>,
    /// Why, for the audit log.
    pub reason: Option<String>,
    /// Whether to rehearse only.
    pub simulate: bool,
}

/// Releases what an authorization holds; a partly captured payment keeps what was captured and closes.
///
/// # Errors
/// Refusals of scope, state and idempotency key; not found.
pub async fn void(app: &App, who: &Actor, cmd: Void) -> Result<Outcome> {
    let tenant = who.may(Scope::PaymentsCapture)?.tenant;
    let app = app.clone();
    app.clone()
        .to_the_end(async move { run(&app, tenant, cmd).await })
        .await
}

pub(crate) async fn run(app: &App, tenant: Tenant, cmd: Void) -> Result<Outcome> {
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

/// Idempotency record, row lock, decision, operation `sent`: all or nothing.
async fn reserve(app: &App, txn: &Txn, tenant: Tenant, cmd: &Void, now: Timestamp) -> Result<Reserved> {
    let input_hash = app
        .keys()
        .input_hash()
        .field("payment", cmd.payment.to_string())
        .optional("reason", cmd.reason.as_deref())
        .optional(
            "expected_version",
            cmd.expected_version.map(|version| version.to_string()),
        )
        .finish();
    let command = OperationKind::Void;
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
    follow_up::take_off(app, txn, decided).await
}

/// The operation that this void would send; its amount is what is released.
fn decide(app: &App, cmd: &Void, payment: Payment, now: Timestamp) -> Result<Answer> {
    payment.at_version(cmd.expected_version)?;
    payment.decide_void(cmd.reason.clone(), now)?;
    let terms = Terms {
        payment: payment.id,
        amount: payment.capturable(),
        finality: Finality::Final,
        reason: cmd.reason.clone(),
        key: cmd.idempotency_key.clone(),
        parts: None,
    };
    let operation = begin::operation(app, app.id(now), OperationKind::Void, terms, now);
    Ok(Answer {
        payment,
        operation,
        refund: None,
        intent: None,
    })
}
