//! Plays a plan: moves the clock to each step and asks `service` for it, as a merchant's server would.

use super::catalogue::Shop;
use super::counter;
use super::plan::{Order, Step, What};
use super::sketch::Desk;
use super::story::Act;
use domain::MockClock;
use domain::actor::Actor;
use domain::card::{CardBrand, CardDetails};
use domain::id::PaymentId;
use domain::idempotency::IdempotencyKey;
use domain::merchant::Mode;
use domain::metadata::Metadata;
use domain::payment::{Customer, Intake};
use service::intent;
use service::payment::{self, Capture, NewPayment, NewRefund, Void};
use service::{App, Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More than a demo has open at any time.
const SWEEP: u64 = 1_000;

/// The keys of a shop, as actors.
pub(super) struct Staff {
    pub(super) test: Actor,
    pub(super) live: Actor,
}

/// Where the plan is played.
pub(super) struct Stage {
    app: App,
    clock: Arc<MockClock>,
    school: Staff,
    bookshop: Staff,
    payments: BTreeMap<usize, PaymentId>,
    commands: u32,
}

impl Stage {
    pub(super) fn new(app: App, clock: Arc<MockClock>, school: Staff, bookshop: Staff) -> Self {
        Self {
            app,
            clock,
            school,
            bookshop,
            payments: BTreeMap::new(),
            commands: 0,
        }
    }

    /// Plays one step.
    pub(super) async fn play(&mut self, step: Step) -> Result<()> {
        self.clock.set(step.at);
        match step.what {
            What::Order { number, order } => self.order(number, *order).await,
            What::Act { number, by, act } => self.act(number, by, act).await,
            What::Page(scene) => {
                let key = self.key()?;
                counter::play(&self.app, &self.school.test, scene, key).await
            }
            What::Sweep => {
                payment::expire_due(&self.app, SWEEP).await?;
                intent::expire_due(&self.app, SWEEP).await?;
                payment::resolve_unknown_outcomes(&self.app, SWEEP)
                    .await
                    .map(drop)
            }
        }
    }

    async fn order(&mut self, number: usize, order: Order) -> Result<()> {
        let now = self.app.now();
        let card = order.card.map(|(number, expiry)| {
            let cvv = if CardBrand::of(number) == CardBrand::Amex {
                "1234"
            } else {
                "123"
            };
            CardDetails::new(number, Some(order.payer.holder), expiry, cvv, now)
        });
        let new = NewPayment {
            idempotency_key: self.key()?,
            amount: order.amount,
            gateway: order.gateway,
            card: card.transpose()?,
            customer: Customer {
                email: Some(order.payer.email.to_owned()),
                name: Some(order.payer.name.to_owned()),
                phone: None,
            },
            description: Some(order.description.to_owned()),
            merchant_reference: order.reference,
            metadata: Metadata::new(order.metadata)?,
            simulate: false,
        };
        let who = self.actor(order.by);
        let outcome = match order.intake {
            Intake::Authorize => payment::authorize(&self.app, who, new).await?,
            Intake::Sale => payment::sale(&self.app, who, new).await?,
        };
        self.payments.insert(number, outcome.answer.payment.id);
        Ok(())
    }

    async fn act(&mut self, number: usize, by: Desk, act: Act) -> Result<()> {
        let payment = self
            .payments
            .get(&number)
            .copied()
            .ok_or(Error::NotFound("payment"))?;
        let (idempotency_key, simulate) = (self.key()?, false);
        let (app, who) = (&self.app, self.actor(by));
        match act {
            Act::Capture { amount, finality } => {
                let capture = Capture {
                    idempotency_key,
                    payment,
                    expected_version: None,
                    amount,
                    finality,
                    simulate,
                };
                payment::capture(app, who, capture).await
            }
            Act::Void { reason } => {
                let void = Void {
                    idempotency_key,
                    payment,
                    expected_version: None,
                    reason: Some(reason.to_owned()),
                    simulate,
                };
                payment::void(app, who, void).await
            }
            Act::Refund { amount, reason } => {
                let refund = NewRefund {
                    idempotency_key,
                    payment,
                    expected_version: None,
                    amount,
                    reason: Some(reason.to_owned()),
                    simulate,
                };
                payment::refund(app, who, refund).await
            }
        }
        .map(drop)
    }

    fn actor(&self, by: Desk) -> &Actor {
        let staff = match by.shop {
            Shop::School => &self.school,
            Shop::Bookshop => &self.bookshop,
        };
        match by.mode {
            Mode::Test => &staff.test,
            Mode::Live => &staff.live,
        }
    }

    fn key(&mut self) -> Result<IdempotencyKey> {
        self.commands += 1;
        format!("demo-{:04}", self.commands)
            .parse()
            .map_err(|_| Error::Unavailable("the demo made a malformed idempotency key"))
    }
}
