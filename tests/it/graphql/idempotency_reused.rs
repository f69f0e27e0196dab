//! A key that stands for another input, or for a request that has no answer yet.

use super::gate::Gate;
use super::idempotency::replays;
use crate::support::{Engine, Merchant, Payer, Reply, TestApp, card, charge, iqd, money, on};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Arc;

/// Sends other input under a used key: it is refused in S2's words, and nothing is written.
async fn reused(app: &TestApp, merchant: &Merchant, mutation: &str, input: Value) {
    let rows = app.row_counts().await;
    let refused = merchant
        .send(mutation, input.clone())
        .await
        .is_refused_with("IDEMPOTENCY_KEY_REUSED");
    assert_eq!(
        refused.message(),
        "idempotency key already used with different request data"
    );
    assert_eq!(refused.data["userErrors"][0]["field"], json!(["idempotencyKey"]));
    assert_eq!(app.row_counts().await, rows, "{mutation} {input}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn another_sale_under_a_used_key_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let first = json!({
        "customer": { "email": "zainab@example.com", "name": "Zainab" },
        "description": "tuition",
        "merchantReference": "SCH-1",
        "metadata": { "grade": "7" },
    });
    let typed = |change: Value| {
        let mut typed = card(Payer::Visa.number());
        for (field, value) in change.as_object().unwrap() {
            typed[field] = value.clone();
        }
        json!({ "card": typed })
    };
    let changes = [
        json!({ "amount": iqd(125_001) }),
        typed(json!({ "number": "5555555555554444" })),
        typed(json!({ "expMonth": 11 })),
        typed(json!({ "expYear": 2028 })),
        typed(json!({ "cardholderName": "Zainab" })),
        typed(json!({ "cardholderName": null })),
        json!({ "customer": null }),
        json!({ "customer": { "email": "zainab@example.com" } }),
        // What was in one field is now in the next.
        json!({ "customer": { "email": "Zainab", "name": "zainab@example.com" } }),
        json!({ "description": "SCH-1", "merchantReference": "tuition" }),
        json!({ "description": null }),
        json!({ "merchantReference": "SCH-2" }),
        json!({ "metadata": { "grade": "8" } }),
        json!({ "metadata": { "grade": "7", "class": "a" } }),
        json!({ "metadata": {} }),
    ];
    for mutation in ["paymentSale", "paymentAuthorize"] {
        let input = charge(iqd(125_000), first.clone());
        school.send(mutation, input.clone()).await.succeeds();
        for change in &changes {
            let mut other = input.clone();
            for (field, value) in change.as_object().unwrap() {
                other[field] = value.clone();
            }
            reused(&app, &school, mutation, other).await;
        }
        if mutation == "paymentSale" {
            let mut wallet = input;
            (wallet["card"], wallet["gateway"]) = (Value::Null, "FIB".into());
            reused(&app, &school, mutation, wallet).await;
        }
    }
    // Two wallets differ in nothing but their name.
    let mut wallet = charge(iqd(125_000), json!({ "gateway": "FIB", "card": null }));
    school.send("paymentSale", wallet.clone()).await.succeeds();
    wallet["gateway"] = "ZAIN".into();
    reused(&app, &school, "paymentSale", wallet).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_a_new_currency_leaves_no_trace(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut input = charge(iqd(125_000), json!({}));
    school.send("paymentSale", input.clone()).await.succeeds();

    input["amount"] = money("125000", "USD");
    reused(&app, &school, "paymentSale", input).await;

    let balances = school.ask("{ balances { currency } }", json!({})).await.data["balances"].take();
    assert_eq!(balances, json!([{ "currency": "IQD" }]));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn another_follow_up_under_a_used_key_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut holds = Vec::new();
    for _ in 0..3 {
        holds.push(school.authorize(iqd(125_000)).await.succeeds().payment());
    }
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let other_sale = school.sale(iqd(125_000)).await.succeeds().payment();
    let table = [
        (
            "paymentCapture",
            on(&holds[0], json!({ "amount": iqd(40_000), "finalCapture": false })),
            vec![
                json!({ "amount": iqd(40_001) }),
                json!({ "amount": null }),
                json!({ "finalCapture": true }),
                json!({ "id": holds[2] }),
            ],
        ),
        (
            "paymentVoid",
            on(&holds[1], json!({ "reason": "customer canceled" })),
            vec![
                json!({ "reason": "another" }),
                json!({ "reason": null }),
                json!({ "id": holds[2] }),
            ],
        ),
        (
            "paymentRefund",
            on(&sold, json!({ "amount": iqd(25_000), "reason": "returned" })),
            vec![
                json!({ "amount": iqd(25_001) }),
                json!({ "amount": null }),
                json!({ "reason": "another" }),
                json!({ "reason": null }),
                json!({ "id": other_sale }),
            ],
        ),
    ];
    for (mutation, input, changes) in table {
        school.send(mutation, input.clone()).await.succeeds();
        for change in changes {
            let mut other = input.clone();
            for (field, value) in change.as_object().unwrap() {
                other[field] = value.clone();
            }
            reused(&app, &school, mutation, other).await;
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_first_request_has_no_answer_yet_is_in_progress(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Gate::closed();
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let sale = charge(iqd(125_000), json!({}));
    let sold = in_flight(&app, &gate, &school, "paymentSale", sale).await;
    let refund = on(&sold.payment(), json!({ "amount": iqd(25_000) }));
    in_flight(&app, &gate, &school, "paymentRefund", refund).await;

    let authorize = charge(iqd(125_000), json!({}));
    let held = in_flight(&app, &gate, &school, "paymentAuthorize", authorize)
        .await
        .payment();
    let capture = on(&held, json!({ "amount": iqd(25_000), "finalCapture": false }));
    in_flight(&app, &gate, &school, "paymentCapture", capture).await;
    in_flight(&app, &gate, &school, "paymentVoid", on(&held, json!({}))).await;
    app.ledger_ties().await;
}

/// Sends a command that waits at the provider, tries its key meanwhile, and lets it go.
async fn in_flight(
    app: &TestApp,
    gate: &Gate,
    merchant: &Merchant,
    mutation: &'static str,
    input: Value,
) -> Reply {
    let (sender, sent) = (merchant.clone(), input.clone());
    let first = tokio::spawn(async move { sender.send(mutation, sent).await });
    gate.somebody_waits().await;
    let rows = app.row_counts().await;

    let again = merchant
        .send(mutation, input.clone())
        .await
        .is_refused_with("IDEMPOTENCY_IN_PROGRESS");
    assert_eq!(
        again.message(),
        "a request with this idempotency key is still in progress"
    );
    assert_eq!(again.data["userErrors"][0]["field"], json!(["idempotencyKey"]));
    let mut other = input.clone();
    let change = if mutation == "paymentVoid" {
        ("reason", json!("another"))
    } else {
        ("amount", iqd(1))
    };
    other[change.0] = change.1;
    reused(app, merchant, mutation, other).await;
    assert_eq!(app.row_counts().await, rows);

    gate.let_one_through();
    let first = first.await.unwrap().succeeds();
    replays(app, merchant, mutation, &input, &first).await;
    first
}
