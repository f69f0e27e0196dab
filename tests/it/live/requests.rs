//! The request log as it is written: each request once, in the order of the log, to those who may see it.

use super::working;
use crate::support::{Dice, Engine, Hand, Heard, Merchant, Socket, TestApp, until};
use chrono::Duration;
use domain::credential::{Scope, Scopes};
use domain::merchant::Mode;
use rstest::rstest;
use serde_json::{Value, json};

const REQUESTS: &str = "subscription Requests($after: ApiRequestCursor, $filter: ApiRequestFilter) {
    apiRequestLogged(after: $after, filter: $filter) { cursor request { id operation mode status } }
}";

/// The place after what is in the log so far.
async fn cursor(app: &TestApp, who: &Merchant) -> Value {
    app.app.request_log().flush().await;
    let asked = who.ask("query Cursor { apiRequestCursor }", Value::Null).await;
    asked.data["apiRequestCursor"].clone()
}

/// Asks something by this name.
async fn asks(who: &Merchant, name: &str) {
    let query = format!("query {name} {{ viewer {{ way }} }}");
    assert_eq!(who.ask(&query, Value::Null).await.data["viewer"]["way"], "SECRET");
}

/// The next request that is told, as its operation, and its cursor.
async fn next(socket: &mut Socket, id: &str) -> (String, Value) {
    let told = socket.data(id).await["apiRequestLogged"].clone();
    let operation = told["request"]["operation"].as_str().unwrap_or_default();
    (operation.to_owned(), told["cursor"].clone())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn requests_are_told_as_they_are_logged_and_a_cursor_goes_on_where_it_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let (school, clinic) = (app.merchant("school").await, app.merchant("clinic").await);
    let start = cursor(&app, &school).await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    socket.subscribe("1", REQUESTS, json!({ "after": start })).await;
    let only = json!({ "after": start, "filter": { "operation": "Second" } });
    socket.subscribe("only", REQUESTS, only).await;

    asks(&school, "First").await;
    asks(&clinic, "Foreign").await;
    asks(&school, "Second").await;
    let mut told = Vec::new();
    let mut seen = Vec::new();
    while told.len() < 4 {
        let message = socket.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        let logged = message["payload"]["data"]["apiRequestLogged"].clone();
        let name = logged["request"]["operation"]
            .as_str()
            .unwrap_or("connects")
            .to_owned();
        if message["id"] == "only" {
            assert_eq!(name, "Second");
            seen.push(name);
        } else {
            told.push((name, logged["cursor"].clone()));
        }
    }
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Cursor", "connection_init", "First", "Second"]);
    if seen.is_empty() {
        assert_eq!(next(&mut socket, "only").await.0, "Second");
    }

    // Another connection, after the third.
    let mut later = Socket::of(&app.url, &school.secret).await;
    let filter = json!({ "operation": "Second" });
    let resumed = json!({ "after": told[2].1, "filter": filter });
    later.subscribe("x", REQUESTS, resumed).await;
    assert_eq!(next(&mut later, "x").await, told[3]);
    asks(&school, "Second").await;
    assert_eq!(next(&mut later, "x").await.0, "Second");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_live_key_follows_both_modes_and_a_test_key_rehearsal_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let live = app
        .key_of(
            domain::merchant::Tenant {
                mode: Mode::Live,
                ..school.tenant
            },
            Scopes::all(),
        )
        .await;
    let mut heard = Vec::new();
    for who in [&school, &live] {
        let start = cursor(&app, who).await;
        let mut socket = Socket::of(&app.url, &who.secret).await;
        for (id, mode) in [("both", Value::Null), ("test", json!("TEST"))] {
            let filter = json!({ "operation": "Looks", "mode": mode });
            let variables = json!({ "after": start, "filter": filter });
            socket.subscribe(id, REQUESTS, variables).await;
        }
        heard.push(socket);
    }
    asks(&live, "Looks").await;
    app.app.request_log().flush().await;
    asks(&school, "Looks").await;
    for (socket, both) in heard.iter_mut().zip([vec!["TEST"], vec!["LIVE", "TEST"]]) {
        let mut told = vec![Vec::new(), Vec::new()];
        while told[0].len() < both.len() || told[1].is_empty() {
            let message = socket.hear().await;
            let mode = &message["payload"]["data"]["apiRequestLogged"]["request"]["mode"];
            told[usize::from(message["id"] == "test")].push(mode.as_str().unwrap().to_owned());
        }
        assert_eq!(told, [both, vec!["TEST"]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_read_the_log_is_refused_and_so_is_a_cursor_of_something_else() {
    let app = working(Engine::Sqlite).await;
    let school = app.merchant("school").await;
    let payments = Scopes::of(&[Scope::PaymentsRead]).unwrap();
    let clerk = app.key_of(school.tenant, payments).await;
    let operator = app.operator("operations").await;
    let mut refusals = Vec::new();
    for secret in [clerk.secret.as_str(), operator.secret()] {
        let mut socket = Socket::of(&app.url, secret).await;
        socket.subscribe("1", REQUESTS, json!({})).await;
        refusals.push(socket.hear().await);
    }
    let events = school.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
    let other = app.merchant("clinic").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    for foreign in [events, cursor(&app, &other).await] {
        socket.subscribe("1", REQUESTS, json!({ "after": foreign })).await;
        refusals.push(socket.hear().await);
    }
    let code = |message: &Value| message["payload"][0]["extensions"]["code"].clone();
    let codes: Vec<Value> = refusals.iter().map(code).collect();
    assert_eq!(
        codes,
        ["FORBIDDEN", "FORBIDDEN", "BAD_USER_INPUT", "BAD_USER_INPUT"],
        "{refusals:?}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_place_whose_requests_are_deleted_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let start = cursor(&app, &school).await;
    asks(&school, "Old").await;
    app.app.request_log().flush().await;
    app.clock.advance(Duration::days(40));
    let before = app.now() - Duration::days(30);
    assert!(service::api_request::purge(&app.app, before, 100).await.unwrap() > 1);

    let mut socket = Socket::of(&app.url, &school.secret).await;
    socket.subscribe("1", REQUESTS, json!({ "after": start })).await;
    let message = socket.hear().await;
    let extensions = &message["payload"][0]["extensions"];
    assert_eq!(
        (&message["type"], &extensions["code"]),
        (&json!("error"), &json!("CURSOR_EXPIRED"))
    );
    let oldest = json!({ "after": extensions["oldestCursor"], "filter": { "operation": "New" } });
    socket.subscribe("1", REQUESTS, oldest).await;
    asks(&school, "New").await;
    assert_eq!(next(&mut socket, "1").await.0, "New");
}

/// Nodes write their rows in batches of their own, at once, and of both modes; a reader that sees both hops between them.
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_hop_between_two_nodes_get_each_request_once_and_in_the_order_of_the_log() {
    const ASKED: usize = 400;
    let app = working(Engine::Postgres).await;
    let other = app.another_node().await;
    let school = app.merchant("school").await;
    let tenant = domain::merchant::Tenant {
        mode: Mode::Live,
        ..school.tenant
    };
    let live = app.key_of(tenant, Scopes::all()).await;
    let start = cursor(&app, &live).await;
    let asking: Vec<_> = [(&app, &school), (&other, &live), (&app, &live), (&other, &school)]
        .into_iter()
        .map(|(node, who)| {
            let who = who.at(node);
            tokio::spawn(async move {
                for _ in 0..ASKED / 4 {
                    asks(&who, "Hop").await;
                }
            })
        })
        .collect();
    let filter = json!({ "operation": "Hop" });
    let mut dice = Dice::new(7);
    let (mut told, mut after, mut hops) = (Vec::new(), start, 0);
    while told.len() < ASKED {
        let node = [&app.url, &other.url][hops % 2];
        let mut socket = Socket::of(node, &live.secret).await;
        let variables = json!({ "after": after, "filter": filter });
        socket.subscribe("1", REQUESTS, variables).await;
        for _ in 0..=dice.below(40) {
            if told.len() == ASKED {
                break;
            }
            let Heard::Message(message) = socket.heard().await else {
                panic!("it stays open")
            };
            let logged = &message["payload"]["data"]["apiRequestLogged"];
            told.push(logged["request"]["id"].as_str().unwrap().to_owned());
            after = logged["cursor"].clone();
        }
        hops += 1;
    }
    for asking in asking {
        asking.await.unwrap();
    }
    until("both nodes have written", async || {
        app.count("api_requests WHERE operation = 'Hop'").await == i64::try_from(ASKED).unwrap()
    })
    .await;
    let hand = Hand::at(&app.database.url).await;
    let log = hand
        .texts("SELECT id::text FROM api_requests WHERE operation = 'Hop' ORDER BY pos")
        .await;
    assert_eq!(told, log);
    assert!(hops > 5, "{hops}");
    other.stop().await;
}
