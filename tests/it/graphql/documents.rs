//! Documents that are not executed: too deep, too much, or not of this schema.

use super::wire::{Raw, alive, post};
use crate::support::{Engine, TestApp};
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_is_refused_at_once_and_not_echoed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const DEEP: usize = 20_000;
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    let (open, close) = ("{a".repeat(DEEP), "}".repeat(DEEP));
    let lists = format!("{}1{}", "[".repeat(DEEP), "]".repeat(DEEP));
    let objects = format!("{}1{}", "{a:".repeat(DEEP), "}".repeat(DEEP));
    let documents = [
        "{".repeat(DEEP),
        "[".repeat(DEEP),
        "(".repeat(DEEP),
        format!("{open}{close}"),
        format!("{}{close}", "{...{".repeat(DEEP)),
        format!("{{ payment(id: {lists}) {{ id }} }}"),
        format!("{{ payment(id: {objects}) {{ id }} }}"),
        format!(
            "query($v: {}Int{}) {{ merchant {{ name }} }}",
            "[".repeat(DEEP),
            "]".repeat(DEEP)
        ),
        format!("query($v: Int = {lists}) {{ merchant {{ name }} }}"),
    ];
    for document in documents {
        let answer = Raw::of(post(&app, &school, json!({ "query": document }).to_string())).await;
        answer.is(400, "BAD_REQUEST");
        assert!(answer.text.len() < 1_000, "{} bytes came back", answer.text.len());
    }
    // JSON itself nested: variables and extensions.
    for part in ["variables", "extensions"] {
        let nested = format!("{}1{}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP));
        let body = format!("{{\"query\":\"{{ merchant {{ name }} }}\",\"{part}\":{nested}}}");
        Raw::of(post(&app, &school, body)).await.is(400, "BAD_REQUEST");
    }
    assert_eq!(app.row_counts().await, before);
    alive(&school).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn brackets_in_texts_and_comments_do_not_count_as_nesting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let brackets = "{[(".repeat(100);
    let documents = [
        format!("{{ payment(id: \"{brackets}\") {{ id }} }}"),
        format!("{{ payment(id: \"\\\"{brackets}\\\\\") {{ id }} }}"),
        format!("{{ payment(id: \"\"\"{brackets} \" \\\"\"\" {brackets}\"\"\") {{ id }} }}"),
        format!("{{ # {brackets} \"\n payment(id: \"x\") {{ id }} }}"),
    ];
    for document in documents {
        let reply = school.ask(&document, json!({})).await;
        assert_eq!(
            (reply.errors, reply.data),
            (Vec::new(), json!({ "payment": null })),
            "{document}"
        );
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_does_not_fit_the_schema_says_so_without_naming_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    let documents = [
        "",
        "{",
        "{ }",
        "nonsense",
        "{ payment }",
        "{ paymnt(id: \"x\") { id } }",
        "{ payment(id: \"x\") { card { number } } }",
        "{ payment(id: \"x\", all: true) { id } }",
        "query A { merchant { id } } query B { merchant { id } }",
        "{ ...Missing }",
        "fragment F on Payment { id }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "subscription { events { id } }",
        "query($id: ID!) { payment(id: $id) { id } }",
        "{ payment(id: \"x\") { operations { payment { operations { payment { operations { payment { operations { \
           payment { operations { payment { operations { payment { operations { id } } } } } } } } } } } } } } } }",
    ];
    for document in documents {
        let answer = Raw::of(post(&app, &school, json!({ "query": document }).to_string())).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "the answer of a client that did not ask for another media type"
        );
        let body = answer.json();
        let errors = body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{document}: {body}"));
        for error in errors {
            assert_eq!(
                error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
                "{document}: {body}"
            );
            assert_eq!(error["extensions"]["requestId"], answer.id(), "{document}");
            assert!(
                !error["message"].as_str().unwrap().contains("Did you mean"),
                "{document}: {body}"
            );
        }
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

/// `count` fragments, each of which spreads the next one `times`; the operation spreads the first if it is `used`.
fn fragments(count: usize, times: usize, used: bool) -> String {
    let mut text = if used {
        "{ ...F0 }".to_owned()
    } else {
        "{ merchant { name } }".to_owned()
    };
    for n in 0..count {
        let spreads = format!("...F{} ", n + 1).repeat(times);
        text.push_str(&format!(" fragment F{n} on Query {{ {spreads} }}"));
    }
    format!("{text} fragment F{count} on Query {{ merchant {{ name }} }}")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fragments_that_multiply_are_refused_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let ask =
        async |document: String| Raw::of(post(&app, &school, json!({ "query": document }).to_string())).await;
    // Twice, thirty times over: a thousand million selections in a kilobyte. And chains that nobody's stack is deep enough for.
    for document in [
        fragments(30, 2, true),
        fragments(30, 100, true),
        fragments(5_000, 1, true),
        fragments(5_000, 1, false),
        format!("{{ {} }}", "merchant { name } ".repeat(5_000)),
    ] {
        let answer = ask(document).await;
        answer.is(400, "BAD_REQUEST");
    }
    let few = ask(fragments(5, 2, true)).await;
    assert_eq!(few.json()["data"]["merchant"]["name"], "school", "{}", few.text);
    alive(&school).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_aliases_and_directives_are_too_many(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let aliases: String = (0..1_000)
        .map(|n| format!("a{n}: merchant {{ name }} "))
        .collect();
    let directives = " @include(if: true)".repeat(500);
    for document in [
        format!("{{ {aliases} }}"),
        format!("{{ merchant {{ name{directives} }} }}"),
    ] {
        let reply = school.ask(&document, json!({})).await;
        assert!(reply.data.is_null());
        reply.fails_with("GRAPHQL_VALIDATION_FAILED");
    }
    alive(&school).await;
    app.ledger_ties().await;
}
