//! Answers that were lost: nothing is failed without proof, and the provider is asked until there is one.

use crate::support::{Engine, Merchant, Payer, Reply, TestApp, card, charge, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};
use service::payment::Resolved;

pub const SETTLED: Resolved = Resolved {
    settled: 1,
    still_unknown: 0,
    failed: 0,
};

const STILL_UNKNOWN: Resolved = Resolved {
    settled: 0,
    still_unknown: 1,
    failed: 0,
};

const NOTHING_DUE: Resolved = Resolved {
    settled: 0,
    still_unknown: 0,
    failed: 0,
};

pub fn faulty(key: &str, word: &str) -> Value {
    charge(iqd(125_000), json!({ "metadata": { key: word } }))
}

/// The replay of a command gives what is known by now.
pub async fn replayed(merchant: &Merchant, mutation: &str, input: &Value) -> Reply {
    let again = merchant.send(mutation, input.clone()).await.succeeds();
    assert_eq!(again.data["idempotentReplay"], true);
    again
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_and_becomes_the_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for (mutation, status, payable) in [
        ("paymentAuthorize", "AUTHORIZED", "0"),
        ("paymentSale", "CAPTURED", "116250"),
    ] {
        let input = faulty("sandbox_fault", "timeout_after_charge");
        let lost = school.send(mutation, input.clone()).await.succeeds();
        let payment = lost.payment();
        assert_eq!(
            (lost.payment_status(), lost.operation("status")),
            ("PROCESSING", "OUTCOME_UNKNOWN")
        );
        assert_eq!(lost.data["payment"]["outcomeUnknown"], true);
        assert!(lost.data["payment"]["failure"].is_null());
        assert_eq!(
            (lost.amount("authorizedAmount"), lost.amount("refundableAmount")),
            ("0", "0")
        );
        assert_eq!(lost.data["ledgerLines"], json!([]));
        assert_eq!(school.payable("IQD").await, "0");
        let unknown_yet = replayed(&school, mutation, &input).await;
        assert_eq!(unknown_yet.payment_status(), "PROCESSING");

        // Asked after five seconds, not before.
        app.clock
            .advance(Duration::seconds(5) - Duration::microseconds(1));
        assert_eq!(app.resolve().await, NOTHING_DUE);
        assert_eq!(school.status(&payment).await, "PROCESSING");
        app.clock.advance(Duration::microseconds(1));
        assert_eq!(app.resolve().await, SETTLED);
        assert_eq!(app.resolve().await, NOTHING_DUE);

        assert_eq!(school.status(&payment).await, status);
        assert_eq!(school.payment(&payment).await["outcomeUnknown"], false);
        assert_eq!(school.payable("IQD").await, payable);
        let known = replayed(&school, mutation, &input).await;
        assert_eq!((known.payment(), known.payment_status()), (payment, status));
        assert_eq!(known.operation("status"), "SUCCEEDED");
        assert_eq!(
            known.data["operation"]["authCode"].as_str().map(str::len),
            Some(6)
        );
        app.ledger_ties().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrived_fails_with_proof(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for mutation in ["paymentAuthorize", "paymentSale"] {
        let input = faulty("sandbox_fault", "timeout_before_charge");
        let lost = school.send(mutation, input.clone()).await.succeeds();
        assert_eq!(
            (lost.payment_status(), &lost.data["payment"]["outcomeUnknown"]),
            ("PROCESSING", &json!(true))
        );

        app.clock.advance(Duration::seconds(5));
        assert_eq!(app.resolve().await, SETTLED);

        let known = replayed(&school, mutation, &input).await;
        let failure =
            json!({ "reason": "NOT_SENT", "code": null, "message": "the provider never got the request" });
        assert_eq!(
            (known.payment_status(), known.operation("status")),
            ("FAILED", "FAILED")
        );
        assert_eq!(known.data["payment"]["failure"], failure);
        assert_eq!(known.data["operation"]["failure"], failure);
        assert_eq!(school.payment(&known.payment()).await["failure"], failure);
    }
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_sent_fails_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let failed = school
        .send("paymentSale", faulty("sandbox_fault", "unreachable"))
        .await
        .succeeds();

    assert_eq!(
        (failed.payment_status(), failed.operation("status")),
        ("FAILED", "FAILED")
    );
    assert_eq!(failed.data["payment"]["failure"]["reason"], "NOT_SENT");
    assert_eq!(failed.data["payment"]["outcomeUnknown"], false);
    app.clock.advance(Duration::hours(1));
    assert_eq!(app.resolve().await, NOTHING_DUE);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_late_success_takes_several_questions(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let input = faulty("sandbox_fault", "late_success");
    let payment = school
        .send("paymentSale", input.clone())
        .await
        .succeeds()
        .payment();

    // 5, 10 and 20 seconds: each question waits twice as long as the one before.
    for (wait, found) in [(5, STILL_UNKNOWN), (10, STILL_UNKNOWN), (20, SETTLED)] {
        app.clock
            .advance(Duration::seconds(wait) - Duration::microseconds(1));
        assert_eq!(app.resolve().await, NOTHING_DUE, "before {wait} s");
        assert_eq!(school.status(&payment).await, "PROCESSING");
        assert_eq!(
            replayed(&school, "paymentSale", &input).await.payment_status(),
            "PROCESSING"
        );
        app.clock.advance(Duration::microseconds(1));
        assert_eq!(app.resolve().await, found, "after {wait} s");
    }

    assert_eq!(
        replayed(&school, "paymentSale", &input).await.payment_status(),
        "CAPTURED"
    );
    assert_eq!(
        school.payment(&payment).await["capturedAt"],
        "2026-06-15T10:00:35.000000Z"
    );
    assert_eq!(school.payable("IQD").await, "116250");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_may_be_a_decline(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut input = faulty("sandbox_fault", "timeout_after_charge");
    input["card"] = card(Payer::Poor.number());
    let payment = school.send("paymentSale", input).await.succeeds().payment();

    app.clock.advance(Duration::seconds(5));
    assert_eq!(app.resolve().await, SETTLED);

    let stored = school.payment(&payment).await;
    assert_eq!(
        (&stored["status"], &stored["failure"]["code"]),
        (&json!("FAILED"), &json!("51"))
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_is_waited_for_until_the_time_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let lost = school
        .send("paymentSale", faulty("sandbox_fault", "hang"))
        .await
        .succeeds();
    assert_eq!(
        (lost.payment_status(), &lost.data["payment"]["outcomeUnknown"]),
        ("PROCESSING", &json!(true))
    );

    app.clock.advance(Duration::seconds(5));
    assert_eq!(app.resolve().await, SETTLED);
    assert_eq!(school.status(&lost.payment()).await, "CAPTURED");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_lives_from_when_it_was_asked_for_and_not_from_when_we_heard(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let lost = school
        .send(
            "paymentAuthorize",
            faulty("sandbox_fault", "timeout_after_charge"),
        )
        .await
        .succeeds();
    let end = app.now() + Duration::days(7);
    app.clock.advance(Duration::days(2));
    assert_eq!(app.resolve().await, SETTLED);
    let held = school.payment(&lost.payment()).await;
    assert_eq!(
        (&held["status"], &held["expiresAt"]),
        (&json!("AUTHORIZED"), &json!("2026-06-22T10:00:00.000000Z"))
    );
    app.clock.set(end);
    assert_eq!(school.status(&lost.payment()).await, "EXPIRED");
    app.ledger_ties().await;
}
