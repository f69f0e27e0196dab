//! Amounts that cannot be charged: each cause has its own code, and nothing is rounded.

use crate::support::{Engine, Merchant, TestApp, charge, iqd, money, on};
use rstest::rstest;
use serde_json::{Value, json};

/// Amount, currency, code.
const BAD: [(&str, &str, &str); 27] = [
    ("0", "IQD", "AMOUNT_NOT_POSITIVE"),
    ("0.00", "USD", "AMOUNT_NOT_POSITIVE"),
    ("-1", "IQD", "AMOUNT_NOT_POSITIVE"),
    ("-1000.5", "IQD", "AMOUNT_NOT_POSITIVE"),
    ("-0", "USD", "AMOUNT_NOT_POSITIVE"),
    ("1000.5", "IQD", "AMOUNT_TOO_PRECISE"),
    ("0.001", "IQD", "AMOUNT_TOO_PRECISE"),
    ("0.001", "USD", "AMOUNT_TOO_PRECISE"),
    ("1.251", "KWD", "AMOUNT_TOO_PRECISE"),
    ("10000000001", "IQD", "AMOUNT_TOO_LARGE"),
    ("10000000000.01", "USD", "AMOUNT_TOO_LARGE"),
    ("9223372036854775808", "IQD", "AMOUNT_TOO_LARGE"),
    ("99999999999999999999999999999999", "USD", "AMOUNT_TOO_LARGE"),
    ("", "IQD", "AMOUNT_MALFORMED"),
    (" 1000", "IQD", "AMOUNT_MALFORMED"),
    ("1000 ", "IQD", "AMOUNT_MALFORMED"),
    ("+1000", "IQD", "AMOUNT_MALFORMED"),
    ("1e3", "IQD", "AMOUNT_MALFORMED"),
    ("1,000", "IQD", "AMOUNT_MALFORMED"),
    ("1.000.000", "IQD", "AMOUNT_MALFORMED"),
    (".5", "USD", "AMOUNT_MALFORMED"),
    ("5.", "USD", "AMOUNT_MALFORMED"),
    ("0x10", "IQD", "AMOUNT_MALFORMED"),
    ("١٢٥٠٠٠", "IQD", "AMOUNT_MALFORMED"),
    ("NaN", "IQD", "AMOUNT_MALFORMED"),
    ("Infinity", "IQD", "AMOUNT_MALFORMED"),
    ("1\u{0}", "IQD", "AMOUNT_MALFORMED"),
];

/// A sale, an authorization, a capture and a refund of `amount`, one after the other.
async fn each_command(
    merchant: &Merchant,
    held: &str,
    sold: &str,
    amount: &Value,
) -> [crate::support::Reply; 4] {
    [
        merchant
            .send("paymentSale", charge(amount.clone(), json!({})))
            .await,
        merchant
            .send("paymentAuthorize", charge(amount.clone(), json!({})))
            .await,
        merchant
            .send("paymentCapture", on(held, json!({ "amount": amount })))
            .await,
        merchant
            .send("paymentRefund", on(sold, json!({ "amount": amount })))
            .await,
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_cannot_be_charged_is_refused_with_its_own_code(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let before = app.row_counts().await;
    for (amount, currency, code) in BAD {
        for reply in each_command(&school, &held, &sold, &money(amount, currency)).await {
            assert_eq!(reply.codes(), [code], "{amount:?} {currency}: {:#}", reply.data);
            let refused = reply.is_refused_with(code);
            assert_eq!(
                refused.data["userErrors"][0]["field"],
                json!(["amount", "amount"]),
                "{amount:?}"
            );
        }
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_refused_amount_say_what_is_expected(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let table = [
        (
            money("1000.5", "IQD"),
            "amount is too precise: IQD is charged in steps of 1",
        ),
        (
            money("1.251", "KWD"),
            "amount is too precise: KWD is charged in steps of 0.010",
        ),
        // S2: "amount must be at least 1", of its cents.
        (money("0", "IQD"), "amount must be at least 1 IQD"),
        (money("0", "USD"), "amount must be at least 0.01 USD"),
        (
            money("10000000001", "IQD"),
            "amount must be at most 10000000000 IQD",
        ),
        (
            money("1,000", "IQD"),
            "amount must be a decimal number such as \"125000\" or \"12.50\", without sign, spaces or exponent",
        ),
    ];
    let before = app.row_counts().await;
    for (amount, words) in table {
        assert_eq!(school.sale(amount).await.message(), words);
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_currency_that_is_not_charged_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let before = app.row_counts().await;
    for code in ["GBP", "JPY", "XXX", "XBT"] {
        for reply in each_command(&school, &held, &sold, &money("1000", code)).await {
            let refused = reply.is_refused_with("CURRENCY_UNSUPPORTED");
            assert_eq!(
                refused.data["userErrors"][0]["field"],
                json!(["amount", "currency"])
            );
            assert_eq!(
                refused.message(),
                "unsupported currency (supported: IQD, USD, EUR, MAD, AED, SAR, KWD, BHD, JOD, QAR, OMR, EGP)"
            );
        }
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_amount_of_another_currency_than_the_payment_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let before = app.row_counts().await;
    for (mutation, payment) in [("paymentCapture", &held), ("paymentRefund", &sold)] {
        let refused = school
            .send(mutation, on(payment, json!({ "amount": money("10", "USD") })))
            .await;
        let refused = refused.is_refused_with("CURRENCY_MISMATCH");
        assert_eq!(refused.message(), "currency must be IQD");
        assert_eq!(
            refused.data["userErrors"][0]["field"],
            json!(["amount", "currency"])
        );
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_is_no_text_never_reaches_a_command(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    // A JSON number would be a float on its way to us.
    let table = [
        json!({ "amount": 1000, "currency": "IQD" }),
        json!({ "amount": 12.5, "currency": "USD" }),
        json!({ "amount": true, "currency": "IQD" }),
        json!({ "amount": ["1000"], "currency": "IQD" }),
        json!({ "amount": null, "currency": "IQD" }),
        json!({ "amount": "1000", "currency": "iqd" }),
        json!({ "amount": "1000", "currency": "IQ" }),
        json!({ "amount": "1000", "currency": "دينار" }),
        json!({ "amount": "1000", "currency": 368 }),
        json!({ "amount": "1000" }),
        json!({ "currency": "IQD" }),
        json!({ "amount": "1000", "currency": "IQD", "minor": "1000000" }),
        json!("1000 IQD"),
        json!(null),
    ];
    for amount in table {
        let reply = school
            .send("paymentSale", charge(amount.clone(), json!({})))
            .await;
        assert!(reply.data.is_null(), "{amount}");
        reply.fails_with("GRAPHQL_VALIDATION_FAILED");
    }
    // The same in the document itself.
    for amount in ["1000", "12.5", "-1", "IQD", "true"] {
        let query = format!(
            "mutation {{ paymentSale(input: {{ idempotencyKey: \"k\", amount: {{ amount: {amount}, currency: IQD }} }}) \
             {{ userErrors {{ code }} }} }}"
        );
        school
            .ask(&query, json!({}))
            .await
            .fails_with("GRAPHQL_VALIDATION_FAILED");
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}
