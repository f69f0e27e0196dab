//! Dashboard sessions.

use super::{command, reasons};
use crate::support::{Engine, Merchant, Reply, TestApp};
use chrono::Duration;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

const CREATE: &str = "mutation { sessionCreate(input: { minutes: 60 }) { session { id csrfToken expiresAt } userErrors { code } } }";
const WHO: &str = "{ viewer { way scopes session { id csrfToken } credential { id } } }";

/// A browser with a session.
struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    async fn log_in(app: &'a TestApp, who: &Merchant) -> Self {
        let request = app
            .anonymous()
            .request(Method::POST, "/graphql")
            .header("x-api-key", &who.secret);
        let response = request.json(&json!({ "query": CREATE })).send().await.unwrap();
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=3600"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let reply = Reply::read(response).await.field("sessionCreate").succeeds();
        assert!(
            !reply.data.to_string().contains("ess_"),
            "the cookie is not in the answer"
        );
        Self {
            app,
            cookie: cookie.split(';').next().unwrap().to_owned(),
            csrf: reply.data["session"]["csrfToken"].as_str().unwrap().to_owned(),
        }
    }

    fn post(&self) -> RequestBuilder {
        self.app
            .anonymous()
            .request(Method::POST, "/graphql")
            .header(COOKIE, &self.cookie)
    }

    async fn ask(&self, query: &str) -> Reply {
        let request = self.post().header("x-csrf-token", &self.csrf);
        Reply::read(request.json(&json!({ "query": query })).send().await.unwrap()).await
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_may_do_what_its_key_may(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let reader = app.key_of(school.tenant, "payments:read".parse().unwrap()).await;
    let browser = Browser::log_in(&app, &reader).await;

    let who = browser.ask(WHO).await;

    assert_eq!(who.data["viewer"]["way"], "SESSION");
    assert_eq!(who.data["viewer"]["scopes"], json!(["payments:read"]));
    assert_eq!(
        who.data["viewer"]["credential"]["id"],
        reader.credential.to_string()
    );
    assert_eq!(who.data["viewer"]["session"]["csrfToken"], browser.csrf);
    browser
        .ask("{ balances { currency } }")
        .await
        .fails_with("FORBIDDEN");
    let again = browser.ask(CREATE).await.field("sessionCreate");
    assert_eq!(again.codes(), ["SESSION_FROM_SESSION"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_request_of_another_page_does_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (browser, other) = (
        Browser::log_in(&app, &school).await,
        Browser::log_in(&app, &school).await,
    );
    let revoke = json!({ "query": "mutation { sessionRevoke(input: { which: ALL }) { ended } }" });

    for token in [None, Some(""), Some("guess"), Some(other.csrf.as_str())] {
        let request = browser.post();
        let request = match token {
            Some(token) => request.header("x-csrf-token", token),
            None => request,
        };
        let reply = Reply::read(request.json(&revoke).send().await.unwrap()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{token:?}");
    }
    assert_eq!(reasons(&school).await, ["CSRF_TOKEN_WRONG"; 4]);
    // A GET only asks, so a page that is loaded again finds its token.
    let get = app
        .anonymous()
        .request(Method::GET, "/graphql")
        .header(COOKIE, &browser.cookie);
    let reply = Reply::read(get.query(&[("query", WHO)]).send().await.unwrap()).await;
    assert_eq!(reply.data["viewer"]["session"]["csrfToken"], browser.csrf);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_time_by_hand_and_with_their_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let server = app.key_of(school.tenant, domain::credential::Scopes::all()).await;
    let open = async |browser: &Browser<'_>| browser.ask("{ __typename }").await.status == StatusCode::OK;

    let (first, second) = (
        Browser::log_in(&app, &server).await,
        Browser::log_in(&app, &server).await,
    );
    let ended = first
        .ask("mutation { sessionRevoke(input: {}) { ended userErrors { code } } }")
        .await;
    assert_eq!(ended.data["sessionRevoke"]["ended"], 1);
    assert!(!open(&first).await && open(&second).await);

    app.clock.advance(Duration::minutes(60));
    assert!(!open(&second).await, "an hour is over");

    let (third, fourth) = (
        Browser::log_in(&app, &server).await,
        Browser::log_in(&app, &server).await,
    );
    let all = server
        .ask(
            "mutation { sessionRevoke(input: { which: ALL }) { ended } }",
            json!({}),
        )
        .await;
    assert_eq!(
        all.data["sessionRevoke"]["ended"], 3,
        "the one that had run out among them"
    );
    assert!(!open(&third).await && !open(&fourth).await);

    let rotated = Browser::log_in(&app, &server).await;
    let input = json!({ "id": server.credential.to_string(), "overlapMinutes": 0 });
    let keys = command(&school, "credentialRotate", "secret", input)
        .await
        .succeeds();
    assert!(!open(&rotated).await, "an emergency ends sessions too");
    let mut server = server;
    server.secret = keys.data["secret"].as_str().unwrap().to_owned();
    let fifth = Browser::log_in(&app, &server).await;
    command(
        &school,
        "credentialRevoke",
        "",
        json!({ "id": server.credential.to_string() }),
    )
    .await
    .succeeds();
    assert!(!open(&fifth).await, "its key opens nothing any more");
    let own = school
        .ask(
            "mutation { sessionRevoke(input: {}) { ended userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        own.field("sessionRevoke").codes(),
        ["NOT_FOUND"],
        "a key is no session"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_logs_in_too_and_lives_are_bounded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let operator = app.operator("Zainab").await;
    let second = app.operator("Omar").await;
    for minutes in [0, 1_441] {
        let query = format!(
            "mutation {{ sessionCreate(input: {{ minutes: {minutes} }}) {{ session {{ id }} userErrors {{ code }} }} }}"
        );
        let refused = operator.ask(&query, json!({})).await.field("sessionCreate");
        assert_eq!(refused.codes(), ["SESSION_LIFE_INVALID"], "{minutes}");
    }
    let made = operator
        .ask(CREATE, json!({}))
        .await
        .field("sessionCreate")
        .succeeds();
    assert_eq!(made.data["session"]["expiresAt"], "2026-06-15T11:00:00.000000Z");
    let cookies: [Value; 3] = [json!("ess_1"), json!(""), json!("eok_1")];
    for cookie in cookies {
        let cookie = format!("tahsil_session={}", cookie.as_str().unwrap());
        let request = app
            .anonymous()
            .request(Method::POST, "/graphql")
            .header(COOKIE, cookie);
        let reply = Reply::read(request.json(&json!({ "query": WHO })).send().await.unwrap()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
    let all = service::operator::list(&app.app).await.unwrap();
    let omar = all.iter().find(|operator| operator.name == "Omar").unwrap();
    service::operator::revoke(&app.app, omar.id).await.unwrap();
    assert_eq!(second.ask(WHO, json!({})).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(operator.ask(WHO, json!({})).await.status, StatusCode::OK);
}
