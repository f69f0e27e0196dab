//! Intents whose hold ran out: canceled for every reader before any sweep.

use super::checkout::{cancel, intent, made, pay};
use crate::support::{Engine, Merchant, Payer, TestApp};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

async fn listed(merchant: &Merchant, status: &str) -> Vec<String> {
    let query = "query($status: [IntentStatus!]) { intents(first: 100, filter: { status: $status }) { totalCount nodes { id } } }";
    let reply = merchant.ask(query, json!({ "status": [status] })).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    let nodes = reply.data["intents"]["nodes"].as_array().unwrap().clone();
    assert_eq!(reply.data["intents"]["totalCount"], nodes.len());
    nodes
        .iter()
        .map(|node| node["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn public(app: &TestApp, id: &str) -> String {
    let url = format!("{}/api/public/payment-intents/{id}", app.url);
    let body: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    body["data"]["status"].as_str().unwrap().to_owned()
}

fn manual(metadata: Value) -> Value {
    json!({ "captureMethod": "MANUAL", "metadata": metadata })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ran_out_cancels_its_intent_before_any_sweep(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, manual(json!({}))).await;
    pay(&school, &id, Payer::Visa).await.succeeds();
    let end = app.now() + Duration::days(7);

    app.clock.set(end - Duration::microseconds(1));
    let held = intent(&school, &id).await;
    assert_eq!(
        (&held["status"], &held["canceledBy"]),
        (&json!("REQUIRES_CAPTURE"), &Value::Null)
    );
    assert_eq!(listed(&school, "REQUIRES_CAPTURE").await, [id.as_str()]);
    assert_eq!(listed(&school, "CANCELED").await, Vec::<String>::new());

    app.clock.set(end);
    for swept in [0, 1] {
        assert_eq!(
            service::payment::expire_due(&app.app, swept).await.unwrap(),
            swept
        );
        let over = intent(&school, &id).await;
        assert_eq!(
            (&over["status"], &over["canceledBy"]),
            (&json!("CANCELED"), &json!("AUTHORIZATION_EXPIRED"))
        );
        assert_eq!(listed(&school, "REQUIRES_CAPTURE").await, Vec::<String>::new());
        assert_eq!(listed(&school, "CANCELED").await, [id.as_str()]);
        assert_eq!(public(&app, &id).await, "canceled");
        pay(&school, &id, Payer::Visa)
            .await
            .is_refused_with("INTENT_CANCELED");
        cancel(&school, &id).await.succeeds();
        app.ledger_ties().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_waits_for_a_capture_that_was_sent_before_the_hold_ran_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("timeout_after_charge", "timeout_before_charge")] fault: &str,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, manual(json!({ "sandbox_fault_capture": fault }))).await;
    let held = pay(&school, &id, Payer::Visa).await.succeeds();
    let end = app.now() + Duration::days(7);
    app.clock.set(end - Duration::seconds(1));
    let amount = json!({ "amount": "125000", "currency": "IQD" });
    school.capture(&held.payment(), amount).await.succeeds();

    app.clock.set(end);
    assert_eq!(intent(&school, &id).await["status"], "REQUIRES_CAPTURE");
    assert_eq!(listed(&school, "REQUIRES_CAPTURE").await, [id.as_str()]);
    app.ledger_ties().await;

    app.clock.advance(Duration::minutes(10));
    app.resolve().await;
    let became = if fault == "timeout_after_charge" {
        "SUCCEEDED"
    } else {
        "CANCELED"
    };
    assert_eq!(intent(&school, &id).await["status"], became);
    assert_eq!(listed(&school, became).await, [id.as_str()]);
    app.ledger_ties().await;
}
