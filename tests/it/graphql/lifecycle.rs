//! The life of a payment that begins with a hold, each step with its amounts.

use crate::support::{Engine, Merchant, Reply, TestApp, iqd, on};
use rstest::rstest;
use serde_json::json;

/// Status, then what is authorized, captured, still capturable, refunded and still refundable.
pub fn standing(reply: &Reply) -> [&str; 6] {
    [
        reply.payment_status(),
        reply.amount("authorizedAmount"),
        reply.amount("capturedAmount"),
        reply.amount("capturableAmount"),
        reply.amount("refundedAmount"),
        reply.amount("refundableAmount"),
    ]
}

/// What a command writes into the books: code and amount of each line.
pub fn lines(reply: &Reply) -> Vec<(&str, &str)> {
    let lines = reply.data["ledgerLines"].as_array().unwrap();
    lines
        .iter()
        .map(|line| {
            (
                line["code"].as_str().unwrap(),
                line["amount"]["amount"].as_str().unwrap(),
            )
        })
        .collect()
}

/// Holds dinars on a Visa card.
pub async fn hold(merchant: &Merchant, dinars: i64) -> String {
    merchant.authorize(iqd(dinars)).await.succeeds().payment()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_is_captured_whole(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let held = school.authorize(iqd(125_000)).await.succeeds();
    assert_eq!(standing(&held), ["AUTHORIZED", "125000", "0", "125000", "0", "0"]);
    assert_eq!(
        (held.operation("kind"), held.operation("status")),
        ("AUTHORIZE", "SUCCEEDED")
    );
    assert_eq!(lines(&held), [], "a hold is no money: it is not in the books");
    assert_eq!(school.payable("IQD").await, "0");

    let captured = school.capture(&held.payment(), iqd(125_000)).await.succeeds();
    assert_eq!(
        standing(&captured),
        ["CAPTURED", "125000", "125000", "0", "0", "125000"]
    );
    assert_eq!(
        (captured.operation("kind"), captured.operation("status")),
        ("CAPTURE", "SUCCEEDED")
    );
    assert_eq!(
        lines(&captured),
        [("gross", "125000"), ("fee", "2500"), ("reserve", "6250")]
    );
    assert_eq!(school.payable("IQD").await, "116250");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_without_amount_takes_all_that_is_held(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (whole, rest) = (hold(&school, 125_000).await, hold(&school, 125_000).await);

    let captured = school
        .send("paymentCapture", on(&whole, json!({})))
        .await
        .succeeds();
    assert_eq!(
        standing(&captured),
        ["CAPTURED", "125000", "125000", "0", "0", "125000"]
    );

    school.capture_and_keep(&rest, iqd(40_000)).await.succeeds();
    let captured = school
        .send("paymentCapture", on(&rest, json!({})))
        .await
        .succeeds();
    assert_eq!(captured.data["operation"]["amount"]["amount"], "85000");
    assert_eq!(
        standing(&captured),
        ["CAPTURED", "125000", "125000", "0", "0", "125000"]
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_final_partial_capture_releases_the_rest(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    let captured = school.capture(&payment, iqd(40_000)).await.succeeds();

    assert_eq!(
        standing(&captured),
        ["CAPTURED", "125000", "40000", "0", "0", "40000"]
    );
    assert_eq!(
        lines(&captured),
        [("gross", "40000"), ("fee", "800"), ("reserve", "2000")]
    );
    school
        .capture(&payment, iqd(1))
        .await
        .is_refused_with("PAYMENT_ALREADY_CAPTURED");
    assert_eq!(school.payable("IQD").await, "37200");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_captured_in_several_parts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    let first = school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();
    assert_eq!(
        standing(&first),
        ["PARTIALLY_CAPTURED", "125000", "40000", "85000", "0", "40000"]
    );
    let second = school.capture_and_keep(&payment, iqd(25_000)).await.succeeds();
    assert_eq!(
        standing(&second),
        ["PARTIALLY_CAPTURED", "125000", "65000", "60000", "0", "65000"]
    );
    let last = school.capture(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(
        standing(&last),
        ["CAPTURED", "125000", "75000", "0", "0", "75000"]
    );

    // 75,000 less 1,500 fee and 3,750 reserve.
    assert_eq!(school.payable("IQD").await, "69750");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_of_all_that_is_left_closes_even_if_the_rest_should_be_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    school.capture_and_keep(&payment, iqd(100_000)).await.succeeds();
    let last = school.capture_and_keep(&payment, iqd(25_000)).await.succeeds();

    assert_eq!(
        standing(&last),
        ["CAPTURED", "125000", "125000", "0", "0", "125000"]
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn giving_up_the_rest_of_a_partly_captured_hold_closes_it_as_captured(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;
    school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();

    let closed = school.void(&payment).await.succeeds();

    assert_eq!(
        standing(&closed),
        ["CAPTURED", "125000", "40000", "0", "0", "40000"]
    );
    assert_eq!(
        (closed.operation("kind"), closed.operation("status")),
        ("VOID", "SUCCEEDED")
    );
    assert_eq!(
        closed.data["operation"]["amount"]["amount"], "85000",
        "what was released"
    );
    assert_eq!(lines(&closed), []);
    assert_eq!(school.payable("IQD").await, "37200");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_void_gives_up_an_authorization(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    let voided = school.void(&payment).await.succeeds();

    assert_eq!(standing(&voided), ["VOIDED", "125000", "0", "0", "0", "0"]);
    assert_eq!(voided.data["payment"]["voidReason"], "customer canceled");
    assert_eq!(lines(&voided), []);
    let stored = school.payment(&payment).await;
    assert_eq!(stored["voidedAt"], "2026-06-15T10:00:00.000000Z");
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}
