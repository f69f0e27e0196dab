//! Make a payment link, and end it.

use crate::event::{self, NewEvent};
use crate::idempotency::{self, Claim, Claimed, Command};
use crate::payment::Run;
use crate::{App, Error, Result, Txn};
use domain::actor::{Actor, MerchantActor};
use domain::credential::Scope;
use domain::event::EventType;
use domain::gateways::Gateways;
use domain::id::PaymentLinkId;
use domain::idempotency::IdempotencyKey;
use domain::intent::{self, CaptureMethod, Collect};
use domain::metadata::Metadata;
use domain::payment_link::{MAX_PAYMENTS, NewLinkRefusal, PaymentLink};
use domain::web_url::ReturnUrl;
use domain::{Money, Timestamp};
use entity::payment_link as table;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// What a merchant asks for. Texts are checked by the caller with `domain::metadata`.
#[derive(Clone, Debug)]
pub struct NewPaymentLink {
    /// Makes asking twice safe.
    pub idempotency_key: IdempotencyKey,
    /// What each payer pays; must be chargeable.
    pub amount: Money,
    /// What it is for, in a few words.
    pub title: String,
    /// The same at length.
    pub description: Option<String>,
    /// The merchant's own number for it.
    pub merchant_reference: Option<String>,
    /// The merchant's own notes.
    pub metadata: Metadata,
    /// How a payer may pay; every way that fits if not given.
    pub gateways: Option<Gateways>,
    /// What payers are asked for, and what is put on top.
    pub collect: Collect,
    /// Where payers go when they have paid.
    pub success_url: Option<ReturnUrl>,
    /// How many payments it takes; without limit if not given.
    pub max_payments: Option<u32>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// A new payment link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The link, as it was made.
    pub link: PaymentLink,
    /// Whether it was made now or before.
    pub run: Run,
}

/// Makes a payment link.
///
/// # Errors
/// Refusals of scope, amount, gateways, limits and idempotency key.
pub async fn create(app: &App, who: &Actor, new: NewPaymentLink) -> Result<Made> {
    let who = who.may(Scope::PaymentsCreate)?.clone();
    new.amount.chargeable()?;
    let context = app.clone();
    let (link, run) = app
        .db()
        .in_txn(move |txn| Box::pin(async move { write(&context, txn, &who, &new).await }))
        .await?;
    Ok(Made { link, run })
}

fn draft(
    who: &MerchantActor,
    new: &NewPaymentLink,
    id: PaymentLinkId,
    now: Timestamp,
) -> Result<PaymentLink> {
    if new
        .max_payments
        .is_some_and(|most| !(1..=MAX_PAYMENTS).contains(&most))
    {
        return Err(NewLinkRefusal::MaxPayments.into());
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(NewLinkRefusal::Expiry.into());
    }
    let enabled = who.merchant.checkout.gateways;
    let gateways = intent::offered(
        enabled,
        new.gateways,
        new.amount.currency(),
        CaptureMethod::Automatic,
    )?;
    intent::check_surcharge(&who.merchant.fees, new.collect, new.amount)
        .map_err(intent::IntentRefusal::from)?;
    Ok(PaymentLink {
        id,
        tenant: who.tenant,
        amount: new.amount,
        title: new.title.clone(),
        description: new.description.clone(),
        merchant_reference: new.merchant_reference.clone(),
        metadata: new.metadata.clone(),
        gateways,
        collect: new.collect,
        success_url: new.success_url.clone(),
        max_payments: new.max_payments,
        payments: 0,
        expires_at: new.expires_at,
        deactivated_at: None,
        created_at: now,
    })
}

/// Idempotency record and link: all or nothing. The key comes first: the clock has moved since the first request, and the merchant's
/// gateways and fees may have changed, but its answer stands.
async fn write(
    app: &App,
    txn: &Txn,
    who: &MerchantActor,
    new: &NewPaymentLink,
) -> Result<(PaymentLink, Run)> {
    let now = app.now();
    let id: PaymentLinkId = app.id(now);
    let claim = Claim {
        tenant: who.tenant,
        command: Command::PaymentLinkCreate,
        key: new.idempotency_key.clone(),
        input_hash: input_hash(app, new),
    };
    if let Claimed::Answered(before) = idempotency::claim::<PaymentLink>(txn, &claim, id, now).await? {
        return Ok((*before, Run::Replayed));
    }
    let link = draft(who, new, id, now)?;
    table::Entity::insert(table::insert(&link))
        .exec_without_returning(txn)
        .await?;
    tell(app, txn, EventType::PaymentLinkCreated, &link, now).await?;
    let commands = [Command::PaymentLinkCreate; 2];
    idempotency::answer(txn, link.tenant, commands, &claim.key, link.id, &link).await?;
    Ok((link, Run::Done))
}

async fn tell(app: &App, txn: &Txn, event_type: EventType, link: &PaymentLink, now: Timestamp) -> Result<()> {
    let told = NewEvent::about(event_type, link.id, link)?;
    event::write(app, txn, link.tenant, vec![told], now).await
}

/// Everything that makes this request what it is.
fn input_hash(app: &App, new: &NewPaymentLink) -> String {
    let collect = new.collect;
    let switches = [collect.fee, collect.email, collect.phone, collect.promo_code];
    app.keys()
        .input_hash()
        .field("amount", new.amount.to_string())
        .field("title", &new.title)
        .optional("description", new.description.as_deref())
        .optional("merchant_reference", new.merchant_reference.as_deref())
        .optional("gateways", new.gateways.map(|gateways| gateways.to_string()))
        .field("collect", format!("{switches:?}"))
        .optional("success_url", new.success_url.as_ref().map(ReturnUrl::as_str))
        .optional("max_payments", new.max_payments.map(|most| most.to_string()))
        .optional("expires_at", new.expires_at.map(|end| end.to_rfc3339()))
        .metadata(&new.metadata)
        .finish()
}

/// Ends a link; intents that it made stay as they are. Doing it twice does it once.
///
/// # Errors
/// Refusals of scope; not found.
pub async fn deactivate(app: &App, who: &Actor, id: PaymentLinkId) -> Result<PaymentLink> {
    let tenant = who.may(Scope::PaymentsCreate)?.tenant;
    let (context, now) = (app.clone(), app.now());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let row = table::Entity::of(tenant)
                    .filter(table::Column::Id.eq(id.to_string()))
                    .lock_exclusive()
                    .one(txn)
                    .await?
                    .ok_or(Error::NotFound("payment link"))?;
                let mut link: PaymentLink = row.try_into()?;
                if link.deactivated_at.is_none() {
                    link.deactivated_at = Some(now);
                    let change = table::ActiveModel {
                        deactivated_at: sea_orm::Set(Some(now)),
                        ..Default::default()
                    };
                    table::Entity::update_many()
                        .set(change)
                        .filter(table::Column::Id.eq(id.to_string()))
                        .exec(txn)
                        .await?;
                    tell(&context, txn, EventType::PaymentLinkDeactivated, &link, now).await?;
                }
                Ok(link)
            })
        })
        .await
}
