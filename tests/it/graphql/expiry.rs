//! Holds that run out: readers see it at once, the sweep writes it down later.

use crate::support::{Engine, Merchant, TestApp, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// Ids that the list gives for a status.
async fn listed(merchant: &Merchant, status: &str) -> Vec<String> {
    let query = "query($status: [PaymentStatus!]) { payments(first: 100, filter: { status: $status }) { nodes { id } } }";
    let reply = merchant.ask(query, json!({ "status": [status] })).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    let nodes = reply.data["payments"]["nodes"].as_array().unwrap().clone();
    nodes
        .iter()
        .map(|node| node["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn sweep(app: &TestApp) -> u64 {
    service::payment::expire_due(&app.app, 100).await.unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn readers_see_the_end_of_a_hold_before_any_sweep(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(125_000)).await.succeeds().payment();
    let end = app.now() + Duration::days(7);

    app.clock.set(end - Duration::microseconds(1));
    assert_eq!(sweep(&app).await, 0);
    let stored = school.payment(&payment).await;
    assert_eq!(
        (&stored["status"], &stored["capturableAmount"]["amount"]),
        (&json!("AUTHORIZED"), &json!("125000"))
    );
    assert_eq!(
        (
            listed(&school, "AUTHORIZED").await,
            listed(&school, "EXPIRED").await
        ),
        (vec![payment.clone()], vec![])
    );

    app.clock.set(end);
    let lapsed = school.payment(&payment).await;
    assert_eq!(
        (&lapsed["status"], &lapsed["capturableAmount"]["amount"]),
        (&json!("EXPIRED"), &json!("0"))
    );
    assert_eq!(
        (
            listed(&school, "AUTHORIZED").await,
            listed(&school, "EXPIRED").await
        ),
        (vec![], vec![payment.clone()])
    );
    let node = "query($id: ID!) { node(id: $id) { ... on Payment { status } } nodes(ids: [$id]) { ... on Payment { status } } }";
    let node = school.ask(node, json!({ "id": payment })).await.data;
    assert_eq!(
        (&node["node"]["status"], &node["nodes"][0]["status"]),
        (&json!("EXPIRED"), &json!("EXPIRED"))
    );
    assert_eq!(app.events().await.len(), 1, "nobody has written it down yet");

    assert_eq!(sweep(&app).await, 1);
    let mut swept = school.payment(&payment).await;
    let mut expected = lapsed;
    for field in ["version", "updatedAt"] {
        (swept[field], expected[field]) = (Value::Null, Value::Null);
    }
    assert_eq!(swept, expected, "the sweep changes nothing that anybody sees");
    assert_eq!(listed(&school, "EXPIRED").await, vec![payment.clone()]);
    let event = app.events().await.pop().unwrap();
    assert_eq!(
        (event.event_type.as_str(), event.subject),
        ("payment.expired", payment)
    );
    assert_eq!(sweep(&app).await, 0, "once is enough");
    assert_eq!(app.events().await.len(), 2);
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_partly_captured_hold_that_runs_out_is_captured(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();
    app.clock.advance(Duration::days(7));

    for swept in [0, 1] {
        if swept == 1 {
            assert_eq!(sweep(&app).await, 1);
        }
        let stored = school.payment(&payment).await;
        assert_eq!(stored["status"], "CAPTURED");
        assert_eq!(stored["capturedAmount"]["amount"], "40000");
        assert_eq!(stored["capturableAmount"]["amount"], "0");
        assert_eq!(stored["refundableAmount"]["amount"], "40000");
        assert_eq!(listed(&school, "CAPTURED").await, vec![payment.clone()]);
        assert_eq!(listed(&school, "PARTIALLY_CAPTURED").await, Vec::<String>::new());
    }
    assert_eq!(school.payable("IQD").await, "37200");
    // The payment keeps its money, so it has not expired: it is closed.
    let told: Vec<String> = app
        .events()
        .await
        .into_iter()
        .map(|event| event.event_type)
        .collect();
    assert_eq!(told, ["payment.authorized", "payment.captured", "payment.closed"]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_partly_captured_hold_that_ran_out_can_be_refunded_swept_or_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();
    app.clock.advance(Duration::days(8));

    let first = school.refund(&payment, iqd(25_000)).await.succeeds();
    assert_eq!(first.payment_status(), "PARTIALLY_REFUNDED");
    let last = school.refund(&payment, iqd(15_000)).await.succeeds();
    assert_eq!(last.payment_status(), "REFUNDED");
    assert_eq!(listed(&school, "REFUNDED").await, vec![payment.clone()]);

    assert_eq!(sweep(&app).await, 1);
    assert_eq!(school.status(&payment).await, "REFUNDED");
    assert_eq!(listed(&school, "REFUNDED").await, vec![payment]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_takes_the_oldest_first_and_no_more_than_it_may(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let mut holds = Vec::new();
    for merchant in [&school, &shop, &school, &shop, &school] {
        holds.push(merchant.authorize(iqd(1_000)).await.succeeds().payment());
        app.clock.advance(Duration::minutes(1));
    }
    let voided = school.authorize(iqd(1_000)).await.succeeds().payment();
    school.void(&voided).await.succeeds();
    // The last of the five still has a second.
    app.clock
        .advance(Duration::days(7) - Duration::minutes(1) - Duration::seconds(1));

    let mut swept = Vec::new();
    for expected in [2, 2, 0] {
        assert_eq!(service::payment::expire_due(&app.app, 2).await.unwrap(), expected);
        let events = app.events().await;
        swept = events
            .into_iter()
            .filter(|event| event.event_type == "payment.expired")
            .collect();
    }
    let subjects: Vec<&String> = swept.iter().map(|event| &event.subject).collect();
    assert_eq!(subjects, holds[..4].iter().collect::<Vec<_>>());
    let owners: Vec<&String> = swept.iter().map(|event| &event.merchant).collect();
    let (one, two) = (
        school.tenant.merchant.to_string(),
        shop.tenant.merchant.to_string(),
    );
    assert_eq!(owners, [&one, &two, &one, &two]);
    app.ledger_ties().await;
}
