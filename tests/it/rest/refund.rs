//! S2, "Refund Payment".

use super::desk::{Desk, TIGRIS, path};
use crate::support::{Engine, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

fn of(amount: i64) -> Value {
    json!({ "amount": amount, "reason": "Product damaged - partial refund" })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_refund_payment_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let payment = desk.sold(9999).await;
    let path = path(&payment, "refund");
    let heard = desk.post(&path, of(2500)).await;
    let expected = json!({ "success": true, "data": {
        "id": "pay_abc123def456ghi789", "status": "partially_refunded", "amount": 9999, "currency": "USD", "refunded_amount": 2500,
        "remaining_amount": 7499, "refunded_at": "2026-01-24T16:00:00Z", "refund_reason": "Product damaged - partial refund",
    } });
    heard.looks_like(200, &expected, &["transaction_id", "refund_id"]);
    for key in [
        "status",
        "amount",
        "refunded_amount",
        "remaining_amount",
        "refund_reason",
    ] {
        assert_eq!(heard.body["data"][key], expected["data"][key], "{key}");
    }
    let rest = desk.post(&path, of(7499)).await.is(200);
    let data = &rest.body["data"];
    assert_eq!(rest.word("status"), "refunded");
    let amounts = (&data["refunded_amount"], &data["remaining_amount"]);
    assert_eq!(amounts, (&json!(9999), &json!(0)), "both refunds together");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_remains_is_counted_from_what_was_captured(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let payment = desk.authorized(9999).await;
    desk.post(&path(&payment, "capture"), json!({ "amount": 5000 }))
        .await
        .is(200);
    let heard = desk.post(&path(&payment, "refund"), of(2000)).await.is(200);
    assert_eq!(heard.body["data"]["remaining_amount"], 3000);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_refund_400_not_captured(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let payment = desk.authorized(9999).await;
    let heard = desk
        .post_with(&path(&payment, "refund"), of(2500), &[TIGRIS])
        .await;
    heard.refuses(400, "PAYMENT_NOT_CAPTURED", "can only refund captured payments");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_refund_400_amount_too_high(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let payment = desk.sold(9999).await;
    let heard = desk
        .post_with(&path(&payment, "refund"), of(10_000), &[TIGRIS])
        .await;
    heard.refuses(
        400,
        "REFUND_EXCEEDS_AVAILABLE",
        "refund amount exceeds available amount",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_refund_400_already_refunded(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let path = path(&desk.sold(9999).await, "refund");
    desk.post(&path, of(9999)).await.is(200);
    let heard = desk.post_with(&path, of(1), &[TIGRIS]).await;
    heard.refuses(400, "PAYMENT_ALREADY_REFUNDED", "payment already fully refunded");
}
