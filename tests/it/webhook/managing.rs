//! Setting endpoints up, changing them, and what waits for them meanwhile.

use super::{CREATE, advance, endpoint, log, sending, stands, update};
use crate::support::{Engine, Receiver, TestApp, iqd, until};
use chrono::Duration;
use domain::webhook::{WebhookSecret, hmac_signature};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_while_an_endpoint_is_held_back_comes_afterwards_or_is_given_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let made = endpoint(
        &school,
        &receiver,
        json!({ "settings": { "eventTypes": ["payment.captured"] } }),
    )
    .await;

    let paused = update(&school, &made, json!({ "enabled": false })).await;
    assert_eq!(paused["webhookEndpoint"]["status"], "PAUSED");
    school.sale(iqd(1_000)).await.succeeds();
    assert_eq!(log(&school).await[0]["status"], "PENDING");
    update(&school, &made, json!({ "enabled": true })).await;
    receiver.after(1).await;
    stands(&school, "DELIVERED").await;

    update(&school, &made, json!({ "enabled": false })).await;
    // Ids of one instant have no order.
    advance(&app, Duration::seconds(1));
    school.sale(iqd(2_000)).await.succeeds();
    update(&school, &made, json!({ "enabled": true, "dropBacklog": true })).await;
    assert_eq!(log(&school).await[0]["status"], "CANCELED");

    update(&school, &made, json!({ "enabled": false })).await;
    advance(&app, Duration::seconds(1));
    school.sale(iqd(3_000)).await.succeeds();
    advance(&app, Duration::hours(24));
    assert_eq!(
        log(&school).await[0]["status"],
        "EXPIRED",
        "whether or not anybody wrote it down"
    );
    until("it is written down", async || {
        app.count("webhook_deliveries WHERE state = 'expired'").await == 1
    })
    .await;
    assert_eq!(receiver.received().len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_secrets_sign_until_the_overlap_ends(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let made = endpoint(
        &school,
        &receiver,
        json!({ "settings": { "eventTypes": ["payment.captured"] } }),
    )
    .await;
    let rotate = "mutation($input: WebhookEndpointRotateSecretInput!) { webhookEndpointRotateSecret(input: $input) { \
        secret nextSecret nextSecretFrom webhookEndpoint { secretFingerprint nextSecretFingerprint } userErrors { code field } } }";
    let input = json!({ "id": made.id, "overlapMinutes": 60 });
    let rotated =
        school.ask(rotate, json!({ "input": input })).await.data["webhookEndpointRotateSecret"].clone();
    assert_eq!(rotated["secret"], made.secret.reveal());
    let next = WebhookSecret::given(rotated["nextSecret"].as_str().unwrap()).unwrap();

    school.sale(iqd(1_000)).await.succeeds();
    let came = receiver.after(1).await.remove(0);
    assert_eq!(
        came.header("x-webhook-signature"),
        hmac_signature(&made.secret, came.body.as_bytes())
    );
    assert_eq!(
        came.header("x-webhook-signature-next"),
        hmac_signature(&next, came.body.as_bytes())
    );
    assert_eq!(came.header("webhook-signature").split(' ').count(), 2);

    advance(&app, Duration::hours(1));
    school.sale(iqd(1_000)).await.succeeds();
    let came = receiver.after(2).await.remove(1);
    assert_eq!(
        came.header("x-webhook-signature"),
        hmac_signature(&next, came.body.as_bytes())
    );
    assert_eq!(came.header("x-webhook-signature-next"), "");

    let input = json!({ "id": made.id, "overlapMinutes": 0, "secret": "a secret of my own" });
    let refused =
        school.ask(rotate, json!({ "input": input })).await.data["webhookEndpointRotateSecret"].clone();
    assert_eq!(
        refused["userErrors"],
        json!([{ "code": "WEBHOOK_SECRET_INVALID", "field": ["secret"] }])
    );
    let input = json!({ "id": made.id, "overlapMinutes": 0, "secret": "a-secret-of-my-own" });
    school.ask(rotate, json!({ "input": input })).await;
    school.sale(iqd(1_000)).await.succeeds();
    let came = receiver.after(3).await.remove(2);
    let own = WebhookSecret::given("a-secret-of-my-own").unwrap();
    assert_eq!(
        came.header("x-webhook-signature"),
        hmac_signature(&own, came.body.as_bytes())
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_set_up_is_refused_by_its_name_and_nothing_is_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let with = |settings: Value| json!({ "url": "https://school.iq/hook", "settings": settings });
    for (input, code, field) in [
        (
            json!({ "url": "http://school.iq/hook" }),
            "WEBHOOK_TARGET_DENIED",
            "url",
        ),
        (
            json!({ "url": "https://127.1/hook" }),
            "WEBHOOK_TARGET_DENIED",
            "url",
        ),
        (
            json!({ "url": "https://169.254.169.254/" }),
            "WEBHOOK_TARGET_DENIED",
            "url",
        ),
        (
            json!({ "url": "https://school.iq:22/" }),
            "WEBHOOK_TARGET_DENIED",
            "url",
        ),
        (json!({ "url": "nowhere" }), "WEBHOOK_TARGET_DENIED", "url"),
        (
            json!({ "url": "https://school.iq/", "secret": "short" }),
            "WEBHOOK_SECRET_INVALID",
            "secret",
        ),
        (
            json!({ "url": "https://school.iq/", "dialect": "CALLBACK" }),
            "WEBHOOK_DIALECT_INVALID",
            "dialect",
        ),
        (
            with(json!({ "eventTypes": ["payment.paid"] })),
            "EVENT_TYPES_INVALID",
            "eventTypes",
        ),
        (
            with(json!({ "timeoutMs": 31_000 })),
            "WEBHOOK_SETTING_INVALID",
            "timeoutMs",
        ),
        (
            with(json!({ "maxInFlight": 0 })),
            "WEBHOOK_SETTING_INVALID",
            "maxInFlight",
        ),
        (
            with(json!({ "ratePerSecond": -1 })),
            "WEBHOOK_SETTING_INVALID",
            "ratePerSecond",
        ),
        (
            with(json!({ "securityFields": [] })),
            "SECURITY_FIELDS_INVALID",
            "securityFields",
        ),
        (
            with(json!({ "apiVersion": "v1" })),
            "API_VERSION_UNKNOWN",
            "apiVersion",
        ),
        (
            with(json!({ "description": "x".repeat(201) })),
            "TEXT_INVALID",
            "description",
        ),
        (
            with(json!({ "retrySchedule": { "delaysSeconds": [], "lifetimeSeconds": 60 } })),
            "RETRY_SCHEDULE_INVALID",
            "retrySchedule",
        ),
        (
            with(json!({ "headers": [{ "name": "Host", "value": "a" }] })),
            "WEBHOOK_HEADER_INVALID",
            "headers",
        ),
    ] {
        let reply = school.ask(CREATE, json!({ "input": input })).await;
        let refused = &reply.data["webhookEndpointCreate"]["userErrors"][0];
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!(code), &json!([field])),
            "{input}"
        );
    }
    assert_eq!(app.count("webhook_endpoints").await, 0);
    for _ in 0..20 {
        let input = json!({ "url": "https://school.iq/hook" });
        school.ask(CREATE, json!({ "input": input })).await;
    }
    let reply = school
        .ask(CREATE, json!({ "input": { "url": "https://school.iq/hook" } }))
        .await;
    assert_eq!(
        reply.data["webhookEndpointCreate"]["userErrors"][0]["code"],
        "WEBHOOK_ENDPOINT_LIMIT"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_sent_again_with_the_same_bytes_and_an_example_is_sent_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let headers = json!([{ "name": "Authorization", "value": "Bearer of-the-school" }]);
    let settings = json!({ "eventTypes": ["payment.captured"], "headers": headers });
    let made = endpoint(&school, &receiver, json!({ "settings": settings })).await;
    school.sale(iqd(1_000)).await.succeeds();
    let first = receiver.after(1).await.remove(0);
    assert_eq!(first.header("authorization"), "Bearer of-the-school");
    let delivery = stands(&school, "DELIVERED").await;
    let sent = delivery["attempts"][0]["requestHeaders"].as_array().unwrap();
    assert!(sent.contains(&json!({ "name": "Authorization", "value": "***" })));

    let replay = "mutation($input: WebhookDeliveryReplayInput!) { webhookDeliveryReplay(input: $input) { \
        webhookDelivery { run cause messageId } userErrors { code } } }";
    let again = school
        .ask(replay, json!({ "input": { "id": delivery["id"] } }))
        .await;
    let again = &again.data["webhookDeliveryReplay"]["webhookDelivery"];
    assert_eq!((&again["run"], &again["cause"]), (&json!(1), &json!("REPLAY")));
    assert_eq!(again["messageId"], delivery["messageId"]);
    let second = receiver.after(2).await.remove(1);
    assert_eq!(second.body, first.body);
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    assert_ne!(
        second.header("x-webhook-request-uuid"),
        first.header("x-webhook-request-uuid")
    );
    assert_eq!(second.header("x-webhook-cause"), "replay");

    let test = "mutation($input: WebhookEndpointTestInput!) { webhookEndpointTest(input: $input) { \
        webhookDelivery { id status cause } userErrors { code } } }";
    receiver.always(crate::support::Answering::status(500));
    let tested = school
        .ask(
            test,
            json!({ "input": { "id": made.id, "eventType": "REFUND_SUCCEEDED" } }),
        )
        .await;
    assert_eq!(
        tested.data["webhookEndpointTest"]["webhookDelivery"]["cause"],
        "TEST"
    );
    let example = receiver.after(3).await.remove(2);
    assert_eq!(example.json()["event"], "refund.succeeded");
    assert_eq!(
        example.header("x-webhook-signature"),
        hmac_signature(&made.secret, example.body.as_bytes())
    );
    stands(&school, "FAILED").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_endpoint_is_told_nothing_more(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let made = endpoint(&school, &receiver, json!({})).await;
    update(&school, &made, json!({ "enabled": false })).await;
    school.sale(iqd(1_000)).await.succeeds();
    let delete = "mutation($input: WebhookEndpointDeleteInput!) { webhookEndpointDelete(input: $input) { userErrors { code } } }";
    let deleted = school.ask(delete, json!({ "input": { "id": made.id } })).await;
    assert_eq!(deleted.data["webhookEndpointDelete"]["userErrors"], json!([]));
    let logged = log(&school).await;
    assert!(!logged.is_empty() && logged.iter().all(|it| it["status"] == "CANCELED"));
    school.sale(iqd(2_000)).await.succeeds();
    assert_eq!(log(&school).await.len(), logged.len());
    let list = school.ask("{ webhookEndpoints { id } }", json!({})).await;
    assert_eq!(list.data["webhookEndpoints"], json!([]));
    let again = school.ask(delete, json!({ "input": { "id": made.id } })).await;
    assert_eq!(
        again.data["webhookEndpointDelete"]["userErrors"][0]["code"],
        "NOT_FOUND"
    );
}
