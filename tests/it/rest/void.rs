//! S2, "Void Payment".

use super::desk::{Desk, TIGRIS, path};
use crate::support::{Engine, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

fn why() -> Value {
    json!({ "reason": "Customer requested order cancellation" })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_void_payment_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let payment = desk.authorized(9999).await;
    let heard = desk.post(&path(&payment, "void"), why()).await;
    let expected = json!({ "success": true, "data": {
        "id": "pay_abc123def456ghi789", "status": "voided", "amount": 9999, "currency": "USD", "voided_at": "2026-01-24T12:00:00Z",
        "void_reason": "Customer requested order cancellation",
    } });
    heard.looks_like(200, &expected, &["transaction_id"]);
    for key in ["status", "amount", "currency", "void_reason"] {
        assert_eq!(heard.body["data"][key], expected["data"][key], "{key}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_void_400_already_captured(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let payment = desk.sold(9999).await;
    let heard = desk.post_with(&path(&payment, "void"), why(), &[TIGRIS]).await;
    heard.refuses(
        400,
        "PAYMENT_CAPTURED_USE_REFUND",
        "cannot void captured payment (use refund instead)",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_void_400_already_voided(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let path = path(&desk.authorized(9999).await, "void");
    desk.post(&path, why()).await.is(200);
    let heard = desk.post_with(&path, why(), &[TIGRIS]).await;
    heard.refuses(400, "PAYMENT_ALREADY_VOIDED", "payment already voided");
}
