//! What the request log says of requests of this door.

use super::desk::{Desk, SALE, charge, charge_on, path, with};
use crate::support::{Engine, Payer, TestApp};
use domain::credential::Scope;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const LOG: &str = "{ apiRequests(first: 1) { nodes { id method path operation outcome reason rateLimit status idempotencyKey errorCode \
     apiVersion made bodyHash } } }";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_request_leaves_a_row_with_what_came_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "4")]).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let row = async || {
        let log = school.ask(LOG, json!({})).await;
        assert_eq!(log.errors, Vec::<Value>::new());
        app.clock.advance(chrono::Duration::milliseconds(1));
        log.data["apiRequests"]["nodes"][0].clone()
    };
    let said = |row: &Value| {
        let words = [
            "path",
            "outcome",
            "reason",
            "status",
            "idempotencyKey",
            "errorCode",
        ];
        json!(words.map(|word| row[word].clone()))
    };
    app.clock.advance(chrono::Duration::milliseconds(1));
    let sold = desk
        .post_with(
            SALE,
            charge(9999),
            &[
                ("idempotency-key", "order-1"),
                ("x-api-version", "2025-12-01.tigris"),
            ],
        )
        .await
        .is(200);
    let sale = row().await;
    assert_eq!(said(&sale), json!([SALE, "PASSED", null, 200, "order-1", null]));
    assert_eq!(sale["id"], sold.header("x-request-id"));
    assert_eq!(
        (&sale["method"], &sale["operation"]),
        (&json!("POST"), &Value::Null)
    );
    assert_eq!(sale["apiVersion"], "2025-12-01.tigris");
    assert_eq!(
        sale["made"],
        json!([sold.word("id"), sold.word("transaction_id")])
    );
    assert_eq!(
        sale["bodyHash"],
        Value::Null,
        "a body with a card number leaves no hash"
    );

    let refund = path(sold.word("id"), "refund");
    let back = json!({ "amount": 1, "reason": "returned" });
    let refunded = desk.post(&refund, back).await.is(200);
    let refund_row = row().await;
    assert_eq!(
        said(&refund_row),
        json!([refund, "PASSED", null, 200, null, null])
    );
    let made = ["id", "transaction_id", "refund_id"].map(|key| refunded.word(key).to_owned());
    assert_eq!(refund_row["made"], json!(made));
    assert!(refund_row["bodyHash"].is_string());

    let declined = desk.post(SALE, charge_on(Payer::Poor, 9999)).await;
    assert_eq!(declined.status, 402);
    let declined_row = row().await;
    assert_eq!(
        said(&declined_row),
        json!([SALE, "PASSED", null, 402, null, "PAYMENT_DECLINED"])
    );
    assert_eq!(
        declined_row["made"],
        json!([declined.body["payment_id"], declined.body["transaction_id"]])
    );

    desk.post(SALE, with(charge(9999), "amount", 0.into())).await;
    let refused = row().await;
    assert_eq!(
        said(&refused),
        json!([SALE, "PASSED", null, 400, null, "AMOUNT_NOT_POSITIVE"])
    );
    assert_eq!(refused["made"], json!([]));

    desk.post(SALE, charge(9999)).await;
    let throttled = row().await;
    assert_eq!(
        said(&throttled),
        json!([SALE, "DENIED", "RATE_LIMITED", 429, null, "THROTTLED"])
    );

    let reader = app
        .key_of(school.tenant, Scope::PaymentsRead.as_str().parse().unwrap())
        .await;
    app.clock.advance(chrono::Duration::seconds(2));
    let void = path(sold.word("id"), "void");
    Desk::of(&app, &reader)
        .post(&void, json!({ "reason": "canceled" }))
        .await;
    assert_eq!(
        said(&row().await),
        json!([
            void,
            "DENIED",
            "SCOPE_MISSING",
            403,
            null,
            "INSUFFICIENT_PERMISSIONS"
        ])
    );

    let show = path(sold.word("id"), "");
    desk.raw(Method::GET, &show, "", &[]).await.is(200);
    assert_eq!(said(&row().await), json!([show, "PASSED", null, 200, null, null]));
}
