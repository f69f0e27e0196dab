//! Make an intent.

use super::secret;
use crate::event::{self, NewEvent};
use crate::idempotency::{self, Claim, Claimed, Command};
use crate::payment::Run;
use crate::payment::begin::Account;
use crate::{App, Result, Txn};
use chrono::Duration;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::event::EventType;
use domain::gateways::Gateways;
use domain::id::{IntentId, PaymentLinkId};
use domain::idempotency::IdempotencyKey;
use domain::intent::{self, CaptureMethod, Collect, Intent, IntentRefusal, IntentState, Source};
use domain::metadata::Metadata;
use domain::payment::Customer;
use domain::web_url::{CallbackUrl, ReturnUrl};
use domain::{Money, Timestamp};
use sea_orm::EntityTrait;

/// Through which door an intent is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// GraphQL, S2 or S0: the page opens with a client secret, and the intent lives an hour.
    Api,
    /// S3: the page opens with the reference code, and the intent lives a day.
    Rasedi,
}

/// What a merchant asks for. Texts are checked by the caller with `domain::metadata`.
#[derive(Clone, Debug)]
pub struct NewIntent {
    /// Makes asking twice safe.
    pub idempotency_key: IdempotencyKey,
    /// Through which door.
    pub door: Door,
    /// How much; must be chargeable.
    pub amount: Money,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// How the payer may pay; every way that fits if not given.
    pub gateways: Option<Gateways>,
    /// What the payer is asked for, and what is put on top.
    pub collect: Collect,
    /// What it is for, in a few words.
    pub title: Option<String>,
    /// The same at length.
    pub description: Option<String>,
    /// The merchant's own number for it.
    pub merchant_reference: Option<String>,
    /// The merchant's own notes.
    pub metadata: Metadata,
    /// Who pays, as far as it is known.
    pub customer: Customer,
    /// Where the payer goes when it is paid.
    pub success_url: Option<ReturnUrl>,
    /// Where the payer goes when they give up.
    pub cancel_url: Option<ReturnUrl>,
    /// Where each change of status is reported (S3).
    pub callback_url: Option<CallbackUrl>,
    /// How long it lives: 5 minutes to 7 days; the door says if not given.
    pub expires_in: Option<Duration>,
}

/// A new intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The intent, as it was made.
    pub intent: Intent,
    /// Opens its page. None for S3, whose page opens with the reference code, and when the master key has changed since.
    pub client_secret: Option<String>,
    /// Whether it was made now or before.
    pub run: Run,
}

/// Where an intent comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    Door(Door),
    Link(PaymentLinkId),
}

/// Makes an intent that waits for its payer.
///
/// # Errors
/// Refusals of scope, amount, gateways, life and idempotency key.
pub async fn create(app: &App, who: &Actor, new: NewIntent) -> Result<Created> {
    let account = Account::from(who.may(Scope::PaymentsCreate)?);
    let origin = Origin::Door(new.door);
    create_from(app, account, new, origin).await
}

pub(crate) async fn create_from(
    app: &App,
    account: Account,
    new: NewIntent,
    origin: Origin,
) -> Result<Created> {
    new.amount.chargeable()?;
    let (context, app) = (app.clone(), app.clone());
    let (intent, run) = app
        .db()
        .in_txn(move |txn| Box::pin(async move { write(&context, txn, &account, &new, origin).await }))
        .await?;
    let client_secret = match intent.source {
        Source::Rasedi => None,
        Source::Api | Source::Link(_) => secret::again(
            &app,
            intent.id,
            super::find::secret_hash(&app, intent.id).await?.as_deref(),
        ),
    };
    Ok(Created {
        intent,
        client_secret,
        run,
    })
}

/// Reports go where webhooks go.
fn vet_callback(app: &App, new: &NewIntent) -> Result<()> {
    if let Some(url) = &new.callback_url {
        let target = url.target().map_err(IntentRefusal::from)?;
        app.webhook_targets()
            .vet_url(&target)
            .map_err(IntentRefusal::from)?;
    }
    Ok(())
}

fn draft(account: &Account, new: &NewIntent, origin: Origin, id: IntentId, now: Timestamp) -> Result<Intent> {
    let (source, usual) = match origin {
        Origin::Door(Door::Api) => (Source::Api, intent::LIVES),
        Origin::Door(Door::Rasedi) => (Source::Rasedi, intent::RASEDI_LIVES),
        Origin::Link(link) => (Source::Link(link), intent::LIVES),
    };
    let enabled = account.merchant.checkout.gateways;
    let gateways = intent::offered(enabled, new.gateways, new.amount.currency(), new.capture_method)?;
    let life = intent::life(new.expires_in, usual)?;
    let intent = Intent {
        id,
        tenant: account.tenant,
        source,
        amount: new.amount,
        capture_method: new.capture_method,
        gateways,
        collect: new.collect,
        title: new.title.clone(),
        description: new.description.clone(),
        merchant_reference: new.merchant_reference.clone(),
        metadata: new.metadata.clone(),
        customer: new.customer.clone(),
        success_url: new.success_url.clone(),
        cancel_url: new.cancel_url.clone(),
        callback_url: new.callback_url.clone(),
        promo: None,
        state: IntentState::Created { last_decline: None },
        attempts: 0,
        expires_at: now + life,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    // What no payer could pay is refused now, not on the page.
    for gateway in gateways.iter() {
        let bill = intent
            .bill(&account.merchant, gateway)
            .map_err(IntentRefusal::from)?;
        bill.total.chargeable()?;
    }
    Ok(intent)
}

/// Idempotency record, intent, event: all or nothing. The key comes first: the merchant's gateways and fees may have changed since
/// the first request, whose answer stands.
async fn write(
    app: &App,
    txn: &Txn,
    account: &Account,
    new: &NewIntent,
    origin: Origin,
) -> Result<(Intent, Run)> {
    let now = app.now();
    let id: IntentId = app.id(now);
    let claim = Claim {
        tenant: account.tenant,
        command: Command::IntentCreate,
        key: new.idempotency_key.clone(),
        input_hash: input_hash(app, new),
    };
    if let Claimed::Answered(before) = idempotency::claim::<Intent>(txn, &claim, id, now).await? {
        return Ok((*before, Run::Replayed));
    }
    vet_callback(app, new)?;
    let intent = draft(account, new, origin, id, now)?;
    let secret_hash = match intent.source {
        Source::Rasedi => None,
        Source::Api | Source::Link(_) => {
            let secret = app.keys().client_secret(id);
            Some(app.keys().client_secret_hash(&secret))
        }
    };
    entity::intent::Entity::insert(entity::intent::insert(&intent, secret_hash))
        .exec_without_returning(txn)
        .await?;
    let created = NewEvent::about(EventType::IntentCreated, intent.id, &intent)?;
    event::write(app, txn, intent.tenant, vec![created], now).await?;
    let commands = [Command::IntentCreate; 2];
    idempotency::answer(txn, intent.tenant, commands, &claim.key, intent.id, &intent).await?;
    Ok((intent, Run::Done))
}

/// Everything that makes this request what it is.
fn input_hash(app: &App, new: &NewIntent) -> String {
    let collect = new.collect;
    let switches = [collect.fee, collect.email, collect.phone, collect.promo_code];
    let hash = app
        .keys()
        .input_hash()
        .field("door", format!("{:?}", new.door))
        .field("amount", new.amount.minor().to_string())
        .field("currency", new.amount.currency().code())
        .field("capture_method", new.capture_method.as_str())
        .optional("gateways", new.gateways.map(|gateways| gateways.to_string()))
        .field("collect", format!("{switches:?}"))
        .optional("title", new.title.as_deref())
        .optional("description", new.description.as_deref())
        .optional("merchant_reference", new.merchant_reference.as_deref())
        .optional("customer.email", new.customer.email.as_deref())
        .optional("customer.name", new.customer.name.as_deref())
        .optional("customer.phone", new.customer.phone.as_deref())
        .optional("success_url", new.success_url.as_ref().map(ReturnUrl::as_str))
        .optional("cancel_url", new.cancel_url.as_ref().map(ReturnUrl::as_str))
        .optional("callback_url", new.callback_url.as_ref().map(CallbackUrl::as_str))
        .optional(
            "expires_in",
            new.expires_in.map(|life| life.num_seconds().to_string()),
        );
    hash.metadata(&new.metadata).finish()
}
