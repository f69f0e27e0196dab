//! Bodies that stall, break off or that nobody reads: what is told, and what is left of the connection.

use super::buyer::{Waiting, confirm, intent_example};
use super::desk::{Desk, SALE, charge};
use crate::rasedi::shop::{Shop, example};
use crate::support::{EPARA, Engine, TestApp, Wire};
use domain::merchant::Mode;
use rstest::rstest;
use serde_json::{Value, json};

/// Longer than anything else here takes on a busy machine: what has to be done first must not be given up.
const PATIENT_FOR: &str = "3000";

/// Each door that reads a body: its path, the headers that let somebody in, and where its code stands.
async fn doors(app: &TestApp) -> Vec<(String, Vec<(&'static str, String)>, &'static str)> {
    let school = app.merchant("school").await;
    let intent = Waiting::at(&Desk::of(app, &school), intent_example()).await;
    let shop = Shop::open(app, Mode::Test, EPARA).await;
    let create = shop.path("create");
    vec![
        (
            SALE.to_owned(),
            vec![("x-api-key", school.secret.clone())],
            "/error_code",
        ),
        (
            confirm(&intent.id),
            vec![("x-client-secret", intent.secret)],
            "/error/code",
        ),
        (create.clone(), shop.signs("POST", &create), "/code"),
        (
            "/graphql".to_owned(),
            vec![("x-api-key", school.secret)],
            "/errors/0/extensions/code",
        ),
    ]
}

fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stalls_is_408_and_ends_the_connection(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(
        engine,
        &[
            ("TAHSIL_REQUEST_TIMEOUT_MS", PATIENT_FOR),
            ("TAHSIL_PROVIDER_TIMEOUT_MS", "100"),
        ],
    )
    .await;
    let mut stalled = Vec::new();
    for (path, headers, code) in doors(&app).await {
        let mut wire = Wire::to(&app).await;
        wire.announces(&path, &borrowed(&headers), 100).await;
        wire.send("{\"amount\":").await;
        stalled.push((wire, path, code));
    }
    for (mut wire, path, code) in stalled {
        let told = wire.hears().await;
        let expected = if path.starts_with("/v1/payment/rest") {
            "REQUEST_TIMEOUT"
        } else {
            "TIMEOUT"
        };
        assert_eq!(told.status, 408, "{path}: {}", told.body);
        assert_eq!(told.json().pointer(code), Some(&json!(expected)), "{}", told.body);
        assert!(
            told.body.contains("the body did not come in time"),
            "{}",
            told.body
        );
        assert_eq!(told.header("connection"), "close", "{path}");
        assert!(wire.is_over().await, "{path}");
    }
    assert_eq!((app.count("payments").await, app.count("intents").await), (0, 1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_not_too_long(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (path, headers, code) in doors(&app).await {
        // Chunks of which one is no chunk: the client is still there to hear of it.
        let mut wire = Wire::to(&app).await;
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        wire.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: tahsil\r\ncontent-type: application/json\r\n{headers}transfer-encoding: chunked\r\n\r\n\
             5\r\n{{\"amo\r\nno chunk\r\n"
        ))
        .await;
        let told = wire.hears().await;
        let expected = if path.starts_with("/v1/payment/rest") {
            "INVALID_REQUEST"
        } else {
            "BAD_REQUEST"
        };
        assert_eq!(told.status, 400, "{path}: {}", told.body);
        assert_eq!(told.json().pointer(code), Some(&json!(expected)), "{}", told.body);
        assert!(told.body.contains("the body did not come whole"), "{}", told.body);
        assert!(wire.is_over().await, "{path}");
    }
    // Whoever breaks off and is gone is nobody's loss.
    let (path, headers, _) = doors(&app).await.swap_remove(0);
    let mut gone = Wire::to(&app).await;
    gone.announces(&path, &borrowed(&headers), 100).await;
    gone.send("{").await;
    gone.breaks_off().await;
    assert!(gone.is_over().await || gone.hears().await.status == 400);
    assert_eq!(app.count("payments").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn after_an_early_answer_the_same_connection_takes_the_next_request(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "1")];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let (key, wrong) = (school.secret.as_str(), [("x-api-key", "esk_test_nobody")]);
    let body = charge(9999).to_string();
    let mut wire = Wire::to(&app).await;
    let mut heard = Vec::new();
    for (path, headers) in [
        (SALE, &[("x-api-key", key)][..]),
        (SALE, &[("x-api-key", key)]),
        (SALE, &wrong),
        ("/graphql", &wrong),
        ("/v1/payment/rest/test/create", &[("x-id", "nobody")]),
        ("/no/such/path", &[]),
        ("/openapi.json", &[]),
        ("/api/v1/transactions", &[("x-api-key", key)]),
    ] {
        wire.announces(path, headers, body.len()).await;
        wire.send(&body).await;
        let told = wire.hears().await;
        assert_eq!(told.header("connection"), "", "{path}: {}", told.head);
        heard.push(told.status);
    }
    assert_eq!(heard, [200, 429, 401, 401, 401, 404, 405, 405]);
    app.clock.advance(chrono::Duration::seconds(2));
    wire.announces(SALE, &[("x-api-key", key)], body.len()).await;
    wire.send(&body).await;
    assert_eq!(wire.hears().await.status, 200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_to_read_away_ends_the_connection_and_says_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let wrong = [("x-api-key", "esk_test_nobody")];
    // The rest never comes.
    let mut stalls = Wire::to(&app).await;
    stalls.announces(SALE, &wrong, 1_000).await;
    stalls.send("{").await;
    // It comes, and is longer than anything that this server reads.
    let mut pours = Wire::to(&app).await;
    pours.announces(SALE, &wrong, 10_000_000).await;
    pours.send(&" ".repeat(300_000)).await;
    // It waits for leave to come, which nobody gives.
    let mut asks = Wire::to(&app).await;
    let expects = [wrong[0], ("expect", "100-continue")];
    asks.announces(SALE, &expects, 1_000).await;
    for (wire, what) in [
        (&mut stalls, "stalls"),
        (&mut pours, "pours"),
        (&mut asks, "asks"),
    ] {
        let told = wire.hears().await;
        assert_eq!((told.status, told.header("connection")), (401, "close"), "{what}");
        assert!(wire.is_over().await, "{what}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_body_that_stalls_is_told_so_before_anybody_is_asked_who_they_are(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(
        engine,
        &[
            ("TAHSIL_REQUEST_TIMEOUT_MS", PATIENT_FOR),
            ("TAHSIL_PROVIDER_TIMEOUT_MS", "100"),
        ],
    )
    .await;
    let mut wire = Wire::to(&app).await;
    wire.announces("/v1/refunds", &[("x-tahsil-signature", "ed25519=AAAA")], 100)
        .await;
    let told = wire.hears().await;
    assert_eq!(
        (told.status, &told.json()["error_code"]),
        (408, &json!("TIMEOUT"))
    );
    // The door goes on.
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let said = shop.create(&example(json!({}))).await;
    assert_eq!(said.status, 200, "{}", said.text);
    assert_ne!(said.body["referenceCode"], Value::Null);
}
