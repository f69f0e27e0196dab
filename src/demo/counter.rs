//! Payers at the hosted pages: a payment intent in every state, a payment link, a promo code.
//!
//! Invariant: a payer does here what a page lets them do, with the secret that the page was opened with.

use crate::provider::sandbox::{CARDS, TestCard};
use chrono::{Datelike, Duration};
use domain::actor::Actor;
use domain::card::{CardDetails, Expiry};
use domain::idempotency::IdempotencyKey;
use domain::intent::{CaptureMethod, Collect, LONGEST_LIFE};
use domain::metadata::Metadata;
use domain::payment::Customer;
use domain::promo_code::Discount;
use domain::provider::Gateway;
use domain::{Currency, Money, Timestamp};
use service::intent::{self, Confirm, Door, NewIntent, by_secret};
use service::payment_link::{self, NewPaymentLink};
use service::promo_code::{self, NewPromoCode};
use service::{App, Error, Result};

/// What happens at the school's pages, in test mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    /// The merchant makes a payment link and a promo code.
    Opening,
    /// A payer is asked for money, and does this.
    Asked(Deed),
}

/// What a payer does who was asked for money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Gives up.
    Cancels,
    /// Forgets it until its hour is over.
    Forgets,
    /// Pays by card.
    PaysByCard,
    /// Pays with a wallet.
    PaysByWallet,
    /// Tries a card without enough money on it, and may try again.
    IsDeclined,
    /// Has not looked at it yet.
    Waits,
}

/// When each of them happens, before the end of the demo.
pub(super) const SCENES: [(Duration, Scene); 7] = [
    (Duration::hours(96), Scene::Opening),
    (Duration::hours(75), Scene::Asked(Deed::Cancels)),
    (Duration::hours(51), Scene::Asked(Deed::Forgets)),
    (Duration::hours(27), Scene::Asked(Deed::PaysByCard)),
    (Duration::hours(26), Scene::Asked(Deed::PaysByWallet)),
    (Duration::minutes(25), Scene::Asked(Deed::IsDeclined)),
    (Duration::minutes(12), Scene::Asked(Deed::Waits)),
];

const fn dinars(count: i64) -> Money {
    Money::new(count * Currency::Iqd.minor_per_major(), Currency::Iqd)
}

/// What a page of the demo asks for: anybody who opens it may use a promo code.
#[must_use]
pub fn asked_for(
    idempotency_key: IdempotencyKey,
    title: &str,
    amount: Money,
    life: Option<Duration>,
) -> NewIntent {
    NewIntent {
        idempotency_key,
        door: Door::Api,
        amount,
        capture_method: CaptureMethod::Automatic,
        gateways: None,
        collect: Collect {
            promo_code: true,
            ..Collect::default()
        },
        title: Some(title.to_owned()),
        description: None,
        merchant_reference: None,
        metadata: Metadata::default(),
        customer: Customer::default(),
        success_url: None,
        cancel_url: None,
        callback_url: None,
        expires_in: life,
    }
}

/// Plays a scene. `who` is the merchant, `key` one that it has not used.
pub(super) async fn play(app: &App, who: &Actor, scene: Scene, key: IdempotencyKey) -> Result<()> {
    match scene {
        Scene::Opening => open(app, who, key).await,
        Scene::Asked(deed) => ask(app, who, deed, key).await,
    }
}

async fn open(app: &App, who: &Actor, idempotency_key: IdempotencyKey) -> Result<()> {
    let link = NewPaymentLink {
        idempotency_key,
        amount: dinars(25_000),
        title: "School bus, one month".to_owned(),
        description: Some("Home and back, every school day".to_owned()),
        merchant_reference: None,
        metadata: Metadata::default(),
        gateways: None,
        collect: Collect {
            promo_code: true,
            ..Collect::default()
        },
        success_url: None,
        max_payments: None,
        expires_at: None,
    };
    payment_link::create(app, who, link).await?;
    let code = NewPromoCode {
        code: "SIBLING10".to_owned(),
        discount: Discount::Share { bps: 1_000 },
        max_uses: None,
        expires_at: None,
    };
    promo_code::create(app, who, code).await.map(drop)
}

async fn ask(app: &App, who: &Actor, deed: Deed, key: IdempotencyKey) -> Result<()> {
    let (title, price) = match deed {
        Deed::Cancels => ("Summer course", 90_000),
        Deed::Forgets => ("School trip to Babylon", 35_000),
        Deed::PaysByCard => ("Textbooks, grade 9", 48_000),
        Deed::PaysByWallet => ("School bus, one month", 25_000),
        Deed::IsDeclined => ("القسط الدراسي الثاني", 125_000),
        Deed::Waits => ("جلی قوتابخانە", 40_000),
    };
    // Those that are open stay so while somebody looks at the demo.
    let life = matches!(deed, Deed::IsDeclined | Deed::Waits).then_some(LONGEST_LIFE);
    let asked = asked_for(key, title, dinars(price), life);
    let created = intent::create(app, who, asked).await?;
    let secret = created.client_secret.as_deref();
    let payer = by_secret(app, created.intent.id, secret.unwrap_or_default()).await?;
    let [approved, _, _, poor, ..] = CARDS;
    let with = match deed {
        Deed::Waits | Deed::Forgets => return Ok(()),
        Deed::Cancels => return intent::cancel_as_payer(app, payer).await.map(drop),
        Deed::PaysByCard => by_card(approved, app.now())?,
        Deed::IsDeclined => by_card(poor, app.now())?,
        Deed::PaysByWallet => paying(Gateway::Fib, None),
    };
    let outcome = intent::confirm_as_payer(app, payer, None, with).await?;
    tracing::debug!(?deed, payment = %outcome.answer.payment.id, "a payer of the demo has paid or tried to");
    Ok(())
}

fn by_card(card: TestCard, now: Timestamp) -> Result<Confirm> {
    let expiry = Expiry {
        year: now.year().saturating_add(2),
        month: 11,
    };
    let card = CardDetails::new(card.number, Some("ZAINAB AL SAADI"), expiry, "123", now);
    Ok(paying(Gateway::CreditCard, Some(card?)))
}

fn paying(gateway: Gateway, card: Option<CardDetails>) -> Confirm {
    Confirm {
        gateway,
        card,
        customer: Customer::default(),
        expected_total: None,
        notes: Vec::new(),
    }
}

/// What a fresh page of the demo asks for.
///
/// # Errors
/// [`Error::Unavailable`] for an instant that makes no key.
pub fn fresh(now: Timestamp) -> Result<NewIntent> {
    let key = format!("demo-page-{}", now.timestamp_micros());
    let key = key
        .parse()
        .map_err(|_| Error::Unavailable("the demo made a malformed idempotency key"))?;
    Ok(asked_for(
        key,
        "Textbooks, grade 7",
        dinars(42_000),
        Some(Duration::hours(24)),
    ))
}
