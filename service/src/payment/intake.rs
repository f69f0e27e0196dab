//! Authorize and sell: the first operation of a payment.
//!
//! Reserve, ask the provider, settle (design.md 4). The card's number and verification value pass through to the provider and
//! are gone; what is kept is its vault entry.

use super::begin::{self, Reserved, Terms};
use super::settle;
use super::{Answer, Outcome, Run};
use crate::idempotency::Claim;
use crate::provider::{Charge, ask};
use crate::{App, Refusal, Result, Txn, card};
use domain::Money;
use domain::actor::{Actor, MerchantActor};
use domain::card::CardDetails;
use domain::credential::Scope;
use domain::fee::CaptureOrder;
use domain::id::OperationId;
use domain::idempotency::IdempotencyKey;
use domain::metadata::Metadata;
use domain::operation::OperationKind;
use domain::payment::{Customer, Finality, Intake, Payment, PaymentState};
use domain::provider::Gateway;
use sea_orm::EntityTrait;
use std::sync::Arc;

/// What a merchant asks for. Texts are checked by the caller with `domain::metadata`.
#[derive(Debug)]
pub struct NewPayment {
    /// Makes asking twice safe.
    pub idempotency_key: IdempotencyKey,
    /// How much; must be chargeable.
    pub amount: Money,
    /// How the payer pays.
    pub gateway: Gateway,
    /// The card, for [`Gateway::CreditCard`] only.
    pub card: Option<CardDetails>,
    /// Who pays.
    pub customer: Customer,
    /// What it is for.
    pub description: Option<String>,
    /// The merchant's own number for it.
    pub merchant_reference: Option<String>,
    /// The merchant's own notes.
    pub metadata: Metadata,
    /// Whether to rehearse only.
    pub simulate: bool,
}

/// Holds money for seven days.
///
/// # Errors
/// Refusals of scope, amount, card, gateway and idempotency key. A decline is no error but a failed payment.
pub async fn authorize(app: &App, who: &Actor, new: NewPayment) -> Result<Outcome> {
    begin_payment(app, who, new, Intake::Authorize).await
}

/// Holds and takes money in one step.
///
/// # Errors
/// As [`authorize`].
pub async fn sale(app: &App, who: &Actor, new: NewPayment) -> Result<Outcome> {
    begin_payment(app, who, new, Intake::Sale).await
}

async fn begin_payment(app: &App, who: &Actor, new: NewPayment, intake: Intake) -> Result<Outcome> {
    let who = who.may(Scope::PaymentsCreate)?.clone();
    new.amount.chargeable()?;
    Payment::may_begin(new.gateway, intake)?;
    match (new.gateway, &new.card) {
        (Gateway::CreditCard, None) => {
            return Err(Refusal::CardRequired.into());
        }
        (Gateway::CreditCard, Some(_)) | (_, None) => {}
        (_, Some(_)) => return Err(Refusal::CardNotAllowed.into()),
    }
    let app = app.clone();
    app.clone()
        .to_the_end(async move { run(&app, &Arc::new(who), Arc::new(new), intake).await })
        .await
}

async fn run(app: &App, who: &Arc<MerchantActor>, new: Arc<NewPayment>, intake: Intake) -> Result<Outcome> {
    let provider = app.providers().for_mode(who.tenant.mode)?;
    let draft = draft(app, who, &new, intake, provider.name())?;
    let charge = charge(&draft, &new);
    if new.simulate {
        let answer = provider
            .rehearse_charge(&charge)
            .unwrap_or_else(settle::assumed_approval);
        let answer = settle::decide(draft, answer, app.now())?;
        return Ok(Outcome {
            answer,
            run: Run::Simulated,
        });
    }

    let (to_reserve, context, input, asked) = (draft, app.clone(), Arc::clone(&new), Arc::clone(who));
    let reserved = app
        .db()
        .in_txn(move |txn| Box::pin(async move { reserve(&context, txn, &asked, &input, to_reserve).await }))
        .await?;
    let reserved = match reserved {
        Reserved::Replay(answer) => {
            return Ok(Outcome {
                answer: *answer,
                run: Run::Replayed,
            });
        }
        Reserved::New(reserved) => *reserved,
    };
    let charge = self::charge(&reserved, &new);
    let answer = match intake {
        Intake::Authorize => ask(app.provider_timeout(), provider.authorize(charge)).await,
        Intake::Sale => ask(app.provider_timeout(), provider.sale(charge)).await,
    };
    // Not before: a key that stands for another currency is refused without a trace.
    app.accounts()
        .prepare(app.db(), &reserved.payment, reserved.operation.created_at)
        .await?;
    let answer = settle::settle(app, reserved, answer).await?;
    Ok(Outcome {
        answer,
        run: Run::Done,
    })
}

/// The payment and its operation, as they would be sent now.
fn draft(app: &App, who: &MerchantActor, new: &NewPayment, intake: Intake, provider: &str) -> Result<Answer> {
    let now = app.now();
    let payment = Payment {
        id: app.id(now),
        tenant: who.tenant,
        amount: new.amount,
        gateway: new.gateway,
        provider: provider.to_owned(),
        card: None,
        state: PaymentState::Processing {
            outcome_unknown: false,
        },
        in_flight: None,
        customer: new.customer.clone(),
        description: new.description.clone(),
        merchant_reference: new.merchant_reference.clone(),
        metadata: new.metadata.clone(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let (kind, parts) = match intake {
        Intake::Authorize => (OperationKind::Authorize, None),
        Intake::Sale => (
            OperationKind::Sale,
            Some(begin::price(&who.merchant, new.amount, CaptureOrder::First)?),
        ),
    };
    let terms = Terms {
        payment: payment.id,
        amount: new.amount,
        finality: Finality::Final,
        reason: None,
        key: new.idempotency_key.clone(),
        parts,
    };
    let operation = begin::operation(app, app.id::<OperationId>(now), kind, terms, now);
    Ok(Answer {
        payment,
        operation,
        refund: None,
    })
}

fn charge<'a>(draft: &Answer, new: &'a NewPayment) -> Charge<'a> {
    Charge {
        operation: draft.operation.id,
        tenant: draft.payment.tenant,
        amount: new.amount,
        gateway: new.gateway,
        card: new.card.as_ref(),
        metadata: &new.metadata,
    }
}

/// Idempotency record, card, payment and operation: all or nothing.
async fn reserve(
    app: &App,
    txn: &Txn,
    who: &MerchantActor,
    new: &NewPayment,
    mut draft: Answer,
) -> Result<Reserved> {
    let now = draft.operation.created_at;
    let claim = Claim {
        tenant: who.tenant,
        command: draft.operation.kind,
        key: new.idempotency_key.clone(),
        input_hash: input_hash(app, new),
    };
    if let Some(replay) = begin::claim(txn, &claim, draft.operation.id, now).await? {
        return Ok(replay);
    }
    if let Some(details) = &new.card {
        draft.payment.card = Some(card::vault(app, txn, who.tenant, details, now).await?);
    }
    entity::payment::Entity::insert(entity::payment::insert(&draft.payment))
        .exec_without_returning(txn)
        .await?;
    entity::operation::Entity::insert(entity::operation::insert(who.tenant, &draft.operation))
        .exec_without_returning(txn)
        .await?;
    Ok(Reserved::New(Box::new(draft)))
}

/// Everything that makes this request what it is; two requests with one hash are the same request.
fn input_hash(app: &App, new: &NewPayment) -> String {
    let mut hash = app
        .keys()
        .input_hash()
        .field("amount", new.amount.minor().to_string())
        .field("currency", new.amount.currency().code())
        .field("gateway", new.gateway.as_str())
        .optional("customer.email", new.customer.email.as_deref())
        .optional("customer.name", new.customer.name.as_deref())
        .optional("description", new.description.as_deref())
        .optional("merchant_reference", new.merchant_reference.as_deref());
    if let Some(card) = &new.card {
        hash = hash
            // Without the verification value: it is never kept, and a hash that could be tried against would be keeping it.
            .field("card.number", card.number())
            .field(
                "card.expiry",
                format!("{}-{}", card.expiry().year, card.expiry().month),
            )
            .optional("card.holder", card.holder());
    }
    new.metadata
        .iter()
        .fold(hash, |hash, (key, value)| {
            hash.field("metadata.key", key).field("metadata.value", value)
        })
        .finish()
}
