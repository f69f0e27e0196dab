//! S2, "Capture Payment".

use super::desk::{Desk, TIGRIS, path};
use crate::support::{Engine, TestApp};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

fn all() -> Value {
    json!({ "amount": 9999 })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_capture_payment_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let payment = desk.authorized(9999).await;
    app.clock.advance(Duration::hours(5));
    let heard = desk.post(&path(&payment, "capture"), all()).await;
    let expected = json!({ "success": true, "data": {
        "id": "pay_abc123def456ghi789", "status": "captured", "amount": 9999, "currency": "USD", "captured_amount": 9999,
        "card_brand": "visa", "card_last4": "4242", "captured_at": "2026-01-24T15:30:00Z",
    } });
    heard.looks_like(200, &expected, &["transaction_id"]);
    for key in ["status", "amount", "captured_amount", "card_brand", "card_last4"] {
        assert_eq!(heard.body["data"][key], expected["data"][key], "{key}");
    }
    assert_eq!(heard.word("captured_at"), "2026-06-15T15:00:00Z");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_partial_capture_releases_the_rest(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let payment = desk.authorized(9999).await;
    let heard = desk
        .post(&path(&payment, "capture"), json!({ "amount": 4000 }))
        .await
        .is(200);
    assert_eq!(heard.word("status"), "captured");
    let data = &heard.body["data"];
    assert_eq!(
        (&data["amount"], &data["captured_amount"]),
        (&json!(9999), &json!(4000))
    );
    assert_eq!(
        school.payment(&payment).await["capturableAmount"]["amount"],
        "0.00"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_capture_400_already_captured(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let path = path(&desk.authorized(9999).await, "capture");
    desk.post(&path, all()).await.is(200);
    let heard = desk.post_with(&path, all(), &[TIGRIS]).await;
    heard.refuses(400, "PAYMENT_ALREADY_CAPTURED", "payment already captured");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_capture_400_amount_too_high(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let path = path(&desk.authorized(9999).await, "capture");
    let heard = desk
        .post_with(&path, json!({ "amount": 10_000 }), &[TIGRIS])
        .await;
    heard.refuses(
        400,
        "CAPTURE_EXCEEDS_AUTHORIZED",
        "capture amount exceeds authorized amount",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_capture_400_authorization_expired(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let path = path(&desk.authorized(9999).await, "capture");
    app.clock.advance(Duration::days(7));
    let heard = desk.post_with(&path, all(), &[TIGRIS]).await;
    heard.refuses(
        400,
        "AUTHORIZATION_EXPIRED",
        "authorization expired (valid for 7 days)",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_capture_404_not_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for id in ["pay_abc123def456", "pay_01JZ8QK3M4N5P6R7S8T9V0W1X2"] {
        let heard = desk.post_with(&path(id, "capture"), all(), &[TIGRIS]).await;
        heard.refuses(404, "PAYMENT_NOT_FOUND", "payment not found");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_the_provider_declines_leaves_the_payment_as_it_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let body = super::desk::with(
        super::desk::charge(9999),
        "metadata",
        json!({ "sandbox_fault_capture": "decline" }),
    );
    let payment = desk.post(super::desk::AUTHORIZE, body).await.is(200);
    let payment = payment.word("id");
    let heard = desk.post(&path(payment, "capture"), all()).await;
    heard.refuses(
        402,
        "PAYMENT_DECLINED",
        "capture declined: do not honor (code: 05)",
    );
    assert_eq!(heard.body["payment_id"], payment);
    assert_eq!(school.status(payment).await, "AUTHORIZED");
}
