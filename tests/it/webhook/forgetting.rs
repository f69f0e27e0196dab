//! How long the log is kept.

use super::{advance, endpoint, log, sending, stands, update};
use crate::support::{Engine, Receiver, iqd, until};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;
use service::webhook::{Forgotten, purge};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_forgotten_and_what_waits_outlives_its_event(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let schedule = json!({ "delaysSeconds": [0], "lifetimeSeconds": 2_592_000 });
    let settings = json!({ "eventTypes": ["payment.captured"], "retrySchedule": schedule });
    let made = endpoint(&school, &receiver, json!({ "settings": settings })).await;
    school.sale(iqd(1_000)).await.succeeds();
    stands(&school, "DELIVERED").await;
    update(&school, &made, json!({ "enabled": false })).await;
    school.sale(iqd(2_000)).await.succeeds();

    app.clock.advance(Duration::days(2));
    let forgotten = Forgotten {
        all: app.now() - Duration::days(3),
        test: app.now() - Duration::days(1),
    };
    let kept_longer = Forgotten {
        test: forgotten.all,
        ..forgotten
    };
    assert_eq!(purge(&app.app, kept_longer, 10).await.unwrap(), 0);
    // An attempt, its delivery, and the body.
    assert_eq!(purge(&app.app, forgotten, 10).await.unwrap(), 3);
    until("events have their places", async || {
        app.count("outbox_events WHERE pos IS NULL").await == 0
    })
    .await;
    service::event::purge(&app.app, app.now(), 1_000).await.unwrap();
    assert_eq!(app.count("outbox_events").await, 0);
    assert_eq!(log(&school).await[0]["status"], "PENDING");
    update(&school, &made, json!({ "enabled": true })).await;
    advance(&app, Duration::zero());
    let came = receiver.after(2).await;
    assert_eq!(came[1].json()["data"]["amount"], 200_000);
}
