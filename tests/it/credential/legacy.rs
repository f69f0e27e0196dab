//! The door of S3: `x-id` and `x-signature`.

use super::reasons;
use crate::support::{Engine, Signer, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::credential::Scopes;
use reqwest::{Method, Response};
use rstest::rstest;
use serde_json::{Value, json};
use service::credential::{NewCredential, NewSigningKey};

const CREATE: &str = "/v1/payment/rest/test/create";

async fn post(app: &TestApp, path: &str, secret: Option<&str>, signature: &str) -> (u16, Value) {
    let mut request = app
        .anonymous()
        .request(Method::POST, path)
        .header("x-signature", signature);
    if let Some(secret) = secret {
        request = request.header("x-id", secret);
    }
    let answer: Response = request.json(&json!({ "amount": "150000" })).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_signature_of_s3_is_taken_on_its_door_and_nowhere_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let issued = app
        .issue(NewCredential::named("rasedi", school.tenant, Scopes::all()))
        .await;
    let secret = issued.secret.reveal();
    let pem = issued.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
    let signer = Signer::ed25519(&issued.credential.token, pem);
    let sign = |path: &str| STANDARD.encode(signer.sign(&format!("POST || {secret} || {path}")));

    // Whoever is let in learns what there is: by this path, nothing.
    let (status, body) = post(
        &app,
        "/v1/payment/rest/test/nowhere",
        Some(secret),
        &sign("/v1/payment/rest/test/nowhere"),
    )
    .await;
    assert_eq!((status, &body["code"]), (404, &json!("NOT_FOUND")));

    let live = "/v1/payment/rest/live/create";
    for (path, shown, signature, code, reason) in [
        (CREATE, None, sign(CREATE), "INVALID_CREDENTIALS", None),
        (CREATE, Some("live_1"), sign(CREATE), "INVALID_CREDENTIALS", None),
        (
            CREATE,
            Some(secret),
            sign(live),
            "INVALID_SIGNATURE",
            Some("SIGNATURE_INVALID"),
        ),
        (
            CREATE,
            Some(secret),
            "nonsense!".to_owned(),
            "INVALID_SIGNATURE",
            Some("SIGNATURE_MALFORMED"),
        ),
        (
            live,
            Some(secret),
            sign(live),
            "INVALID_CREDENTIALS",
            Some("MODE_MISMATCH"),
        ),
    ] {
        // Requests of one millisecond have no order.
        app.clock.advance(chrono::Duration::milliseconds(1));
        let (status, body) = post(&app, path, shown, &signature).await;
        assert_eq!(
            (status, &body["statusCode"], &body["code"]),
            (401, &json!(401), &json!(code)),
            "{reason:?}"
        );
        // The words of S3's table of error codes.
        let words = match code {
            "INVALID_SIGNATURE" => "x-signature verification failed",
            _ => "x-id or API key is invalid",
        };
        assert_eq!(body["messages"], json!([words]), "{reason:?}");
        if let Some(reason) = reason {
            assert_eq!(reasons(&school).await[0], reason);
        }
    }

    let elsewhere = app
        .anonymous()
        .request(Method::POST, "/graphql")
        .header("x-id", secret)
        .header("x-signature", sign("/graphql"))
        .json(&json!({ "query": "{ __typename }" }));
    assert_eq!(elsewhere.send().await.unwrap().status().as_u16(), 401);
    let log = "{ apiRequests(first: 1, filter: { path: \"/v1/payment/rest/test/nowhere\" }) { nodes { way outcome status } } }";
    let log = school.ask(log, json!({})).await;
    assert_eq!(
        log.data["apiRequests"]["nodes"][0],
        json!({ "way": "LEGACY_SIGNATURE", "outcome": "PASSED", "status": 404 })
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_key_does_not_sign_for_s3(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    const NOWHERE: &str = "/v1/payment/rest/test/nowhere";
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let shared = app
        .issue(NewCredential {
            signing_key: NewSigningKey::HmacSha256,
            ..NewCredential::named("rasedi", school.tenant, Scopes::all())
        })
        .await;
    let secret = shared.secret.reveal();
    let key = shared.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
    let hmac = Signer::hmac(&shared.credential.token, key);
    let signature = STANDARD.encode(hmac.sign(&format!("POST || {secret} || {NOWHERE}")));
    let (status, body) = post(&app, NOWHERE, Some(secret), &signature).await;
    assert_eq!((status, &body["code"]), (401, &json!("INVALID_SIGNATURE")));
    assert_eq!(reasons(&school).await[0], "SIGNING_KEY_MISSING");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_names_no_mode_leaves_what_was_tried_in_the_log(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let operator = app.operator("Zainab").await;
    for (shown, way, reason) in [
        (Some(school.secret.as_str()), "LEGACY_SIGNATURE", "MODE_MISMATCH"),
        (None, "NONE", "KEY_MISSING"),
    ] {
        let (status, body) = post(&app, "/v1/payment/rest/sandbox/create", shown, "AAAA").await;
        assert_eq!((status, &body["code"]), (401, &json!("INVALID_CREDENTIALS")));
        let log = "{ apiRequests(first: 1) { nodes { way reason outcome } } }";
        let log = operator.ask(log, json!({})).await;
        assert_eq!(
            log.data["apiRequests"]["nodes"][0],
            json!({ "way": way, "reason": reason, "outcome": "DENIED" })
        );
        app.clock.advance(chrono::Duration::milliseconds(1));
    }
}
