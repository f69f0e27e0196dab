//! What guards the public door: the rate of an address, what other pages may do, and what the log keeps.

use super::buyer::{Buyer, Waiting, confirm, intent_example, public, with_card};
use super::desk::{Desk, Heard};
use crate::support::{Engine, Payer, TestApp};
use chrono::Duration;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_public_429_fifty_a_second_for_each_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [
        ("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "50"),
        ("TAHSIL_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    let ask = async |address: &str| {
        let headers = [("x-forwarded-for", address)];
        Heard::read(buyer.raw(Method::GET, &public(&intent.id), "", &headers).await).await
    };
    for left in (0..50).rev() {
        let heard = ask("192.0.2.1").await.is(200);
        assert_eq!(heard.header("ratelimit-policy"), "\"public\";q=50;w=1");
        assert!(
            heard
                .header("ratelimit")
                .starts_with(&format!("\"public\";r={left};")),
            "{left}: {}",
            heard.header("ratelimit")
        );
    }
    let heard = ask("192.0.2.1").await;
    heard.turns_away(429, "THROTTLED", "rate limit exceeded: 50 requests per second");
    assert_eq!(heard.header("retry-after"), "1");
    // Paying counts with looking, and an attempt that was held up is none.
    let headers = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-client-secret", intent.secret.as_str()),
    ];
    let held_up = buyer
        .confirms(&confirm(&intent.id), with_card(Payer::Poor), &headers)
        .await;
    held_up.turns_away(429, "THROTTLED", "rate limit exceeded: 50 requests per second");
    assert_eq!(app.count("payments").await, 0);
    ask("192.0.2.2").await.is(200);
    app.clock.advance(Duration::milliseconds(20));
    ask("192.0.2.1").await.is(200);
    assert_eq!(ask("192.0.2.1").await.status, 429);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_any_origin_may_ask(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    let origin = ("origin", "https://yourstore.com");
    let preflight = [
        origin,
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "content-type,x-client-secret,idempotency-key",
        ),
    ];
    let answer = buyer
        .raw(Method::OPTIONS, &confirm(&intent.id), "", &preflight)
        .await;
    assert_eq!(answer.status(), 200);
    let said = |name: &str| {
        answer
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    assert_eq!(said("access-control-allow-origin"), "*");
    assert_eq!(said("access-control-allow-methods"), "GET,POST");
    assert_eq!(
        said("access-control-allow-headers"),
        "content-type,x-client-secret,idempotency-key"
    );
    assert_eq!(said("access-control-max-age"), "3600");
    assert_eq!(
        said("access-control-allow-credentials"),
        "",
        "no cookie counts here"
    );

    let headers = [origin, ("x-client-secret", intent.secret.as_str())];
    let paid = buyer
        .confirms(&confirm(&intent.id), with_card(Payer::Visa), &headers)
        .await
        .is(200);
    assert_eq!(paid.header("access-control-allow-origin"), "*");
    let exposed = paid.header("access-control-expose-headers");
    for name in [
        "x-request-id",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
        "idempotent-replayed",
    ] {
        assert!(exposed.contains(name), "{exposed}");
    }
    // The doors of keys are for servers: no page reads what they say.
    let path = super::buyer::INTENTS;
    let answer = buyer.raw(Method::OPTIONS, path, "", &preflight).await;
    assert!(answer.headers().get("access-control-allow-origin").is_none());
}

const LOG: &str = "{ apiRequests(first: 1) { nodes { id method path outcome reason status errorCode made bodyHash way credentialId } } }";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_request_leaves_a_row_for_operators_without_a_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "3")]).await;
    let school = app.merchant("school").await;
    let operator = app.operator("Zainab").await;
    let row = async || {
        let log = operator.ask(LOG, json!({})).await;
        assert_eq!(log.errors, Vec::<Value>::new());
        app.clock.advance(Duration::milliseconds(1));
        log.data["apiRequests"]["nodes"][0].clone()
    };
    let said = |row: &Value| {
        let words = ["method", "path", "outcome", "reason", "status", "errorCode"];
        json!(words.map(|word| row[word].clone()))
    };
    app.clock.advance(Duration::milliseconds(1));
    let made = Desk::of(&app, &school)
        .post(super::buyer::INTENTS, intent_example())
        .await;
    let intent = Waiting::read(&made);
    let created = row().await;
    assert_eq!(
        said(&created),
        json!(["POST", super::buyer::INTENTS, "PASSED", null, 201, null])
    );
    assert_eq!(created["made"], json!([intent.id]));

    let buyer = Buyer::of(&app);
    buyer.sees(&intent.id).await.is(200);
    assert_eq!(
        said(&row().await),
        json!(["GET", public(&intent.id), "PASSED", null, 200, null])
    );
    let path = format!("{}?client_secret={}", confirm(&intent.id), intent.secret);
    let declined = buyer.confirms(&path, with_card(Payer::Poor), &[]).await;
    let tried = row().await;
    assert_eq!(
        said(&tried),
        json!([
            "POST",
            confirm(&intent.id),
            "PASSED",
            null,
            402,
            "PAYMENT_DECLINED"
        ]),
        "the query is not kept"
    );
    assert_eq!(
        (&tried["id"], &tried["way"], &tried["credentialId"]),
        (&declined.body["request_id"], &json!("NONE"), &Value::Null)
    );
    assert_eq!(
        tried["made"].as_array().unwrap().len(),
        2,
        "the payment and what was tried"
    );
    assert_eq!(
        tried["bodyHash"],
        Value::Null,
        "a body with a card number leaves no hash"
    );
    let headers = [("x-client-secret", "wrong")];
    buyer.confirms(&confirm(&intent.id), json!({}), &headers).await;
    assert_eq!(
        said(&row().await),
        json!([
            "POST",
            confirm(&intent.id),
            "PASSED",
            null,
            401,
            "INVALID_CLIENT_SECRET"
        ])
    );
    buyer.sees(&intent.id).await;
    assert_eq!(
        said(&row().await),
        json!([
            "GET",
            public(&intent.id),
            "DENIED",
            "RATE_LIMITED",
            429,
            "THROTTLED"
        ])
    );
    // A secret in place of an id is no id, and is not kept either.
    app.clock.advance(Duration::seconds(2));
    buyer.sees(&intent.secret).await;
    let misplaced = row().await;
    assert_eq!(misplaced["path"], format!("{}_secret_…", public(&intent.id)));
}
