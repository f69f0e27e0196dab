//! Server-sent events: the same for proxies that let no WebSocket through.

use super::{EVENTS, newer_event, working};
use crate::support::{Engine, Merchant, TestApp, iqd};
use reqwest::{Client, Response, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

/// An event stream as a client reads it.
struct Stream {
    response: Response,
    text: String,
}

/// A message of a stream.
#[derive(Debug, PartialEq)]
struct Told {
    id: Option<String>,
    event: String,
    data: Value,
}

async fn post(app: &TestApp, who: &Merchant, body: Value, headers: &[(&str, &str)]) -> Response {
    let mut post = Client::new()
        .post(format!("{}/graphql/stream", app.url))
        .header("x-api-key", &who.secret)
        .header("accept", "text/event-stream");
    for (name, value) in headers {
        post = post.header(*name, *value);
    }
    post.json(&body).send().await.unwrap()
}

impl Stream {
    async fn open(app: &TestApp, who: &Merchant, query: &str, variables: Value) -> Self {
        let body = json!({ "query": query, "variables": variables });
        Self::of(post(app, who, body, &[]).await)
    }

    fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                if message.starts_with(':') {
                    continue;
                }
                let field = |name: &str| {
                    let line = message
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    line.map(|value| value.trim_start().to_owned())
                };
                let data = field("data").unwrap_or_default();
                return Some(Told {
                    id: field("id"),
                    event: field("event").unwrap(),
                    data: serde_json::from_str(&data).unwrap_or(Value::Null),
                });
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_carries_events_and_goes_on_where_it_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let start = school.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
    let mut stream = Stream::open(&app, &school, EVENTS, json!({ "after": start })).await;
    school.sale(iqd(1_000)).await.succeeds();
    school.sale(iqd(2_000)).await.succeeds();
    let first = stream.next().await.unwrap();
    assert_eq!(
        (
            first.event.as_str(),
            &first.data["data"]["events"]["event"]["sequence"]
        ),
        ("next", &json!("2"))
    );
    assert_eq!(
        first.id.as_deref(),
        first.data["data"]["events"]["cursor"].as_str()
    );
    let second = stream.next().await.unwrap();
    drop(stream);

    // As a browser does by itself: the same request again, with the id of the last event.
    let body = json!({ "query": EVENTS, "variables": { "after": start } });
    let last = first.id.unwrap();
    let mut again = Stream::of(post(&app, &school, body, &[("last-event-id", &last)]).await);
    assert_eq!(again.next().await.unwrap(), second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_answered_and_the_stream_ends() {
    let app = working(Engine::Sqlite).await;
    let school = app.merchant("school").await;
    let mut stream = Stream::open(&app, &school, "{ viewer { way } }", json!({})).await;
    let answer = stream.next().await.unwrap();
    assert_eq!(
        (answer.event.as_str(), &answer.data["data"]["viewer"]["way"]),
        ("next", &json!("SECRET"))
    );
    assert_eq!(stream.next().await.unwrap().event, "complete");
    assert_eq!(stream.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_is_an_http_error_with_a_code() {
    let app = working(Engine::Sqlite).await;
    let school = app.merchant("school").await;
    for (body, status, code) in [
        (json!({ "query": "{" }), 400, "GRAPHQL_PARSE_FAILED"),
        (
            json!({ "query": "{ nothing }" }),
            400,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            json!({ "query": EVENTS, "variables": { "after": "made-up" } }),
            400,
            "BAD_USER_INPUT",
        ),
        (
            json!({ "query": "mutation { sessionRevoke(input: {}) { ended } }" }),
            400,
            "BAD_REQUEST",
        ),
        (json!([]), 400, "BAD_REQUEST"),
    ] {
        let response = post(&app, &school, body.clone(), &[]).await;
        assert_eq!(response.status(), status, "{body}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
        assert!(answer.get("data").is_none());
    }
    let nobody = Client::new()
        .post(format!("{}/graphql/stream", app.url))
        .json(&json!({ "query": EVENTS }));
    assert_eq!(nobody.send().await.unwrap().status(), 401);
    let form = Client::new()
        .post(format!("{}/graphql/stream", app.url))
        .header("x-api-key", &school.secret)
        .body("query");
    assert_eq!(form.send().await.unwrap().status(), 415);
    // Over plain HTTP a subscription has no answer.
    school.ask(EVENTS, Value::Null).await.fails_with("BAD_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_server_and_with_its_key() {
    let app = working(Engine::Sqlite).await;
    let school = app.merchant("school").await;
    let other = app.key_of(school.tenant, domain::credential::Scopes::all()).await;
    let mut stream = Stream::open(&app, &school, EVENTS, json!({})).await;
    let mut stays = Stream::open(&app, &other, EVENTS, json!({})).await;
    let revoke = "mutation($id: ID!) { credentialRevoke(input: { id: $id }) { userErrors { code } } }";
    other
        .ask(revoke, json!({ "id": school.credential.to_string() }))
        .await
        .field("credentialRevoke")
        .succeeds();
    // That the key ended is an event, too.
    while let Some(told) = stream.next().await {
        assert_eq!(told.event, "next");
    }
    let stopped = tokio::spawn(app.stop());
    while let Some(told) = stays.next().await {
        assert_eq!(told.event, "next");
    }
    stopped.await.unwrap();
}

/// What this version does not know is told by a newer node: the client comes back, perhaps to that one.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_without_a_word_before_what_only_a_newer_node_can_tell() {
    let app = working(Engine::Sqlite).await;
    let school = app.merchant("school").await;
    let start = school.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
    let mut stream = Stream::open(&app, &school, EVENTS, json!({ "after": start })).await;
    newer_event(&app, &school).await;
    assert_eq!(stream.next().await, None);
}
