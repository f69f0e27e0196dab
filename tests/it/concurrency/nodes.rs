//! Two nodes over one PostgreSQL: what they must agree on stands in the database, not in their memory.

use super::{came, outcomes};
use crate::support::{Engine, TestApp, charge, iqd, money};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_keys_cards_and_accounts(#[values(Engine::Postgres)] engine: Engine) {
    let one = TestApp::start(engine).await;
    let two = one.another_node().await;
    let school = one.merchant("school").await;
    let through = [school.clone(), school.at(&two)];
    let input = charge(money("25", "USD"), json!({}));

    let identical = join_all((0..40).map(|n| through[n % 2].send("paymentSale", input.clone()))).await;
    let different = join_all((0..40).map(|n| through[n % 2].sale(money("25", "USD")))).await;

    let mut outcomes = outcomes(&identical);
    assert!(outcomes.remove("DONE").unwrap_or_default() > 0);
    outcomes.remove("IDEMPOTENCY_IN_PROGRESS");
    assert!(outcomes.is_empty(), "{outcomes:?}");
    came(&different, &[("DONE", 40)]);
    assert_eq!(one.count("payments").await, 41);
    assert_eq!(one.count("cards").await, 1);
    assert_eq!(one.count("ledger_accounts").await, 6);
    assert_eq!(school.payable("USD").await, through[1].payable("USD").await);
    one.ledger_ties().await;
    drop(two.stop().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn refunds_through_two_nodes_never_exceed_the_payment(#[values(Engine::Postgres)] engine: Engine) {
    let one = TestApp::start(engine).await;
    let two = one.another_node().await;
    let school = one.merchant("school").await;
    let through = [school.clone(), school.at(&two)];
    let payment = school.sale(iqd(100)).await.succeeds().payment();

    let replies = join_all((0..50).map(|n| through[n % 2].refund(&payment, iqd(60)))).await;

    came(&replies, &[("DONE", 1), ("REFUND_EXCEEDS_AVAILABLE", 49)]);
    one.ledger_ties().await;
    drop(two.stop().await);
}
