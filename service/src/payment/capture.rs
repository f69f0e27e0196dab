//! Capture an authorized payment.
//!
//! Reserve, ask the provider, settle: two short transactions, no lock across the network (design.md 4).

use super::begin::{self, Reserved, Terms};
use super::{Answer, Outcome, follow_up};
use crate::idempotency::{Claim, Command};
use crate::{App, Result, Txn};
use domain::actor::{Actor, MerchantActor};
use domain::credential::Scope;
use domain::id::PaymentId;
use domain::idempotency::IdempotencyKey;
use domain::operation::OperationKind;
use domain::payment::{Finality, Payment};
use domain::{Money, Timestamp};

/// What a merchant asks for.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Makes asking twice safe.
    pub idempotency_key: IdempotencyKey,
    /// The payment.
    pub payment: PaymentId,
    /// The version that the caller saw; the command is refused if the payment has changed since.
    pub expected_version: Option<i64>,
    /// How much; all that is held if not given.
    pub amount: Option<Money>,
    /// What happens to the rest of the hold.
    pub finality: Finality,
    /// Whether to rehearse only.
    pub simulate: bool,
}

/// Takes money that an authorization holds.
///
/// # Errors
/// Refusals of scope, amount, state and idempotency key; not found.
pub async fn capture(app: &App, who: &Actor, cmd: Capture) -> Result<Outcome> {
    let who = who.may(Scope::PaymentsCapture)?.clone();
    let app = app.clone();
    app.clone()
        .to_the_end(async move { run(&app, who, cmd).await })
        .await
}

async fn run(app: &App, who: MerchantActor, cmd: Capture) -> Result<Outcome> {
    let payment = follow_up::read(app, who.tenant, cmd.payment).await?;
    if cmd.simulate {
        let decided = decide(app, &who, &cmd, payment, app.now())?;
        return follow_up::rehearse(app, decided).await;
    }
    let context = app.clone();
    follow_up::carry_out(app, &payment, move |txn| {
        Box::pin(async move { reserve(&context, txn, &who, &cmd, context.now()).await })
    })
    .await
}

/// Idempotency record, row lock, decision, operation `sent`: all or nothing.
async fn reserve(
    app: &App,
    txn: &Txn,
    who: &MerchantActor,
    cmd: &Capture,
    now: Timestamp,
) -> Result<Reserved> {
    let input_hash = app
        .keys()
        .input_hash()
        .field("payment", cmd.payment.to_string())
        .optional("amount", cmd.amount.map(|amount| amount.to_string()))
        .field("finality", format!("{:?}", cmd.finality))
        .optional(
            "expected_version",
            cmd.expected_version.map(|version| version.to_string()),
        )
        .finish();
    let command = OperationKind::Capture;
    let claim = Claim {
        tenant: who.tenant,
        command: Command::Operation(command),
        key: cmd.idempotency_key.clone(),
        input_hash,
    };
    let operation = app.id(now);
    if let Some(replay) = begin::claim(txn, &claim, operation, now).await? {
        return Ok(replay);
    }
    let payment = follow_up::locked(txn, who.tenant, cmd.payment).await?;
    let mut decided = decide(app, who, cmd, payment, now)?;
    decided.operation.id = operation;
    follow_up::take_off(app, txn, decided).await
}

/// The operation that this capture would send.
fn decide(app: &App, who: &MerchantActor, cmd: &Capture, payment: Payment, now: Timestamp) -> Result<Answer> {
    payment.at_version(cmd.expected_version)?;
    let amount = match cmd.amount {
        Some(amount) => amount.chargeable()?,
        None => payment.capturable(),
    };
    payment.decide_capture(amount, cmd.finality, now)?;
    let parts = begin::price(&who.merchant, amount, payment.next_capture())?;
    let terms = Terms {
        payment: payment.id,
        amount,
        finality: cmd.finality,
        reason: None,
        key: cmd.idempotency_key.clone(),
        parts: Some(parts),
    };
    let operation = begin::operation(app, app.id(now), OperationKind::Capture, terms, now);
    Ok(Answer {
        payment,
        operation,
        refund: None,
        intent: None,
    })
}
