//! A provider that contradicts itself, and operations that come too late to be sent.

use crate::support::{Engine, Gate, Held, Merchant, Payer, TestApp, card, charge, fresh_key, iqd};
use async_trait::async_trait;
use chrono::Duration;
use domain::merchant::Mode;
use domain::metadata::Metadata;
use domain::payment::{Customer, Finality, PaymentStatus};
use domain::provider::{Answer, Approval, DeclineReason, Gateway};
use domain::{Clock, Currency, IdGenerator, MockClock, Money};
use rstest::rstest;
use serde_json::{Value, json};
use service::keys::Keys;
use service::payment::{Capture, NewPayment, Resolved, capture, sale};
use service::provider::{Charge, FollowUp, Provider, Providers};
use service::{App, Parts};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tahsil::provider::Sandbox;

/// Charges stall on their way, and who asks what became of them hears `says`.
struct Forgetful {
    gate: Arc<Gate>,
    says: Answer,
}

#[async_trait]
impl Provider for Forgetful {
    fn name(&self) -> &'static str {
        Sandbox::NAME
    }

    async fn authorize(&self, charge: Charge<'_>) -> Answer {
        self.gate.authorize(charge).await
    }

    async fn sale(&self, charge: Charge<'_>) -> Answer {
        self.gate.sale(charge).await
    }

    async fn capture(&self, follow_up: FollowUp<'_>) -> Answer {
        self.gate.capture(follow_up).await
    }

    async fn void(&self, follow_up: FollowUp<'_>) -> Answer {
        self.gate.void(follow_up).await
    }

    async fn refund(&self, follow_up: FollowUp<'_>) -> Answer {
        self.gate.refund(follow_up).await
    }

    async fn status(&self, _: FollowUp<'_>) -> Answer {
        self.says.clone()
    }
}

async fn warnings(ask: impl AsyncFnOnce(&'static str) -> Value) -> Value {
    let mut data = ask("{ integrityReport { warnings { rule table rowId } } }").await;
    data["integrityReport"]["warnings"].take()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_that_contradicts_the_settled_one_is_told_to_the_operator(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Payer::Visa, Payer::Poor)] payer: Payer,
) {
    let approves = matches!(payer, Payer::Visa);
    let says = if approves {
        Answer::not_sent("never arrived")
    } else {
        Answer::Approved(Approval {
            provider_reference: "late-1".into(),
            auth_code: None,
            fraud: None,
        })
    };
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let provider = Forgetful {
        gate: Arc::clone(&gate),
        says,
    };
    let app = TestApp::with_patience(engine, Arc::new(provider)).await;
    let (school, operator) = (app.merchant("school").await, app.operator("Zainab").await);
    let input = json!({ "idempotencyKey": fresh_key(), "amount": iqd(100), "card": card(payer.number()) });
    let asked = tokio::spawn({
        let (school, input) = (school.clone(), input.clone());
        async move { school.send("paymentSale", input).await }
    });
    gate.reached().await;
    app.clock.advance(Duration::minutes(10));
    assert_eq!(app.resolve().await.settled, 1);

    gate.arrive().await;
    let reply = asked.await.unwrap();

    let first = if approves { "FAILED" } else { "CAPTURED" };
    assert_eq!(reply.payment_status(), first, "the first answer stands");
    let again = school.send("paymentSale", input).await;
    assert_eq!(again.payment_status(), first);
    let operation = reply.data["operation"]["id"].clone();
    assert_eq!(
        warnings(async |query| operator.ask(query, json!({})).await.data).await,
        json!([{ "rule": "provider_answers_once", "table": "operations", "rowId": operation }])
    );
    assert_eq!(
        warnings(async |query| school.ask(query, json!({})).await.data).await,
        json!([]),
        "it is for the operator to ask the provider"
    );
    assert_eq!(app.count("journals").await, i64::from(!approves));
    app.ledger_ties().await;
}

/// Ids that take six seconds each: what lies between two looks at the clock takes long.
struct Slow {
    clock: Arc<MockClock>,
    made: AtomicUsize,
}

impl IdGenerator for Slow {
    fn entropy(&self) -> [u8; 10] {
        self.clock.advance(Duration::seconds(6));
        let made = self.made.fetch_add(1, Ordering::SeqCst);
        let mut entropy = [9; 10];
        for (byte, of) in entropy.iter_mut().zip(made.to_be_bytes()) {
            *byte = of;
        }
        entropy
    }
}

/// Nobody may be asked.
struct Untouched;

#[async_trait]
impl Provider for Untouched {
    fn name(&self) -> &'static str {
        Sandbox::NAME
    }

    async fn authorize(&self, _: Charge<'_>) -> Answer {
        panic!("sent too late")
    }

    async fn sale(&self, _: Charge<'_>) -> Answer {
        panic!("sent too late")
    }

    async fn capture(&self, _: FollowUp<'_>) -> Answer {
        panic!("sent too late")
    }

    async fn void(&self, _: FollowUp<'_>) -> Answer {
        panic!("sent too late")
    }

    async fn refund(&self, _: FollowUp<'_>) -> Answer {
        panic!("sent too late")
    }

    async fn status(&self, _: FollowUp<'_>) -> Answer {
        panic!("there is nothing to ask")
    }
}

/// Another node on the same database, so busy that its operations are late.
fn busy(app: &TestApp) -> App {
    App::new(Parts {
        db: app.app.db().clone(),
        clock: Arc::clone(&app.clock) as Arc<dyn Clock>,
        ids: Arc::new(Slow {
            clock: Arc::clone(&app.clock),
            made: AtomicUsize::new(0),
        }),
        keys: Keys::derive(&[7; 32]),
        providers: Providers::default().with(Mode::Test, Arc::new(Untouched)),
        provider_timeout: std::time::Duration::from_secs(1),
        webhook_targets: domain::webhook::TargetPolicy::default(),
        questions_logged_per_second: 1,
    })
}

fn by_wallet() -> NewPayment {
    NewPayment {
        idempotency_key: "late-1".parse().unwrap(),
        amount: Money::new(100_000, Currency::Iqd),
        gateway: Gateway::Fib,
        card: None,
        customer: Customer::default(),
        description: None,
        merchant_reference: None,
        metadata: Metadata::default(),
        simulate: false,
    }
}

async fn authorized(school: &Merchant) -> String {
    school
        .send("paymentAuthorize", charge(iqd(100), json!({})))
        .await
        .succeeds()
        .payment()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_to_its_provider_is_not_sent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let held = authorized(&school).await;
    let node = busy(&app);

    let sold = sale(&node, till.who(), by_wallet()).await.unwrap().answer;
    assert_eq!(sold.payment.state.status(), PaymentStatus::Failed);
    let domain::operation::OperationState::Failed { decline, .. } = &sold.operation.state else {
        panic!("{:?}", sold.operation.state);
    };
    assert_eq!(decline.reason, DeclineReason::NotSent);

    let cmd = Capture {
        idempotency_key: "late-2".parse().unwrap(),
        payment: held.parse().unwrap(),
        expected_version: None,
        amount: None,
        finality: Finality::Final,
        simulate: false,
    };
    let kept = capture(&node, till.who(), cmd).await.unwrap().answer;
    assert_eq!(kept.payment.state.status(), PaymentStatus::Authorized);
    assert_eq!(kept.payment.in_flight, None, "the hold is free again");

    app.clock.advance(Duration::minutes(10));
    assert_eq!(app.resolve().await, Resolved::default(), "nothing is left to ask");
    school.capture(&held, iqd(100)).await.succeeds();
    assert_eq!(app.count("integrity_warnings").await, 0);
    app.ledger_ties().await;
}
