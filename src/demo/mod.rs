//! Data for a first look: thirty days of two merchants.
//!
//! Invariant: nothing is written but by the use cases of `service`, with a clock that walks through the thirty days, so the demo
//! holds only what could have happened and its books prove like any others. Two demos with the same end have the same ids,
//! amounts and states; only secrets differ, because they come from the operating system.

mod catalogue;
mod counter;
mod dice;
mod plan;
mod sketch;
mod stage;
mod story;
#[cfg(test)]
mod tests;

use crate::provider::Sandbox;
use catalogue::Shop;
use chrono::Duration;
pub use counter::fresh;
use domain::actor::Actor;
use domain::credential::{Operator, Scopes};
use domain::fee::FeeTerms;
use domain::merchant::{Merchant, Mode, Tenant};
use domain::{Currency, MockClock, Money, SeededIds, Timestamp};
use service::credential::{Issued, IssuedCredential, Manager, NewCredential, Presented};
use service::keys::Keys;
use service::merchant::{MerchantChange, NewMerchant};
use service::provider::Providers;
use service::{App, Db, Error, Parts, Result};
use stage::{Staff, Stage};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Makes the ids of this demo and no other.
const IDS: u64 = 0x7461_6873_696c;

/// What the demo made that nobody can look up later: keys in clear.
#[derive(Debug)]
pub struct Seeded {
    /// Who runs the installation.
    pub operator: Issued<Operator>,
    /// Al-Nahrain School: 155,310 IQD payable in live mode, some 300 payments in every status in test mode.
    pub school: SeededMerchant,
    /// Dijla Bookshop: another tenant, smaller, in both modes.
    pub bookshop: SeededMerchant,
}

/// A merchant of the demo with a key to each mode.
#[derive(Debug)]
pub struct SeededMerchant {
    /// The merchant.
    pub merchant: Merchant,
    /// Reaches its rehearsals.
    pub test: SeededKey,
    /// Reaches its real payments.
    pub live: SeededKey,
}

/// A credential with every scope, and the private key that signs its requests.
#[derive(Debug)]
pub struct SeededKey {
    /// The credential with its secret and its private key.
    pub issued: IssuedCredential,
}

/// Whether the database holds no merchant yet: only such a one takes the demo.
///
/// # Errors
/// Storage errors.
pub async fn is_empty(app: &App) -> Result<bool> {
    // Whoever can start a demo owns the machine; an operator with a key of its own does not exist yet.
    let owner = Actor::Operator(app.id(app.now()));
    Ok(service::merchant::list(app, &owner).await?.is_empty())
}

/// Whether `merchant` is the one that a demo begins with.
#[must_use]
pub fn made(merchant: &Merchant) -> bool {
    merchant.name == Shop::School.name()
}

/// Fills an empty database with the thirty days before `end`.
///
/// `master_key` must be the one that the server on this database will have, else it takes none of the keys made here.
///
/// # Errors
/// Storage errors; what was written until then stays. Ask [`is_empty`] first: a second demo in one database is none.
pub async fn seed(db: Db, master_key: &[u8; 32], end: Timestamp) -> Result<Seeded> {
    let clock = Arc::new(MockClock::at(end - Duration::days(plan::DAYS)));
    let sandbox = Arc::new(Sandbox);
    let app = App::new(Parts {
        db,
        clock: clock.clone(),
        ids: Arc::new(SeededIds::new(IDS)),
        keys: Keys::derive(master_key),
        providers: Providers::default()
            .with(Mode::Test, sandbox.clone())
            .with(Mode::Live, sandbox),
        // The sandbox answers at once; no step of the demo asks it to hang.
        provider_timeout: std::time::Duration::from_secs(10),
        webhook_targets: domain::webhook::TargetPolicy::default(),
        questions_logged_per_second: 2_500,
    });
    let operator = service::operator::create(&app, "Demo operator").await?;
    let boss = Actor::Operator(operator.key.id);
    let (school, at_school) = Box::pin(open(&app, &boss, Shop::School)).await?;
    let (bookshop, at_bookshop) = Box::pin(open(&app, &boss, Shop::Bookshop)).await?;

    let mut stage = Stage::new(app, clock, at_school, at_bookshop);
    for step in plan::plan(end) {
        Box::pin(stage.play(step)).await?;
    }
    Ok(Seeded {
        operator,
        school,
        bookshop,
    })
}

/// A merchant with its keys, and the actors that the keys stand for.
async fn open(app: &App, boss: &Actor, shop: Shop) -> Result<(SeededMerchant, Staff)> {
    let new = NewMerchant {
        name: shop.name().to_owned(),
        currency: Currency::Iqd,
        fees: fees(shop),
    };
    let merchant = service::merchant::create(app, boss, new).await?;
    let colour = shop.colour().parse();
    let change = MerchantChange {
        brand_color: Some(Some(
            colour.map_err(|_| Error::Unavailable("the demo has a malformed colour"))?,
        )),
        ..MerchantChange::default()
    };
    let merchant = service::merchant::update(app, boss, merchant.id, change).await?;
    let test = key(app, &merchant, Mode::Test).await?;
    let live = key(app, &merchant, Mode::Live).await?;
    let staff = Staff {
        test: actor(app, &test).await?,
        live: actor(app, &live).await?,
    };
    let seeded = SeededMerchant { merchant, test, live };
    Ok((seeded, staff))
}

/// The school's terms are those of the acceptance figures; the bookshop shows a fixed part and no reserve.
const fn fees(shop: Shop) -> FeeTerms {
    match shop {
        Shop::School => FeeTerms {
            fee_bps: 200,
            fixed: None,
            reserve_bps: 500,
        },
        Shop::Bookshop => FeeTerms {
            fee_bps: 250,
            fixed: Some(Money::new(250_000, Currency::Iqd)),
            reserve_bps: 0,
        },
    }
}

async fn key(app: &App, merchant: &Merchant, mode: Mode) -> Result<SeededKey> {
    let name = match mode {
        Mode::Live => "Live checkout server",
        Mode::Test => "Test integration key",
    };
    let tenant = Tenant {
        merchant: merchant.id,
        mode,
    };
    let new = NewCredential::named(name, tenant, Scopes::all());
    Ok(SeededKey {
        issued: service::credential::create(app, Manager::Console, new).await?,
    })
}

/// Who a key stands for, found the way a door finds it.
async fn actor(app: &App, key: &SeededKey) -> Result<Actor> {
    let shown = Presented::Secret(key.issued.secret.reveal());
    let found = service::credential::authenticate(app, &shown, Ipv4Addr::LOCALHOST.into()).await?;
    found.map(|admitted| admitted.actor).map_err(|denied| {
        tracing::error!(denial = %denied.denial, "a key made a moment ago opens nothing");
        Error::Unavailable("a key made a moment ago opens nothing")
    })
}
