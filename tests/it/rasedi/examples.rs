//! The examples of S3, one test each.

use super::{Shop, example};
use crate::support::{EPARA, Engine, TestApp};
use domain::merchant::Mode;
use domain::provider::Gateway;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

/// The recorded answer to `{}`, without its end: we add `code`.
const VALIDATION_ERRORS: &str = r#"{"statusCode":400,"messages":["amount must be a valid price.","gateways must be a valid enum, FIB,ZAIN,ASIA_PAY,FAST_PAY,NASS_WALLET,CREDIT_CARD ","title must be shorter than or equal to 63 characters","title must be a string, validator","description must be shorter than or equal to 255 characters","description must be a string, validator","collectFeeFromCustomer must be a boolean","collectCustomerEmail must be a boolean","collectCustomerPhoneNumber must be a boolean","redirectUrl must be a URL","callbackUrl must be a URL"]"#;

/// That an answer is one of S3: its seven keys, and what nobody has paid yet.
#[track_caller]
fn is_new(body: &Value, mode: &str, amount: &str) {
    let reference = body["referenceCode"].as_str().unwrap();
    assert_eq!(
        body,
        &json!({
            "referenceCode": reference,
            "amount": amount,
            "paidVia": null,
            "paidAt": null,
            "redirectUrl": format!("https://pay.example.iq/pay/{mode}/{reference}"),
            "status": "PENDING",
            "payoutAmount": null,
        })
    );
    let parts: Vec<usize> = reference.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert!(
        reference
            .bytes()
            .all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    );
}

async fn start(engine: Engine, mode: Mode) -> (TestApp, Shop) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_PUBLIC_URL", "https://pay.example.iq")]).await;
    let shop = Shop::open(&app, mode, EPARA).await;
    (app, shop)
}

/// "Create Payment", the request of the collection.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_create_payment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Mode::Live, Mode::Test)] mode: Mode,
) {
    let (_app, shop) = start(engine, mode).await;
    let said = shop
        .create(&json!({
            "amount": "150000",
            "gateways": ["FAST_PAY", "FIB", "ZAIN", "ASIA_PAY", "NASS_WALLET", "CREDIT_CARD"],
            "title": "Order #1241",
            "description": "Payment for premium subscription",
            "collectFeeFromCustomer": true,
            "collectCustomerEmail": true,
            "collectCustomerPhoneNumber": false,
            "redirectUrl": "https://merchant.com/payment/success",
            "callbackUrl": "https://merchant.com/api/payment/callback",
            "allowPromoCode": true
        }))
        .await;
    assert_eq!(said.status, 200, "{}", said.text);
    is_new(&said.body, mode.as_str(), "150000");
}

/// "Success - Payment Created".
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_success_payment_created(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (_app, shop) = start(engine, Mode::Live).await;
    let said = shop
        .create(&example(json!({
            "gateways": ["FAST_PAY"], "collectFeeFromCustomer": true, "collectCustomerEmail": true,
        })))
        .await;
    let reference = said.reference();
    is_new(&said.body, "live", "150000");
    // Byte for byte as it was recorded, but for the code and the host.
    assert_eq!(
        said.text,
        format!(
            "{{\"referenceCode\":\"{reference}\",\"amount\":\"150000\",\"paidVia\":null,\"paidAt\":null,\
             \"redirectUrl\":\"https://pay.example.iq/pay/live/{reference}\",\"status\":\"PENDING\",\"payoutAmount\":null}}"
        )
    );
    assert_eq!(said.headers["content-type"], "application/json");
}

/// "Error - Bad Request (Validation Errors)".
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_error_bad_request_validation_errors(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (app, shop) = start(engine, Mode::Live).await;
    let recorded: Value = serde_json::from_str(&format!("{VALIDATION_ERRORS}}}")).unwrap();
    for nothing in ["{}", "", "null_fields"] {
        let body = match nothing {
            "null_fields" => br#"{"amount":null,"title":null,"allowPromoCode":null}"#.to_vec(),
            text => text.as_bytes().to_vec(),
        };
        let said = shop.send(Method::POST, &shop.path("create"), &[], body).await;
        assert_eq!(said.refused(400), "MISSING_REQUIRED_FIELD");
        assert_eq!(said.body["messages"], recorded["messages"], "{nothing}");
        let messages = VALIDATION_ERRORS.split_once("\"messages\":").unwrap().1;
        assert!(said.text.contains(messages), "byte for byte: {}", said.text);
    }
    assert_eq!(app.count("intents").await, 0);
}

/// "Example Request", the curl command.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_example_request_curl(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (_app, shop) = start(engine, Mode::Live).await;
    let body = br##"{
    "amount": "150000",
    "gateways": ["FAST_PAY", "FIB"],
    "title": "Order #1241",
    "description": "Payment for premium subscription",
    "collectFeeFromCustomer": true,
    "collectCustomerEmail": true,
    "collectCustomerPhoneNumber": false,
    "redirectUrl": "https://merchant.com/payment/success",
    "callbackUrl": "https://merchant.com/api/payment/callback",
    "allowPromoCode": true
  }"##;
    let said = shop
        .send(Method::POST, &shop.path("create"), &[], body.to_vec())
        .await;
    assert_eq!(said.status, 200, "{}", said.text);
    is_new(&said.body, "live", "150000");
}

/// "Error Response Format".
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_error_response_format(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (_app, shop) = start(engine, Mode::Test).await;
    let said = shop.create(&example(json!({ "amount": "1500.00" }))).await;
    assert_eq!(
        said.body,
        json!({ "statusCode": 400, "messages": ["amount must be a valid price."], "code": "INVALID_AMOUNT" })
    );
}

/// "x-signature Generation", whose raw string names `/init`.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_signature_example_init(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Mode::Live, Mode::Test)] mode: Mode,
) {
    let (_app, shop) = start(engine, mode).await;
    let body = example(json!({})).to_string().into_bytes();
    let said = shop.send(Method::POST, &shop.path("init"), &[], body).await;
    assert_eq!(said.status, 200, "{}", said.text);
    is_new(&said.body, mode.as_str(), "150000");
    assert_eq!(shop.status(&said.reference()).await.body, said.body);
}

/// "Get Payment Status".
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_get_payment_status(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Mode::Live, Mode::Test)] mode: Mode,
) {
    let (app, shop) = start(engine, mode).await;
    let made = shop.create(&example(json!({}))).await;
    let reference = made.reference();
    let asked = shop.status(&reference).await;
    assert_eq!((asked.status, &asked.text), (200, &made.text));

    app.clock.advance(chrono::Duration::minutes(3));
    shop.payer(&app, &reference)
        .await
        .pays(&app, Gateway::Fib)
        .await
        .unwrap();
    let paid = shop.status(&reference).await;
    assert_eq!(
        paid.text,
        format!(
            "{{\"referenceCode\":\"{reference}\",\"amount\":\"150000\",\"paidVia\":\"FIB\",\"paidAt\":\"2026-06-15T10:03:00.000Z\",\
             \"redirectUrl\":\"https://pay.example.iq/pay/{mode}/{reference}\",\"status\":\"PAID\",\"payoutAmount\":\"147000\"}}"
        )
    );
    app.ledger_ties().await;
}

/// "Example Usage", whose code is no reference code.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_example_usage_malformed_reference_code(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_app, shop) = start(engine, Mode::Live).await;
    for code in ["PAY-123456789", "PAY_XXXXXX", "ref-292929"] {
        assert_eq!(shop.status(code).await.refused(400), "INVALID_REQUEST");
        assert_eq!(shop.cancel(code).await.refused(400), "INVALID_REQUEST");
    }
    let unknown = "7676c702-a2a7-4996-baf3-09a8d012ed09";
    assert_eq!(shop.status(unknown).await.refused(404), "NOT_FOUND");
    assert_eq!(shop.cancel(unknown).await.refused(404), "NOT_FOUND");
}

/// "Cancel Payment".
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_cancel_payment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Mode::Live, Mode::Test)] mode: Mode,
) {
    let (_app, shop) = start(engine, mode).await;
    let made = shop.create(&example(json!({}))).await;
    let reference = made.reference();
    let canceled = shop.cancel(&reference).await;
    let mut expected = made.body;
    expected["status"] = json!("CANCELED");
    assert_eq!(
        (canceled.status, &canceled.body),
        (200, &expected),
        "{}",
        canceled.text
    );
    assert_eq!(shop.status(&reference).await.body, expected);
    assert_eq!(shop.cancel(&reference).await.body, expected, "twice is once");
}

/// "Payment Link Expiration": 24 hours by default, and what ran out cannot be paid.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s3_payment_link_expiration(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (app, shop) = start(engine, Mode::Live).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    app.clock
        .advance(chrono::Duration::hours(24) - chrono::Duration::milliseconds(1));
    assert_eq!(shop.status(&reference).await.body["status"], "PENDING");
    app.clock.advance(chrono::Duration::milliseconds(1));
    assert_eq!(
        shop.status(&reference).await.body["status"],
        "TIMED_OUT",
        "before any sweep"
    );
    let payer = shop.payer(&app, &reference).await;
    assert!(payer.pays(&app, Gateway::Fib).await.is_err());
    service::intent::expire_due(&app.app, 10).await.unwrap();
    assert_eq!(shop.status(&reference).await.body["status"], "TIMED_OUT");
}
