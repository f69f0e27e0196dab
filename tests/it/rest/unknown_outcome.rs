//! Answers of the provider that were lost: 202 and `processing`, until there is proof.

use super::desk::{AUTHORIZE, Desk, Heard, SALE, charge, path, with};
use crate::support::{Engine, Program, TestApp, TestDatabase};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_202_and_the_key_gives_the_final_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for (door, status) in [(AUTHORIZE, "authorized"), (SALE, "captured")] {
        let body = with(
            charge(9999),
            "metadata",
            json!({ "sandbox_fault": "timeout_after_charge" }),
        );
        let key = [("idempotency-key", "order-1")];
        let lost = desk.post_with(door, body.clone(), &key).await.is(202);
        assert_eq!(lost.body["success"], true);
        let expected = json!({ "success": true, "data": {
            "id": "pay_1", "status": "processing", "amount": 9999, "currency": "USD", "card_brand": "visa", "card_last4": "4242",
            "transaction_id": "txn_1", "created_at": "2026-01-24T10:00:00Z",
        } });
        lost.looks_like(202, &expected, &[]);
        assert_eq!(lost.word("status"), "processing");
        let seen = desk.get(&path(lost.word("id"), "")).await.is(200);
        assert_eq!(seen.word("status"), "processing");

        app.clock.advance(Duration::seconds(10));
        assert_eq!(app.resolve().await.settled, 1);
        let settled = desk.post_with(door, body, &key).await.is(200);
        assert_eq!(settled.word("status"), status);
        assert_eq!(settled.word("id"), lost.word("id"));
        assert_eq!(settled.header("idempotent-replayed"), "true");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_is_202_before_the_request_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    // As close as they may be.
    let settings = [
        ("TAHSIL_PROVIDER_TIMEOUT_MS", "1000"),
        ("TAHSIL_REQUEST_TIMEOUT_MS", "2000"),
    ];
    let node = program.serve(&settings).await;
    let body = with(charge(9999), "metadata", json!({ "sandbox_fault": "hang" }));
    let post = reqwest::Client::new().post(format!("{}{SALE}", node.url));
    let sent = post.header("x-api-key", &shop.secret).json(&body).send().await;
    let heard = Heard::read(sent.unwrap()).await.is(202);
    assert_eq!(heard.word("status"), "processing");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_capture_void_or_refund_is_202_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let back = json!({ "amount": 2500, "reason": "returned" });
    for (begin, command, body, settled) in [
        (AUTHORIZE, "capture", json!({ "amount": 9999 }), "captured"),
        (AUTHORIZE, "void", json!({ "reason": "canceled" }), "voided"),
        (SALE, "refund", back, "partially_refunded"),
    ] {
        let faulty = with(
            charge(9999),
            "metadata",
            json!({ format!("sandbox_fault_{command}"): "timeout_after_charge" }),
        );
        let payment = desk.post(begin, faulty).await.is(200);
        let payment = payment.word("id");
        let lost = desk.post(&path(payment, command), body.clone()).await.is(202);
        assert_eq!(lost.word("status"), "processing", "{command}");
        if command == "refund" {
            let data = &lost.body["data"];
            let amounts = (&data["refunded_amount"], &data["remaining_amount"]);
            assert_eq!(
                amounts,
                (&json!(0), &json!(7499)),
                "what is promised is not there"
            );
        } else {
            let again = desk.post(&path(payment, command), body).await;
            again.refuses(
                409,
                "OPERATION_IN_PROGRESS",
                "another operation on this payment is still in progress",
            );
            assert_eq!(again.header("retry-after"), "1");
        }
        app.clock.advance(Duration::seconds(10));
        assert_eq!(app.resolve().await.settled, 1, "{command}");
        let seen = desk.get(&path(payment, "")).await.is(200);
        assert_eq!(seen.word("status"), settled);
    }
    app.ledger_ties().await;
}
