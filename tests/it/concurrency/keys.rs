//! Requests with one idempotency key.

use super::{came, outcomes};
use crate::support::{Engine, Payer, TestApp, card, charge, fresh_key, iqd, on};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use std::collections::BTreeSet;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_identical_sales_under_one_key_are_one_payment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let input = charge(iqd(100), json!({}));

    let replies = join_all((0..50).map(|_| school.send("paymentSale", input.clone()))).await;

    let mut outcomes = outcomes(&replies);
    assert!(outcomes.remove("DONE").unwrap_or_default() > 0);
    outcomes.remove("IDEMPOTENCY_IN_PROGRESS");
    assert!(outcomes.is_empty(), "{outcomes:?}");
    let answered = replies.iter().filter(|reply| reply.codes().is_empty());
    let payments: BTreeSet<_> = answered.clone().map(|reply| reply.payment()).collect();
    assert_eq!(payments.len(), 1);
    let first = answered
        .filter(|reply| reply.data["idempotentReplay"] == false)
        .count();
    assert_eq!(first, 1);
    for table in ["payments", "operations", "journals", "idempotency_records"] {
        assert_eq!(app.count(table).await, 1, "{table}");
    }

    let again = school.send("paymentSale", input).await.succeeds();
    assert_eq!(again.data["idempotentReplay"], true);
    assert!(payments.contains(&again.payment()));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_different_sales_under_one_key_one_is_done(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let key = fresh_key();
    let sale = |dinars| {
        let input =
            json!({ "idempotencyKey": key, "amount": iqd(dinars), "card": card(Payer::Visa.number()) });
        school.send("paymentSale", input)
    };

    let replies = join_all((1..=50).map(sale)).await;

    came(&replies, &[("DONE", 1), ("IDEMPOTENCY_KEY_REUSED", 49)]);
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_identical_refunds_under_one_key_give_the_money_back_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(100)).await.succeeds().payment();
    let input = on(&payment, json!({ "amount": iqd(1) }));

    let replies = join_all((0..50).map(|_| school.send("paymentRefund", input.clone()))).await;

    let mut outcomes = outcomes(&replies);
    assert!(outcomes.remove("DONE").unwrap_or_default() > 0);
    outcomes.remove("IDEMPOTENCY_IN_PROGRESS");
    assert!(outcomes.is_empty(), "{outcomes:?}");
    assert_eq!(app.count("refunds").await, 1);
    assert_eq!(school.payment(&payment).await["refundedAmount"]["amount"], "1");
    app.ledger_ties().await;
}
