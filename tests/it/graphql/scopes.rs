//! What a key is told that may not do something. Who may do what is walked through as a whole elsewhere.

use super::keys::WHO;
use crate::support::{Engine, TestApp, charge, iqd};
use rstest::rstest;
use serde_json::json;

const SALE: &str = "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id } userErrors { code } } }";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_the_scope_is_told_which_and_cannot_even_rehearse(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let reader = app.key_of(school.tenant, "payments:read".parse().unwrap()).await;
    let before = app.row_counts().await;

    for simulate in [false, true] {
        let input = charge(iqd(1_000), json!({ "simulate": simulate }));
        let refused = reader
            .ask(SALE, json!({ "input": input }))
            .await
            .fails_with("FORBIDDEN");
        assert!(refused.data["paymentSale"].is_null());
        assert_eq!(
            refused.errors[0]["message"],
            "this credential lacks the scope payments:create"
        );
    }
    // Who it is, every key may know.
    assert_eq!(
        reader.ask(WHO, json!({})).await.data["merchant"]["name"],
        "school"
    );
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_shows_relations_names_the_scope_for_each_of_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app
        .key_of(school.tenant, "payments:create".parse().unwrap())
        .await;
    let query = "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { \
         payment { id refunds { id } } operation { payment { refunds { id } } } userErrors { code } } }";

    let input = charge(iqd(1_000), json!({}));
    let reply = till.ask(query, json!({ "input": input })).await;

    // Both wait for one question to the database; each is told, and neither of a defect on our side.
    let reply = reply.errors.iter().map(|error| {
        (
            error["extensions"]["code"].as_str().unwrap(),
            error["message"].as_str().unwrap(),
        )
    });
    let told: Vec<_> = reply.collect();
    assert_eq!(
        told,
        [("FORBIDDEN", "this credential lacks the scope payments:read"); 2]
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_no_merchant(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator("operator").await;
    let before = app.row_counts().await;

    let input = charge(iqd(1_000), json!({}));
    let refused = operator
        .ask(SALE, json!({ "input": input }))
        .await
        .fails_with("FORBIDDEN");

    assert!(refused.data["paymentSale"].is_null());
    assert_eq!(
        refused.errors[0]["message"],
        "this needs the credential of a merchant"
    );
    let reply = operator.ask(WHO, json!({})).await;
    assert_eq!(
        (reply.errors, reply.data),
        (Vec::new(), json!({ "merchant": null }))
    );
    assert_eq!(app.row_counts().await, before);
}
