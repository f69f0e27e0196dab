//! Confirm: an attempt to pay an intent.
//!
//! Reserve, ask the provider, settle (design.md 4): each attempt is a payment. The intent's row is locked while the attempt is reserved
//! and stays `processing` until it is answered, so a second attempt beside it is refused.

use super::payer::Payer;
use super::{contact, slot, write};
use crate::idempotency::{Claim, Command};
use crate::payment::begin::{self, Account, Reserved};
use crate::payment::{Answer, NewPayment, Outcome, Run, intake};
use crate::{App, Error, Result, Txn, merchant};
use domain::actor::Actor;
use domain::card::CardDetails;
use domain::credential::Scope;
use domain::id::{IntentId, OperationId};
use domain::idempotency::IdempotencyKey;
use domain::intent::{Attempt, ConfirmRefusal, Intent};
use domain::payment::Customer;
use domain::provider::Gateway;
use domain::{Money, Timestamp};
use std::sync::Arc;

/// What is paid with. Texts are checked by the caller with `domain::metadata`.
#[derive(Debug)]
pub struct Confirm {
    /// Through which gateway.
    pub gateway: Gateway,
    /// The card, for [`Gateway::CreditCard`] only.
    pub card: Option<CardDetails>,
    /// What the payer says of themselves; what is known already need not be said again.
    pub customer: Customer,
    /// The total that the payer saw; what was not shown is not compared.
    pub expected_total: Option<Money>,
    /// What is noted on this attempt's payment besides the notes of the intent: what a simulated wallet answered.
    pub notes: Vec<(String, String)>,
}

/// Pays an intent with a merchant's key. The same key again gives the first answer.
///
/// # Errors
/// Refusals of scope, state, card, gateway and idempotency key; not found. A decline is no error but a failed payment.
pub async fn confirm(
    app: &App,
    who: &Actor,
    intent: IntentId,
    key: IdempotencyKey,
    with: Confirm,
) -> Result<Outcome> {
    let account = Account::from(who.may(Scope::PaymentsCreate)?);
    let app = app.clone();
    let attempt = Attempted {
        account,
        intent,
        key: Some(key),
        with,
    };
    app.clone()
        .to_the_end(async move { run(&app, attempt).await })
        .await
}

/// Pays an intent as its payer. It takes no key: while an attempt is under way, another one is refused. A key that the payer sends is
/// one of this intent, since who may pay one intent must not use up the keys of others.
///
/// # Errors
/// Refusals of state, card, gateway and idempotency key. A decline is no error but a failed payment.
pub async fn confirm_as_payer(
    app: &App,
    payer: Payer,
    key: Option<IdempotencyKey>,
    with: Confirm,
) -> Result<Outcome> {
    let app = app.clone();
    app.clone()
        .to_the_end(async move {
            let tenant = payer.tenant();
            let merchant = merchant::of(app.db().reads(), tenant.merchant).await?;
            let attempt = Attempted {
                account: Account {
                    tenant,
                    merchant: Arc::new(merchant),
                },
                intent: payer.intent(),
                key: key.map(|key| key.of(payer.intent())),
                with,
            };
            run(&app, attempt).await
        })
        .await
}

struct Attempted {
    account: Account,
    intent: IntentId,
    key: Option<IdempotencyKey>,
    with: Confirm,
}

async fn run(app: &App, attempted: Attempted) -> Result<Outcome> {
    let provider = app.providers().for_mode(attempted.account.tenant.mode)?;
    let (context, name) = (app.clone(), provider.name());
    let (reserved, new) = app
        .db()
        .in_txn(move |txn| Box::pin(async move { reserve(&context, txn, attempted, name).await }))
        .await?;
    match reserved {
        Reserved::Replay(answer) => Ok(Outcome {
            answer: *answer,
            run: Run::Replayed,
        }),
        Reserved::New(reserved) => {
            let new = new.ok_or(Error::Conflict)?;
            let answer = intake::send(app, provider.as_ref(), *reserved, &new).await?;
            Ok(Outcome {
                answer,
                run: Run::Done,
            })
        }
    }
}

/// Idempotency record, the intent under its lock, promo code and link, card, payment and operation: all or nothing.
async fn reserve(
    app: &App,
    txn: &Txn,
    attempted: Attempted,
    provider: &str,
) -> Result<(Reserved, Option<NewPayment>)> {
    let now = app.now();
    let operation: OperationId = app.id(now);
    if let Some(key) = &attempted.key {
        let claim = Claim {
            tenant: attempted.account.tenant,
            command: Command::IntentConfirm,
            key: key.clone(),
            input_hash: input_hash(app, &attempted),
        };
        if let Some(replay) = begin::claim(txn, &claim, operation, now).await? {
            return Ok((replay, None));
        }
    }
    let Attempted {
        account,
        intent,
        key,
        with,
    } = attempted;
    let mut intent = write::locked(txn, account.tenant, intent).await?;
    let before = intent.state.status();
    let key = match key {
        Some(key) => key,
        None => operation.to_string().parse().map_err(|_| Error::Conflict)?,
    };
    let new = payment_of(&mut intent, &account, key, with, now)?;
    slot::take(txn, &intent, now).await?;
    let mut draft = intake::draft(app, &account, &new, intent.intake(), provider, Some(intent.id))?;
    draft.operation.id = operation;
    let attempt = Attempt {
        payment: draft.payment.id,
        gateway: new.gateway,
    };
    let mut intent = intent.confirm(attempt, now)?;
    write::save(app, txn, before, &mut intent, now).await?;
    let mut reserved: Answer = intake::insert(app, txn, &new, draft).await?;
    reserved.intent = Some(Box::new(intent));
    Ok((Reserved::New(Box::new(reserved)), Some(new)))
}

/// The payment that this attempt makes. What the intent is comes before what is wrong with the card: who pays too late need not
/// correct a number first.
fn payment_of(
    intent: &mut Intent,
    account: &Account,
    key: IdempotencyKey,
    with: Confirm,
    now: Timestamp,
) -> Result<NewPayment> {
    intent.may_confirm(with.gateway, now)?;
    intake::check_means(
        &account.merchant,
        with.gateway,
        with.card.as_ref(),
        intent.intake(),
    )?;
    intent.customer = contact::merged(&intent.customer, &with.customer, intent.collect)?;
    let bill = intent
        .bill(&account.merchant, with.gateway)
        .map_err(ConfirmRefusal::from)?;
    if with.expected_total.is_some_and(|seen| seen != bill.total) {
        return Err(ConfirmRefusal::TotalChanged { total: bill.total }.into());
    }
    Ok(NewPayment {
        idempotency_key: key,
        amount: bill.total.chargeable()?,
        gateway: with.gateway,
        card: with.card,
        customer: intent.customer.clone(),
        description: intent.description.clone().or_else(|| intent.title.clone()),
        merchant_reference: intent.merchant_reference.clone(),
        metadata: intent.metadata.clone().with(with.notes),
        simulate: false,
    })
}

/// Everything that makes this request what it is.
fn input_hash(app: &App, attempted: &Attempted) -> String {
    let with = &attempted.with;
    let hash = app
        .keys()
        .input_hash()
        .field("intent", attempted.intent.to_string())
        .field("gateway", with.gateway.as_str())
        .optional("customer.email", with.customer.email.as_deref())
        .optional("customer.name", with.customer.name.as_deref())
        .optional("customer.phone", with.customer.phone.as_deref())
        .optional(
            "expected_total",
            with.expected_total.map(|total| total.to_string()),
        );
    intake::with_card(hash, with.card.as_ref()).finish()
}
