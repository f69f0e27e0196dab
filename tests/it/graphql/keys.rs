//! Who gets in: keys, headers and modes.

use crate::support::{Engine, Reply, TestApp, iqd};
use domain::credential::{KeyKind, Scopes, Secret};
use domain::merchant::{Mode, Tenant};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

/// Who am I?
pub const WHO: &str = "{ merchant { id name mode } }";

/// A whole answer but for the id of the request, which is new each time.
fn anonymous_body(mut reply: Reply) -> Value {
    for error in &mut reply.errors {
        let id = error["extensions"]
            .as_object_mut()
            .unwrap()
            .remove("requestId")
            .unwrap();
        assert!(id.as_str().unwrap().starts_with("req_"), "{id}");
    }
    json!({ "status": reply.status.as_u16(), "data": reply.data, "errors": reply.errors })
}

/// A well-formed secret that begins with the token of `secret`; the rest is another.
fn same_token(secret: &str) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let token = secret.strip_prefix("esk_test_").unwrap()[..16].bytes();
    let place = |byte: u8| ALPHABET.iter().position(|known| *known == byte).unwrap();
    let mut entropy: Vec<u8> = token.map(|byte| u8::try_from(place(byte)).unwrap()).collect();
    entropy.resize(96, 7);
    let other = Secret::issue(KeyKind::Merchant(Mode::Test), &entropy)
        .unwrap()
        .reveal()
        .to_owned();
    assert!(other[..25] == secret[..25] && other != secret);
    other
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_key(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let stranger = app.anonymous();
    let before = app.row_counts().await;

    for query in [
        WHO,
        "{ __typename }",
        "{ __schema { types { name } } }",
        "{ nonsense",
        "mutation { nonsense }",
    ] {
        let reply = stranger.ask(query).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{query}");
        assert!(reply.data.is_null());
        reply.fails_with("UNAUTHENTICATED");
    }
    assert_eq!(stranger.ask_with("", WHO).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_key_that_opens_nothing_gets_the_same_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let fired = app.merchant("fired").await;
    service::credential::revoke(&app.app, service::credential::Manager::Console, fired.credential)
        .await
        .unwrap();
    let stranger = app.anonymous();
    let unknown = |kind| Secret::issue(kind, &[1; 96]).unwrap().reveal().to_owned();
    let mut typo = school.secret.clone();
    typo.replace_range(30..31, if &typo[30..31] == "a" { "b" } else { "a" });
    let keys = [
        "x".to_owned(),
        "esk_test_".to_owned(),
        school.secret.to_uppercase(),
        school.secret[..school.secret.len() - 1].to_owned(),
        format!("{}0", school.secret),
        school.secret.replace("esk_test_", "esk_live_"),
        school.secret.replace("esk_test_", "eok_"),
        typo,
        unknown(KeyKind::Merchant(Mode::Test)),
        unknown(KeyKind::Merchant(Mode::Live)),
        unknown(KeyKind::Operator),
        same_token(&school.secret),
        fired.secret.clone(),
        "k".repeat(5_000),
        "' OR '1'='1".to_owned(),
    ];
    let before = app.row_counts().await;
    let expected =
        json!({ "message": "this API key opens nothing", "extensions": { "code": "UNAUTHENTICATED" } });
    for key in keys {
        for query in [WHO, "{ nonsense"] {
            let body = anonymous_body(stranger.ask_with(&key, query).await);
            assert_eq!(
                body,
                json!({ "status": 401, "data": null, "errors": [expected] }),
                "{key}"
            );
        }
    }
    // A wrong X-API-Key is not mended by a right one beside it.
    let both = stranger
        .request(Method::POST, "/graphql")
        .header("x-api-key", "x")
        .bearer_auth(&school.secret);
    let reply = Reply::read(both.json(&json!({ "query": WHO })).send().await.unwrap()).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_opens_nothing_from_the_next_request_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let spare = app.key_of(school.tenant, Scopes::all()).await;
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();

    service::credential::revoke(&app.app, service::credential::Manager::Console, school.credential)
        .await
        .unwrap();
    let before = app.row_counts().await;

    let refused = school.sale(iqd(125_000)).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    refused.fails_with("UNAUTHENTICATED");
    school.ask(WHO, json!({})).await.fails_with("UNAUTHENTICATED");
    assert_eq!(app.row_counts().await, before);
    assert_eq!(
        spare.status(&payment).await,
        "CAPTURED",
        "the other key of the same merchant goes on"
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_come_in_either_header(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let stranger = app.anonymous();
    let headers = [
        ("x-api-key", school.secret.clone()),
        ("X-API-Key", format!(" {} ", school.secret)),
        ("authorization", format!("Bearer {}", school.secret)),
        ("Authorization", format!("bearer {}", school.secret)),
        ("authorization", format!("BEARER   {}", school.secret)),
    ];
    let mine = json!({ "id": school.tenant.merchant.to_string(), "name": "school", "mode": "TEST" });
    for (name, value) in headers {
        let request = stranger.request(Method::POST, "/graphql").header(name, &value);
        let reply = Reply::read(request.json(&json!({ "query": WHO })).send().await.unwrap()).await;
        assert_eq!(reply.data["merchant"], mine, "{name}: {:?}", reply.errors);
    }
    for value in [
        school.secret.clone(),
        format!("Basic {}", school.secret),
        "Bearer".to_owned(),
    ] {
        let request = stranger
            .request(Method::POST, "/graphql")
            .header("authorization", &value);
        let reply = Reply::read(request.json(&json!({ "query": WHO })).send().await.unwrap()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{value}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_sees_its_own_mode_only(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let test = app.merchant("school").await;
    let live = Tenant {
        merchant: test.tenant.merchant,
        mode: Mode::Live,
    };
    let live = app.key_of(live, Scopes::all()).await;

    let rehearsed = test.authorize(iqd(125_000)).await.succeeds().payment();
    let real = live.authorize(iqd(42_000)).await.succeeds().payment();

    assert_eq!(
        (live.payment(&rehearsed).await, test.payment(&real).await),
        (Value::Null, Value::Null)
    );
    assert_eq!(live.payment(&real).await["mode"], "LIVE");
    assert_eq!(test.payment(&rehearsed).await["mode"], "TEST");
    live.capture(&rehearsed, iqd(1))
        .await
        .is_refused_with("PAYMENT_NOT_FOUND");
    test.void(&real).await.is_refused_with("PAYMENT_NOT_FOUND");
    live.capture(&real, iqd(42_000)).await.succeeds();
    assert_eq!(
        (
            live.payable("IQD").await.as_str(),
            test.payable("IQD").await.as_str()
        ),
        ("39060", "0")
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_on_another_node_opens_this_one_for_a_second_at_most(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let here = TestApp::start(engine).await;
    let there = here.another_node().await;
    let school = here.merchant("school").await;
    let seen_there = school.at(&there);
    let opens = async |merchant: &crate::support::Merchant| {
        let reply = merchant.ask("{ __typename }", json!({})).await;
        reply.status == StatusCode::OK
    };
    assert!(opens(&school).await && opens(&seen_there).await);

    service::credential::revoke(
        &here.app,
        service::credential::Manager::Console,
        school.credential,
    )
    .await
    .unwrap();

    assert!(!opens(&school).await, "where it was revoked, at once");
    assert!(opens(&seen_there).await, "elsewhere it was read a moment ago");
    here.clock.advance(chrono::Duration::milliseconds(999));
    assert!(opens(&seen_there).await, "not read anew yet");
    here.clock.advance(chrono::Duration::milliseconds(1));
    assert!(!opens(&seen_there).await);
}
