//! S4, "How it works" and "Event log": what comes, when it counts as taken, and the history of it.

use super::desk::{AUTHORIZE, Desk, Heard, SALE, example, path};
use super::webhook_config::{EVENTS, set_at};
use crate::support::{Answering, Engine, Receiver, until};
use crate::webhook::{advance, sending};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// The history as it is when all that was made stands like this.
async fn history(desk: &Desk, query: &str, statuses: &[&str]) -> Vec<Value> {
    let events = |heard: &Heard| heard.body["data"]["events"].as_array().unwrap().clone();
    let path = format!("{EVENTS}?{query}");
    until("the history says so", async || {
        let heard = desk.get(&path).await.is(200);
        let found = events(&heard);
        let found: Vec<&str> = found.iter().map(|it| it["status"].as_str().unwrap()).collect();
        found == statuses
    })
    .await;
    events(&desk.get(&path).await)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_payload_is_what_rest_shows_of_the_same_object(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let receiver = Receiver::start().await;
    set_at(&desk, &receiver, json!({})).await;
    let held = desk.post(AUTHORIZE, example()).await.is(200);
    let wallet =
        json!({ "amount": 150_000, "currency": "IQD", "gateway": "FIB", "description": "School fee" });

    let first = receiver.after(1).await.remove(0);
    let shown = desk.get(&path(held.word("id"), "")).await.is(200);
    assert_eq!(first.header("x-webhook-event"), "card_transaction");
    assert_eq!(first.json(), shown.body["data"]);
    // Keys stand in the order of the alphabet; but for that it is the same text.
    assert_eq!(first.body, shown.body["data"].to_string());

    desk.post(SALE, wallet).await.is(200);
    let second = receiver.after(2).await.remove(1);
    assert_eq!(second.header("x-webhook-event"), "account_transaction");
    let id = second.json()["id"].as_str().unwrap().to_owned();
    let shown = desk.get(&path(&id, "")).await.is(200);
    assert_eq!(second.body, shown.body["data"].to_string());

    let capture = json!({ "amount": 5_000 });
    desk.post(&path(held.word("id"), "capture"), capture)
        .await
        .is(200);
    let third = receiver.after(3).await.remove(2);
    let shown = desk.get(&path(held.word("id"), "")).await.is(200);
    assert_eq!(third.body, shown.body["data"].to_string());
    let logged = history(&desk, "", &["delivered", "delivered", "delivered"]).await;
    assert_eq!(logged[2]["payload"], first.json());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_named_events_come(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = sending(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let receiver = Receiver::start().await;
    set_at(
        &desk,
        &receiver,
        json!({ "event_types": ["account_transaction"] }),
    )
    .await;
    desk.authorized(9999).await;
    let wallet = json!({ "amount": 150_000, "currency": "IQD", "gateway": "FIB" });
    desk.post(SALE, wallet).await.is(200);

    let came = receiver.after(1).await;
    assert_eq!(came[0].header("x-webhook-event"), "account_transaction");
    let logged = history(&desk, "", &["delivered"]).await;
    assert_eq!(logged[0]["event_type"], "account_transaction");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_comes_when_it_is_enabled_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let receiver = Receiver::start().await;
    set_at(&desk, &receiver, json!({ "enabled": false })).await;
    desk.authorized(9999).await;
    advance(&app, Duration::minutes(10));
    let logged = history(&desk, "", &["pending"]).await;
    assert_eq!(logged[0]["attempts"], 0);
    assert!(receiver.received().is_empty());

    set_at(&desk, &receiver, json!({ "enabled": true })).await;
    receiver.after(1).await;
    let logged = history(&desk, "", &["delivered"]).await;
    assert_eq!(
        (&logged[0]["attempts"], &logged[0]["last_status"]),
        (&json!(1), &json!(200))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn any_2xx_is_taken_and_the_history_is_filtered_by_status_and_event_type(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let receiver = Receiver::start().await;
    set_at(&desk, &receiver, json!({})).await;
    receiver.answers([Answering::status(204), Answering::status(302)]);
    desk.authorized(9999).await;
    let taken = history(&desk, "", &["delivered"]).await.remove(0);
    assert_eq!(taken["last_status"], 204);
    assert_eq!(taken["delivered_at"], "2026-06-15T10:00:00Z");
    assert!(taken.get("next_attempt_at").is_none() && taken.get("last_error").is_none());
    let wallet = json!({ "amount": 150_000, "currency": "IQD", "gateway": "FIB" });
    desk.post(SALE, wallet).await.is(200);
    let both = history(&desk, "", &["retry_scheduled", "delivered"]).await;
    assert_eq!(both[0]["next_attempt_at"], "2026-06-15T10:05:00Z");
    assert_eq!((&both[0]["last_status"], &both[1]), (&json!(302), &taken));
    assert_eq!(both[0]["payload"], receiver.received()[1].json());

    for (query, expected) in [
        ("status=delivered", vec![&both[1]]),
        ("status=retry_scheduled", vec![&both[0]]),
        ("status=failed", vec![]),
        ("event_type=card_transaction", vec![&both[1]]),
        (
            "event_type=account_transaction&status=retry_scheduled",
            vec![&both[0]],
        ),
        ("event_type=account_transaction&status=delivered", vec![]),
        ("event_type=card_state", vec![]),
    ] {
        let heard = desk.get(&format!("{EVENTS}?{query}")).await.is(200);
        let data = json!({ "events": expected, "total": expected.len(), "limit": 10, "offset": 0 });
        assert_eq!(heard.body["data"], data, "{query}");
    }
    let page = desk.get(&format!("{EVENTS}?limit=1&offset=1")).await.is(200);
    let expected =
        json!({ "success": true, "data": { "events": [both[1]], "total": 2, "limit": 1, "offset": 1 } });
    assert_eq!(page.body, expected);
    let words = "invalid request: status must be pending, sending, retry_scheduled, delivered, failed, expired or canceled";
    let wrong = desk.get(&format!("{EVENTS}?status=done")).await;
    wrong.refuses(400, "BAD_REQUEST", words);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_ten_seconds_is_none(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = sending(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let receiver = Receiver::start().await;
    set_at(&desk, &receiver, json!({})).await;
    receiver.answers([Answering {
        after: std::time::Duration::from_secs(30),
        ..Answering::default()
    }]);
    desk.authorized(9999).await;
    receiver.after(1).await;
    let begun = std::time::Instant::now();
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    history(&desk, "", &["sending"]).await;
    let logged = history(&desk, "", &["retry_scheduled"]).await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(15));
    assert_eq!(logged[0]["last_error"], "timeout");
    assert!(logged[0].get("last_status").is_none());
}
