//! Refunds that race for the same money.

use super::{came, outcomes};
use crate::support::{Engine, Gate, Held, TestApp, iqd};
use futures_util::future::join_all;
use rstest::rstest;
use std::sync::Arc;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_refunds_that_fit_one_by_one_but_not_together_one_succeeds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(100)).await.succeeds().payment();

    let replies = join_all((0..50).map(|_| school.refund(&payment, iqd(60)))).await;

    came(&replies, &[("DONE", 1), ("REFUND_EXCEEDS_AVAILABLE", 49)]);
    let now = school.payment(&payment).await;
    assert_eq!(now["status"], "PARTIALLY_REFUNDED");
    assert_eq!(now["refundedAmount"]["amount"], "60");
    assert_eq!(app.count("refunds").await, 1);
    assert_eq!(app.count("operations").await, 2);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_refunds_of_one_dinar_empty_a_payment_of_twenty(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // All that can be promised is in flight together before the first of it is settled.
    let app = TestApp::with_patience(engine, Arc::new(Gate::new(Held::FollowUps, 20))).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(20)).await.succeeds().payment();

    let replies = join_all((0..50).map(|_| school.refund(&payment, iqd(1)))).await;

    // Who comes after the last dinar has arrived hears that all of it went back.
    let mut outcomes = outcomes(&replies);
    assert_eq!(outcomes.remove("DONE"), Some(20));
    outcomes
        .retain(|code, _| !["REFUND_EXCEEDS_AVAILABLE", "PAYMENT_ALREADY_REFUNDED"].contains(&code.as_str()));
    assert!(outcomes.is_empty(), "{outcomes:?}");
    let now = school.payment(&payment).await;
    assert_eq!(now["status"], "REFUNDED");
    assert_eq!(now["refundedAmount"]["amount"], "20");
    assert_eq!(now["refundPendingAmount"]["amount"], "0");
    assert_eq!(app.count("refunds").await, 20);
    assert_eq!(app.count("operations").await, 21);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_and_refunds_in_flight_together_lose_none_of_each_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // One capture and nine refunds have read the payment before the first of them writes its answer.
    let gate = Arc::new(Gate::new(Held::FollowUps, 10));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(100)).await.succeeds().payment();
    let opened = join_all((0..9).map(|_| gate.arrive()));
    let (first, _) = tokio::join!(school.capture_and_keep(&payment, iqd(50)), opened);
    first.succeeds();

    let refunds = join_all((0..9).map(|_| school.refund(&payment, iqd(5))));
    let (capture, refunds) = tokio::join!(school.capture(&payment, iqd(30)), refunds);

    capture.succeeds();
    came(&refunds, &[("DONE", 9)]);
    let now = school.payment(&payment).await;
    assert_eq!(now["status"], "PARTIALLY_REFUNDED");
    assert_eq!(now["capturedAmount"]["amount"], "80");
    assert_eq!(now["refundedAmount"]["amount"], "45");
    assert_eq!(now["refundPendingAmount"]["amount"], "0");
    app.ledger_ties().await;
}
