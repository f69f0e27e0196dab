//! Who asks for more than its share: told so, told when to come back, and served then.

use super::wire::{Raw, alive, post};
use crate::support::{Engine, Merchant, TestApp, card, charge, iqd};
use chrono::Duration;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

const PAGE: &str = "{ payments(first: 90) { nodes { id } } }";

async fn ask(app: &TestApp, merchant: &Merchant, query: &str) -> Raw {
    Raw::of(post(app, merchant, json!({ "query": query }).to_string())).await
}

fn cost(answer: &Raw) -> Value {
    answer.json()["extensions"]["cost"].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bucket_refuses_until_the_named_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [
        ("TAHSIL_LIMIT_COST", "100"),
        ("TAHSIL_LIMIT_COST_PER_SECOND", "10"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    for _ in 0..60 {
        school.sale(iqd(1_000)).await.succeeds();
        app.clock.advance(Duration::seconds(2));
    }
    app.clock.advance(Duration::seconds(60));

    let first = ask(&app, &school, PAGE).await;
    assert_eq!(first.status, StatusCode::OK);
    let expected = json!({
        "requestedQueryCost": 92, "actualQueryCost": 62,
        "throttleStatus": { "maximumAvailable": 100, "currentlyAvailable": 38, "restoreRate": 10 },
    });
    assert_eq!(cost(&first), expected, "what was not used came back");
    assert_eq!(first.header("ratelimit-policy"), "\"cost\";q=100;w=10");
    assert_eq!(first.header("ratelimit"), "\"cost\";r=38;t=7");

    let refused = ask(&app, &school, PAGE).await;
    println!(
        "{engine:?}: {} {:#?} {}",
        refused.status, refused.headers, refused.text
    );
    assert_eq!(refused.header("retry-after"), "6");
    assert_eq!(refused.json()["errors"][0]["extensions"]["retryAfterMs"], 5_400);
    let expected = json!({
        "requestedQueryCost": 92, "actualQueryCost": null,
        "throttleStatus": { "maximumAvailable": 100, "currentlyAvailable": 38, "restoreRate": 10 },
    });
    assert_eq!(cost(&refused), expected, "nothing was taken");
    refused.is(429, "THROTTLED");
    // What costs less is still served, and another key has a bucket of its own.
    alive(&school).await;
    let other = app.key_of(school.tenant, domain::credential::Scopes::all()).await;
    assert_eq!(ask(&app, &other, PAGE).await.status, StatusCode::OK);

    app.clock.advance(Duration::milliseconds(5_399));
    assert_eq!(
        ask(&app, &school, PAGE).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    app.clock.advance(Duration::milliseconds(101));
    assert_eq!(ask(&app, &school, PAGE).await.status, StatusCode::OK);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_can_ask_what_it_may_still_spend(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let settings = [
        ("TAHSIL_LIMIT_COST", "2000"),
        ("TAHSIL_LIMIT_COST_PER_SECOND", "200"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let query = "{ payments(first: 50) { nodes { id card { id } } } rateLimit { limit cost remaining used resetAt nodeCount } }";
    let expected = json!({
        "limit": 2_000, "cost": 102, "remaining": 1_898, "used": 102, "nodeCount": 100,
        "resetAt": "2026-06-15T10:00:00.510000Z",
    });
    let answer = ask(&app, &school, query).await;
    assert_eq!(answer.json()["data"]["rateLimit"], expected, "{}", answer.text);
    let left = &cost(&answer)["throttleStatus"]["currentlyAvailable"];
    assert_eq!(left, 1_998, "there are no payments yet");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn payments_have_a_rate_a_second_and_one_an_hour(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // S2: 20 a second and 10,000 an hour for each merchant; here with room for a test.
    let settings = [
        ("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "20"),
        ("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "30"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let other_key = app.key_of(school.tenant, domain::credential::Scopes::all()).await;
    for n in 0..20 {
        let by = if n % 2 == 0 { &school } else { &other_key };
        by.sale(iqd(1_000)).await.succeeds();
    }
    let before = app.row_counts().await;
    let refused = school.sale(iqd(1_000)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    refused.fails_with("THROTTLED");
    other_key.sale(iqd(1_000)).await.fails_with("THROTTLED");
    assert_eq!(app.row_counts().await, before, "nothing was done");
    // Questions go on, and so does the next merchant.
    alive(&school).await;
    app.merchant("shop").await.sale(iqd(1_000)).await.succeeds();

    app.clock.advance(Duration::seconds(1));
    for _ in 0..10 {
        school.sale(iqd(1_000)).await.succeeds();
    }
    let refused = school.sale(iqd(1_000)).await.fails_with("THROTTLED");
    assert!(
        refused.errors[0]["extensions"]["retryAfterMs"].as_u64().unwrap() > 60_000,
        "the hour"
    );
    app.clock.advance(Duration::hours(1));
    school.sale(iqd(1_000)).await.succeeds();
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn several_commands_count_for_each(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "2")]).await;
    let school = app.merchant("school").await;
    let three: String = ["a", "b", "c"]
        .map(|key| {
            format!(
                "{key}: paymentSale(input: {{ idempotencyKey: \"{key}\", amount: {{ amount: \"1\", currency: IQD }}, \
                 card: $card }}) {{ payment {{ id }} }} "
            )
        })
        .concat();
    let query = format!("mutation($card: CardInput!) {{ {three} }}");
    let reply = school
        .ask(&query, json!({ "card": card("4242424242424242") }))
        .await;
    reply.fails_with("THROTTLED");
    assert_eq!(app.count("payments").await, 0);
    school.sale(iqd(1_000)).await.succeeds();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn questions_have_a_rate_of_their_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_QUERIES_PER_SECOND", "5")]).await;
    let school = app.merchant("school").await;
    for _ in 0..5 {
        assert_eq!(ask(&app, &school, "{ __typename }").await.status, StatusCode::OK);
    }
    let refused = ask(&app, &school, "{ __typename }").await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.is(429, "THROTTLED");
    school.sale(iqd(1_000)).await.succeeds();
    app.clock.advance(Duration::milliseconds(200));
    assert_eq!(ask(&app, &school, "{ __typename }").await.status, StatusCode::OK);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn guessing_keys_shuts_an_address_out_but_not_the_keys_that_work(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_REFUSED_KEYS_PER_SECOND", "3")]).await;
    let school = app.merchant("school").await;
    let shop = app.merchant("shop").await;
    alive(&school).await;
    for _ in 0..3 {
        let reply = app.anonymous().ask_with("esk_test_guess", "{ __typename }").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
    let reply = app.anonymous().ask_with("esk_test_guess", "{ __typename }").await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    reply.fails_with("THROTTLED");
    // A key that never opened anything here cannot be told from a guess yet; one that did goes on, also when it is read anew.
    assert_eq!(
        ask(&app, &shop, "{ __typename }").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    alive(&school).await;
    app.clock.advance(Duration::milliseconds(334));
    assert_eq!(ask(&app, &shop, "{ __typename }").await.status, StatusCode::OK);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn strangers_have_a_rate_by_address_and_trusted_proxies_say_which(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [
        ("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "2"),
        ("TAHSIL_GRAPHIQL", "true"),
        ("TAHSIL_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let ask = async |forwarded: &str| {
        let request = app
            .anonymous()
            .request(Method::POST, "/graphql")
            .header("x-forwarded-for", forwarded)
            .json(&json!({ "query": "{ __typename }" }));
        Raw::of(request).await
    };
    for _ in 0..2 {
        assert_eq!(ask("192.0.2.1").await.status, StatusCode::OK);
    }
    ask("192.0.2.1").await.is(429, "THROTTLED");
    // What the client itself wrote in front of it does not help.
    ask("198.51.100.99, 192.0.2.1").await.is(429, "THROTTLED");
    assert_eq!(ask("192.0.2.2").await.status, StatusCode::OK);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_default_limits_are_those_of_the_documents(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [
        ("TAHSIL_LIMIT_COST", "2000"),
        ("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "20"),
        ("TAHSIL_LIMIT_QUERIES_PER_SECOND", "100"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    for _ in 0..20 {
        school.sale(iqd(1_000)).await.succeeds();
    }
    school.sale(iqd(1_000)).await.fails_with("THROTTLED");
    // The page that a dashboard shows, with everything, is affordable three times at once.
    let page = "{ payments(first: 50) { nodes { id card { id } operations { id } refunds { id } } } }";
    let answer = ask(&app, &school, page).await;
    assert_eq!(cost(&answer)["requestedQueryCost"], 602);
    assert_eq!(answer.status, StatusCode::OK);
    let input = charge(iqd(1_000), json!({}));
    school.send("paymentSale", input).await.fails_with("THROTTLED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_the_same_whichever_way_it_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for _ in 0..3 {
        let payment = school.sale(iqd(1_000)).await.succeeds().payment();
        school.refund(&payment, iqd(1)).await.succeeds();
    }
    school
        .sale_by(crate::support::Payer::Poor, iqd(1_000))
        .await
        .succeeds();
    for (selection, expected) in [
        ("payments(first: 10) { nodes { id } }", 2 + 4),
        // Four payments and cards, three sales and refunds, one sale that was declined, three refunds.
        (
            "payments(first: 10) { edges { node { card { id } operations { id } refunds { id } } } }",
            2 + 4 + 4 + 7 + 3,
        ),
        ("operations(first: 10) { nodes { amount { amount } } }", 2 + 7),
        (
            "refunds(first: 10) { nodes { id } pageInfo { hasNextPage } }",
            2 + 3,
        ),
        ("cards(first: 10) { nodes { id } }", 2 + 2),
        ("ledgerEntries(first: 4) { nodes { id } }", 2 + 4),
        ("payments(first: 10) { totalCount nodes { id } }", 2 + 5 + 4),
    ] {
        // What stands in a fragment goes the library's way, field by field.
        for query in [
            format!("{{ {selection} }}"),
            format!("{{ ... on Query {{ {selection} }} }}"),
        ] {
            let answer = ask(&app, &school, &query).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            assert_eq!(
                cost(&answer)["actualQueryCost"],
                expected,
                "{query}: {}",
                answer.text
            );
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_refused_have_a_rate_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_QUERIES_PER_SECOND", "3")]).await;
    let school = app.merchant("school").await;
    alive(&school).await;
    for document in ["{", "{ nothing }", "{ a: nothing }"] {
        let answer = ask(&app, &school, document).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    ask(&app, &school, "{ b: nothing }").await.is(429, "THROTTLED");
    ask(&app, &school, "{").await.is(429, "THROTTLED");
    app.clock.advance(Duration::milliseconds(334));
    // What this node knows is no work and goes on, but for the questions that were answered.
    alive(&school).await;
    ask(&app, &school, "{").await.is(200, "GRAPHQL_PARSE_FAILED");
}
