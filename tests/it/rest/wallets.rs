//! Payments by wallet: S2 knows cards only, the field `gateway` is ours.

use super::desk::{AUTHORIZE, Desk, SALE, charge, path, with};
use crate::support::{Engine, TestApp};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_sells_without_a_card_and_holds_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let wallet = json!({ "amount": 150_000, "currency": "IQD", "gateway": "FIB" });
    let sold = desk.post(SALE, wallet.clone()).await;
    let expected = json!({ "success": true, "data": {
        "id": "pay_1", "status": "captured", "amount": 150_000, "currency": "IQD", "response_code": "00",
        "response_message": "Approved", "transaction_id": "txn_1", "created_at": "2026-01-24T10:00:00Z",
        "captured_at": "2026-01-24T10:00:00Z",
    } });
    sold.looks_like(200, &expected, &[]);
    desk.post(AUTHORIZE, wallet).await.refuses(
        400,
        "CAPTURE_METHOD_NOT_SUPPORTED",
        "FIB cannot hold money: use a sale",
    );
    let both = with(charge(9999), "gateway", "FIB".into());
    desk.post(SALE, both).await.refuses(
        400,
        "CARD_NOT_ALLOWED",
        "invalid request: a wallet payment takes no card",
    );
    let part = json!({ "amount": 100, "reason": "returned" });
    desk.post(&path(sold.word("id"), "refund"), part).await.refuses(
        400,
        "REFUND_FULL_ONLY",
        "FIB refunds the whole amount only",
    );
    app.ledger_ties().await;
}
