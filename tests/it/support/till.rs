//! Intents as merchants make them and payers pay them, one floor below the doors.

use super::actor::{Merchant, Payer as Card};
use super::app::TestApp;
use domain::actor::{Actor, MerchantActor};
use domain::card::{CardDetails, Expiry};
use domain::credential::Scopes;
use domain::id::{IntentId, PaymentId, PaymentLinkId};
use domain::intent::{CaptureMethod, Collect, ConfirmRefusal, Intent};
use domain::merchant::LateSuccess;
use domain::metadata::Metadata;
use domain::payment::{Customer, Finality};
use domain::promo_code::Discount;
use domain::provider::Gateway;
use domain::{Currency, Money};
use service::intent::{Confirm, Door, NewIntent, Payer};
use service::merchant::MerchantChange;
use service::payment::{Capture, Outcome, Void};
use service::payment_link::NewPaymentLink;
use service::promo_code::NewPromoCode;
use service::{App, Error, Refusal};
use std::sync::Arc;

/// A merchant that makes intents.
#[derive(Clone)]
pub struct Till {
    app: App,
    who: Actor,
}

/// A payer before the page of an intent.
#[derive(Clone)]
pub struct Page {
    app: App,
    payer: Payer,
}

/// Whole dinars.
pub fn dinars(dinars: i64) -> Money {
    Money::new(dinars * 1_000, Currency::Iqd)
}

/// A fault of the sandbox in the metadata of an intent.
pub fn fault(key: &str, word: &str) -> Metadata {
    Metadata::new([(key.to_owned(), word.to_owned())]).unwrap()
}

impl TestApp {
    /// The merchant behind its key.
    pub async fn till(&self, merchant: &Merchant) -> Till {
        let all = service::merchant::list(&self.app, &self.owner()).await.unwrap();
        let known = all.into_iter().find(|known| known.id == merchant.tenant.merchant);
        let who = MerchantActor {
            credential: merchant.credential,
            tenant: merchant.tenant,
            scopes: Scopes::all(),
            merchant: Arc::new(known.unwrap()),
        };
        Till {
            app: self.app.clone(),
            who: Actor::Merchant(who),
        }
    }

    /// Says what becomes of money that comes too late.
    pub async fn late_money(&self, merchant: &Merchant, late_success: LateSuccess) {
        let change = MerchantChange {
            late_success: Some(late_success),
            ..MerchantChange::default()
        };
        service::merchant::update(&self.app, &self.owner(), merchant.tenant.merchant, change)
            .await
            .unwrap();
    }

    /// Gives late money back.
    pub async fn give_back(&self) -> u64 {
        service::intent::give_back_late_money(&self.app, 100)
            .await
            .unwrap()
    }

    /// How often the world was told of something.
    pub async fn told(&self, event_type: &str) -> usize {
        let events = self.events().await;
        events
            .iter()
            .filter(|event| event.event_type == event_type)
            .count()
    }
}

impl Till {
    /// Who it is.
    pub const fn who(&self) -> &Actor {
        &self.who
    }

    /// An intent over 100 dinars; `change` says what is different.
    pub async fn intent(&self, change: impl FnOnce(&mut NewIntent)) -> Page {
        let mut new = NewIntent {
            idempotency_key: super::actor::fresh_key().parse().unwrap(),
            door: Door::Api,
            amount: dinars(100),
            capture_method: CaptureMethod::Automatic,
            gateways: None,
            collect: Collect::default(),
            title: None,
            description: None,
            merchant_reference: None,
            metadata: Metadata::default(),
            customer: Customer::default(),
            success_url: None,
            cancel_url: None,
            callback_url: None,
            expires_in: None,
        };
        change(&mut new);
        let made = service::intent::create(&self.app, &self.who, new).await.unwrap();
        self.opened(made).await
    }

    async fn opened(&self, made: service::intent::Created) -> Page {
        Page::open(&self.app, made.intent.id, &made.client_secret.unwrap()).await
    }

    /// A promo code that takes a tenth off.
    pub async fn promo(&self, code: &str, max_uses: Option<u32>) {
        let new = NewPromoCode {
            code: code.to_owned(),
            discount: Discount::share(1_000).unwrap(),
            max_uses,
            expires_at: None,
        };
        service::promo_code::create(&self.app, &self.who, new)
            .await
            .unwrap();
    }

    /// A link for one payment of 100 dinars; `change` says what is different.
    pub async fn link(&self, change: impl FnOnce(&mut NewPaymentLink)) -> PaymentLinkId {
        let mut new = NewPaymentLink {
            idempotency_key: super::actor::fresh_key().parse().unwrap(),
            amount: dinars(100),
            title: "Tuition".into(),
            description: None,
            merchant_reference: None,
            metadata: Metadata::default(),
            gateways: None,
            collect: Collect::default(),
            success_url: None,
            max_payments: Some(1),
            expires_at: None,
        };
        change(&mut new);
        let made = service::payment_link::create(&self.app, &self.who, new).await;
        made.unwrap().link.id
    }

    /// A payer opens a link.
    pub async fn page_of(&self, link: PaymentLinkId) -> Page {
        let made = service::payment_link::begin(&self.app, link).await.unwrap();
        self.opened(made).await
    }

    /// Pays an intent with the merchant's key.
    pub async fn confirm(&self, intent: IntentId, key: &str, card: Card) -> Result<Outcome, Error> {
        let with = confirm(&self.app, Gateway::CreditCard, Some(card));
        service::intent::confirm(&self.app, &self.who, intent, key.parse().unwrap(), with).await
    }

    /// Takes money that is held.
    pub async fn capture(&self, payment: PaymentId, amount: Option<Money>, finality: Finality) -> Outcome {
        let cmd = Capture {
            idempotency_key: super::actor::fresh_key().parse().unwrap(),
            payment,
            expected_version: None,
            amount,
            finality,
            simulate: false,
        };
        service::payment::capture(&self.app, &self.who, cmd)
            .await
            .unwrap()
    }

    /// Gives up what is held.
    pub async fn void(&self, payment: PaymentId) -> Outcome {
        let cmd = Void {
            idempotency_key: super::actor::fresh_key().parse().unwrap(),
            payment,
            expected_version: None,
            reason: None,
            simulate: false,
        };
        service::payment::void(&self.app, &self.who, cmd).await.unwrap()
    }
}

impl Page {
    /// Opens the page with a client secret.
    pub async fn open(app: &App, intent: IntentId, client_secret: &str) -> Self {
        Self {
            app: app.clone(),
            payer: service::intent::by_secret(app, intent, client_secret)
                .await
                .unwrap(),
        }
    }

    /// The intent's id.
    pub const fn id(&self) -> IntentId {
        self.payer.intent()
    }

    /// Pays with a card.
    pub async fn pay(&self, card: Card) -> Result<Outcome, Error> {
        let with = confirm(&self.app, Gateway::CreditCard, Some(card));
        service::intent::confirm_as_payer(&self.app, self.payer, None, with).await
    }

    /// Pays with a wallet.
    pub async fn pay_by(&self, gateway: Gateway) -> Result<Outcome, Error> {
        let with = confirm(&self.app, gateway, None);
        service::intent::confirm_as_payer(&self.app, self.payer, None, with).await
    }

    /// Types a promo code.
    pub async fn promo(&self, code: &str) -> Result<Intent, Error> {
        service::intent::apply_promo_code(&self.app, self.payer, code.to_owned()).await
    }

    /// Gives up.
    pub async fn cancel(&self) -> Result<Intent, Error> {
        service::intent::cancel_as_payer(&self.app, self.payer).await
    }

    /// The intent as it is now.
    pub async fn intent(&self) -> Intent {
        service::intent::show(&self.app, self.payer).await.unwrap().intent
    }

    /// Its status as of now, and `late` behind it where that is so.
    pub async fn status(&self) -> String {
        let intent = self.intent().await;
        let late = if intent.state.is_late() { " late" } else { "" };
        format!("{}{late}", intent.status_at(self.app.now()))
    }

    /// The payment that is under way or has the money.
    pub async fn payment(&self) -> PaymentId {
        self.intent().await.state.payment().unwrap()
    }
}

fn confirm(app: &App, gateway: Gateway, card: Option<Card>) -> Confirm {
    let expiry = Expiry {
        year: 2027,
        month: 12,
    };
    let details = |card: Card| CardDetails::new(card.number(), None, expiry, "123", app.now()).unwrap();
    Confirm {
        gateway,
        card: card.map(details),
        customer: Customer::default(),
        expected_total: None,
        notes: Vec::new(),
    }
}

/// What came of an attempt: the status that its intent has now, or the name of the refusal.
pub fn came_to(outcome: &Result<Outcome, Error>) -> String {
    match outcome {
        Ok(outcome) => {
            let intent = outcome.answer.intent.as_ref();
            intent
                .expect("an attempt says what became of its intent")
                .state
                .status()
                .to_string()
        }
        Err(Error::Refused(Refusal::Confirm(refusal))) => {
            let said = format!("{refusal:?}");
            said.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
        }
        Err(Error::Refused(Refusal::Promo(refusal))) => format!("{refusal:?}"),
        Err(other) => panic!("{other:?}"),
    }
}

/// The refusal of a sixth attempt.
pub fn is_locked(outcome: &Result<Outcome, Error>) -> bool {
    matches!(
        outcome,
        Err(Error::Refused(Refusal::Confirm(ConfirmRefusal::NoAttemptLeft)))
    )
}
