//! Who may not: no key, a wrong one, one without the scope, an operator, another merchant, another mode.

use super::desk::{AUTHORIZE, Desk, Heard, SALE, charge, path};
use crate::support::{Engine, Signer, TestApp};
use domain::credential::{Scope, Scopes};
use domain::merchant::{Mode, Tenant};
use reqwest::{Client, Method, RequestBuilder};
use rstest::rstest;
use serde_json::{Value, json};
use service::credential::NewCredential;

/// Every route with a body that it takes, and the scope that it needs.
fn routes(held: &str, sold: &str, transaction: &str) -> Vec<(Method, String, Value, Scope)> {
    let back = json!({ "amount": 1, "reason": "returned" });
    vec![
        (
            Method::POST,
            AUTHORIZE.to_owned(),
            charge(100),
            Scope::PaymentsCreate,
        ),
        (Method::POST, SALE.to_owned(), charge(100), Scope::PaymentsCreate),
        (
            Method::POST,
            path(held, "capture"),
            json!({ "amount": 1 }),
            Scope::PaymentsCapture,
        ),
        (
            Method::POST,
            path(held, "void"),
            json!({ "reason": "canceled" }),
            Scope::PaymentsCapture,
        ),
        (Method::POST, path(sold, "refund"), back, Scope::RefundsCreate),
        (Method::GET, path(held, ""), Value::Null, Scope::PaymentsRead),
        (
            Method::GET,
            format!("/api/v1/transactions/{transaction}"),
            Value::Null,
            Scope::PaymentsRead,
        ),
        (
            Method::GET,
            "/api/v1/transactions".to_owned(),
            Value::Null,
            Scope::PaymentsRead,
        ),
    ]
}

struct Shelf {
    held: String,
    sold: String,
    transaction: String,
}

async fn shelf(desk: &Desk) -> Shelf {
    let sold = desk.post(SALE, charge(9999)).await.is(200);
    Shelf {
        held: desk.authorized(9999).await,
        sold: sold.word("id").to_owned(),
        transaction: sold.word("transaction_id").to_owned(),
    }
}

async fn send(request: RequestBuilder, body: &Value) -> Heard {
    Heard::read(request.body(body.to_string()).send().await.unwrap()).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_nothing_is_401(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let Shelf {
        held,
        sold,
        transaction,
    } = shelf(&Desk::of(&app, &school)).await;
    let before = app.row_counts().await;
    for (method, path, body, _) in routes(&held, &sold, &transaction) {
        let request = || Client::new().request(method.clone(), format!("{}{path}", app.url));
        let nobody = send(request(), &body).await;
        nobody.refuses(
            401,
            "UNAUTHENTICATED",
            "show an API key: X-API-Key or Authorization: Bearer, or sign the request",
        );
        for wrong in ["esk_test_wrong", "pk_live_your_api_key"] {
            let heard = send(request().header("x-api-key", wrong), &body).await;
            heard.refuses(401, "UNAUTHENTICATED", "this API key opens nothing");
        }
    }
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_route_takes_its_scope_and_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let Shelf {
        held,
        sold,
        transaction,
    } = shelf(&Desk::of(&app, &school)).await;
    let operator = app.operator("Zainab").await;
    for scope in Scope::ALL {
        let words: Vec<&str> = Scope::ALL
            .iter()
            .filter(|other| **other != scope)
            .map(|scope| scope.as_str())
            .collect();
        let lacking: Scopes = words.join(",").parse().unwrap();
        let key = app.key_of(school.tenant, lacking).await;
        for (method, path, body, needed) in routes(&held, &sold, &transaction) {
            if needed != scope {
                continue;
            }
            let before = app.row_counts().await;
            let request = |key: &str| {
                let request = Client::new().request(method.clone(), format!("{}{path}", app.url));
                request.header("x-api-key", key)
            };
            let heard = send(request(&key.secret), &body).await;
            let words = format!("this credential lacks the scope {scope}");
            heard.refuses(403, "INSUFFICIENT_PERMISSIONS", &words);
            let heard = send(request(operator.secret()), &body).await;
            heard.refuses(
                403,
                "INSUFFICIENT_PERMISSIONS",
                "this needs the credential of a merchant",
            );
            assert_eq!(app.row_counts().await, before, "{method} {path}");
        }
    }
    // And the one scope is enough.
    for (method, path, body, scope) in routes(&held, &sold, &transaction) {
        let key = app.key_of(school.tenant, scope.as_str().parse().unwrap()).await;
        let request = Client::new().request(method.clone(), format!("{}{path}", app.url));
        let heard = send(request.header("x-api-key", &key.secret), &body).await;
        let wrong_state = path.ends_with("void");
        assert_eq!(
            heard.status,
            if wrong_state { 409 } else { 200 },
            "{method} {path}: {}",
            heard.text
        );
        if path.ends_with("capture") {
            assert!(
                heard.body["data"].get("card_last4").is_none(),
                "the card is for readers of payments: {}",
                heard.text
            );
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn another_merchant_and_another_mode_find_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let Shelf {
        held,
        sold,
        transaction,
    } = shelf(&Desk::of(&app, &school)).await;
    let live = Tenant {
        mode: Mode::Live,
        ..school.tenant
    };
    let strangers = [app.merchant("shop").await, app.key_of(live, Scopes::all()).await];
    let before = app.row_counts().await;
    for stranger in &strangers {
        let desk = Desk::of(&app, stranger);
        for (method, path, body, _) in routes(&held, &sold, &transaction).split_off(2) {
            let heard = desk.raw(method.clone(), &path, body.to_string(), &[]).await;
            if path.ends_with("transactions") {
                assert_eq!(heard.body["data"]["total"], 0, "{}", heard.text);
            } else {
                assert_eq!(heard.status, 404, "{method} {path}: {}", heard.text);
            }
        }
    }
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_and_a_signature_open_it_too(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let body = charge(9999).to_string();
    let bearer = Client::new()
        .post(format!("{}{SALE}", app.url))
        .bearer_auth(&school.secret)
        .body(body.clone());
    Heard::read(bearer.send().await.unwrap()).await.is(200);

    let issued = app
        .issue(NewCredential::named("signer", school.tenant, Scopes::all()))
        .await;
    let pem = issued.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
    let signer = Signer::ed25519(&issued.credential.token, pem);
    let signed = signer.request(
        Method::POST,
        SALE,
        body.clone().into_bytes(),
        app.now(),
        "nonce-of-a-sale-1",
    );
    Heard::read(signed.send(&app.url).await).await.is(200);
    let replayed = Heard::read(signed.send(&app.url).await).await;
    assert_eq!(replayed.status, 401, "{}", replayed.text);
    let mut altered = signer.request(
        Method::POST,
        SALE,
        body.clone().into_bytes(),
        app.now(),
        "nonce-of-a-sale-2",
    );
    altered.body = body.replace("9999", "9998").into_bytes();
    let heard = Heard::read(altered.send(&app.url).await).await;
    assert_eq!(
        (heard.status, &heard.body["error_code"]),
        (401, &json!("UNAUTHENTICATED"))
    );
    assert_eq!(app.count("payments").await, 2);
}
