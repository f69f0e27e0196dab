//! How many statements a question costs: a number that does not grow with the rows.

use crate::support::{Engine, TestApp, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// Sells `count` times, with a refund each, on a card each; gives the ids of the payments, newest first.
async fn sold(app: &TestApp, merchant: &crate::support::Merchant, count: usize) -> Vec<String> {
    let mut payments = Vec::new();
    for n in 0..count {
        let (month, year) = (n % 12 + 1, 2027 + n / 12);
        let mut card = crate::support::card("4242424242424242");
        (card["expMonth"], card["expYear"]) = (month.into(), year.into());
        let input = crate::support::charge(iqd(1_000), json!({ "card": card }));
        let payment = merchant.send("paymentSale", input).await.succeeds().payment();
        merchant.refund(&payment, iqd(1)).await.succeeds();
        app.clock.advance(Duration::seconds(1));
        payments.push(payment);
    }
    payments.reverse();
    payments
}

/// Asks the same of 5 and of 50 payments; gives the number of statements, which must be one.
async fn costs(engine: Engine, what: &str, query: &str, check: impl Fn(&Value, &[String])) -> usize {
    let mut costs = Vec::new();
    for count in [5, 50] {
        let app = TestApp::start(engine).await;
        let school = app.merchant("school").await;
        let payments = sold(&app, &school, count).await;
        app.take_statements();

        let reply = school
            .ask(query, json!({ "count": count, "ids": payments }))
            .await;

        let statements = app.take_statements();
        assert_eq!(reply.errors, Vec::<Value>::new());
        check(&reply.data, &payments);
        println!(
            "{what}, {count} payments, {engine:?}: {} statements\n{}",
            statements.len(),
            statements.join("\n")
        );
        costs.push(statements.len());
        app.ledger_ties().await;
    }
    assert_eq!(costs[0], costs[1], "{what}: 5 and 50 payments cost the same");
    costs[0]
}

/// Every payment shows its card, both operations and its refund.
fn complete(nodes: &Value, payments: &[String]) {
    let nodes = nodes.as_array().unwrap();
    let ids: Vec<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(ids, payments);
    for node in nodes {
        assert_eq!(node["card"]["last4"], "4242");
        assert_eq!(node["operations"].as_array().map(Vec::len), Some(2));
        assert_eq!(node["refunds"].as_array().map(Vec::len), Some(1));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_payments_with_all_its_relations_costs_two_statements(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let query = "query($count: Int!) { payments(first: $count) { nodes { id status card { last4 } \
                 operations { id kind } refunds { id status } } } }";
    let check = |data: &Value, payments: &[String]| complete(&data["payments"]["nodes"], payments);
    // The key, and the payments with their operations, refunds and cards.
    assert_eq!(costs(engine, "a page with relations", query, check).await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_payments_alone_costs_two_statements(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let query = "query($count: Int!) { payments(first: $count) { edges { cursor node { id status } } } }";
    let check = |data: &Value, payments: &[String]| {
        assert_eq!(
            data["payments"]["edges"].as_array().unwrap().len(),
            payments.len()
        );
    };
    // The key and the payments: nothing that was not asked for, and no count.
    assert_eq!(costs(engine, "a page alone", query, check).await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn edges_and_total_cost_no_more_than_one_statement_for_the_total(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let query = "query($count: Int!) { payments(last: $count) { totalCount edges { node { id card { last4 } \
                 ...Parts } } } } fragment Parts on Payment { operations { id } refunds { id } }";
    let check = |data: &Value, payments: &[String]| {
        let edges = data["payments"]["edges"].as_array().unwrap();
        let nodes: Vec<Value> = edges.iter().map(|edge| edge["node"].clone()).collect();
        complete(&json!(nodes), payments);
        assert_eq!(data["payments"]["totalCount"], payments.len());
    };
    assert_eq!(
        costs(engine, "edges, a fragment and the total", query, check).await,
        3
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nodes_with_all_their_relations_cost_two_statements(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Payment { card { last4 } \
                 operations { id } refunds { id } } } }";
    let check = |data: &Value, payments: &[String]| complete(&data["nodes"], payments);
    assert_eq!(costs(engine, "nodes with relations", query, check).await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn operations_with_the_cards_of_their_payments_cost_four_statements(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let query =
        "query($count: Int!) { operations(first: $count) { nodes { id payment { id card { last4 } } } } }";
    let check = |data: &Value, payments: &[String]| {
        let nodes = data["operations"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), payments.len());
        assert!(
            nodes
                .iter()
                .all(|node| node["payment"]["card"]["last4"] == "4242")
        );
    };
    // The key, the operations, their payments, their cards.
    assert_eq!(
        costs(engine, "operations, payments, cards", query, check).await,
        4
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn relations_of_relations_cost_one_statement_a_level(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let query = "query($count: Int!) { refunds(first: $count) { nodes { id payment { id operations { id \
                 payment { id card { last4 } } } } } } }";
    let check = |data: &Value, payments: &[String]| {
        let nodes = data["refunds"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), payments.len());
        for node in nodes {
            let operations = node["payment"]["operations"].as_array().unwrap();
            assert_eq!(operations.len(), 2);
            for operation in operations {
                assert_eq!(operation["payment"]["card"]["last4"], "4242");
            }
        }
    };
    // The key, the refunds, their payments, the operations, the cards.
    assert_eq!(
        costs(engine, "refunds, payments, operations, cards", query, check).await,
        5
    );
}
