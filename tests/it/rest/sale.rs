//! S2, "Sale Payment", and its test cards.

use super::desk::{Desk, SALE, charge_on, with};
use crate::support::{Engine, Payer, TestApp};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_sale_payment_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let body = with(
        charge_on(Payer::Mastercard, 4999),
        "description",
        "Subscription - Monthly Plan".into(),
    );
    let heard = desk
        .post_with(SALE, body, &[("idempotency-key", "order-12345-sale")])
        .await;
    let expected = json!({ "success": true, "data": {
        "id": "pay_def456ghi789jkl012", "status": "captured", "amount": 4999, "currency": "USD", "card_brand": "mastercard",
        "card_last4": "4444", "auth_code": "789012", "response_code": "00", "response_message": "Approved",
        "transaction_id": "txn_mno345pqr678stu901", "created_at": "2026-01-24T10:05:00Z", "captured_at": "2026-01-24T10:05:01Z",
    } });
    heard.looks_like(200, &expected, &[]);
    for key in [
        "status",
        "amount",
        "currency",
        "card_brand",
        "card_last4",
        "response_code",
        "response_message",
    ] {
        assert_eq!(heard.body["data"][key], expected["data"][key], "{key}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_test_cards_are_declined_in_its_words(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for (number, words) in [
        ("4000000000000002", "do not honor (code: 05)"),
        ("4000000000009995", "insufficient funds (code: 51)"),
        ("4000000000000069", "expired card (code: 54)"),
        ("4000000000000127", "CVV mismatch (code: N7)"),
        ("4000000000000119", "processing error (code: 96)"),
        ("4000000000000259", "high fraud risk (score: 85)"),
    ] {
        let mut body = charge_on(Payer::Visa, 4999);
        body["card"]["number"] = number.into();
        let heard = desk.post(SALE, body).await;
        heard.refuses(402, "PAYMENT_DECLINED", &format!("payment declined: {words}"));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_currency_is_written_in_hundredths(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    for (currency, amount, decimal) in [
        ("IQD", 150_000, "1500"),
        ("KWD", 125, "1.250"),
        ("EUR", 1, "0.01"),
        ("IQD", 1_000_000_000_000_i64, "10000000000"),
    ] {
        let body = with(charge_on(Payer::Visa, amount), "currency", currency.into());
        let heard = desk.post(SALE, body).await.is(200);
        assert_eq!(heard.body["data"]["amount"], amount, "{currency}");
        let seen = school.payment(heard.word("id")).await;
        assert_eq!(seen["amount"]["amount"], decimal, "{currency}");
    }
    for (currency, amount, code, words) in [
        (
            "IQD",
            100_050,
            "AMOUNT_TOO_PRECISE",
            "amount must be a multiple of 100: IQD is charged in steps of 100 hundredths",
        ),
        ("IQD", 0, "AMOUNT_NOT_POSITIVE", "amount must be at least 100"),
        (
            "IQD",
            1_000_000_000_100,
            "AMOUNT_TOO_LARGE",
            "amount must be at most 1000000000000",
        ),
    ] {
        let body = with(charge_on(Payer::Visa, amount), "currency", currency.into());
        let words = format!("invalid request: {words}");
        desk.post(SALE, body).await.refuses(400, code, &words);
    }
    app.ledger_ties().await;
}
