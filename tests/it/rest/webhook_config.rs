//! S4, "Configuration API": one config, read, set and removed, and what it does.

use super::desk::{Desk, Heard};
use crate::support::{Engine, Hand, Receiver, TestApp};
use crate::webhook::sending;
use domain::webhook::{WebhookSecret, hmac_signature};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

pub const CONFIG: &str = "/api/v2/webhooks/config";
pub const EVENTS: &str = "/api/v2/webhooks/events";
const SECRET: &str = "correct-horse-battery";
const URL: &str = "https://yourapp.example.iq/webhooks/incoming";

/// Sets the config.
pub async fn set(desk: &Desk, body: Value) -> Heard {
    desk.raw(Method::PUT, CONFIG, body.to_string(), &[]).await
}

/// Sets the config to this receiver; `with` says what else is asked for.
pub async fn set_at(desk: &Desk, receiver: &Receiver, with: Value) -> Heard {
    let mut body = json!({ "url": format!("{}/webhooks/incoming", receiver.url) });
    for (field, value) in with.as_object().unwrap() {
        body[field] = value.clone();
    }
    set(desk, body).await.is(200)
}

async fn remove(desk: &Desk) -> Heard {
    desk.raw(Method::DELETE, CONFIG, "", &[]).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s4_config_is_set_read_and_removed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let none = desk.get(CONFIG).await;
    none.refuses(404, "NOT_FOUND", "webhook config not found");

    let body = json!({
        "url": URL, "secret": SECRET, "event_types": ["card_transaction", "account_topup"], "enabled": true,
    });
    let put = set(&desk, body.clone()).await;
    let expected = json!({ "success": true, "data": {
        "url": URL, "secret_set": true, "event_types": ["card_transaction", "account_topup"], "enabled": true,
        "status": "enabled", "created_at": "2026-06-15T10:00:00Z", "updated_at": "2026-06-15T10:00:00Z",
    } });
    assert_eq!((put.status, &put.body), (200, &expected));
    assert_eq!(desk.get(CONFIG).await.is(200).text, put.text);
    assert_eq!(set(&desk, body).await.is(200).body, expected);

    let gone = remove(&desk).await.is(200);
    assert_eq!(
        gone.body,
        json!({ "success": true, "message": "webhook config removed" })
    );
    for heard in [desk.get(CONFIG).await, remove(&desk).await] {
        heard.refuses(404, "NOT_FOUND", "webhook config not found");
    }
    let again = set(&desk, json!({ "url": URL })).await.is(200);
    assert_eq!(again.body["data"]["secret_set"], false);
    let other = desk.post(CONFIG, json!({})).await;
    other.refuses(405, "BAD_REQUEST", "this path does not take this method");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_is_all_events_and_enabled_and_the_secret_that_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let base = json!({ "url": URL });
    let shown = async |field: &str, value: Value| {
        let mut body = base.clone();
        if !field.is_empty() {
            body[field] = value;
        }
        let heard = set(&desk, body).await.is(200);
        assert!(!heard.text.contains(SECRET), "a secret is never shown");
        assert_eq!(desk.get(CONFIG).await.text, heard.text);
        let data = &heard.body["data"];
        let of = |key: &str| data[key].clone();
        (of("secret_set"), of("event_types"), of("status"))
    };
    let state = |secret: bool, events: Value, status: &str| (secret.into(), events, status.into());
    let all = || json!([]);

    assert_eq!(shown("", json!(null)).await, state(false, all(), "enabled"));
    assert_eq!(
        shown("secret", SECRET.into()).await,
        state(true, all(), "enabled")
    );
    let some = json!(["card_transaction", "account_*"]);
    assert_eq!(
        shown("event_types", some.clone()).await,
        state(true, some, "enabled")
    );
    assert_eq!(shown("enabled", false.into()).await, state(true, all(), "paused"));
    assert_eq!(shown("secret", json!(null)).await, state(false, all(), "enabled"));
    assert_eq!(shown("", json!(null)).await, state(false, all(), "enabled"));
    assert_eq!(
        shown("secret", SECRET.into()).await,
        state(true, all(), "enabled")
    );
    assert_eq!(shown("secret", "".into()).await, state(false, all(), "enabled"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_bad_config_is_told_what_is_wrong_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let with = |field: &str, value: Value| {
        let mut body = json!({ "url": URL });
        body[field] = value;
        body
    };
    let denied = "WEBHOOK_TARGET_DENIED";
    for (body, code, words) in [
        (json!([]), "BAD_REQUEST", "the body must be a JSON object"),
        (json!({}), "BAD_REQUEST", "url is required"),
        (with("url", 7.into()), "BAD_REQUEST", "url must be a string"),
        (with("secret", 7.into()), "BAD_REQUEST", "secret must be a string"),
        (
            with("event_types", "*".into()),
            "BAD_REQUEST",
            "event_types must be a list",
        ),
        (
            with("event_types", json!([7])),
            "BAD_REQUEST",
            "event_types.0 must be a string",
        ),
        (
            with("enabled", "yes".into()),
            "BAD_REQUEST",
            "enabled must be true or false",
        ),
        (
            with("url", "hook".into()),
            denied,
            "url must be a URL with a host",
        ),
        (
            with("url", "http://yourapp.example.iq/".into()),
            denied,
            "url must be an https URL",
        ),
        (
            with("url", "https://127.0.0.1/".into()),
            denied,
            "url must be publicly reachable",
        ),
        (
            with("url", "https://a:b@yourapp.example.iq/".into()),
            denied,
            "url must not carry a user name or password",
        ),
        (
            with("event_types", json!(["card_transactions"])),
            "EVENT_TYPES_INVALID",
            "event_types: \"card_transactions\" matches no event",
        ),
        (
            with("secret", "short".into()),
            "WEBHOOK_SECRET_INVALID",
            "secret: a secret has 16 to 256 characters",
        ),
        (
            json!({ "url": "hook", "secret": "short" }),
            denied,
            "url must be a URL with a host; secret: a secret has 16 to 256 characters",
        ),
    ] {
        let heard = set(&desk, body).await;
        heard.refuses(400, code, &format!("invalid request: {words}"));
    }
    assert_eq!(app.count("webhook_endpoints").await, 0);
    let tip = set(&desk, with("tip", json!({ "deep": [1] }))).await;
    tip.is(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_has_twenty_endpoints_and_the_config_is_one_of_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let create = "mutation($input: WebhookEndpointCreateInput!) { webhookEndpointCreate(input: $input) { userErrors { code } } }";
    for _ in 0..20 {
        let made = school.ask(create, json!({ "input": { "url": URL } })).await;
        made.field("webhookEndpointCreate").succeeds();
    }
    let words = "invalid request: a merchant has at most 20 webhook endpoints in each mode";
    let heard = set(&desk, json!({ "url": URL })).await;
    heard.refuses(400, "WEBHOOK_ENDPOINT_LIMIT", words);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_sees_the_config_and_a_key_needs_its_scope(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let kept = set(&desk, json!({ "url": URL, "secret": SECRET })).await.is(200);
    desk.authorized(9999).await;
    assert_eq!(desk.get(EVENTS).await.is(200).body["data"]["total"], 1);

    let shop = Desk::of(&app, &app.merchant("shop").await);
    for heard in [shop.get(CONFIG).await, remove(&shop).await] {
        heard.refuses(404, "NOT_FOUND", "webhook config not found");
    }
    assert_eq!(shop.get(EVENTS).await.is(200).body["data"]["total"], 0);
    let theirs = json!({ "url": "https://shop.example.iq/hook" });
    set(&shop, theirs).await.is(200);
    assert_eq!(shop.get(EVENTS).await.is(200).body["data"]["total"], 0);

    let reader = app.key_of(school.tenant, "payments:read".parse().unwrap()).await;
    let reader = Desk::of(&app, &reader);
    for heard in [
        reader.get(CONFIG).await,
        set(&reader, json!({ "url": URL, "enabled": false })).await,
        remove(&reader).await,
        reader.get(EVENTS).await,
    ] {
        assert_eq!(heard.body["error_code"], "INSUFFICIENT_PERMISSIONS");
        assert_eq!(heard.status, 403, "{}", heard.text);
    }
    let manager = app
        .key_of(school.tenant, "webhooks:manage".parse().unwrap())
        .await;
    assert_eq!(Desk::of(&app, &manager).get(CONFIG).await.text, kept.text);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_who_set_it_at_once_leave_one_config(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let one = |n: usize| set(&desk, json!({ "url": format!("https://yourapp.example.iq/{n}") }));
    let heard = futures_util::future::join_all((0..8).map(one)).await;
    for heard in &heard {
        assert_eq!(heard.status, 200, "{}", heard.text);
    }
    let hand = Hand::at(&app.database.url).await;
    let living = "SELECT count(*) FROM webhook_endpoints WHERE slot = 'default' AND deleted_at IS NULL";
    assert_eq!(hand.number(living).await, 1);
    assert_eq!(app.count("webhook_lanes").await, 1);
    let shown = desk.get(CONFIG).await.is(200);
    assert!(heard.iter().any(|heard| heard.text == shown.text));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_signed_over_the_raw_body_if_a_secret_is_set(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let receiver = Receiver::start().await;
    let steps = [
        (json!({}), None),
        (json!({ "secret": SECRET }), Some(SECRET)),
        (json!({}), Some(SECRET)),
        (
            json!({ "secret": "another-horse-battery" }),
            Some("another-horse-battery"),
        ),
        (json!({ "secret": null }), None),
    ];
    for (step, (with, secret)) in steps.into_iter().enumerate() {
        set_at(&desk, &receiver, with).await;
        desk.authorized(9999).await;
        let came = receiver.after(step + 1).await;
        let came = &came[step];
        let expected = secret.map(|secret| {
            let secret = WebhookSecret::given(secret).unwrap();
            hmac_signature(&secret, came.body.as_bytes())
        });
        let signature = came.headers.get("x-webhook-signature");
        let signature = signature.map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(signature, expected, "step {step}");
        assert!(!came.headers.contains_key("x-webhook-signature-next"));
        assert_eq!(came.path, "/webhooks/incoming");
    }
}
