//! Asking twice does once: a key stands for one input and one answer for 24 hours.

use crate::support::{Engine, Merchant, Payer, Reply, TestApp, card, charge, iqd, money, on};
use chrono::Duration;
use domain::credential::Scopes;
use domain::merchant::{Mode, Tenant};
use rstest::rstest;
use serde_json::{Value, json};

/// The first answer as its replay must be: the same in every field but the one that says so.
fn replay_of(first: &Reply) -> Value {
    let mut expected = first.data.clone();
    assert_eq!(expected["idempotentReplay"], false);
    expected["idempotentReplay"] = true.into();
    expected
}

/// Sends the same once more: the first answer comes back and nothing is written.
pub async fn replays(app: &TestApp, merchant: &Merchant, mutation: &str, input: &Value, first: &Reply) {
    let rows = app.row_counts().await;
    let again = merchant.send(mutation, input.clone()).await.succeeds();
    assert_eq!(again.data, replay_of(first), "{mutation}");
    assert_eq!(app.row_counts().await, rows, "{mutation}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_stays_whatever_became_of_the_payment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut done: Vec<(&str, Value, Reply)> = Vec::new();
    let authorize = charge(
        iqd(125_000),
        json!({ "description": "tuition", "metadata": { "grade": "7" } }),
    );
    let first = school
        .send("paymentAuthorize", authorize.clone())
        .await
        .succeeds();
    let payment = first.payment();
    done.push(("paymentAuthorize", authorize, first));
    let steps = [
        (
            "paymentCapture",
            json!({ "amount": iqd(40_000), "finalCapture": false }),
        ),
        (
            "paymentRefund",
            json!({ "amount": iqd(5_000), "reason": "returned" }),
        ),
        (
            "paymentCapture",
            json!({ "amount": iqd(20_000), "finalCapture": false }),
        ),
        ("paymentVoid", json!({ "reason": "enough" })),
        ("paymentRefund", json!({})),
    ];
    for (mutation, with) in steps {
        // Every command so far still gives the answer it gave first.
        for (mutation, input, first) in &done {
            replays(&app, &school, mutation, input, first).await;
        }
        app.clock.advance(Duration::minutes(1));
        let input = on(&payment, with);
        let first = school.send(mutation, input.clone()).await.succeeds();
        done.push((mutation, input, first));
    }
    for (mutation, input, first) in &done {
        replays(&app, &school, mutation, input, first).await;
    }
    assert_eq!(school.status(&payment).await, "REFUNDED");
    assert_eq!(done[0].2.payment_status(), "AUTHORIZED");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_declined_sale_is_an_answer_too(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let input = charge(iqd(42_000), json!({ "card": card(Payer::Poor.number()) }));
    let first = school.send("paymentSale", input.clone()).await.succeeds();
    assert_eq!(first.payment_status(), "FAILED");

    replays(&app, &school, "paymentSale", &input, &first).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_before_the_hold_ran_out_stays_as_it_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(125_000)).await.succeeds().payment();
    app.clock.advance(Duration::days(7) - Duration::hours(1));
    let input = on(&payment, json!({ "amount": iqd(40_000), "finalCapture": false }));
    let first = school.send("paymentCapture", input.clone()).await.succeeds();
    assert_eq!(
        (first.payment_status(), first.amount("capturableAmount")),
        ("PARTIALLY_CAPTURED", "85000")
    );

    app.clock.advance(Duration::hours(2));

    assert_eq!(school.status(&payment).await, "CAPTURED");
    replays(&app, &school, "paymentCapture", &input, &first).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_has_expired_since_does_not_spoil_the_replay(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    app.clock.set("2026-06-30T23:59:00Z".parse().unwrap());
    let mut last_month = card(Payer::Visa.number());
    (last_month["expMonth"], last_month["expYear"]) = (6.into(), 2026.into());
    let input = charge(iqd(125_000), json!({ "card": last_month }));
    let first = school.send("paymentSale", input.clone()).await.succeeds();
    assert_eq!(first.payment_status(), "CAPTURED");

    app.clock.advance(Duration::minutes(2));

    replays(&app, &school, "paymentSale", &input, &first).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_differently_but_means_the_same_is_the_same_request(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut input = charge(
        money("125000", "IQD"),
        json!({ "metadata": { "a": "1", "b": "2" } }),
    );
    let first = school.send("paymentSale", input.clone()).await.succeeds();

    input["amount"] = money("125000.000", "IQD");
    input["card"]["number"] = "4242 4242 4242 4242".into();
    input["metadata"] = json!({ "b": "2", "a": "1" });
    input["description"] = Value::Null;
    input["gateway"] = "CREDIT_CARD".into();
    replays(&app, &school, "paymentSale", &input, &first).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn after_24_hours_a_key_is_new(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let input = charge(iqd(125_000), json!({}));
    let first = school.send("paymentSale", input.clone()).await.succeeds();

    app.clock.advance(Duration::hours(24) - Duration::microseconds(1));
    replays(&app, &school, "paymentSale", &input, &first).await;
    app.clock.advance(Duration::microseconds(1));
    let second = school.send("paymentSale", input.clone()).await.succeeds();

    assert_eq!(second.data["idempotentReplay"], false);
    assert_ne!(second.payment(), first.payment());
    assert_eq!(app.count("payments").await, 2);
    assert_eq!(app.count("idempotency_records").await, 1);
    replays(&app, &school, "paymentSale", &input, &second).await;

    // Other input is welcome by then too.
    app.clock.advance(Duration::hours(24));
    let mut other = input;
    other["amount"] = iqd(42_000);
    let third = school.send("paymentSale", other).await.succeeds();
    assert_eq!(
        (
            third.data["idempotentReplay"].clone(),
            third.amount("capturedAmount")
        ),
        (json!(false), "42000")
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_follow_up_is_new_after_24_hours_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();
    let input = on(&payment, json!({ "amount": iqd(25_000) }));
    school.send("paymentRefund", input.clone()).await.succeeds();

    app.clock.advance(Duration::hours(24));
    let second = school.send("paymentRefund", input).await.succeeds();

    assert_eq!(
        (
            second.data["idempotentReplay"].clone(),
            second.amount("refundedAmount")
        ),
        (json!(false), "50000")
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_key_serves_every_command_mode_and_merchant_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let live = Tenant {
        merchant: school.tenant.merchant,
        mode: Mode::Live,
    };
    let live = app.key_of(live, Scopes::all()).await;
    let sale = charge(iqd(125_000), json!({ "idempotencyKey": "order-1" }));
    let mut payments = std::collections::HashSet::new();

    for merchant in [&school, &shop, &live] {
        for mutation in ["paymentSale", "paymentAuthorize"] {
            let reply = merchant.send(mutation, sale.clone()).await.succeeds();
            assert_eq!(reply.data["idempotentReplay"], false, "{mutation}");
            payments.insert(reply.payment());
            let payment = reply.payment();
            let follow_up = on(
                &payment,
                json!({ "idempotencyKey": "order-1", "amount": iqd(125_000) }),
            );
            let next = if mutation == "paymentSale" {
                "paymentRefund"
            } else {
                "paymentCapture"
            };
            let reply = merchant.send(next, follow_up).await.succeeds();
            assert_eq!(reply.data["idempotentReplay"], false, "{next}");
        }
        let held = merchant.authorize(iqd(1_000)).await.succeeds().payment();
        let void = on(&held, json!({ "idempotencyKey": "order-1" }));
        let reply = merchant.send("paymentVoid", void).await.succeeds();
        assert_eq!(reply.data["idempotentReplay"], false);
    }
    assert_eq!(payments.len(), 6);

    // Keys belong to the merchant and not to one credential of it.
    let spare = app.key_of(school.tenant, Scopes::all()).await;
    assert_eq!(
        spare.send("paymentSale", sale).await.succeeds().data["idempotentReplay"],
        true
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_command_does_not_use_its_key_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let key = json!({ "idempotencyKey": "order-1" });

    let mut capture = on(
        &held,
        json!({ "idempotencyKey": "order-1", "amount": iqd(125_001) }),
    );
    school
        .send("paymentCapture", capture.clone())
        .await
        .is_refused_with("CAPTURE_EXCEEDS_AUTHORIZED");
    capture["amount"] = iqd(125_000);
    let captured = school.send("paymentCapture", capture).await.succeeds();
    assert_eq!(captured.data["idempotentReplay"], false);

    school
        .send("paymentVoid", on(&held, key.clone()))
        .await
        .is_refused_with("PAYMENT_CAPTURED_USE_REFUND");
    let other = school.authorize(iqd(1_000)).await.succeeds().payment();
    school
        .send("paymentVoid", on(&other, key.clone()))
        .await
        .succeeds();

    let mut refund = on(
        &held,
        json!({ "idempotencyKey": "order-1", "amount": iqd(125_001) }),
    );
    school
        .send("paymentRefund", refund.clone())
        .await
        .is_refused_with("REFUND_EXCEEDS_AVAILABLE");
    refund["amount"] = iqd(25_000);
    school.send("paymentRefund", refund).await.succeeds();

    let mut sale = charge(money("1000.5", "IQD"), key);
    school
        .send("paymentSale", sale.clone())
        .await
        .is_refused_with("AMOUNT_TOO_PRECISE");
    sale["amount"] = iqd(1_000);
    school.send("paymentSale", sale).await.succeeds();
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_neither_uses_nor_repeats_a_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut input = charge(iqd(125_000), json!({ "simulate": true }));

    let rehearsed = school.send("paymentSale", input.clone()).await.succeeds();
    assert_eq!(
        (&rehearsed.data["simulated"], &rehearsed.data["idempotentReplay"]),
        (&json!(true), &json!(false))
    );
    input["simulate"] = false.into();
    let done = school.send("paymentSale", input.clone()).await.succeeds();
    assert_eq!(
        (&done.data["simulated"], &done.data["idempotentReplay"]),
        (&json!(false), &json!(false))
    );
    input["simulate"] = true.into();
    let rehearsed = school.send("paymentSale", input).await.succeeds();
    assert_eq!(
        (&rehearsed.data["simulated"], &rehearsed.data["idempotentReplay"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}
