//! S2, "Transaction Endpoints".

use super::desk::{AUTHORIZE, Desk, Heard, SALE, charge, charge_on, path, with};
use crate::support::{Engine, Payer, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const LIST: &str = "/api/v1/transactions";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_get_transaction_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let begun = desk.post(AUTHORIZE, charge(9999)).await.is(200);
    let heard = desk
        .get(&format!("{LIST}/{}", begun.word("transaction_id")))
        .await;
    let expected = json!({ "success": true, "data": {
        "id": "txn_abc123def456ghi789", "payment_id": "pay_xyz789uvw012rst345", "status": "authorized", "amount": 9999,
        "currency": "USD", "card_brand": "visa", "card_last4": "4242", "auth_code": "123456", "response_code": "00",
        "response_message": "Approved", "created_at": "2026-01-24T10:00:00Z",
    } });
    heard.looks_like(200, &expected, &["type"]);
    for key in [
        "status",
        "amount",
        "card_brand",
        "card_last4",
        "response_code",
        "response_message",
    ] {
        assert_eq!(heard.body["data"][key], expected["data"][key], "{key}");
    }
    assert_eq!(heard.word("payment_id"), begun.word("id"));
    assert_eq!(heard.word("auth_code"), begun.word("auth_code"));
    assert_eq!(heard.word("type"), "authorize");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_nobody_or_somebody_else_is_not_found(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let sold = desk.post(SALE, charge(9999)).await.is(200);
    let shop = Desk::of(&app, &app.merchant("shop").await);
    for id in [
        sold.word("transaction_id"),
        "txn_abc123def456",
        "txn_01JZ8QK3M4N5P6R7S8T9V0W1X2",
    ] {
        let heard = shop.get(&format!("{LIST}/{id}")).await;
        heard.refuses(404, "NOT_FOUND", "transaction not found");
    }
}

fn ids(heard: &Heard) -> Vec<&str> {
    let items = heard.body["data"]["transactions"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_list_transactions_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let mut made = Vec::new();
    for number in 0..23 {
        app.clock.advance(chrono::Duration::seconds(1));
        let currency = if number % 2 == 0 { "USD" } else { "EUR" };
        let body = with(charge(9999), "currency", currency.into());
        let heard = desk.post(AUTHORIZE, body).await.is(200);
        made.push(heard.word("transaction_id").to_owned());
    }
    made.reverse();
    let heard = desk
        .get(&format!("{LIST}?status=authorized&limit=20&offset=0"))
        .await;
    let expected = json!({ "success": true, "data": {
        "transactions": [{
            "id": "txn_abc123def456", "payment_id": "pay_xyz789uvw012", "status": "authorized", "amount": 9999, "currency": "USD",
            "created_at": "2026-01-24T10:00:00Z",
        }],
        "total": 47, "limit": 20, "offset": 0,
    } });
    heard.looks_like(200, &expected, &[]);
    let page = |heard: &Heard| {
        let data = &heard.body["data"];
        [
            data["total"].clone(),
            data["limit"].clone(),
            data["offset"].clone(),
        ]
    };
    assert_eq!(page(&heard), [json!(23), json!(20), json!(0)]);
    assert_eq!(ids(&heard), made[..20], "newest first");
    let rest = desk.get(&format!("{LIST}?limit=20&offset=20")).await.is(200);
    assert_eq!(ids(&rest), made[20..]);
    let plain = desk.get(LIST).await.is(200);
    assert_eq!(
        page(&plain),
        [json!(23), json!(10), json!(0)],
        "ten if nobody says"
    );
    assert_eq!(ids(&plain), made[..10]);
    let beyond = desk.get(&format!("{LIST}?offset=10000")).await.is(200);
    assert_eq!(ids(&beyond), Vec::<&str>::new());
    assert_eq!(beyond.body["data"]["total"], 23);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_status_lists_its_transactions(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let id = |heard: &Heard| heard.word("transaction_id").to_owned();
    let authorized = desk.post(AUTHORIZE, charge(9999)).await.is(200);
    app.clock.advance(chrono::Duration::milliseconds(1));
    let captured = desk
        .post(&path(authorized.word("id"), "capture"), json!({ "amount": 9999 }))
        .await
        .is(200);
    app.clock.advance(chrono::Duration::milliseconds(1));
    let sold = desk.post(SALE, charge(9999)).await.is(200);
    let refunded = desk
        .post(
            &path(sold.word("id"), "refund"),
            json!({ "amount": 1, "reason": "returned" }),
        )
        .await
        .is(200);
    // Ids sort by time.
    app.clock.advance(chrono::Duration::milliseconds(1));
    let held = desk.post(AUTHORIZE, charge(9999)).await.is(200);
    let voided = desk
        .post(&path(held.word("id"), "void"), json!({ "reason": "canceled" }))
        .await
        .is(200);
    let failed = desk.post(SALE, charge_on(Payer::Poor, 9999)).await;
    let failed_id = failed.body["transaction_id"].as_str().unwrap().to_owned();
    let lost = with(
        charge(9999),
        "metadata",
        json!({ "sandbox_fault": "timeout_after_charge" }),
    );
    app.clock.advance(chrono::Duration::milliseconds(1));
    let lost = desk.post(SALE, lost).await.is(202);
    for (status, expected) in [
        ("authorized", vec![id(&held), id(&authorized)]),
        ("captured", vec![id(&sold), id(&captured)]),
        ("refunded", vec![id(&refunded)]),
        ("voided", vec![id(&voided)]),
        ("failed", vec![failed_id.clone()]),
    ] {
        let heard = desk.get(&format!("{LIST}?status={status}")).await.is(200);
        assert_eq!(ids(&heard), expected, "{status}");
        assert_eq!(heard.body["data"]["total"], expected.len(), "{status}");
        for item in heard.body["data"]["transactions"].as_array().unwrap() {
            assert_eq!(item["status"], status);
            let whole = desk
                .get(&format!("{LIST}/{}", item["id"].as_str().unwrap()))
                .await;
            assert_eq!(whole.word("status"), status);
        }
    }
    let all = desk.get(LIST).await.is(200);
    assert_eq!(all.body["data"]["total"], 8);
    assert_eq!(ids(&all)[0], id(&lost), "what has no answer yet is listed too");
    assert_eq!(all.body["data"]["transactions"][0]["status"], "processing");

    let failed = desk.get(&format!("{LIST}/{failed_id}")).await.is(200);
    let said = |key: &str| failed.body["data"][key].clone();
    assert_eq!(
        (said("response_code"), said("response_message")),
        (json!("51"), json!("insufficient funds"))
    );
    assert_eq!(said("auth_code"), Value::Null);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_transactions_429(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_QUERIES_PER_SECOND", "100")]).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for left in (0..100).rev() {
        let heard = desk.get(LIST).await.is(200);
        assert_eq!(heard.header("ratelimit-policy"), "\"queries\";q=100;w=1");
        assert_eq!(heard.header("ratelimit"), format!("\"queries\";r={left};t=1"));
    }
    let heard = desk.get(LIST).await;
    heard.refuses(429, "THROTTLED", "rate limit exceeded: 100 requests per second");
}
