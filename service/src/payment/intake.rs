//! Authorize and sell: the first operation of a payment.
//!
//! Reserve, ask the provider, settle (design.md 4). The card's number and verification value pass through to the provider and
//! are gone; what is kept is its vault entry.

use super::begin::{self, Account, Reserved, Terms};
use super::settle;
use super::{Answer, Outcome, Run};
use crate::idempotency::{Claim, Command};
use crate::keys::InputHash;
use crate::provider::{Charge, Provider};
use crate::{App, Refusal, Result, Txn, card};
use domain::Money;
use domain::actor::Actor;
use domain::card::CardDetails;
use domain::credential::Scope;
use domain::fee::CaptureOrder;
use domain::id::{IntentId, OperationId};
use domain::idempotency::IdempotencyKey;
use domain::intent::IntentRefusal;
use domain::merchant::Merchant;
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
    let who = Account::from(who.may(Scope::PaymentsCreate)?);
    new.amount.chargeable()?;
    let app = app.clone();
    app.clone()
        .to_the_end(async move { run(&app, &Arc::new(who), Arc::new(new), intake).await })
        .await
}

/// That money can be taken this way: the gateway is the merchant's to use and can do it, and a card is there exactly for cards.
pub(crate) fn check_means(
    merchant: &Merchant,
    gateway: Gateway,
    card: Option<&CardDetails>,
    intake: Intake,
) -> Result<()> {
    if !merchant.checkout.gateways.contains(gateway) {
        return Err(IntentRefusal::GatewayNotEnabled { gateway }.into());
    }
    Payment::may_begin(gateway, intake)?;
    match (gateway, card) {
        (Gateway::CreditCard, None) => Err(Refusal::CardRequired.into()),
        (Gateway::CreditCard, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(Refusal::CardNotAllowed.into()),
    }
}

async fn run(app: &App, who: &Arc<Account>, new: Arc<NewPayment>, intake: Intake) -> Result<Outcome> {
    let provider = app.providers().for_mode(who.tenant.mode)?;
    let draft = draft(app, who, &new, intake, provider.name(), None)?;
    let charge = charge(&draft, &new);
    if new.simulate {
        check_means(&who.merchant, new.gateway, new.card.as_ref(), intake)?;
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
        .in_txn(move |txn| {
            Box::pin(async move { reserve(&context, txn, &asked, &input, intake, to_reserve).await })
        })
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
    let answer = send(app, provider.as_ref(), reserved, &new).await?;
    Ok(Outcome {
        answer,
        run: Run::Done,
    })
}

/// Sends a reserved first operation and settles it.
pub(crate) async fn send(
    app: &App,
    provider: &dyn Provider,
    reserved: Answer,
    new: &NewPayment,
) -> Result<Answer> {
    let charge = charge(&reserved, new);
    let answer = if reserved.operation.kind == OperationKind::Authorize {
        begin::send(app, &reserved.operation, || provider.authorize(charge)).await
    } else {
        begin::send(app, &reserved.operation, || provider.sale(charge)).await
    };
    // Not before: a key that stands for another currency is refused without a trace.
    app.accounts()
        .prepare(app.db(), &reserved.payment, reserved.operation.created_at)
        .await?;
    settle::settle(app, reserved, answer).await
}

/// The payment and its operation, as they would be sent now.
pub(crate) fn draft(
    app: &App,
    who: &Account,
    new: &NewPayment,
    intake: Intake,
    provider: &str,
    intent: Option<IntentId>,
) -> Result<Answer> {
    let now = app.now();
    let payment = Payment {
        id: app.id(now),
        tenant: who.tenant,
        intent,
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
        intent: None,
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

/// Idempotency record, card, payment and operation: all or nothing. The key comes before what the merchant may use: that may have
/// changed since the first request, whose answer stands.
async fn reserve(
    app: &App,
    txn: &Txn,
    who: &Account,
    new: &NewPayment,
    intake: Intake,
    draft: Answer,
) -> Result<Reserved> {
    let now = draft.operation.created_at;
    let claim = Claim {
        tenant: who.tenant,
        command: Command::Operation(draft.operation.kind),
        key: new.idempotency_key.clone(),
        input_hash: input_hash(app, new),
    };
    if let Some(replay) = begin::claim(txn, &claim, draft.operation.id, now).await? {
        return Ok(replay);
    }
    check_means(&who.merchant, new.gateway, new.card.as_ref(), intake)?;
    let draft = insert(app, txn, new, draft).await?;
    Ok(Reserved::New(Box::new(draft)))
}

/// Card, payment and operation.
pub(crate) async fn insert(app: &App, txn: &Txn, new: &NewPayment, mut draft: Answer) -> Result<Answer> {
    let (tenant, now) = (draft.payment.tenant, draft.operation.created_at);
    if let Some(details) = &new.card {
        draft.payment.card = Some(card::vault(app, txn, tenant, details, now).await?);
    }
    entity::payment::Entity::insert(entity::payment::insert(&draft.payment))
        .exec_without_returning(txn)
        .await?;
    entity::operation::Entity::insert(entity::operation::insert(tenant, &draft.operation))
        .exec_without_returning(txn)
        .await?;
    Ok(draft)
}

/// Everything that makes this request what it is; two requests with one hash are the same request.
fn input_hash(app: &App, new: &NewPayment) -> String {
    let hash = app
        .keys()
        .input_hash()
        .field("amount", new.amount.minor().to_string())
        .field("currency", new.amount.currency().code())
        .field("gateway", new.gateway.as_str())
        .optional("customer.email", new.customer.email.as_deref())
        .optional("customer.name", new.customer.name.as_deref())
        .optional("customer.phone", new.customer.phone.as_deref())
        .optional("description", new.description.as_deref())
        .optional("merchant_reference", new.merchant_reference.as_deref());
    with_card(hash, new.card.as_ref())
        .metadata(&new.metadata)
        .finish()
}

/// The card's part of an input.
pub(crate) fn with_card(hash: InputHash, card: Option<&CardDetails>) -> InputHash {
    match card {
        None => hash,
        Some(card) => hash
            // Without the verification value: it is never kept, and a hash that could be tried against would be keeping it.
            .field("card.number", card.number())
            .field(
                "card.expiry",
                format!("{}-{}", card.expiry().year, card.expiry().month),
            )
            .optional("card.holder", card.holder()),
    }
}
