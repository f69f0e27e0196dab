//! Servers that do not take what they are told.

use super::{advance, endpoint, log, sending, standing, stands, update};
use crate::support::{Answering, Engine, Receiver, iqd, until};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// A schedule of one attempt after another.
fn at_once(attempts: usize) -> Value {
    let schedule = json!({ "delaysSeconds": vec![0; attempts], "lifetimeSeconds": 86_400 });
    json!({ "settings": { "eventTypes": ["payment.captured"], "retrySchedule": schedule } })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_no_more_is_told_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let made = endpoint(&school, &receiver, at_once(3)).await;
    receiver.answers([Answering::status(410)]);
    school.sale(iqd(1_000)).await.succeeds();
    stands(&school, "FAILED").await;
    assert_eq!(
        standing(&school).await,
        json!({ "status": "DISABLED", "disabledReason": "GONE" })
    );

    school.sale(iqd(2_000)).await.succeeds();
    stands(&school, "PENDING").await;
    update(&school, &made, json!({ "enabled": true })).await;
    stands(&school, "DELIVERED").await;
    assert_eq!(receiver.received().len(), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_for_how_long_it_is_left_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    endpoint(&school, &receiver, at_once(3)).await;
    receiver.answers([Answering {
        header: Some(("retry-after", "600".to_owned())),
        ..Answering::status(503)
    }]);
    school.sale(iqd(1_000)).await.succeeds();
    let waiting = stands(&school, "RETRY_SCHEDULED").await;
    assert_eq!(&waiting["nextAttemptAt"].as_str().unwrap()[11..19], "10:10:00");
    advance(&app, Duration::minutes(10));
    stands(&school, "DELIVERED").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_ten_times_is_left_alone_and_then_tried_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    endpoint(&school, &receiver, at_once(20)).await;
    receiver.always(Answering::status(500));
    school.sale(iqd(1_000)).await.succeeds();
    until("it has failed ten times", async || {
        app.count("webhook_lanes WHERE failures = 10 AND open_until IS NOT NULL")
            .await
            == 1
    })
    .await;
    assert_eq!(
        log(&school).await[0]["attemptCount"],
        10,
        "no attempt is spent while it is left alone"
    );
    receiver.always(Answering::default());
    advance(&app, Duration::seconds(30));
    let delivered = stands(&school, "DELIVERED").await;
    assert_eq!(delivered["attemptCount"], 11);
    until("it is well again", async || {
        app.count("webhook_lanes WHERE failures = 0").await == 1
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_for_five_days_is_switched_off(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let made = endpoint(&school, &receiver, at_once(1)).await;
    receiver.always(Answering::status(500));
    for day in 0..6 {
        school.sale(iqd(1_000)).await.succeeds();
        until("it has failed", async || {
            app.count("webhook_deliveries WHERE state = 'failed'").await == day + 1
        })
        .await;
        let status = if day == 5 { "DISABLED" } else { "ENABLED" };
        assert_eq!(standing(&school).await["status"], status, "day {day}");
        advance(&app, Duration::days(1));
    }
    school.sale(iqd(1_000)).await.succeeds();
    stands(&school, "PENDING").await;
    // Enabled again it begins afresh: one more failure is the first.
    update(&school, &made, json!({ "enabled": true })).await;
    until("it has failed again", async || {
        app.count("webhook_deliveries WHERE state = 'failed'").await == 7
    })
    .await;
    assert_eq!(standing(&school).await["status"], "ENABLED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_inside_is_not_called_and_the_log_says_why(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let settings = json!({ "eventTypes": ["payment.captured"] });
    // Another network of this machine than the one that is allowed.
    let inside = receiver
        .url
        .replace("127.0.0.1", "[::ffff:10.0.0.1]")
        .replace("http:", "https:");
    let input = json!({ "url": inside, "settings": settings });
    let reply = school.ask(super::CREATE, json!({ "input": input })).await;
    assert_eq!(
        reply.data["webhookEndpointCreate"]["userErrors"][0]["code"],
        "WEBHOOK_TARGET_DENIED"
    );
    // A name says nothing when it is set up; where it leads decides when it is called.
    endpoint(
        &school,
        &receiver,
        json!({ "url": "https://localhost.localdomain.invalid:443/", "settings": settings }),
    )
    .await;
    endpoint(
        &school,
        &receiver,
        json!({ "url": format!("{}/", app.url), "settings": settings }),
    )
    .await;
    school.sale(iqd(1_000)).await.succeeds();
    until("both have failed", async || {
        app.count("webhook_attempts").await == 2
    })
    .await;
    let logged = log(&school).await;
    let attempts: Vec<(&Value, &Value)> = logged
        .iter()
        .map(|it| (&it["attempts"][0]["failure"], &it["attempts"][0]["failureRule"]))
        .collect();
    assert!(attempts.contains(&(&json!("DNS"), &Value::Null)), "{attempts:?}");
    assert!(
        attempts.contains(&(&json!("ADDRESS_DENIED"), &json!("self"))),
        "{attempts:?}"
    );
}
