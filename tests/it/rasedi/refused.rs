//! Who is not served, and why: the table "Common Error Codes" of S3.

use super::{Shop, example};
use crate::support::{EPARA, Engine, TestApp};
use domain::credential::Scopes;
use domain::merchant::{Mode, Tenant};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use service::merchant::MerchantChange;

/// The newest rows of the request log about `path`.
async fn log(app: &TestApp, shop: &Shop, path: &str) -> Vec<Value> {
    let reader = app.key_of(shop.tenant, Scopes::all()).await;
    let query = "query($path: String!) { apiRequests(first: 20, filter: { path: $path }) { nodes { \
                 method path way outcome status reason errorCode idempotencyKey } } }";
    let reply = reader.ask(query, json!({ "path": path })).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    reply.data["apiRequests"]["nodes"].as_array().unwrap().clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_the_merchant_may_not_use_is_a_403(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let change = MerchantChange {
        gateways: Some("FIB,ZAIN".parse().unwrap()),
        ..MerchantChange::default()
    };
    service::merchant::update(&app.app, &app.owner(), shop.tenant.merchant, change)
        .await
        .unwrap();
    let said = shop
        .create(&example(json!({ "gateways": ["FIB", "FAST_PAY"] })))
        .await;
    assert_eq!(said.refused(403), "GATEWAY_NOT_ENABLED");
    assert_eq!(
        said.messages(),
        ["gateway FAST_PAY is not enabled for this account"]
    );
    let said = shop
        .create(&example(json!({ "gateways": ["FIB", "FIB", "ZAIN"] })))
        .await;
    assert_eq!(said.status, 200, "{}", said.text);
    assert_eq!(app.count("intents").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_scopes_say(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    let unknown = "7676c702-a2a7-4996-baf3-09a8d012ed09";
    let key = async |scopes: &str| Shop::with_key(&app, shop.tenant, scopes.parse().unwrap()).await;
    let (reader, maker, other) = (
        key("payments:read").await,
        key("payments:create").await,
        key("reports:read").await,
    );
    // Whoever may not, does not learn what there is either.
    for reference in [reference.as_str(), unknown] {
        for said in [
            reader.cancel(reference).await,
            other.cancel(reference).await,
            maker.status(reference).await,
            other.status(reference).await,
        ] {
            assert_eq!(said.refused(403), "INSUFFICIENT_PERMISSIONS");
        }
    }
    for who in [&reader, &other] {
        let said = who.create(&example(json!({}))).await;
        assert_eq!(said.refused(403), "INSUFFICIENT_PERMISSIONS");
        assert_eq!(
            said.messages(),
            ["this credential lacks the scope payments:create"]
        );
    }
    assert_eq!(reader.status(&reference).await.status, 200);
    assert_eq!(maker.cancel(&reference).await.status, 200);
    for who in [&reader, &maker, &other] {
        assert_eq!(who.public_keys().await.status, 200, "they are no secret");
    }
    let mut rows = log(&app, &shop, "/v1/payment/rest/test/create").await;
    rows.retain(|row| row["outcome"] == "DENIED");
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(
            (&row["reason"], &row["errorCode"]),
            (&json!("SCOPE_MISSING"), &json!("INSUFFICIENT_PERMISSIONS"))
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn payments_of_others_are_not_there(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Live, EPARA).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    let rehearsal = Tenant {
        mode: Mode::Test,
        ..shop.tenant
    };
    let rehearsal = Shop::with_key(&app, rehearsal, Scopes::all()).await;
    let stranger = Shop::open(&app, Mode::Live, EPARA).await;
    // An intent of another door, of the merchant itself.
    let api = super::callbacks::api_intent(&app, &shop).await;
    let api = api.id.reference().to_string();
    for (who, reference) in [(&rehearsal, &reference), (&stranger, &reference), (&shop, &api)] {
        let (status, cancel) = (who.status(reference).await, who.cancel(reference).await);
        assert_eq!(
            (status.refused(404), cancel.refused(404)),
            ("NOT_FOUND", "NOT_FOUND")
        );
        assert_eq!(status.messages(), ["payment not found"]);
        assert_eq!(status.text, cancel.text);
    }
    assert_eq!(shop.status(&reference).await.body["status"], "PENDING");
    // In the path of the other mode the key itself opens nothing.
    let other = format!("/v1/payment/rest/test/status/{reference}");
    let said = shop.send(Method::GET, &other, &[], Vec::new()).await;
    assert_eq!(said.refused(401), "INVALID_CREDENTIALS");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_route_is_not_found_whatever_the_method(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    for (method, route) in [
        (Method::GET, "create".to_owned()),
        (Method::PUT, "init".to_owned()),
        (Method::POST, format!("status/{reference}")),
        (Method::POST, format!("cancel/{reference}")),
        (Method::DELETE, format!("cancel/{reference}")),
        (Method::POST, "get-public-keys".to_owned()),
        (Method::POST, "create/".to_owned()),
        (Method::GET, format!("status/{reference}/more")),
        (Method::GET, "status".to_owned()),
        (Method::GET, "nowhere".to_owned()),
    ] {
        let what = format!("{method} {route}");
        let said = shop.send(method, &shop.path(&route), &[], Vec::new()).await;
        assert_eq!(said.refused(404), "NOT_FOUND", "{what}");
    }
    assert_eq!(shop.status(&reference).await.body["status"], "PENDING");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn commands_and_questions_have_their_limits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let limits = [
        ("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "2"),
        ("TAHSIL_LIMIT_QUERIES_PER_SECOND", "3"),
    ];
    let app = TestApp::with_settings(engine, &limits).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let mut made = Vec::new();
    let throttled = loop {
        let said = shop.create(&example(json!({}))).await;
        if said.status != 200 {
            break said;
        }
        made.push(said.reference());
        assert!(made.len() < 100, "no limit");
    };
    assert_eq!(throttled.refused(429), "RATE_LIMIT_EXCEEDED");
    assert!(
        throttled.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
            >= 1
    );
    let said = shop.cancel(&made[0]).await;
    assert_eq!(
        said.refused(429),
        "RATE_LIMIT_EXCEEDED",
        "cancel is a command too"
    );

    let asked = shop.status(&made[0]).await;
    assert_eq!(asked.status, 200, "a question is none: {}", asked.text);
    let mut questions = 1;
    let throttled = loop {
        let said = shop.status(&made[0]).await;
        if said.status != 200 {
            break said;
        }
        questions += 1;
        assert!(questions < 100, "no limit");
    };
    assert_eq!(throttled.refused(429), "RATE_LIMIT_EXCEEDED");
    app.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(shop.cancel(&made[0]).await.body["status"], "CANCELED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_our_fault_is_a_500_that_says_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let reference = shop.create(&example(json!({}))).await.reference();
    app.sabotage("UPDATE intents SET title = 'x', gateways = 'NONE'")
        .await;
    for said in [shop.status(&reference).await, shop.cancel(&reference).await] {
        assert_eq!(said.refused(500), "INTERNAL_ERROR");
        assert_eq!(said.messages(), ["Server error occurred"]);
    }
    let said = shop.create(&example(json!({}))).await;
    assert_eq!(
        said.status, 200,
        "one broken row stops nobody else: {}",
        said.text
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_makes_one_payment(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let keyed = [("idempotency-key", "order-1241")];
    let first = shop.create_with(&keyed, &example(json!({}))).await;
    let reference = first.reference();
    assert!(!first.headers.contains_key("idempotent-replayed"));
    shop.cancel(&reference).await;
    let again = shop.create_with(&keyed, &example(json!({}))).await;
    assert_eq!(
        again.text, first.text,
        "the first answer, whatever happened since"
    );
    assert_eq!(again.headers["idempotent-replayed"], "true");

    let other = shop
        .create_with(&keyed, &example(json!({ "amount": "200000" })))
        .await;
    assert_eq!(other.refused(409), "IDEMPOTENCY_MISMATCH");
    let malformed = shop
        .create_with(&[("idempotency-key", "")], &example(json!({})))
        .await;
    assert_eq!(malformed.refused(400), "INVALID_REQUEST");
    assert_eq!(app.count("intents").await, 1);

    // Without one, every request makes a payment of its own.
    let (one, two) = (
        shop.create(&example(json!({}))).await,
        shop.create(&example(json!({}))).await,
    );
    assert_ne!(one.reference(), two.reference());
    assert_eq!(app.count("intents").await, 3);

    let rows = log(&app, &shop, "/v1/payment/rest/test/create").await;
    // The clock stands still, so the rows are in no order.
    let with = |field: &str, value: &Value| rows.iter().filter(|row| row[field] == *value).count();
    assert_eq!((rows.len(), with("idempotencyKey", &json!("order-1241"))), (6, 3));
    assert_eq!(with("idempotencyKey", &Value::Null), 3);
    assert_eq!(
        (
            with("status", &json!(200)),
            with("errorCode", &json!("IDEMPOTENCY_MISMATCH"))
        ),
        (4, 1)
    );
    assert_eq!(
        (
            with("way", &json!("LEGACY_SIGNATURE")),
            with("method", &json!("POST"))
        ),
        (6, 6)
    );
    let path = format!("/v1/payment/rest/test/cancel/{reference}");
    assert_eq!(log(&app, &shop, &path).await[0]["method"], "PATCH");
}
