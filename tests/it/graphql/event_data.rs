//! What an event carries: the object as it was then, as the REST API shows it.

use crate::support::{Engine, Merchant, TestApp, charge, iqd};
use chrono::Duration;
use domain::credential::{Scope, Scopes};
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};

const PAGE: &str = "query($count: Int = 100) { events(first: $count) { nodes { name apiVersion data subjectId subject { id } } } }";

/// The events that a merchant sees, oldest first.
async fn told(app: &TestApp, who: &Merchant) -> Vec<Value> {
    app.number_events().await;
    let reply = who.ask(PAGE, json!({})).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    reply.data["events"]["nodes"].as_array().unwrap().clone()
}

async fn get(app: &TestApp, who: &Merchant, path: &str) -> Value {
    let get = Client::new()
        .get(format!("{}{path}", app.url))
        .header("x-api-key", &who.secret);
    let body: Value = get.send().await.unwrap().json().await.unwrap();
    body["data"].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_looks_in_its_events_as_the_payment_api_showed_it_then(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let with = json!({
        "customer": { "email": "john@example.com", "name": "John Doe" }, "description": "Order #12345",
        "metadata": { "plan": "premium" },
    });
    let held = school.send("paymentAuthorize", charge(iqd(125_000), with)).await;
    let held = held.succeeds().payment();
    let path = format!("/api/v1/payments/{held}");
    let mut shown = vec![get(&app, &school, &path).await];
    app.clock.advance(Duration::minutes(5));
    school.capture(&held, iqd(40_000)).await.succeeds();
    shown.push(get(&app, &school, &path).await);
    school.refund(&held, iqd(15_000)).await.succeeds();
    shown.push(get(&app, &school, &path).await);
    app.clock.advance(Duration::days(30));

    let events = told(&app, &school).await;
    let of_payment: Vec<&Value> = events
        .iter()
        .filter(|event| event["subjectId"] == held.as_str())
        .collect();
    let names: Vec<&Value> = of_payment.iter().map(|event| &event["name"]).collect();
    assert_eq!(
        names,
        ["payment.authorized", "payment.captured", "payment.refunded"]
    );
    let data: Vec<&Value> = of_payment.iter().map(|event| &event["data"]).collect();
    assert_eq!(data, shown.iter().collect::<Vec<_>>());
    assert_eq!(data[0]["card_last4"], "4242");
    assert_eq!(
        data.iter()
            .map(|data| data["status"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["authorized", "captured", "partially_refunded"]
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_known_then_is_not_told_afterwards(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let fault = json!({ "metadata": { "sandbox_fault": "timeout_after_charge" } });
    school
        .send("paymentSale", charge(iqd(1_000), fault))
        .await
        .succeeds();
    // The second time that nobody knows is no news.
    let before = told(&app, &school).await;
    app.clock.advance(Duration::seconds(5));
    app.resolve().await;
    let events = told(&app, &school).await;
    let [asked, known] = events.as_slice() else {
        panic!("{events:#?}")
    };
    assert_eq!(before, std::slice::from_ref(asked));
    assert_eq!(
        (
            &asked["name"],
            &asked["data"]["status"],
            asked["data"].get("auth_code")
        ),
        (&json!("payment.processing"), &json!("processing"), None)
    );
    assert_eq!(
        (&known["name"], &known["data"]["status"]),
        (&json!("payment.captured"), &json!("captured"))
    );
    assert!(known["data"]["auth_code"].is_string(), "{known}");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_events_costs_the_same_however_long_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut costs = Vec::new();
    for count in [2, 25] {
        let app = TestApp::start(engine).await;
        let school = app.merchant("school").await;
        for _ in 0..count {
            let payment = school.sale(iqd(1_000)).await.succeeds().payment();
            school.refund(&payment, iqd(1)).await.succeeds();
        }
        app.number_events().await;
        school.ask("{ viewer { way } }", Value::Null).await;
        app.take_statements();
        let page = "query($count: Int!) { events(first: $count) { edges { node { subjectId data } } } }";
        let reply = school.ask(page, json!({ "count": count * 4 })).await;
        assert_eq!(reply.errors, Vec::<Value>::new());
        let statements = app.take_statements();
        let edges = reply.data["events"]["edges"].as_array().unwrap();
        assert_eq!(edges.len(), count * 4);
        for edge in edges {
            assert_eq!(edge["node"]["data"]["id"], edge["node"]["subjectId"]);
        }
        println!(
            "{count}: {} statements\n{}",
            statements.len(),
            statements.join("\n")
        );
        costs.push(statements.len());
    }
    assert_eq!(costs[0], costs[1]);
    // The page, the cards and the first operations of all of it; the key is believed.
    assert_eq!(costs[0], 3);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_event_says_by_which_version_it_is_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    school.sale(iqd(1_000)).await.succeeds();
    let newest = told(&app, &school).await;
    assert_eq!(newest[0]["apiVersion"], "2026-06-14.basra");
    let asked = Client::new()
        .post(format!("{}/graphql", app.url))
        .header("x-api-key", &school.secret)
        .header("x-api-version", "2025-12-01.tigris")
        .json(&json!({ "query": PAGE }));
    let older: Value = asked.send().await.unwrap().json().await.unwrap();
    let older = &older["data"]["events"]["nodes"][0];
    assert_eq!(older["apiVersion"], "2025-12-01.tigris");
    assert_eq!(older["data"], newest[0]["data"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_sees_events_of_what_its_scopes_let_it_read(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let only = |scope| Scopes::of(&[scope]).unwrap();
    let clerk = app.key_of(school.tenant, only(Scope::PaymentsRead)).await;
    let guard = app.key_of(school.tenant, only(Scope::CredentialsManage)).await;
    school.sale(iqd(1_000)).await.succeeds();
    let revoke = "mutation($id: ID!) { credentialRevoke(input: { id: $id }) { userErrors { code } } }";
    let spare = app.key_of(school.tenant, only(Scope::LogsRead)).await;
    school
        .ask(revoke, json!({ "id": spare.credential.to_string() }))
        .await
        .field("credentialRevoke")
        .succeeds();
    let names = |events: Vec<Value>| -> Vec<String> {
        let name = |event: &Value| event["name"].as_str().unwrap().to_owned();
        events.iter().map(name).collect()
    };
    assert_eq!(
        names(told(&app, &school).await),
        ["payment.captured", "credential.revoked"]
    );
    assert_eq!(names(told(&app, &clerk).await), ["payment.captured"]);
    assert_eq!(names(told(&app, &guard).await), ["credential.revoked"]);
    let asked = "{ events(first: 1, types: [CREDENTIAL_REVOKED]) { nodes { name } } }";
    clerk.ask(asked, Value::Null).await.fails_with("FORBIDDEN");
}
