//! S2, "Authorize Payment".

use super::desk::{AUTHORIZE, Desk, TIGRIS, charge_on, example, with};
use crate::support::{Engine, Payer, TestApp};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_authorize_payment_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let headers = [("idempotency-key", "order-12345-auth")];
    let heard = desk.post_with(AUTHORIZE, example(), &headers).await;
    let expected = json!({ "success": true, "data": {
        "id": "pay_abc123def456ghi789", "status": "authorized", "amount": 9999, "currency": "USD", "card_brand": "visa",
        "card_last4": "4242", "auth_code": "123456", "fraud_score": 15, "fraud_decision": "approve", "response_code": "00",
        "response_message": "Approved", "transaction_id": "txn_xyz789uvw012rst345", "created_at": "2026-01-24T10:00:00Z",
        "expires_at": "2026-01-31T10:00:00Z",
    } });
    heard.looks_like(200, &expected, &[]);
    let said = |key: &str| heard.body["data"][key].clone();
    for key in [
        "status",
        "amount",
        "currency",
        "card_brand",
        "card_last4",
        "fraud_decision",
        "response_code",
        "response_message",
    ] {
        assert_eq!(said(key), expected["data"][key], "{key}");
    }
    assert!(heard.word("id").starts_with("pay_") && heard.word("transaction_id").starts_with("txn_"));
    assert_eq!(said("created_at"), "2026-06-15T10:00:00Z");
    assert_eq!(said("expires_at"), "2026-06-22T10:00:00Z", "seven days");
    assert!(said("fraud_score").as_i64().unwrap() <= 70);
    let seen = school.payment(heard.word("id")).await;
    assert_eq!(
        seen["amount"],
        json!({ "amount": "99.99", "currency": "USD", "minor": "9999" })
    );
    assert_eq!(
        seen["metadata"],
        json!({ "order_id": "12345", "plan": "premium" })
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_authorize_400_invalid_amount(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for amount in [0, -1] {
        let heard = desk
            .post_with(AUTHORIZE, with(example(), "amount", amount.into()), &[TIGRIS])
            .await;
        heard.refuses(
            400,
            "AMOUNT_NOT_POSITIVE",
            "invalid request: amount must be at least 1",
        );
    }
    assert_eq!(app.count("payments").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_authorize_400_unsupported_currency(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let body = with(example(), "currency", "GBP".into());
    let heard = desk.post_with(AUTHORIZE, body.clone(), &[TIGRIS]).await;
    heard.refuses(
        400,
        "CURRENCY_UNSUPPORTED",
        "unsupported currency (only USD, EUR, and MAD supported)",
    );
    desk.post(AUTHORIZE, body).await.refuses(
        400,
        "CURRENCY_UNSUPPORTED",
        "unsupported currency (only IQD, USD, EUR, MAD, AED, SAR, KWD, BHD, JOD, QAR, OMR, and EGP supported)",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_authorize_402_card_declined(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let heard = desk
        .post_with(AUTHORIZE, charge_on(Payer::Poor, 9999), &[TIGRIS])
        .await;
    heard.refuses(
        402,
        "PAYMENT_DECLINED",
        "payment declined: insufficient funds (code: 51)",
    );
    assert_eq!(heard.body["decline_reason"], "insufficient_funds");
    let payment = heard.body["payment_id"].as_str().unwrap();
    assert_eq!(school.status(payment).await, "FAILED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_authorize_402_fraud_declined(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let heard = desk
        .post_with(AUTHORIZE, charge_on(Payer::Risky, 9999), &[TIGRIS])
        .await;
    heard.refuses(
        402,
        "PAYMENT_DECLINED",
        "payment declined: high fraud risk (score: 85)",
    );
    assert_eq!(heard.body["decline_reason"], "fraud_risk");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_authorize_409_idempotency_key_mismatch(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let headers = [("idempotency-key", "order-12345-auth"), TIGRIS];
    desk.post_with(AUTHORIZE, example(), &headers).await.is(200);
    let other = with(example(), "amount", 9998.into());
    desk.post_with(AUTHORIZE, other, &headers).await.refuses(
        409,
        "IDEMPOTENCY_KEY_REUSED",
        "idempotency key already used with different request data",
    );
    assert_eq!(app.count("payments").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_authorize_429_too_many_requests(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let settings = [("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "20")];
    let app = TestApp::with_settings(engine, &settings).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for _ in 0..20 {
        desk.post_with(AUTHORIZE, example(), &[TIGRIS]).await.is(200);
    }
    let heard = desk.post_with(AUTHORIZE, example(), &[TIGRIS]).await;
    heard.refuses(429, "THROTTLED", "rate limit exceeded: 20 requests per second");
    assert_eq!(heard.header("retry-after"), "1");
    assert_eq!(app.count("payments").await, 20);
}
