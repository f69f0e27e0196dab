//! Signed requests: what is taken, and what each alteration comes to.

use super::{keys, reasons};
use crate::support::{Engine, Merchant, Signer, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

const WHO: &str = "query Who { viewer { way credential { name } } }";

async fn signer(school: &Merchant, kind: &str) -> Signer {
    let input = json!({ "name": "signer", "scopes": ["payments:read"], "signingKey": { "kind": kind } });
    let made = keys(school, "credentialCreate", input).await.succeeds();
    let token = made.data["credential"]["token"].as_str().unwrap();
    let key = made.data["privateKey"].as_str().unwrap();
    if kind == "HMAC_SHA256" {
        Signer::hmac(token, key)
    } else {
        Signer::ed25519(token, key)
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_is_taken_and_its_row_is_the_evidence(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("ED25519", "HMAC_SHA256")] kind: &str,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let signer = signer(&school, kind).await;

    let request = signer.post(WHO, app.now() - Duration::seconds(2), "nonce-0001");
    let answer = request.send(&app.url).await;

    assert_eq!(answer.status(), StatusCode::OK);
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["data"]["viewer"]["way"], "SIGNED_REQUEST");
    let log = "{ apiRequests(first: 1, filter: { operation: \"Who\" }) { nodes { method path operation outcome reason rateLimit \
               driftSeconds bodyHash bodyHashShort apiVersion way ip status mode } } }";
    let log = school.ask(log, json!({})).await;
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&request.body));
    assert_eq!(
        log.data["apiRequests"]["nodes"][0],
        json!({
            "method": "POST", "path": "/graphql", "operation": "Who", "outcome": "PASSED", "reason": null,
            "rateLimit": "ALLOWED", "driftSeconds": 2, "bodyHash": hash, "bodyHashShort": hash[..16],
            "apiVersion": "2026-06-14.basra", "way": "SIGNED_REQUEST", "ip": "127.0.0.1", "status": 200, "mode": "TEST",
        })
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_alteration_is_refused_for_its_own_reason(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let signer = signer(&school, "ED25519").await;
    let now = app.now();
    let fresh = |number: usize| signer.post(WHO, now, &format!("nonce-{number:04}"));
    let mut expected = Vec::new();

    let mut altered = fresh(1);
    altered.body = br#"{"query":"{ viewer { scopes } }"}"#.to_vec();
    expected.push((altered, "BODY_HASH_MISMATCH"));
    // Whoever alters the digest too runs into the signature.
    let mut altered = fresh(2);
    altered.body = br#"{"query":"{ viewer { scopes } }"}"#.to_vec();
    let digest = STANDARD.encode(<sha2::Sha256 as sha2::Digest>::digest(&altered.body));
    *altered.header("content-digest") = format!("sha-256=:{digest}:");
    expected.push((altered, "SIGNATURE_INVALID"));
    let mut altered = fresh(3);
    altered.target = "/graphql?x=1".to_owned();
    expected.push((altered, "SIGNATURE_INVALID"));
    let mut altered = fresh(4);
    *altered.header("x-tahsil-nonce") = "nonce-9999".to_owned();
    expected.push((altered, "SIGNATURE_INVALID"));
    let mut altered = fresh(5);
    *altered.header("x-api-version") = "2025-12-01.tigris".to_owned();
    expected.push((altered, "SIGNATURE_INVALID"));
    let mut altered = fresh(6);
    *altered.header("x-tahsil-timestamp") = (now + Duration::seconds(1)).to_rfc3339();
    expected.push((altered, "SIGNATURE_INVALID"));
    let mut altered = fresh(7);
    let hmac = altered
        .header("x-tahsil-signature")
        .replace("ed25519=", "hmac-sha256=");
    *altered.header("x-tahsil-signature") = hmac;
    expected.push((altered, "SIGNING_KEY_MISSING"));
    let mut altered = fresh(8);
    *altered.header("x-tahsil-signature") = "ed25519=nonsense!".to_owned();
    expected.push((altered, "SIGNATURE_MALFORMED"));
    expected.push((
        signer.post(WHO, now - Duration::seconds(301), "nonce-0009"),
        "CLOCK_DRIFT",
    ));
    expected.push((
        signer.post(WHO, now + Duration::seconds(301), "nonce-0010"),
        "CLOCK_DRIFT",
    ));
    for (place, (request, reason)) in expected.iter().enumerate() {
        app.clock.advance(Duration::milliseconds(1));
        let answer = request.send(&app.url).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{place}: {reason}");
        assert_eq!(reasons(&school).await[0], *reason, "{place}");
    }

    // Not one of them used up its nonce, and 300 seconds are not too many.
    for (number, drift) in [(1, 0), (2, 300), (3, -300)] {
        let request = signer.post(WHO, now + Duration::seconds(drift), &format!("nonce-{number:04}"));
        assert_eq!(request.send(&app.url).await.status(), StatusCode::OK, "{drift}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_bit_of_the_signature_counts(#[values(Engine::Sqlite)] engine: Engine) {
    let settings = [("TAHSIL_LIMIT_REFUSED_KEYS_PER_SECOND", "1000000")];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let signer = signer(&school, "ED25519").await;
    let request = signer.post(WHO, app.now(), "nonce-0001");
    let text = request.clone().header("x-tahsil-signature").clone();
    let signature = STANDARD.decode(text.strip_prefix("ed25519=").unwrap()).unwrap();

    for bit in 0..signature.len() * 8 {
        let mut altered = signature.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let mut request = request.clone();
        *request.header("x-tahsil-signature") = format!("ed25519={}", STANDARD.encode(&altered));
        assert_eq!(
            request.send(&app.url).await.status(),
            StatusCode::UNAUTHORIZED,
            "bit {bit}"
        );
    }
    assert_eq!(request.send(&app.url).await.status(), StatusCode::OK);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_captured_request_is_taken_once_whatever_node_or_restart(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let signer = signer(&school, "ED25519").await;
    let captured = signer.post(WHO, app.now(), "nonce-0001");
    assert_eq!(captured.send(&app.url).await.status(), StatusCode::OK);

    assert_eq!(captured.send(&app.url).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(reasons(&school).await[0], "NONCE_REUSED");
    if engine == Engine::Postgres {
        let there = app.another_node().await;
        assert_eq!(captured.send(&there.url).await.status(), StatusCode::UNAUTHORIZED);
        there.stop().await;
    }
    let app = app.restart().await;
    assert_eq!(captured.send(&app.url).await.status(), StatusCode::UNAUTHORIZED);
    // When its nonce is forgotten, its time refuses it.
    app.clock.advance(Duration::seconds(661));
    service::credential::purge(&app.app, 100).await.unwrap();
    assert_eq!(app.count("nonces").await, 0);
    assert_eq!(captured.send(&app.url).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(reasons(&school.at(&app)).await[0], "CLOCK_DRIFT");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_equal_requests_at_once_one_is_taken(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let signer = signer(&school, "ED25519").await;
    for round in 0..5 {
        let request = signer.post(WHO, app.now(), &format!("nonce-{round:04}"));
        let answers = futures_util::future::join_all((0..8).map(|_| request.send(&app.url))).await;
        let taken = answers
            .iter()
            .filter(|answer| answer.status() == StatusCode::OK)
            .count();
        assert_eq!(taken, 1, "round {round}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_get_and_an_http_message_signature_are_taken(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let input = json!({ "name": "signer", "scopes": ["payments:read"] });
    let made = keys(&school, "credentialCreate", input).await.succeeds();
    let token = made.data["credential"]["token"].as_str().unwrap();
    let signer = Signer::ed25519(token, made.data["privateKey"].as_str().unwrap());
    let target = "/graphql?query=%7B__typename%7D";
    let get = signer.request(Method::GET, target, Vec::new(), app.now(), "nonce-0001");
    assert_eq!(get.send(&app.url).await.status(), StatusCode::OK);

    let mut request = signer.post(WHO, app.now(), "nonce-0002");
    let digest = request.header("content-digest").clone();
    let parameters = format!(
        "(\"@method\" \"@path\" \"content-digest\");created={};keyid=\"{token}\";nonce=\"nonce-0002\";alg=\"ed25519\"",
        app.now().timestamp()
    );
    let base = format!(
        "\"@method\": POST\n\"@path\": /graphql\n\"content-digest\": {digest}\n\"@signature-params\": {parameters}"
    );
    request.headers = vec![
        ("content-digest", digest),
        ("signature-input", format!("sig1={parameters}")),
        (
            "signature",
            format!("sig1=:{}:", STANDARD.encode(signer.sign(&base))),
        ),
    ];
    let answer = request.send(&app.url).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["data"]["viewer"]["way"], "HTTP_SIGNATURE");
    assert_eq!(
        request.send(&app.url).await.status(),
        StatusCode::UNAUTHORIZED,
        "its nonce is used up"
    );

    // A version that nobody signed could be anybody's.
    app.clock.advance(Duration::milliseconds(1));
    request
        .headers
        .push(("x-api-version", "2025-12-01.tigris".to_owned()));
    assert_eq!(request.send(&app.url).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        reasons(&school).await[..2],
        ["SIGNATURE_INCOMPLETE", "NONCE_REUSED"]
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_signing_key_that_was_replaced_goes_on_for_the_overlap(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let input = json!({ "name": "signer", "scopes": ["payments:read"] });
    let made = keys(&school, "credentialCreate", input).await.succeeds();
    let token = made.data["credential"]["token"].as_str().unwrap();
    let old = Signer::ed25519(token, made.data["privateKey"].as_str().unwrap());
    let input = json!({
        "id": made.data["credential"]["id"], "secret": false, "signingKey": { "kind": "ED25519" }, "overlapMinutes": 5,
    });
    let rotated = keys(&school, "credentialRotate", input).await.succeeds();
    assert!(rotated.data["secret"].is_null());
    let new = Signer::ed25519(token, rotated.data["privateKey"].as_str().unwrap());
    let taken = async |signer: &Signer, nonce: &str| {
        signer.post(WHO, app.now(), nonce).send(&app.url).await.status() == StatusCode::OK
    };

    assert!(taken(&old, "nonce-0001").await && taken(&new, "nonce-0002").await);
    app.clock.advance(Duration::minutes(5));
    assert!(!taken(&old, "nonce-0003").await && taken(&new, "nonce-0004").await);
    // A signing key can end by itself, and not from elsewhere.
    let other = keys(
        &school,
        "credentialCreate",
        json!({ "name": "other", "scopes": ["payments:read"] }),
    )
    .await;
    let foreign =
        json!({ "id": other.data["credential"]["id"], "endSigningKeys": [rotated.data["signingKey"]["id"]] });
    let refused = super::command(&school, "credentialUpdate", "", foreign).await;
    assert_eq!(refused.codes(), ["NOT_FOUND"]);
    let own = json!({ "id": made.data["credential"]["id"], "endSigningKeys": [rotated.data["signingKey"]["id"], rotated.data["signingKey"]["id"]] });
    app.clock.advance(Duration::milliseconds(1));
    super::command(&school, "credentialUpdate", "", own)
        .await
        .succeeds();
    assert!(!taken(&new, "nonce-0006").await);
    // Revoked is revoked, signed or not.
    app.clock.advance(Duration::milliseconds(1));
    let input = json!({ "id": made.data["credential"]["id"] });
    super::command(&school, "credentialRevoke", "", input)
        .await
        .succeeds();
    assert!(!taken(&new, "nonce-0005").await);
    assert_eq!(reasons(&school).await[0], "KEY_REVOKED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_knows_a_token_can_neither_keep_us_busy_nor_shut_its_owner_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [
        ("TAHSIL_LIMIT_REFUSED_KEYS_PER_SECOND", "3"),
        ("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "5"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let signer = signer(&school, "ED25519").await;
    assert_eq!(
        signer
            .post(WHO, app.now(), "nonce-0001")
            .send(&app.url)
            .await
            .status(),
        StatusCode::OK
    );
    let mut forged = signer.post(WHO, app.now(), "nonce-0002");
    *forged.header("x-tahsil-nonce") = "nonce-0003".to_owned();

    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(forged.send(&app.url).await.status().as_u16());
    }

    let checked = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(checked, 3 + 5, "{statuses:?}");
    assert!(statuses.ends_with(&[429; 4]), "{statuses:?}");
    app.clock.advance(Duration::milliseconds(200));
    let own = signer.post(WHO, app.now(), "nonce-0004");
    assert_eq!(own.send(&app.url).await.status(), StatusCode::OK);
}
