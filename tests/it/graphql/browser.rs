//! Web pages: which may ask, and what those that may not can do.

use super::wire::Raw;
use crate::support::{Engine, Merchant, TestApp};
use domain::credential::Scopes;
use domain::merchant::{Mode, Tenant};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

const OURS: &str = "https://app.example.iq";
const SCHEMA: &str = "{ __schema { queryType { name } } }";

async fn preflight(app: &TestApp, origin: &str) -> Raw {
    let request = app.anonymous().request(Method::OPTIONS, "/graphql");
    let request = request
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-api-key");
    Raw::of(request).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_list_may_ask_and_others_may_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_CORS_ORIGINS", OURS)]).await;
    let school = app.merchant("school").await;
    let allowed = preflight(&app, OURS).await;
    assert_eq!(allowed.status, StatusCode::OK);
    assert_eq!(allowed.header("access-control-allow-origin"), OURS);
    assert!(
        allowed
            .header("access-control-allow-headers")
            .contains("x-api-key")
    );
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    let strange = preflight(&app, "https://evil.example").await;
    assert_eq!(strange.header("access-control-allow-origin"), "");

    let request = app.anonymous().request(Method::POST, "/graphql");
    let request = request
        .header("origin", OURS)
        .header("x-api-key", &school.secret)
        .json(&json!({ "query": "{ __typename }" }));
    let answer = Raw::of(request).await;
    assert_eq!(answer.header("access-control-allow-origin"), OURS);
    assert!(
        answer
            .header("access-control-expose-headers")
            .contains("x-request-id")
    );
    let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
    assert!(
        vary.iter().any(|line| line.to_str().unwrap().contains("origin")),
        "{vary:?}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_no_page_of_another_origin_may_ask(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let answer = preflight(&app, OURS).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    answer.is(405, "BAD_REQUEST");
}

async fn reads_the_schema(app: &TestApp, key: Option<&Merchant>) -> Raw {
    let mut request = app.anonymous().request(Method::POST, "/graphql");
    if let Some(merchant) = key {
        request = request.header("x-api-key", &merchant.secret);
    }
    Raw::of(request.json(&json!({ "query": SCHEMA }))).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_the_schema_is_a_setting(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    // Setting, editor: test key, live key, nobody.
    for (policy, editor, test, live, nobody) in [
        ("test", "false", 200, 403, 401),
        ("keys", "false", 200, 200, 401),
        ("off", "false", 403, 403, 401),
        ("off", "true", 200, 200, 200),
    ] {
        let settings = [("TAHSIL_INTROSPECTION", policy), ("TAHSIL_GRAPHIQL", editor)];
        let app = TestApp::with_settings(engine, &settings).await;
        let testing = app.merchant("school").await;
        let merchant = testing.tenant.merchant;
        let mode = Mode::Live;
        let selling = app.key_of(Tenant { merchant, mode }, Scopes::all()).await;
        for (who, key, status) in [
            ("test", Some(&testing), test),
            ("live", Some(&selling), live),
            ("nobody", None, nobody),
        ] {
            let answer = reads_the_schema(&app, key).await;
            assert_eq!(
                answer.status.as_u16(),
                status,
                "{policy} {editor} {who}: {}",
                answer.text
            );
            match status {
                200 => assert_eq!(answer.json()["data"]["__schema"]["queryType"]["name"], "Query"),
                401 => answer.is(401, "UNAUTHENTICATED"),
                _ => answer.is(403, "FORBIDDEN"),
            }
        }
        // What is no question about the schema needs a key, editor or not.
        let request = app.anonymous().request(Method::POST, "/graphql");
        let answer = Raw::of(request.json(&json!({ "query": "{ merchant { name } }" }))).await;
        answer.is(401, "UNAUTHENTICATED");
    }
}
