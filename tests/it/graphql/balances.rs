//! What a merchant is owed.

use crate::support::{Engine, Merchant, Payer, TestApp, charge, iqd, money, on, usd};
use rstest::rstest;
use serde_json::{Value, json};

/// Currency, pending, available, reserve and payable, of each balance.
async fn balances(merchant: &Merchant) -> Value {
    let query = "{ balances { currency pending { amount } available { amount } reserve { amount } payable { amount } } }";
    let reply = merchant.ask(query, json!({})).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    let rows = reply.data["balances"].as_array().unwrap();
    let row = |row: &Value| {
        let amount = |name: &str| row[name]["amount"].clone();
        json!([
            row["currency"],
            amount("pending"),
            amount("available"),
            amount("reserve"),
            amount("payable")
        ])
    };
    rows.iter().map(row).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_captures_of_s0_make_155_310_dinars_payable(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    assert_eq!(balances(&school).await, json!([]));

    let tuition = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture(&tuition, iqd(125_000)).await.succeeds();
    let books = school.authorize(iqd(42_000)).await.succeeds().payment();
    school.capture(&books, iqd(42_000)).await.succeeds();

    assert_eq!(
        balances(&school).await,
        json!([["IQD", "155310", "0", "8350", "155310"]])
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_currency_has_a_balance_of_its_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    school.sale(iqd(125_000)).await.succeeds();
    school.sale(usd(100)).await.succeeds();
    school.sale(money("10.30", "USD")).await.succeeds();
    school.sale(money("1.25", "KWD")).await.succeeds();
    shop.sale(iqd(42_000)).await.succeeds();

    assert_eq!(
        balances(&school).await,
        json!([
            ["IQD", "116250", "0", "6250", "116250"],
            ["USD", "102.57", "0.00", "5.52", "102.57"],
            ["KWD", "1.160", "0.000", "0.060", "1.160"],
        ])
    );
    assert_eq!(
        balances(&shop).await,
        json!([["IQD", "39060", "0", "2100", "39060"]])
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_takes_its_whole_amount_and_returns_no_fee(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();

    school.refund(&payment, iqd(25_000)).await.succeeds();
    assert_eq!(
        balances(&school).await,
        json!([["IQD", "91250", "0", "6250", "91250"]])
    );
    school.refund(&payment, iqd(100_000)).await.succeeds();
    // Now the merchant owes the fee and what is held in reserve.
    assert_eq!(
        balances(&school).await,
        json!([["IQD", "-8750", "0", "6250", "-8750"]])
    );

    school.sale(iqd(42_000)).await.succeeds();
    assert_eq!(
        balances(&school).await,
        json!([["IQD", "30310", "0", "8350", "30310"]])
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_costs_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let fault = json!({ "metadata": { "sandbox_fault_refund": "decline" } });
    let payment = school
        .send("paymentSale", charge(iqd(125_000), fault))
        .await
        .succeeds()
        .payment();

    let failed = school
        .send("paymentRefund", on(&payment, json!({})))
        .await
        .succeeds();
    assert_eq!(failed.data["refund"]["status"], "FAILED");

    assert_eq!(
        balances(&school).await,
        json!([["IQD", "116250", "0", "6250", "116250"]])
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_only_held_declined_or_rehearsed_is_not_owed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let voided = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.void(&voided).await.succeeds();
    school.sale_by(Payer::Poor, iqd(125_000)).await.succeeds();
    school
        .send("paymentCapture", on(&held, json!({ "simulate": true })))
        .await
        .succeeds();
    school
        .send("paymentSale", charge(iqd(125_000), json!({ "simulate": true })))
        .await
        .succeeds();

    assert_eq!(balances(&school).await, json!([["IQD", "0", "0", "0", "0"]]));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_books_prove_themselves_at_the_door(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();
    school.refund(&payment, iqd(25_000)).await.succeeds();
    school.authorize(iqd(1_000)).await.succeeds();
    shop.sale(iqd(1_000)).await.succeeds();

    let query =
        "{ ledgerIntegrity { ok payments journals transfers problemCount problems { subject message } } }";
    let proof = school.ask(query, json!({})).await.data["ledgerIntegrity"].take();
    let expected = json!({
        "ok": true, "payments": "2", "journals": "3", "transfers": "5", "problemCount": "0", "problems": [],
    });
    assert_eq!(proof, expected);

    // An amount changed by hand shows: in the proof of its owner, and in nobody else's.
    let minor = "UPDATE payments SET captured_minor = captured_minor - 1000, authorized_minor = authorized_minor - 1000";
    app.sabotage(&format!("{minor} WHERE id = '{payment}'")).await;
    let broken = school.ask(query, json!({})).await.data["ledgerIntegrity"].take();
    assert_eq!(broken["ok"], false);
    assert_eq!(broken["problems"][0]["subject"], payment.as_str(), "{broken:#}");
    assert_eq!(
        shop.ask(query, json!({})).await.data["ledgerIntegrity"]["ok"],
        true
    );
}
