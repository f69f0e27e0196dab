//! Refunds, in parts and whole.

use super::lifecycle::{hold, lines, standing};
use crate::support::{Engine, TestApp, iqd, on};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_in_several_refunds(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();

    let first = school.refund(&payment, iqd(25_000)).await.succeeds();
    assert_eq!(
        standing(&first),
        ["PARTIALLY_REFUNDED", "125000", "125000", "0", "25000", "100000"]
    );
    assert_eq!(first.data["refund"]["status"], "SUCCEEDED");
    assert_eq!(first.data["refund"]["amount"]["amount"], "25000");
    assert_eq!(first.data["refund"]["reason"], "returned");
    assert_eq!(
        lines(&first),
        [("refund", "25000"), ("refund", "25000")],
        "promised, then done"
    );
    // The figure of S0's payout: fee and reserve are not given back.
    assert_eq!(school.payable("IQD").await, "91250");

    let second = school.refund(&payment, iqd(40_000)).await.succeeds();
    assert_eq!(
        standing(&second),
        ["PARTIALLY_REFUNDED", "125000", "125000", "0", "65000", "60000"]
    );
    let last = school.refund(&payment, iqd(60_000)).await.succeeds();
    assert_eq!(
        standing(&last),
        ["REFUNDED", "125000", "125000", "0", "125000", "0"]
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_without_amount_gives_back_all_that_is_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let whole = school.sale(iqd(125_000)).await.succeeds().payment();
    let partly = school.sale(iqd(125_000)).await.succeeds().payment();

    let refunded = school
        .send("paymentRefund", on(&whole, json!({})))
        .await
        .succeeds();
    assert_eq!(
        standing(&refunded),
        ["REFUNDED", "125000", "125000", "0", "125000", "0"]
    );
    assert_eq!(refunded.data["refund"]["amount"]["amount"], "125000");
    assert!(refunded.data["refund"]["reason"].is_null());

    school.refund(&partly, iqd(5_000)).await.succeeds();
    let refunded = school
        .send("paymentRefund", on(&partly, json!({})))
        .await
        .succeeds();
    assert_eq!(refunded.data["refund"]["amount"]["amount"], "120000");
    assert_eq!(refunded.payment_status(), "REFUNDED");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_still_holds_money_is_never_wholly_refunded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;
    school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();

    let refunded = school.refund(&payment, iqd(40_000)).await.succeeds();
    assert_eq!(
        standing(&refunded),
        ["PARTIALLY_REFUNDED", "125000", "40000", "85000", "40000", "0"]
    );

    let captured = school.capture(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(
        standing(&captured),
        ["PARTIALLY_REFUNDED", "125000", "50000", "0", "40000", "10000"]
    );
    let refunded = school.refund(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(
        standing(&refunded),
        ["REFUNDED", "125000", "50000", "0", "50000", "0"]
    );
    app.ledger_ties().await;
}
