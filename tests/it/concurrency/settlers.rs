//! Two who settle one operation: the books hear of it once.

use crate::support::{Engine, Gate, Held, TestApp, charge, iqd, on};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;
use service::payment::{Resolved, resolve_unknown_outcomes};
use std::sync::Arc;

const SETTLED: Resolved = Resolved {
    settled: 1,
    still_unknown: 0,
    failed: 0,
};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_sweeps_that_both_got_the_answer_write_one_journal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_patience(engine, Arc::new(Gate::new(Held::Questions, 2))).await;
    let school = app.merchant("school").await;
    let lost = charge(
        iqd(100),
        json!({ "metadata": { "sandbox_fault": "timeout_after_charge" } }),
    );
    let payment = school.send("paymentSale", lost).await.succeeds().payment();
    assert_eq!(school.status(&payment).await, "PROCESSING");
    app.clock.advance(Duration::minutes(10));

    // Both have the provider's answer before either writes it.
    let both = tokio::join!(
        resolve_unknown_outcomes(&app.app, 10),
        resolve_unknown_outcomes(&app.app, 10)
    );

    assert_eq!((both.0.unwrap(), both.1.unwrap()), (SETTLED, SETTLED));
    assert_eq!(school.status(&payment).await, "CAPTURED");
    assert_eq!(app.count("journals").await, 1);
    assert_eq!(captured_events(&app).await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_sweeps_that_settle_one_refund_give_the_money_back_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("timeout_after_charge", "timeout_before_charge")] fault: &str,
) {
    let app = TestApp::with_patience(engine, Arc::new(Gate::new(Held::Questions, 2))).await;
    let school = app.merchant("school").await;
    let sale = charge(iqd(100), json!({ "metadata": { "sandbox_fault_refund": fault } }));
    let payment = school.send("paymentSale", sale).await.succeeds().payment();
    school
        .send("paymentRefund", on(&payment, json!({ "amount": iqd(30) })))
        .await
        .succeeds();
    assert_eq!(
        school.payment(&payment).await["refundPendingAmount"]["amount"],
        "30"
    );
    app.clock.advance(Duration::minutes(10));

    let both = tokio::join!(
        resolve_unknown_outcomes(&app.app, 10),
        resolve_unknown_outcomes(&app.app, 10)
    );

    assert_eq!((both.0.unwrap(), both.1.unwrap()), (SETTLED, SETTLED));
    let now = school.payment(&payment).await;
    let refunded = if fault == "timeout_after_charge" {
        "30"
    } else {
        "0"
    };
    assert_eq!(now["refundedAmount"]["amount"], refunded);
    assert_eq!(now["refundPendingAmount"]["amount"], "0");
    // The sale, the promise, and what became of the promise.
    assert_eq!(app.count("journals").await, 3);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_the_sweep_has_asked_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let asked = tokio::spawn({
        let school = school.clone();
        async move { school.sale(iqd(100)).await }
    });
    gate.reached().await;
    app.clock.advance(Duration::minutes(10));

    assert_eq!(resolve_unknown_outcomes(&app.app, 10).await.unwrap(), SETTLED);
    assert_eq!(app.count("journals").await, 1);
    gate.arrive().await;
    let sale = asked.await.unwrap().succeeds();

    assert_eq!(sale.payment_status(), "CAPTURED");
    assert_eq!(app.count("journals").await, 1);
    assert_eq!(captured_events(&app).await, 1);
    assert_eq!(app.count("integrity_warnings").await, 0, "it said the same");
    app.ledger_ties().await;
}

async fn captured_events(app: &TestApp) -> usize {
    app.events()
        .await
        .iter()
        .filter(|event| event.event_type == "payment.captured")
        .count()
}
