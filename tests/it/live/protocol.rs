//! graphql-transport-ws to the letter: each close code, and each rule about who says what when.

use super::{EVENTS, working};
use crate::support::{Engine, Heard, Socket, TestApp, iqd};
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Error, Message};

const QUERY: &str = "{ viewer { way } }";

fn init(key: &str) -> Value {
    json!({ "type": "connection_init", "payload": { "apiKey": key } })
}

async fn app() -> TestApp {
    working(Engine::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_another_protocol_is_4406() {
    let app = app().await;
    for protocols in [&[][..], &[("sec-websocket-protocol", "graphql-ws")][..]] {
        // Whoever asks for another protocol only and is given none may refuse to go on; what we say is the same.
        match Socket::open(&app.url, protocols).await {
            Ok(mut socket) => assert_eq!(socket.is_closed().await, 4406),
            Err(error) => assert!(matches!(error, Error::Protocol(_)), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_say_who_it_is_in_time_is_4408() {
    let settings = [("TAHSIL_LIVE_INIT_TIMEOUT_MS", "100")];
    let app = TestApp::with_settings(Engine::Sqlite, &settings).await;
    let mut socket = Socket::speaking(&app.url).await;
    assert_eq!(socket.is_closed().await, 4408);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_before_the_first_message_is_4401() {
    let app = app().await;
    let mut socket = Socket::speaking(&app.url).await;
    socket.subscribe("1", QUERY, json!({})).await;
    assert_eq!(socket.is_closed().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_first_message_is_4429() {
    let app = app().await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    socket.say(init(&school.secret)).await;
    assert_eq!(socket.is_closed().await, 4429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_nothing_is_4403() {
    let app = app().await;
    for payload in [
        json!({ "type": "connection_init" }),
        json!({ "type": "connection_init", "payload": {} }),
        init("esk_test_nobody"),
        json!({ "type": "connection_init", "payload": { "authorization": "Bearer esk_live_nobody" } }),
    ] {
        let mut socket = Socket::speaking(&app.url).await;
        socket.say(payload).await;
        assert_eq!(socket.is_closed().await, 4403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_come_with_the_upgrade_or_in_the_first_message() {
    let app = app().await;
    let school = app.merchant("school").await;
    let bearer = format!("Bearer {}", school.secret);
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for header in [
        ("x-api-key", school.secret.as_str()),
        ("authorization", bearer.as_str()),
    ] {
        let mut socket = Socket::open(&app.url, &[protocol, header]).await.unwrap();
        socket.say(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
    }
    for payload in [
        json!({ "apiKey": school.secret }),
        json!({ "X-API-Key": school.secret }),
        json!({ "Authorization": bearer }),
    ] {
        let mut socket = Socket::speaking(&app.url).await;
        socket
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_4400() {
    let app = app().await;
    let school = app.merchant("school").await;
    for text in [
        "hello",
        "[]",
        r#"{"type":"start","id":"1"}"#,
        r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
        r#"{"type":"complete"}"#,
    ] {
        let mut socket = Socket::of(&app.url, &school.secret).await;
        socket.send(Message::text(text)).await;
        assert_eq!(socket.is_closed().await, 4400, "{text}");
    }
    let mut socket = Socket::of(&app.url, &school.secret).await;
    socket.send(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(socket.is_closed().await, 4400, "binary");
    let mut before = Socket::speaking(&app.url).await;
    before.send(Message::text("hello")).await;
    assert_eq!(before.is_closed().await, 4400, "before the first message, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_is_1009() {
    let app = app().await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    let query = format!("{{ a }} #{}", "x".repeat(200 * 1024));
    let long = json!({ "id": "1", "type": "subscribe", "payload": { "query": query } });
    // It is refused while it comes, so that writing it may fail.
    socket.try_say(long).await.ok();
    assert_eq!(socket.is_closed().await, 1009);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_4409_and_free_again_after_its_end() {
    let app = app().await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    for _ in 0..3 {
        socket.subscribe("1", EVENTS, json!({})).await;
        socket.say(json!({ "id": "1", "type": "complete" })).await;
    }
    for _ in 0..3 {
        socket.subscribe("1", QUERY, json!({})).await;
        assert_eq!(socket.hear().await["type"], "next");
        assert_eq!(socket.hear().await, json!({ "id": "1", "type": "complete" }));
    }
    socket.subscribe("1", EVENTS, json!({})).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    match socket.heard().await {
        Heard::Closed(code, reason) => {
            assert_eq!((code, reason.as_str()), (4409, "Subscriber for 1 already exists"))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_at_once_with_what_they_carry() {
    let app = app().await;
    let school = app.merchant("school").await;
    let mut socket = Socket::speaking(&app.url).await;
    socket.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(
        socket.hear().await,
        json!({ "type": "pong", "payload": { "n": 1 } }),
        "before the first message"
    );
    socket.say(init(&school.secret)).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    // An answer nobody asked for, and the end of what never was, say nothing.
    socket.say(json!({ "type": "pong" })).await;
    socket.say(json!({ "id": "nothing", "type": "complete" })).await;
    socket.subscribe("1", QUERY, json!({})).await;
    assert_eq!(socket.hear().await["type"], "next");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_no_pings_is_4499() {
    let app = TestApp::with_settings(Engine::Sqlite, &[("TAHSIL_LIVE_PING_MS", "100")]).await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    assert_eq!(socket.is_closed_without_answering().await, 4499);
    let mut polite = Socket::of(&app.url, &school.secret).await;
    for _ in 0..4 {
        polite.is_asked_and_answers().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_an_operation_are_its_last_message_and_end_nothing_else() {
    let app = app().await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    for (query, variables, code) in [
        ("{", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        (
            "mutation { sessionRevoke(input: {}) { ended } }",
            json!({}),
            "BAD_REQUEST",
        ),
        (
            "subscription { events { cursor } paymentUpdated(id: \"x\") { cursor } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "subscription { __typename }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (EVENTS, json!({ "after": "made-up" }), "BAD_USER_INPUT"),
        (EVENTS, json!({ "after": 1 }), "GRAPHQL_VALIDATION_FAILED"),
    ] {
        socket.subscribe("1", query, variables).await;
        let message = socket.hear().await;
        assert_eq!(
            (&message["id"], &message["type"]),
            (&json!("1"), &json!("error")),
            "{message}"
        );
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{message}");
    }
    socket.subscribe("1", QUERY, json!({})).await;
    assert_eq!(socket.hear().await["payload"]["data"]["viewer"]["way"], "SECRET");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_end_nothing_of_an_operation_is_said() {
    let app = app().await;
    let school = app.merchant("school").await;
    let start = school.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
    let mut socket = Socket::of(&app.url, &school.secret).await;
    socket.subscribe("1", EVENTS, json!({ "after": start })).await;
    school.sale(iqd(1_000)).await.succeeds();
    socket.data("1").await;
    socket.say(json!({ "id": "1", "type": "complete" })).await;
    socket.subscribe("q", QUERY, json!({})).await;
    assert_eq!(socket.hear().await["id"], "q", "the end was read before");
    assert_eq!(socket.hear().await["type"], "complete");
    school.sale(iqd(1_000)).await.succeeds();
    let mut other = Socket::of(&app.url, &school.secret).await;
    other.subscribe("2", EVENTS, json!({ "after": start })).await;
    other.data("2").await;
    other.data("2").await;
    socket.is_silent_for(Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_64_operations_at_most() {
    let app = app().await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    for n in 0..64 {
        socket.subscribe(&n.to_string(), EVENTS, json!({})).await;
    }
    socket.subscribe("more", EVENTS, json!({})).await;
    let message = socket.hear().await;
    assert_eq!(
        (&message["id"], &message["type"]),
        (&json!("more"), &json!("error"))
    );
    assert_eq!(message["payload"][0]["extensions"]["code"], "THROTTLED");
    socket.say(json!({ "id": "7", "type": "complete" })).await;
    socket.subscribe("q", QUERY, json!({})).await;
    assert_eq!(socket.hear().await["type"], "next", "room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_messages_at_once_are_1013() {
    let app = app().await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    for _ in 0..150 {
        if socket.try_say(json!({ "type": "pong" })).await.is_err() {
            break;
        }
    }
    assert_eq!(socket.is_closed().await, 1013);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_has_so_many_connections_in_a_mode_and_no_more() {
    let app = TestApp::with_settings(Engine::Sqlite, &[("TAHSIL_LIMIT_LIVE_CONNECTIONS", "2")]).await;
    let (school, clinic) = (app.merchant("school").await, app.merchant("clinic").await);
    let one = Socket::of(&app.url, &school.secret).await;
    let _two = Socket::of(&app.url, &school.secret).await;
    let mut three = Socket::speaking(&app.url).await;
    three.say(init(&school.secret)).await;
    assert_eq!(three.is_closed().await, 1013);
    let _other = Socket::of(&app.url, &clinic.secret).await;
    drop(one);
    crate::support::until("there is room again", async || {
        let mut next = Socket::speaking(&app.url).await;
        next.say(init(&school.secret)).await;
        matches!(next.heard().await, Heard::Message(_))
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_1012(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    let mut silent = Socket::speaking(&app.url).await;
    let stopped = tokio::spawn(app.stop());
    assert_eq!(socket.is_closed().await, 1012);
    assert_eq!(silent.is_closed().await, 1012);
    drop((socket, silent));
    stopped.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_and_cookies_without_one_do_not_connect() {
    let settings = [("TAHSIL_CORS_ORIGINS", "https://dashboard.example")];
    let app = TestApp::with_settings(Engine::Sqlite, &settings).await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let same = app.url.clone();
    for origin in [same.as_str(), "https://dashboard.example"] {
        Socket::open(&app.url, &[protocol, ("origin", origin)])
            .await
            .unwrap();
    }
    for headers in [
        &[protocol, ("origin", "https://elsewhere.example")][..],
        &[protocol, ("origin", "null")][..],
        &[protocol, ("cookie", "tahsil_session=x")][..],
    ] {
        match Socket::open(&app.url, headers).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it is open"),
        }
    }
}
