//! Operations by their hash: remembered after they ran, and a list that admits nothing else.

use super::wire::{Raw, post};
use crate::support::{Engine, TestApp};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use tahsil::graphql::document::DocumentHash;

const QUERY: &str = "query Name { merchant { name } }";

fn named(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_sent_once_and_then_by_its_hash(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let hash = DocumentHash::of(QUERY).to_string();
    let ask = async |body: Value| Raw::of(post(&app, &school, body.to_string())).await;
    let by_hash = json!({ "extensions": named(&hash) });

    for (accept, status) in [("*/*", 200), ("application/graphql-response+json", 400)] {
        let request = post(&app, &school, by_hash.to_string()).header("accept", accept);
        let answer = Raw::of(request).await;
        answer.is(status, "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(answer.json()["errors"][0]["message"], "PersistedQueryNotFound");
    }
    let text_too = ask(json!({ "query": QUERY, "extensions": named(&hash) })).await;
    assert_eq!(text_too.json()["data"]["merchant"]["name"], "school");
    assert_eq!(
        ask(by_hash.clone()).await.json()["data"]["merchant"]["name"],
        "school"
    );
    // By GET too, where a cache of the client may keep it by its address.
    let get = app.anonymous().request(Method::GET, "/graphql");
    let get = get.header("x-api-key", &school.secret);
    let get = Raw::of(get.query(&[("extensions", named(&hash).to_string())])).await;
    assert_eq!(get.json()["data"]["merchant"]["name"], "school", "{}", get.text);

    for broken in [
        named("00"),
        json!({ "persistedQuery": { "version": 2, "sha256Hash": hash } }),
        json!({ "persistedQuery": { "sha256Hash": hash } }),
        json!({ "persistedQuery": [1, hash] }),
    ] {
        ask(json!({ "extensions": broken })).await.is(400, "BAD_REQUEST");
    }
    ask(json!({ "query": "{ __typename }", "extensions": named(&hash) }))
        .await
        .is(400, "BAD_REQUEST");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_no_schema_takes_is_not_remembered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let text = "{ nothing }";
    let hash = DocumentHash::of(text).to_string();
    let ask = async |body: Value| Raw::of(post(&app, &school, body.to_string())).await;
    ask(json!({ "query": text, "extensions": named(&hash) }))
        .await
        .is(200, "GRAPHQL_VALIDATION_FAILED");
    ask(json!({ "extensions": named(&hash) }))
        .await
        .is(200, "PERSISTED_QUERY_NOT_FOUND");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn with_a_list_nothing_else_is_executed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operations.json");
    let hash = DocumentHash::of(QUERY).to_string();
    std::fs::write(&path, json!({ &hash: QUERY }).to_string()).unwrap();
    let settings = [
        ("TAHSIL_OPERATIONS", "listed"),
        ("TAHSIL_OPERATIONS_LIST", path.to_str().unwrap()),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let ask = async |body: Value| Raw::of(post(&app, &school, body.to_string())).await;
    for listed in [json!({ "query": QUERY }), json!({ "extensions": named(&hash) })] {
        assert_eq!(ask(listed).await.json()["data"]["merchant"]["name"], "school");
    }
    ask(json!({ "query": "{ __typename }" }))
        .await
        .is(400, "PERSISTED_QUERY_NOT_ALLOWED");
    ask(json!({ "extensions": named(&DocumentHash::of("{ __typename }").to_string()) }))
        .await
        .is(400, "PERSISTED_QUERY_NOT_ALLOWED");
    // Its name is a label of the counters, because it is ours.
    let metrics = Raw::of(app.anonymous().request(Method::GET, "/metrics")).await;
    assert_eq!(metrics.status, StatusCode::OK);
    let line = "tahsil_graphql_operation_duration_seconds_count{operation=\"Name\",type=\"query\"} 2";
    assert!(
        metrics.text.lines().any(|found| found == line),
        "{}",
        metrics.text
    );
    let refused = "tahsil_graphql_errors_total{code=\"PERSISTED_QUERY_NOT_ALLOWED\"} 2";
    assert!(
        metrics.text.lines().any(|found| found == refused),
        "{}",
        metrics.text
    );
}
