//! The five statuses of S3, and what can be cancelled in each.

use super::{Shop, example};
use crate::support::{EPARA, Engine, Gate, Held, Payer, TestApp, until};
use chrono::Duration;
use domain::intent::IntentStatus;
use domain::merchant::Mode;
use domain::provider::Gateway;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use service::Error;
use std::sync::Arc;

/// That nobody can cancel it, by whatever version, for this reason.
async fn cannot_be_canceled(shop: &Shop, reference: &str, why: &str) {
    let before = shop.status(reference).await.text;
    for version in ["2025-12-01.tigris", "2026-06-14.basra"] {
        let path = shop.path(&format!("cancel/{reference}"));
        let said = shop
            .send(Method::PATCH, &path, &[("x-api-version", version)], Vec::new())
            .await;
        assert_eq!(said.refused(400), "PAYMENT_NOT_CANCELABLE", "{version}");
        assert_eq!(said.messages(), [format!("payment cannot be cancelled: {why}")]);
    }
    assert_eq!(shop.status(reference).await.text, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_says_how_and_when_and_stays_paid(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    for gateway in [
        Gateway::FastPay,
        Gateway::Fib,
        Gateway::Zain,
        Gateway::AsiaPay,
        Gateway::NassWallet,
    ] {
        let only = example(json!({ "gateways": [gateway.as_str()] }));
        let reference = shop.create(&only).await.reference();
        app.clock.advance(Duration::microseconds(1_234_567));
        shop.payer(&app, &reference)
            .await
            .pays(&app, gateway)
            .await
            .unwrap();
        let at = app.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let body = shop.status(&reference).await.body;
        let paid = ["status", "paidVia", "paidAt", "payoutAmount", "amount"].map(|key| body[key].clone());
        let expected = ["PAID", gateway.as_str(), &at, "147000", "150000"].map(Value::from);
        assert_eq!(paid, expected);
        cannot_be_canceled(&shop, &reference, "it is already completed").await;
        app.clock.advance(Duration::hours(25));
        assert_eq!(shop.status(&reference).await.body, body, "a day later too");
    }
    // Money that went back was paid all the same; S3 has no word for refunds.
    let only = example(json!({ "gateways": ["CREDIT_CARD"] }));
    let reference = shop.create(&only).await.reference();
    let payer = shop.payer(&app, &reference).await;
    let paid = payer.pays_by_card(&app, Payer::Visa).await.unwrap();
    let merchant = app.key_of(shop.tenant, domain::credential::Scopes::all()).await;
    merchant
        .refund(&paid.answer.payment.id.to_string(), crate::support::iqd(1_500))
        .await
        .succeeds();
    assert_eq!(shop.status(&reference).await.body["status"], "PAID");
    cannot_be_canceled(&shop, &reference, "it is already completed").await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn five_declined_attempts_fail_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let only = example(json!({ "gateways": ["CREDIT_CARD"] }));
    let reference = shop.create(&only).await.reference();
    let payer = shop.payer(&app, &reference).await;
    for _ in 0..5 {
        assert_eq!(shop.status(&reference).await.body["status"], "PENDING");
        payer.pays_by_card(&app, Payer::Declined).await.unwrap();
    }
    let body = shop.status(&reference).await.body;
    assert_eq!(
        (&body["status"], &body["paidVia"], &body["payoutAmount"]),
        (&json!("FAILED"), &Value::Null, &Value::Null)
    );
    cannot_be_canceled(&shop, &reference, "it has failed").await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_ran_out_timed_out(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    app.clock.advance(Duration::hours(24));
    cannot_be_canceled(&shop, &reference, "it has timed out").await;
    service::intent::expire_due(&app.app, 10).await.unwrap();
    cannot_be_canceled(&shop, &reference, "it has timed out").await;
    assert_eq!(shop.status(&reference).await.body["status"], "TIMED_OUT");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_under_way_is_pending_and_cannot_be_canceled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    let payer = shop.payer(&app, &reference).await;
    let pays = payer.pays(&app, Gateway::Fib);
    let meanwhile = async {
        until("the wallet is asked", async || {
            payer.sees(&app).await.intent.state.status() == IntentStatus::Processing
        })
        .await;
        assert_eq!(shop.status(&reference).await.body["status"], "PENDING");
        cannot_be_canceled(&shop, &reference, "the customer is paying it").await;
        gate.arrive().await;
    };
    let (paid, ()) = tokio::join!(pays, meanwhile);
    paid.unwrap();
    assert_eq!(shop.status(&reference).await.body["status"], "PAID");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_canceled_cannot_be_paid(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    assert_eq!(shop.cancel(&reference).await.body["status"], "CANCELED");
    let refused = shop.payer(&app, &reference).await.pays(&app, Gateway::Fib).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    app.clock.advance(Duration::hours(25));
    assert_eq!(shop.status(&reference).await.body["status"], "CANCELED");
    assert_eq!(app.count("payments").await, 0);

    // The customer may give it up too.
    let reference = shop.create(&example(json!({}))).await.reference();
    let payer = shop.payer(&app, &reference).await;
    service::intent::cancel_as_payer(&app.app, payer.0).await.unwrap();
    assert_eq!(shop.status(&reference).await.body["status"], "CANCELED");
}
