//! The OpenAPI document: what the code makes, what is checked in, what is served.

use super::buyer::{Buyer, INTENTS, Waiting, cancel, intent_example, with_card};
use super::desk::{AUTHORIZE, Desk, Heard, SALE, charge, charge_on, path};
use super::signed_desk::{LINKS, REFUNDS, SESSIONS, SignedDesk, capture, dinars};
use super::webhook_config::{CONFIG, EVENTS, set};
use crate::support::{Engine, Payer, TestApp};
use domain::credential::Scopes;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tahsil::rest::openapi;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn document() -> Value {
    serde_json::from_str(&openapi::text().unwrap()).unwrap()
}

#[test]
fn the_checked_in_document_is_what_the_code_makes() {
    let kept = fs::read_to_string(Path::new(ROOT).join("openapi.json")).unwrap();
    assert!(kept == openapi::text().unwrap(), "run `make generate`");
}

/// `get /api/v1/payments/{id}` and so on, as the router of a source file writes it.
fn written(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written(&path, found);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for rest in source.split(".route(").skip(1) {
            let route = rest.split('"').nth(1).unwrap();
            let method = rest
                .split('"')
                .nth(2)
                .unwrap()
                .trim_start_matches([',', ' ', '\n']);
            let method = method.split('(').next().unwrap().trim();
            found.insert(format!("{method} {route}"));
        }
    }
}

#[test]
fn a_path_is_in_the_document_if_and_only_if_it_is_served() {
    let mut served = BTreeSet::new();
    written(&Path::new(ROOT).join("src/rest"), &mut served);
    // The document and its page do not describe themselves; what S3's door says of other paths is that they are not there.
    served.retain(|route| !route.contains("/openapi") && !route.contains("{*rest}"));
    // Two names of one route are one function there.
    let served: BTreeSet<String> = served
        .iter()
        .map(|route| match route.strip_prefix("create ") {
            Some(path) => format!("post {path}"),
            None => route.clone(),
        })
        .collect();
    let mut documented = BTreeSet::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        documented.extend(
            item.as_object()
                .unwrap()
                .keys()
                .map(|method| format!("{method} {path}")),
        );
    }
    assert_eq!(documented, served);
    assert!(documented.len() >= 25, "{documented:?}");
}

#[test]
fn the_document_is_whole() {
    let text = openapi::text().unwrap();
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    // Every reference leads somewhere.
    for reference in text.split("\"$ref\": \"#/").skip(1) {
        let pointer = format!("/{}", reference.split('"').next().unwrap());
        assert!(document.pointer(&pointer).is_some(), "{pointer}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{what} says what it does");
            assert!(operation["operationId"].is_string(), "{what} has a name");
            let responses = operation["responses"].as_object().unwrap();
            // A payer has no key to lack something; S3 has one word for all that is on our side.
            let mut statuses = vec!["429", "500"];
            if !path.starts_with("/api/public/") {
                statuses.extend(["400", "401", "403"]);
            }
            if !path.starts_with("/v1/payment/rest/") {
                statuses.extend(["503", "504"]);
            }
            for status in statuses {
                assert!(responses.contains_key(status), "{what} says what {status} is");
            }
            let success = ["200", "201"]
                .iter()
                .any(|status| responses.contains_key(*status));
            assert!(success, "{what} can succeed");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let parts = property["oneOf"].as_array().into_iter().flatten();
            let described = parts
                .chain([property])
                .any(|schema| schema["description"].is_string() || schema["$ref"].is_string());
            assert!(described, "{name}.{field} is described");
        }
    }
}

/// A small part of JSON Schema, enough for this document: types, required, properties, references.
fn fits(document: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        return fits(document, schema, value, place);
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().map(|one| one.as_str().unwrap()).collect(),
        _ => return Err(format!("{place}: a schema without a type: {schema}")),
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.contains(&is) {
        return Err(format!("{place} is {is}, documented as {types:?}"));
    }
    if let Value::Array(items) = value {
        for item in items {
            fits(document, &schema["items"], item, &format!("{place}[]"))?;
        }
    }
    let Value::Object(fields) = value else {
        return Ok(());
    };
    for required in schema["required"].as_array().into_iter().flatten() {
        let name = required.as_str().unwrap();
        if !fields.contains_key(name) {
            return Err(format!("{place}.{name} is documented as always there"));
        }
    }
    for (name, value) in fields {
        let place = format!("{place}.{name}");
        match schema["properties"].get(name) {
            Some(schema) => fits(document, schema, value, &place)?,
            None if schema["additionalProperties"].is_object() => {
                fits(document, &schema["additionalProperties"], value, &place)?;
            }
            None => return Err(format!("{place} is not documented")),
        }
    }
    Ok(())
}

#[track_caller]
fn is_documented(document: &Value, operation: &str, heard: &Heard) {
    let paths = document["paths"].as_object().unwrap().values();
    let mut operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let found = operations
        .find(|found| found["operationId"] == operation)
        .unwrap();
    let schema = &found["responses"][heard.status.to_string()]["content"]["application/json"]["schema"];
    if let Err(wrong) = fits(document, schema, &heard.body, "") {
        panic!("{operation} {}: {wrong}: {}", heard.status, heard.text);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_what_the_document_says(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let document = document();
    let held = desk.post(AUTHORIZE, super::desk::example()).await.is(200);
    is_documented(&document, "authorizePayment", &held);
    let shown = desk.get(&path(held.word("id"), "")).await.is(200);
    is_documented(&document, "getPayment", &shown);
    let capture = path(held.word("id"), "capture");
    for status in [200, 409] {
        let captured = desk.post(&capture, json!({ "amount": 9999 })).await.is(status);
        is_documented(&document, "capturePayment", &captured);
    }
    let back = json!({ "amount": 1, "reason": "returned" });
    let refunded = desk.post(&path(held.word("id"), "refund"), back).await.is(200);
    is_documented(&document, "refundPayment", &refunded);
    let sold = desk.post(SALE, charge(100)).await.is(200);
    is_documented(&document, "salePayment", &sold);
    let declined = desk.post(SALE, charge_on(Payer::Poor, 100)).await.is(402);
    is_documented(&document, "salePayment", &declined);
    let held = desk.authorized(100).await;
    let voided = desk
        .post(&path(&held, "void"), json!({ "reason": "canceled" }))
        .await
        .is(200);
    is_documented(&document, "voidPayment", &voided);
    let list = desk.get("/api/v1/transactions?limit=100").await.is(200);
    is_documented(&document, "listTransactions", &list);
    let one = format!("/api/v1/transactions/{}", sold.word("transaction_id"));
    let one = desk.get(&one).await.is(200);
    is_documented(&document, "getTransaction", &one);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_and_its_page_where_the_editor_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let get =
        async |app: &TestApp, path: &str| client.get(format!("{}{path}", app.url)).send().await.unwrap();
    let plain = TestApp::start(engine).await;
    let served = get(&plain, "/openapi.json").await;
    assert_eq!(served.headers()["content-type"], "application/json");
    assert!(served.text().await.unwrap() == openapi::text().unwrap());
    assert_eq!(get(&plain, "/openapi/").await.status(), 404);

    let open = TestApp::with_settings(engine, &[("TAHSIL_GRAPHIQL", "true")]).await;
    let moved = get(&open, "/openapi").await;
    assert_eq!(
        (moved.status().as_u16(), &moved.headers()["location"]),
        (308, &"/openapi/".parse().unwrap())
    );
    let page = get(&open, "/openapi/").await;
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    let html = page.text().await.unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let files = html
        .split(['"', '\''])
        .filter(|part| part.starts_with("./") || part.ends_with(".css") || part.ends_with(".js"));
    let files: Vec<&str> = files.map(|part| part.trim_start_matches("./")).collect();
    assert!(files.contains(&"swagger-initializer.js"), "{files:?}");
    for file in files {
        let served = get(&open, &format!("/openapi/{file}")).await;
        assert_eq!(served.status(), 200, "{file}");
        let tag = served.headers()["etag"].to_str().unwrap().to_owned();
        let again = client
            .get(format!("{}/openapi/{file}", open.url))
            .header("if-none-match", tag);
        assert_eq!(again.send().await.unwrap().status(), 304, "{file}");
    }
    let start = get(&open, "/openapi/swagger-initializer.js")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        start.contains("\"/openapi.json\"") && !start.contains("petstore"),
        "{start}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn answers_about_intents_and_of_the_signed_door_are_what_the_document_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let document = document();
    let made = desk.post(INTENTS, intent_example()).await.is(201);
    is_documented(&document, "createPaymentIntent", &made);
    let intent = Waiting::read(&made);
    let buyer = Buyer::of(&app);
    is_documented(
        &document,
        "getPublicPaymentIntent",
        &buyer.sees(&intent.id).await.is(200),
    );
    is_documented(
        &document,
        "getPublicPaymentIntent",
        &buyer.sees("pi_1").await.is(404),
    );
    let declined = buyer.pays(&intent, with_card(Payer::Poor)).await.is(402);
    is_documented(&document, "confirmPaymentIntent", &declined);
    let paid = buyer.pays(&intent, with_card(Payer::Visa)).await.is(200);
    is_documented(&document, "confirmPaymentIntent", &paid);
    let again = buyer.pays(&intent, with_card(Payer::Visa)).await.is(409);
    is_documented(&document, "confirmPaymentIntent", &again);
    let late = desk.post(&cancel(&intent.id), json!({})).await.is(409);
    is_documented(&document, "cancelPaymentIntent", &late);
    let other = Waiting::at(&desk, intent_example()).await;
    let canceled = desk.post(&cancel(&other.id), json!({})).await.is(200);
    is_documented(&document, "cancelPaymentIntent", &canceled);

    let signed = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let what = json!({ "amount": dinars("1000"), "title": "School fee", "merchant_reference": "41" });
    let session = signed.post(SESSIONS, what.clone()).await.is(201);
    is_documented(&document, "createCheckoutSession", &session);
    is_documented(
        &document,
        "createPaymentLink",
        &signed.post(LINKS, what).await.is(201),
    );
    is_documented(
        &document,
        "createPaymentLink",
        &signed.post(LINKS, json!({})).await.is(400),
    );
    let held = desk.authorized(9999).await;
    let captured = signed.post(&capture(&held), json!({})).await.is(200);
    is_documented(&document, "capturePaymentSigned", &captured);
    let back = signed
        .post(REFUNDS, json!({ "payment_id": held, "reason": "returned" }))
        .await;
    is_documented(&document, "createRefund", &back.is(201));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn answers_about_webhooks_are_what_the_document_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let document = document();
    let body = json!({ "url": "https://yourapp.example.iq/hook", "event_types": ["card_transaction"] });
    let put = set(&desk, body).await.is(200);
    is_documented(&document, "setWebhookConfig", &put);
    let bad = set(&desk, json!({})).await.is(400);
    is_documented(&document, "setWebhookConfig", &bad);
    let shown = desk.get(CONFIG).await.is(200);
    is_documented(&document, "getWebhookConfig", &shown);
    desk.authorized(9999).await;
    let mut list = desk.get(EVENTS).await.is(200);
    // What it holds is documented where it is shown.
    let payload = list.body["data"]["events"][0]["payload"].take();
    assert!(payload["id"].as_str().unwrap().starts_with("pay_"));
    list.body["data"]["events"][0]["payload"] = json!({});
    is_documented(&document, "listWebhookEvents", &list);
    let gone = desk.raw(Method::DELETE, CONFIG, "", &[]).await.is(200);
    is_documented(&document, "removeWebhookConfig", &gone);
    let none = desk.get(CONFIG).await.is(404);
    is_documented(&document, "getWebhookConfig", &none);
}
