//! The door itself: whatever is sent, an answer comes back with a code and an id, and the next request is served.

use super::wire::{Raw, alive, post};
use crate::support::{Engine, TestApp, iqd};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_operation_is_a_bad_request(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    let operation = json!({ "query": "{ merchant { name } }" }).to_string();
    let bodies = [
        String::new(),
        " ".to_owned(),
        "{".to_owned(),
        "not json".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "17".to_owned(),
        "\"{ merchant { name } }\"".to_owned(),
        "{ merchant { name } }".to_owned(),
        "query=%7B__typename%7D".to_owned(),
        // One operation a request: neither a batch nor the fields of one without their names.
        "[]".to_owned(),
        format!("[{operation}]"),
        format!("[{operation},{operation}]"),
        json!(["{ merchant { name } }"]).to_string(),
        json!(["{ merchant { name } }", null, {}, {}]).to_string(),
        json!({ "query": 1 }).to_string(),
        json!({ "query": ["{ merchant { name } }"] }).to_string(),
        json!({ "query": "{ merchant { name } }", "variables": [] }).to_string(),
        json!({ "query": "{ merchant { name } }", "variables": "{}" }).to_string(),
        json!({ "query": "{ merchant { name } }", "operationName": 1 }).to_string(),
        json!({ "query": "{ merchant { name } }", "extensions": [] }).to_string(),
        format!("{operation}{operation}"),
        "{\"query\": \"\\ud800\"}".to_owned(),
    ];
    for body in bodies {
        let answer = Raw::of(post(&app, &school, body.clone())).await;
        assert!(
            answer.status == StatusCode::BAD_REQUEST,
            "{body}: {} {}",
            answer.status,
            answer.text
        );
        answer.is(400, "BAD_REQUEST");
    }
    // Not even text: bytes that are no UTF-8.
    let request = app
        .anonymous()
        .request(Method::POST, "/graphql")
        .header("x-api-key", &school.secret);
    let answer = Raw::of(
        request
            .header("content-type", "application/json")
            .body(vec![0xff, 0xfe, 0x00]),
    )
    .await;
    answer.is(400, "BAD_REQUEST");
    assert_eq!(app.row_counts().await, before);
    alive(&school).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_missing_may_be_null(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let query = "query A { merchant { name } }";
    let bodies = [
        json!({ "query": query }),
        json!({ "query": query, "variables": null, "operationName": null, "extensions": null }),
        json!({ "query": query, "variables": {}, "operationName": "A", "extensions": {} }),
        json!({ "query": query, "variables": { "unused": 1 }, "more": true }),
    ];
    for body in bodies {
        let answer = Raw::of(post(&app, &school, body.to_string())).await;
        assert_eq!(answer.status, StatusCode::OK, "{body}: {}", answer.text);
        assert_eq!(
            answer.json()["data"]["merchant"]["name"],
            "school",
            "{body}: {}",
            answer.text
        );
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_taken(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let body = json!({ "query": "{ merchant { name } }" }).to_string();
    let request = || {
        app.anonymous()
            .request(Method::POST, "/graphql")
            .header("x-api-key", &school.secret)
    };
    // A browser sends the first three across origins without asking.
    let refused = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/jsonp",
        "application/graphql",
        "",
    ];
    for content_type in refused {
        let answer = Raw::of(request().header("content-type", content_type).body(body.clone())).await;
        answer.is(415, "BAD_REQUEST");
    }
    Raw::of(request().body(body.clone())).await.is(415, "BAD_REQUEST");
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
    ] {
        let answer = Raw::of(request().header("content-type", content_type).body(body.clone())).await;
        assert_eq!(
            answer.json()["data"]["merchant"]["name"],
            "school",
            "{content_type}"
        );
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_door_answers_to_post_only(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let path = "/graphql?query=%7B__typename%7D";
        let request = app
            .anonymous()
            .request(method.clone(), path)
            .header("x-api-key", &school.secret);
        let answer = Raw::of(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(
            answer.header("allow").split(',').any(|allowed| allowed == "POST"),
            "{method}"
        );
        answer.is(405, "BAD_REQUEST");
    }
    assert_eq!(app.row_counts().await, before);
    alive(&school).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_above_the_limit_is_not_read(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    const LIMIT: usize = 256 * 1024;
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let padded = |length: usize| {
        let body = json!({ "query": "{ merchant { name } }", "extensions": { "padding": "" } }).to_string();
        let missing = length - body.len();
        let body = body.replace(
            "\"padding\":\"\"",
            &format!("\"padding\":\"{}\"", "p".repeat(missing)),
        );
        assert_eq!(body.len(), length);
        body
    };

    let answer = Raw::of(post(&app, &school, padded(LIMIT))).await;
    assert_eq!(answer.json()["data"]["merchant"]["name"], "school");
    Raw::of(post(&app, &school, padded(LIMIT + 1)))
        .await
        .is(413, "BAD_REQUEST");
    Raw::of(post(&app, &school, "[".repeat(LIMIT + 1)))
        .await
        .is(413, "BAD_REQUEST");
    alive(&school).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_of_ours(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let request = |method: Method, path: &str| {
        app.anonymous()
            .request(method, path)
            .header("x-request-id", "theirs-1")
    };
    let mut ids = std::collections::HashSet::new();
    for (method, path) in [
        (Method::GET, "/livez"),
        (Method::GET, "/readyz"),
        (Method::GET, "/metrics"),
        (Method::GET, "/nowhere"),
        (Method::POST, "/livez"),
        (Method::GET, "/graphql"),
        (Method::POST, "/graphql"),
        (Method::OPTIONS, "/graphql"),
        (Method::HEAD, "/livez"),
    ] {
        let answer = Raw::of(request(method, path)).await;
        assert!(ids.insert(answer.id().to_owned()), "an id twice");
    }
    let answer = Raw::of(post(&app, &school, "{\"query\":\"{ merchant { name } }\"}")).await;
    assert!(ids.insert(answer.id().to_owned()));

    // Errors during execution carry it too, not only those before.
    let query = json!({ "query": "{ payments(first: 0) { nodes { id } } }" });
    let answer = Raw::of(post(&app, &school, query.to_string())).await;
    assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], answer.id());
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_there_is_said_in_json(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/graphql/"),
        (Method::POST, "/api/v1/nothing"),
        (Method::DELETE, "/%00"),
        // The editor is off unless it is asked for.
        (Method::GET, "/graphiql"),
    ] {
        let answer = Raw::of(app.anonymous().request(method, path)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        let expected = json!({ "error": "not found", "error_code": "NOT_FOUND", "request_id": answer.id() });
        assert_eq!(answer.json(), expected, "{path}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn probes_and_numbers_need_no_key(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    school.sale(iqd(1_000)).await.succeeds();
    let get = |path| Raw::of(app.anonymous().request(Method::GET, path));

    let live = get("/livez").await;
    assert_eq!((live.status, live.text.as_str()), (StatusCode::OK, "ok"));
    let ready = get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()),
        (StatusCode::OK, json!({ "status": "ready" }))
    );
    let metrics = get("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    let sales = "tahsil_http_requests_total{method=\"POST\",route=\"/graphql\",status=\"2xx\"} 1";
    assert!(metrics.text.lines().any(|line| line == sales), "{}", metrics.text);
    assert!(
        !metrics.text.contains(&school.tenant.merchant.to_string()),
        "nothing of a merchant"
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_be_asked_for_as_graphql_response_json(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let body = json!({ "query": "{ merchant { name } }" }).to_string();
    let media_type = "application/graphql-response+json";

    let plain = Raw::of(post(&app, &school, body.clone())).await;
    assert!(plain.header("content-type").starts_with("application/json"));
    let asked = Raw::of(post(&app, &school, body).header("accept", media_type)).await;
    assert!(
        asked.header("content-type").starts_with(media_type),
        "{}",
        asked.header("content-type")
    );
    assert_eq!(plain.json(), asked.json());
    app.ledger_ties().await;
}
