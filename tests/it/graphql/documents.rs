//! Documents that are not executed: too deep, too much, or not of this schema.

use super::wire::{Raw, alive, post};
use crate::support::{Engine, TestApp, charge, iqd};
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
        answer.is(400, "OPERATION_TOO_DEEP");
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
    let unreadable = [
        "{",
        "{ }",
        "nonsense",
        "fragment F on Payment { id }",
        "{ merchant { name } } }",
    ];
    let unfit = [
        "{ payment }",
        "{ paymnt(id: \"x\") { id } }",
        "{ payment(id: \"x\") { card { number } } }",
        "{ payment(id: \"x\", all: true) { id } }",
        "query A { merchant { id } } query B { merchant { id } }",
        "{ ...Missing }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "query($id: ID!) { payment(id: $id) { id } }",
        "{ payments(first: 1, filter: 7) { nodes { id } } }",
        "{ payments(first: 1, filter: { createdFrom: \"yesterday\" }) { nodes { id } } }",
    ];
    let both = unreadable
        .map(|document| (document, "GRAPHQL_PARSE_FAILED"))
        .into_iter()
        .chain(unfit.map(|document| (document, "GRAPHQL_VALIDATION_FAILED")));
    for (document, code) in both {
        for (accept, status) in [
            ("*/*", StatusCode::OK),
            ("application/graphql-response+json", StatusCode::BAD_REQUEST),
        ] {
            let request = post(&app, &school, json!({ "query": document }).to_string());
            let answer = Raw::of(request.header("accept", accept)).await;
            assert_eq!(answer.status, status, "{document}: {}", answer.text);
            let body = answer.json();
            assert!(body.get("data").is_none(), "{document}: {body}");
            let errors = body["errors"].as_array();
            let errors = errors.unwrap_or_else(|| panic!("{document}: {body}"));
            for error in errors {
                assert_eq!(error["extensions"]["code"], code, "{document}: {body}");
                assert_eq!(error["extensions"]["requestId"], answer.id(), "{document}");
                let message = error["message"].as_str().unwrap();
                assert!(!message.contains("Did you mean"), "{document}: {body}");
            }
        }
    }
    Raw::of(post(&app, &school, json!({ "query": "" }).to_string()))
        .await
        .is(400, "BAD_REQUEST");
    let (open, close) = ("{ operations { payment ".repeat(7), " } }".repeat(7));
    let deep = format!("{{ payment(id: \"x\") {open} {{ id }} {close} }}");
    Raw::of(post(&app, &school, json!({ "query": deep }).to_string()))
        .await
        .is(400, "OPERATION_TOO_DEEP");
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
    for (document, code) in [
        (fragments(30, 2, true), "OPERATION_TOO_COMPLEX"),
        (fragments(30, 100, true), "OPERATION_TOO_COMPLEX"),
        (fragments(49, 1, true), "OPERATION_TOO_DEEP"),
        (fragments(49, 1, false), "OPERATION_TOO_DEEP"),
        (fragments(200, 1, true), "OPERATION_TOO_COMPLEX"),
        (
            format!("{{ {} }}", "merchant { name } ".repeat(5_000)),
            "OPERATION_TOO_COMPLEX",
        ),
    ] {
        let answer = ask(document).await;
        answer.is(400, code);
    }
    let few = ask(fragments(4, 2, true)).await;
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
        format!("{{ merchant {{ {} }} }}", "name @include(if: true) ".repeat(51)),
    ] {
        let answer = Raw::of(post(&app, &school, json!({ "query": document }).to_string())).await;
        answer.is(400, "OPERATION_TOO_COMPLEX");
    }
    alive(&school).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sizes_that_multiply_beyond_all_numbers_are_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let nested =
        "operations { payment { refunds { payment { operations { payment { refunds { id } } } } } } }";
    for first in ["2147483647", "9223372036854775807", "18446744073709551615"] {
        for list in ["nodes", "edges { node"] {
            let close = if list == "nodes" { "" } else { "}" };
            let document = format!("{{ payments(first: {first}) {{ {list} {{ {nested} }} {close} }} }}");
            let answer = Raw::of(post(&app, &school, json!({ "query": document }).to_string())).await;
            answer.is(400, "OPERATION_TOO_COMPLEX");
            let cost = &answer.json()["extensions"]["cost"];
            assert!(cost["requestedQueryCost"].as_u64().unwrap() > 2_000, "{cost}");
        }
        let document = "query($n: Int!) { payments(first: $n) { nodes { id } } }";
        let body = format!("{{\"query\":\"{document}\",\"variables\":{{\"n\":{first}}}}}");
        Raw::of(post(&app, &school, body))
            .await
            .is(400, "OPERATION_TOO_COMPLEX");
    }
    // Within the price, but of more objects than anybody needs at once.
    let many = format!(
        "{{ payments(first: 100) {{ nodes {{ operations {{ payment {{ {} }} }} }} }} }}",
        "refunds { id }"
    );
    Raw::of(post(&app, &school, json!({ "query": many }).to_string()))
        .await
        .is(400, "OPERATION_TOO_COMPLEX");
    alive(&school).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_under_one_name_twice_runs_not_even_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    let document = "mutation($i: PaymentSaleInput!) { paymentSale(input: $i) { payment { id } } \
                    paymentSale(input: $i) { userErrors { code } } }";
    let body = json!({ "query": document, "variables": { "i": charge(iqd(1_000), json!({})) } });
    Raw::of(post(&app, &school, body.to_string()))
        .await
        .is(400, "BAD_REQUEST");
    let six: String = (0..6)
        .map(|n| format!("p{n}: paymentSale(input: $i) {{ payment {{ id }} }} "))
        .collect();
    let document = format!("mutation($i: PaymentSaleInput!) {{ {six} }}");
    let body = json!({ "query": document, "variables": { "i": charge(iqd(1_000), json!({})) } });
    Raw::of(post(&app, &school, body.to_string()))
        .await
        .is(400, "OPERATION_TOO_COMPLEX");
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_command_with_an_impossible_value_stops_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    let good = charge(iqd(1_000), json!({}));
    for bad in [
        charge(json!({ "amount": 1_000, "currency": "IQD" }), json!({})),
        charge(json!({ "amount": "1000", "currency": "iqd" }), json!({})),
        charge(iqd(1_000), json!({ "metadata": { "k": 1 } })),
    ] {
        let document = "mutation($a: PaymentSaleInput!, $b: PaymentSaleInput!) { a: paymentSale(input: $a) { payment { id } } \
                        b: paymentSale(input: $b) { payment { id } } }";
        let body = json!({ "query": document, "variables": { "a": good, "b": bad } });
        let request = post(&app, &school, body.to_string());
        let answer = Raw::of(request.header("accept", "application/graphql-response+json")).await;
        answer.is(400, "GRAPHQL_VALIDATION_FAILED");
    }
    assert_eq!(app.row_counts().await, before);
}

/// Memory of this process, which is the server's too, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

/// Prints what each costs: `cargo test --test it hostile -- --nocapture`.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_are_refused_at_once_and_cost_no_memory(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    alive(&school).await;
    let aliases: String = (0..1_000)
        .map(|n| format!("a{n}: merchant {{ name }} "))
        .collect();
    let chain =
        "operations { payment { refunds { payment { operations { payment { refunds { id } } } } } } }";
    let void = "paymentVoid(input: { id: \"x\", idempotencyKey: \"k\" }) { payment { id } } ";
    for (what, document) in [
        (
            "20,000 nested braces",
            format!("{}{}", "{a".repeat(20_000), "}".repeat(20_000)),
        ),
        ("fragments, 30 levels", fragments(30, 2, true)),
        ("1,000 aliases", format!("{{ {aliases} }}")),
        (
            "500 directives",
            format!("{{ merchant {{ name{} }} }}", " @include(if: true)".repeat(500)),
        ),
        (
            "overflow chain",
            format!("{{ payments(first: 2147483647) {{ nodes {{ {chain} }} }} }}"),
        ),
        ("one mutation twice", format!("mutation {{ {void}{void} }}")),
        ("15,000 tokens", "a ".repeat(15_000)),
    ] {
        let body = json!({ "query": document }).to_string();
        let (before, began) = (resident(), std::time::Instant::now());
        let answer = Raw::of(post(&app, &school, body.clone())).await;
        let took = began.elapsed();
        for _ in 0..200 {
            assert_eq!(
                Raw::of(post(&app, &school, body.clone())).await.status,
                StatusCode::BAD_REQUEST
            );
        }
        let after = resident();
        println!(
            "{engine:?}: {what}: {} {} in {} us; resident {before} KiB before, {after} KiB after 201 of them",
            answer.status.as_u16(),
            answer.json()["errors"][0]["extensions"]["code"],
            took.as_micros(),
        );
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(
            after < before + 64 * 1024,
            "{what}: {before} KiB before, {after} KiB after"
        );
    }
    alive(&school).await;
}
