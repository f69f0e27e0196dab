//! The door itself: whatever is sent, an answer comes back with a code and an id, and the next request is served.

use super::wire::{Raw, alive, post};
use crate::support::{Engine, Gate, Held, TestApp, charge, iqd, until};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;
use service::provider::Provider;
use std::sync::Arc;

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
async fn a_get_asks_and_does_nothing_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    let request = |method: Method, query: &[(&str, &str)]| {
        app.anonymous()
            .request(method, "/graphql")
            .query(query)
            .header("x-api-key", &school.secret)
    };
    let by_name = [
        (
            "query",
            "query A { __typename } query B($id: ID!) { merchant { name } payment(id: $id) { id } }",
        ),
        ("operationName", "B"),
        ("variables", "{\"id\":\"x\"}"),
        ("extensions", "{}"),
    ];
    let answer = Raw::of(request(Method::GET, &by_name)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(
        answer.json()["data"],
        json!({ "merchant": { "name": "school" }, "payment": null })
    );
    assert_eq!(answer.header("cache-control"), "no-store");

    // A link must not take money.
    let sale = "mutation { paymentSale(input: { idempotencyKey: \"k\", amount: { amount: \"1\", currency: IQD } }) { payment { id } } }";
    let answer = Raw::of(request(Method::GET, &[("query", sale)])).await;
    assert_eq!(answer.header("allow"), "POST");
    answer.is(405, "BAD_REQUEST");
    let two = [
        ("query", "query A { __typename } mutation B { __typename }"),
        ("operationName", "B"),
    ];
    Raw::of(request(Method::GET, &two)).await.is(405, "BAD_REQUEST");
    for broken in [
        vec![],
        vec![("query", "{ __typename }"), ("query", "{ __typename }")],
        vec![("query", "{ __typename }"), ("variables", "[]")],
        vec![("query", "{ __typename }"), ("variables", "x")],
        vec![("query", "{ __typename }"), ("extensions", "1")],
    ] {
        Raw::of(request(Method::GET, &broken))
            .await
            .is(400, "BAD_REQUEST");
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = Raw::of(request(method.clone(), &[("query", "{ __typename }")])).await;
        let allow = answer.header("allow").to_owned();
        assert!(
            allow.contains("GET") && allow.contains("POST"),
            "{method}: {allow}"
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
        (Method::PUT, "/graphql"),
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
        let expected = json!({ "success": false, "error": "not found", "error_code": "NOT_FOUND", "request_id": answer.id() });
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
async fn the_media_type_is_negotiated(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let body = json!({ "query": "{ merchant { name } }" }).to_string();
    let ask = |accept: &'static str| post(&app, &school, body.clone()).header("accept", accept);
    for (accept, expected) in [
        ("*/*", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        (
            "application/graphql-response+json",
            "application/graphql-response+json; charset=utf-8",
        ),
        (
            "application/graphql-response+json, application/json;q=0.9",
            "application/graphql-response+json; charset=utf-8",
        ),
    ] {
        let answer = Raw::of(ask(accept)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), expected, "{accept}");
        assert_eq!(answer.json()["data"], json!({ "merchant": { "name": "school" } }));
    }
    Raw::of(ask("text/html")).await.is(406, "BAD_REQUEST");
    // A failure during execution is an answer in both: what was asked for has begun.
    for accept in ["application/json", "application/graphql-response+json"] {
        let body = json!({ "query": "{ payments(first: 0) { nodes { id } } }" }).to_string();
        let answer = Raw::of(post(&app, &school, body).header("accept", accept)).await;
        assert_eq!(answer.status, StatusCode::OK, "{accept}");
        let body = answer.json();
        assert!(body.get("data").is_some_and(serde_json::Value::is_null), "{body}");
        assert_eq!(body["errors"][0]["path"], json!(["payments"]), "{body}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_long_is_not_sent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    // A hundred payments with 10 kB of notes each, twenty times over, make 20 MB out of one small question.
    let notes: serde_json::Map<_, _> = (0..20)
        .map(|n| (format!("note-{n}"), "n".repeat(500).into()))
        .collect();
    for _ in 0..100 {
        let input = charge(iqd(1_000), json!({ "metadata": notes }));
        school.send("paymentSale", input).await.succeeds();
    }
    let page: String = (0..20)
        .map(|n| format!("p{n}: payments(first: 100) {{ nodes {{ metadata }} }} "))
        .collect();
    let answer = Raw::of(post(
        &app,
        &school,
        json!({ "query": format!("{{ {page} }}") }).to_string(),
    ))
    .await;
    answer.is(400, "OPERATION_TOO_COMPLEX");
    assert!(answer.text.len() < 1_000);
    alive(&school).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_takes_too_long_is_given_up_and_its_command_is_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let provider = Arc::clone(&gate) as Arc<dyn Provider>;
    let settings = [
        ("TAHSIL_REQUEST_TIMEOUT_MS", "1100"),
        ("TAHSIL_PROVIDER_TIMEOUT_MS", "100"),
    ];
    let app = TestApp::with_settings_and(engine, &settings, provider).await;
    let school = app.merchant("school").await;
    let sale = school.sale(iqd(1_000)).await;
    assert_eq!(sale.status, StatusCode::GATEWAY_TIMEOUT);
    sale.fails_with("TIMEOUT");
    gate.arrive().await;
    until("the sale is settled", async || app.count("transfers").await > 0).await;
    app.ledger_ties().await;
}
