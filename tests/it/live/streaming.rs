//! What is followed comes in order, from the place that was named, and to those who may see it.

use super::{EVENTS, working};
use crate::support::{Engine, Socket, iqd};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn events_come_as_they_happen_and_a_cursor_goes_on_where_it_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    let start = school.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
    socket.subscribe("1", EVENTS, json!({ "after": start })).await;

    let payment = school.authorize(iqd(125_000)).await.succeeds().payment();
    let first = socket.data("1").await["events"].clone();
    assert_eq!(first["event"]["type"], "PAYMENT_AUTHORIZED");
    assert_eq!(first["event"]["name"], "payment.authorized");
    assert_eq!(first["event"]["sequence"], "2");
    assert_eq!(first["event"]["subject"]["id"], payment.as_str());
    school.capture(&payment, iqd(125_000)).await.succeeds();
    let second = socket.data("1").await["events"].clone();
    assert_eq!(second["event"]["type"], "PAYMENT_CAPTURED");

    // Another connection, from the beginning and from after the first.
    let mut later = Socket::of(&app.url, &school.secret).await;
    for (after, expected) in [(&start, vec![&first, &second]), (&first["cursor"], vec![&second])] {
        later.subscribe("x", EVENTS, json!({ "after": after })).await;
        for event in expected {
            assert_eq!(later.data("x").await["events"], *event);
        }
        later.subscribe("q", "{ viewer { way } }", json!({})).await;
        let answered = later.hear().await;
        assert_eq!(
            (&answered["id"], &answered["type"]),
            (&json!("q"), &json!("next")),
            "{answered}"
        );
        assert_eq!(later.hear().await, json!({ "id": "q", "type": "complete" }));
        later.say(json!({ "id": "x", "type": "complete" })).await;
    }
    let page = school
        .ask(
            "{ eventCursor events(first: 10, types: [PAYMENT_AUTHORIZED, PAYMENT_CAPTURED]) { edges { cursor node { id } } } }",
            Value::Null,
        )
        .await
        .data;
    assert_eq!(page["eventCursor"], second["cursor"]);
    assert_eq!(page["events"]["edges"][1]["cursor"], second["cursor"]);
    assert_eq!(page["events"]["edges"][0]["node"]["id"], first["event"]["id"]);
}
