//! What the log says of an operation, and what it must never say.

use crate::support::{Engine, Program, TestDatabase, charge, iqd};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_operations_and_holds_nothing_of_their_variables(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let node = program
        .serve(&[("TAHSIL_LOG", "debug,sqlx=trace,sea_orm=trace,hyper=info")])
        .await;
    let query = "mutation Till($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id } } }";
    let input = charge(iqd(1_000), json!({ "description": "a-private-word" }));
    let sold = shop
        .ask(&node.url, query, json!({ "input": input }))
        .await
        .unwrap();
    assert!(
        sold.data["paymentSale"]["payment"]["id"].is_string(),
        "{:?}",
        sold.errors
    );
    // The same in the document itself, in one that cannot be read, and in one that does not fit.
    for document in [
        "{ payment(id: \"4242424242424242\") { id } }",
        "{ payment(id: \"4242424242424242\" { id } }",
        "{ payment(number: \"4242424242424242\") { id } }",
        "{ payments(first: 1, filter: { createdFrom: \"4242424242424242\" }) { nodes { id } } }",
    ] {
        shop.ask(&node.url, document, json!({})).await.unwrap();
    }
    node.ask_to_stop();
    let log = node.ended().await.log;

    let lines: Vec<Value> = log
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let answered = lines
        .iter()
        .find(|line| line.to_string().contains("\"operation\":\"Till\""))
        .unwrap_or_else(|| panic!("{log:#?}"));
    let span = &answered["spans"][0];
    assert_eq!(span["operation_type"], "mutation");
    assert_eq!(span["cost"], 11);
    assert_eq!(span["document"].as_str().map(str::len), Some(64));
    let codes: Vec<&Value> = lines.iter().map(|line| &line["spans"][0]["error"]).collect();
    for code in ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"] {
        assert!(codes.contains(&&json!(code)), "{code}: {log:#?}");
    }
    let log = log.join("\n");
    for secret in [
        "4242424242424242",
        "a-private-word",
        shop.secret.as_str(),
        "Zainab",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
