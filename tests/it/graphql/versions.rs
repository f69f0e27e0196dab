//! Commands that say which version they mean.

use crate::support::{Engine, TestApp, fresh_key, iqd, on};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_a_version_that_is_gone_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(10_000)).await.succeeds().payment();
    let seen = school.payment(&payment).await["version"].as_i64().unwrap();
    school.capture_and_keep(&payment, iqd(1_000)).await.succeeds();
    let now = school.payment(&payment).await["version"].as_i64().unwrap();
    assert!(now > seen);

    let before = app.row_counts().await;
    let key = fresh_key();
    let amount = iqd(1_000);
    for (mutation, input) in [
        (
            "paymentCapture",
            json!({ "expectedVersion": seen, "amount": amount, "idempotencyKey": key }),
        ),
        (
            "paymentCapture",
            json!({ "expectedVersion": now + 1, "amount": amount }),
        ),
        (
            "paymentCapture",
            json!({ "expectedVersion": seen, "amount": amount, "simulate": true }),
        ),
        ("paymentVoid", json!({ "expectedVersion": seen })),
        (
            "paymentRefund",
            json!({ "expectedVersion": seen, "amount": amount }),
        ),
    ] {
        let reply = school.send(mutation, on(&payment, input)).await;
        reply.is_refused_with("STALE_VERSION");
    }
    assert_eq!(app.row_counts().await, before);
    // Looked at again, the same key goes on: a refused command keeps none.
    let input =
        json!({ "expectedVersion": now, "amount": amount, "idempotencyKey": key, "finalCapture": false });
    school
        .send("paymentCapture", on(&payment, input.clone()))
        .await
        .succeeds();
    // A repeat finds its first answer, although the payment has moved on by then.
    let again = school
        .send("paymentCapture", on(&payment, input))
        .await
        .succeeds();
    assert_eq!(again.data["idempotentReplay"], true);
    app.ledger_ties().await;
}
