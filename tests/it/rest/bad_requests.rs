//! Requests that are not what this door takes.

use super::desk::{AUTHORIZE, Desk, SALE, charge, example, path, with};
use crate::support::{Engine, TestApp};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_bad_body_is_told_what_is_wrong_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let held = desk.authorized(9999).await;
    let before = app.row_counts().await;
    let capture = path(&held, "capture");
    for (path, body, words) in [
        (SALE, "", "the body is no JSON"),
        (SALE, "{", "the body is no JSON"),
        (SALE, "amount=9999&currency=USD", "the body is no JSON"),
        (SALE, "[]", "the body must be a JSON object"),
        (SALE, "{}", "amount is required"),
        (SALE, "{\"amount\":9999}", "currency is required"),
        (
            SALE,
            "{\"amount\":\"9999\",\"currency\":\"USD\"}",
            "amount must be an integer",
        ),
        (
            SALE,
            "{\"amount\":99.99,\"currency\":\"USD\"}",
            "amount must be an integer",
        ),
        (
            SALE,
            "{\"amount\":9999,\"currency\":\"USD\",\"card\":{\"number\":4242424242424242}}",
            "card.number must be a string",
        ),
        (&capture, "{}", "amount is required"),
    ] {
        let heard = desk.raw(Method::POST, path, body, &[]).await;
        heard.refuses(400, "BAD_REQUEST", &format!("invalid request: {words}"));
        assert!(!heard.text.contains("4242424242424242"));
    }
    for (command, body, words) in [
        ("void", json!({}), "reason is required"),
        ("refund", json!({ "reason": "returned" }), "amount is required"),
        ("refund", json!({ "amount": 1 }), "reason is required"),
    ] {
        let heard = desk.post(&path(&held, command), body).await;
        heard.refuses(400, "BAD_REQUEST", &format!("invalid request: {words}"));
    }
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_bad_value_has_its_code(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let card = |field: &str, value: Value| {
        let mut body = example();
        body["card"][field] = value;
        body
    };
    let rows = [
        (
            card("number", "4242424242424241".into()),
            "CARD_NUMBER_INVALID",
            "card number is invalid",
        ),
        (
            card("exp_month", 13.into()),
            "CARD_EXPIRY_INVALID",
            "card expiry is invalid: month 1 to 12, year with four digits",
        ),
        (
            card("exp_month", (-1_i64).into()),
            "CARD_EXPIRY_INVALID",
            "card expiry is invalid: month 1 to 12, year with four digits",
        ),
        (
            card("exp_year", 99_999_999_999_i64.into()),
            "CARD_EXPIRY_INVALID",
            "card expiry is invalid: month 1 to 12, year with four digits",
        ),
        (card("exp_year", 2025.into()), "CARD_EXPIRED", "card has expired"),
        (
            card("cvv", "12".into()),
            "CARD_CVV_INVALID",
            "card verification value must have 3 digits",
        ),
        (
            with(example(), "card", Value::Null),
            "CARD_REQUIRED",
            "a card payment needs a card",
        ),
        (
            with(example(), "description", "x".repeat(256).into()),
            "TEXT_INVALID",
            "description must have at most 255 characters",
        ),
        (
            with(example(), "gateway", "PAYPAL".into()),
            "TEXT_INVALID",
            "gateway must be one of CREDIT_CARD, FAST_PAY, FIB, ZAIN, ASIA_PAY, NASS_WALLET",
        ),
        (
            with(example(), "metadata", json!({ "order_id": 12345 })),
            "BAD_REQUEST",
            "metadata.order_id must be a string",
        ),
        (
            with(example(), "metadata", json!({ "gift": true })),
            "BAD_REQUEST",
            "metadata.gift must be a string",
        ),
        (
            with(with(example(), "amount", 0.into()), "currency", "GBP".into()),
            "AMOUNT_NOT_POSITIVE",
            "amount must be at least 1; unsupported currency (only IQD, USD, EUR, MAD, AED, SAR, KWD, BHD, JOD, QAR, OMR, and EGP supported)",
        ),
    ];
    for (body, code, words) in rows {
        let heard = desk.post(AUTHORIZE, body).await;
        heard.refuses(400, code, &format!("invalid request: {words}"));
    }
    for (query, words) in [
        ("limit=0", "limit must be 1 to 100"),
        ("limit=101", "limit must be 1 to 100"),
        ("offset=10001", "offset must be 0 to 10000"),
        (
            "status=settled",
            "status must be authorized, captured, voided, refunded or failed",
        ),
    ] {
        let heard = desk.get(&format!("/api/v1/transactions?{query}")).await;
        heard.refuses(400, "BAD_REQUEST", &format!("invalid request: {words}"));
    }
    assert_eq!(app.count("payments").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asks_for_is_ignored(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let body = with(charge(9999), "statement_descriptor", json!({ "any": ["thing"] }));
    let text = [("content-type", "text/plain")];
    desk.post(SALE, body.clone()).await.is(200);
    desk.post_with(SALE, body, &text).await.is(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_a_limit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_MAX_BODY_BYTES", "16384")]).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let long = format!("{}{}", charge(9999), " ".repeat(16_384));
    let heard = desk.raw(Method::POST, SALE, long, &[]).await;
    heard.refuses(
        413,
        "BAD_REQUEST",
        "invalid request: the body is longer than 16384 bytes",
    );
    desk.post(SALE, charge(9999)).await.is(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn other_paths_and_methods_are_refused_in_the_same_shape(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for path in [
        "/api/v1/payments",
        "/api/v1/payments/a/b",
        "/api/v1/refunds",
        "/api/v1/",
    ] {
        desk.get(path).await.refuses(404, "NOT_FOUND", "not found");
    }
    for (method, path, allow) in [
        (Method::GET, "/api/v1/payments/a/capture", "POST"),
        (Method::DELETE, "/api/v1/payments/a", "GET,HEAD"),
        (Method::POST, "/api/v1/transactions", "GET,HEAD"),
        (Method::PUT, SALE, "POST"),
    ] {
        let heard = desk.raw(method.clone(), path, "", &[]).await;
        heard.refuses(405, "BAD_REQUEST", "this path does not take this method");
        assert_eq!(heard.header("allow"), allow, "{method} {path}");
    }
}
