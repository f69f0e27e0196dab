//! Sweeps of a worker: one that waits holds up no other, and not the end either.

use crate::support::{Engine, Gate, Hand, Held, TestApp, charge, iqd, until};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_keeps_no_other_sweep_from_its_work(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // Nobody opens the gate.
    let gate = Arc::new(Gate::new(Held::Questions, 2));
    let settings = [("TAHSIL_ROLE", "all")];
    let app = TestApp::with_settings_and(engine, &settings, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let lost = charge(
        iqd(100),
        json!({ "metadata": { "sandbox_fault": "timeout_after_charge" } }),
    );
    school.send("paymentSale", lost).await.succeeds();
    app.clock.advance(Duration::minutes(10));
    gate.reached().await;

    let till = app.till(&school).await;
    till.intent(|new| new.expires_in = Some(Duration::minutes(5)))
        .await;
    let held = school.authorize(iqd(100)).await.succeeds().payment();
    app.clock.advance(Duration::days(7));
    let hand = Hand::at(&app.database.url).await;
    for (what, over) in [
        (
            "the intent has run out",
            "SELECT COUNT(*) FROM intents WHERE status = 'expired'",
        ),
        (
            "the hold has run out",
            "SELECT COUNT(*) FROM payments WHERE status = 'expired'",
        ),
    ] {
        until(what, async || hand.number(over).await == 1).await;
    }
    assert_eq!(school.status(&held).await, "EXPIRED");

    let begun = Instant::now();
    app.stop().await;
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
