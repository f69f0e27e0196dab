//! Captures, voids and refunds whose answer was lost.

use super::unknown_outcome::{SETTLED, faulty, replayed};
use crate::support::{Engine, TestApp, charge, iqd, on};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};
use service::payment::Resolved;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_without_answer_is_captured_once_it_is_known(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = faulty("sandbox_fault_capture", "timeout_after_charge");
    let payment = school.send("paymentAuthorize", held).await.succeeds().payment();
    let input = on(&payment, json!({ "amount": iqd(40_000) }));

    let lost = school.send("paymentCapture", input.clone()).await.succeeds();
    assert_eq!(
        (lost.payment_status(), lost.operation("status")),
        ("AUTHORIZED", "OUTCOME_UNKNOWN")
    );
    assert_eq!(
        (lost.amount("capturedAmount"), &lost.data["ledgerLines"]),
        ("0", &json!([]))
    );

    app.clock.advance(Duration::seconds(5));
    assert_eq!(app.resolve().await, SETTLED);

    let known = replayed(&school, "paymentCapture", &input).await;
    assert_eq!(
        (known.payment_status(), known.operation("status")),
        ("CAPTURED", "SUCCEEDED")
    );
    assert_eq!(
        (known.amount("capturedAmount"), known.amount("capturableAmount")),
        ("40000", "0")
    );
    assert_eq!(school.payable("IQD").await, "37200");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_never_arrived_leaves_the_hold_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = faulty("sandbox_fault_capture", "timeout_before_charge");
    let payment = school.send("paymentAuthorize", held).await.succeeds().payment();
    let input = on(&payment, json!({ "amount": iqd(40_000) }));
    school.send("paymentCapture", input.clone()).await.succeeds();

    app.clock.advance(Duration::seconds(5));
    assert_eq!(app.resolve().await, SETTLED);

    let known = replayed(&school, "paymentCapture", &input).await;
    assert_eq!(
        (known.payment_status(), known.operation("status")),
        ("AUTHORIZED", "FAILED")
    );
    assert_eq!(known.data["operation"]["failure"]["reason"], "NOT_SENT");
    assert_eq!(known.amount("capturableAmount"), "125000");
    assert!(
        known.data["payment"]["failure"].is_null(),
        "the payment has not failed"
    );
    // Nothing is in the way of the next command.
    school.void(&payment).await.succeeds();
    assert_eq!(school.status(&payment).await, "VOIDED");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_void_without_answer_is_voided_once_it_is_known(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let table = [
        ("timeout_after_charge", "VOIDED", "SUCCEEDED"),
        ("timeout_before_charge", "AUTHORIZED", "FAILED"),
    ];
    for (word, status, operation) in table {
        let held = faulty("sandbox_fault_void", word);
        let payment = school.send("paymentAuthorize", held).await.succeeds().payment();
        let input = on(&payment, json!({ "reason": "customer canceled" }));

        let lost = school.send("paymentVoid", input.clone()).await.succeeds();
        assert_eq!(
            (lost.payment_status(), lost.operation("status")),
            ("AUTHORIZED", "OUTCOME_UNKNOWN")
        );
        app.clock.advance(Duration::seconds(5));
        assert_eq!(app.resolve().await, SETTLED);

        let known = replayed(&school, "paymentVoid", &input).await;
        assert_eq!(
            (known.payment_status(), known.operation("status")),
            (status, operation),
            "{word}"
        );
        let reason = if status == "VOIDED" {
            json!("customer canceled")
        } else {
            Value::Null
        };
        assert_eq!(known.data["payment"]["voidReason"], reason);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_without_answer_keeps_its_amount_reserved(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school
        .send(
            "paymentSale",
            faulty("sandbox_fault_refund", "timeout_after_charge"),
        )
        .await
        .succeeds();
    let payment = payment.payment();
    let input = on(&payment, json!({ "amount": iqd(100_000) }));

    let lost = school.send("paymentRefund", input.clone()).await.succeeds();
    assert_eq!(
        (lost.payment_status(), lost.operation("status")),
        ("CAPTURED", "OUTCOME_UNKNOWN")
    );
    assert_eq!(lost.data["refund"]["status"], "PENDING");
    assert_eq!(
        (lost.amount("refundPendingAmount"), lost.amount("refundedAmount")),
        ("100000", "0")
    );
    assert_eq!(lost.amount("refundableAmount"), "25000");
    // The merchant does not own it any more, the payer does not have it yet.
    assert_eq!(school.payable("IQD").await, "16250");
    app.ledger_ties().await;

    // What is promised cannot be promised again; what is left can, while the first is still open.
    school
        .refund(&payment, iqd(25_001))
        .await
        .is_refused_with("REFUND_EXCEEDS_AVAILABLE");
    let second = school.refund(&payment, iqd(25_000)).await.succeeds();
    assert_eq!(
        (
            second.amount("refundPendingAmount"),
            second.amount("refundableAmount")
        ),
        ("125000", "0")
    );
    school
        .send("paymentRefund", on(&payment, json!({})))
        .await
        .is_refused_with("REFUND_EXCEEDS_AVAILABLE");

    app.clock.advance(Duration::seconds(5));
    assert_eq!(
        app.resolve().await,
        Resolved {
            settled: 2,
            still_unknown: 0,
            failed: 0
        }
    );

    let known = replayed(&school, "paymentRefund", &input).await;
    assert_eq!(
        (known.operation("status"), &known.data["refund"]["status"]),
        ("SUCCEEDED", &json!("SUCCEEDED"))
    );
    assert_eq!(school.status(&payment).await, "REFUNDED");
    assert_eq!(
        school.payment(&payment).await["refundPendingAmount"]["amount"],
        "0"
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_did_not_happen_returns_its_reservation(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let table = [
        ("timeout_before_charge", "NOT_SENT"),
        ("unreachable", "NOT_SENT"),
        ("decline", "DO_NOT_HONOR"),
    ];
    for (word, reason) in table {
        let payable = school.payable("IQD").await;
        let sold = faulty("sandbox_fault_refund", word);
        let payment = school.send("paymentSale", sold).await.succeeds().payment();
        let input = on(&payment, json!({ "amount": iqd(100_000) }));
        school.send("paymentRefund", input.clone()).await.succeeds();
        app.clock.advance(Duration::seconds(5));
        app.resolve().await;

        let known = replayed(&school, "paymentRefund", &input).await;
        assert_eq!(
            (known.payment_status(), known.operation("status")),
            ("CAPTURED", "FAILED"),
            "{word}"
        );
        assert_eq!(known.data["refund"]["status"], "FAILED");
        assert_eq!(known.data["operation"]["failure"]["reason"], reason);
        let stored = school.payment(&payment).await;
        assert_eq!(stored["refundPendingAmount"]["amount"], "0");
        assert_eq!(stored["refundedAmount"]["amount"], "0");
        assert_eq!(stored["refundableAmount"]["amount"], "125000", "{word}");
        assert_eq!(stored["status"], "CAPTURED");
        let owed = payable.parse::<i64>().unwrap() + 116_250;
        assert_eq!(school.payable("IQD").await, owed.to_string(), "{word}");
        app.ledger_ties().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_open_capture_or_void_keeps_others_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let faults = json!({ "metadata": {
        "sandbox_fault_capture": "timeout_after_charge", "sandbox_fault_void": "timeout_after_charge",
    } });
    for first in ["paymentCapture", "paymentVoid"] {
        let held = charge(iqd(125_000), faults.clone());
        let payment = school.send("paymentAuthorize", held).await.succeeds().payment();
        let lost = school.send(first, on(&payment, json!({}))).await.succeeds();
        assert_eq!(lost.operation("status"), "OUTCOME_UNKNOWN");

        let (rows, stored) = (app.row_counts().await, school.payment(&payment).await);
        for (second, with) in [
            ("paymentCapture", json!({})),
            (
                "paymentCapture",
                json!({ "amount": iqd(1), "finalCapture": false }),
            ),
            ("paymentVoid", json!({})),
        ] {
            let refused = school
                .send(second, on(&payment, with))
                .await
                .is_refused_with("OPERATION_IN_PROGRESS");
            assert_eq!(
                refused.message(),
                "another operation on this payment is still in progress"
            );
        }
        school
            .refund(&payment, iqd(1))
            .await
            .is_refused_with("PAYMENT_NOT_CAPTURED");
        assert_eq!(
            (app.row_counts().await, school.payment(&payment).await),
            (rows, stored)
        );

        app.clock.advance(Duration::seconds(5));
        assert_eq!(app.resolve().await, SETTLED);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_captured_before_can_be_refunded_while_a_capture_is_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = faulty("sandbox_fault_capture", "timeout_after_charge");
    let payment = school.send("paymentAuthorize", held).await.succeeds().payment();
    school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();
    app.clock.advance(Duration::seconds(5));
    assert_eq!(app.resolve().await, SETTLED);
    school.capture_and_keep(&payment, iqd(25_000)).await.succeeds();

    let refunded = school.refund(&payment, iqd(40_000)).await.succeeds();
    assert_eq!(
        (refunded.payment_status(), refunded.amount("refundedAmount")),
        ("PARTIALLY_REFUNDED", "40000")
    );

    app.clock.advance(Duration::seconds(5));
    assert_eq!(app.resolve().await, SETTLED);
    let stored = school.payment(&payment).await;
    assert_eq!(stored["capturedAmount"]["amount"], "65000");
    assert_eq!(stored["refundableAmount"]["amount"], "25000");
    assert_eq!(stored["capturableAmount"]["amount"], "60000");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_sent_in_time_counts_although_its_answer_comes_after_the_hold_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = faulty("sandbox_fault_capture", "timeout_after_charge");
    let payment = school.send("paymentAuthorize", held).await.succeeds().payment();
    app.clock.advance(Duration::days(7) - Duration::seconds(1));
    school.capture(&payment, iqd(125_000)).await.succeeds();
    app.clock.advance(Duration::days(1));

    // The sweep leaves the hold alone: the provider may have taken the money in time. Readers are told nothing else.
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 0);
    assert_eq!(school.status(&payment).await, "AUTHORIZED");
    for (status, found) in [("AUTHORIZED", 1), ("EXPIRED", 0)] {
        let query = format!("{{ payments(first: 1, filter: {{ status: [{status}] }}) {{ totalCount }} }}");
        assert_eq!(
            school.ask(&query, json!({})).await.data["payments"]["totalCount"],
            found,
            "{status}"
        );
    }
    assert_eq!(app.resolve().await, SETTLED);

    assert_eq!(school.status(&payment).await, "CAPTURED");
    assert_eq!(school.payable("IQD").await, "116250");
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 0);
    let told: Vec<String> = app
        .events()
        .await
        .into_iter()
        .map(|event| event.event_type)
        .collect();
    assert_eq!(told, ["payment.authorized", "payment.captured"]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_whose_open_capture_never_arrived_expires_after_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = faulty("sandbox_fault_capture", "timeout_before_charge");
    let payment = school.send("paymentAuthorize", held).await.succeeds().payment();
    app.clock.advance(Duration::days(7) - Duration::seconds(1));
    school.capture(&payment, iqd(125_000)).await.succeeds();
    app.clock.advance(Duration::days(1));

    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 0);
    assert_eq!(app.resolve().await, SETTLED);
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 1);

    assert_eq!(school.status(&payment).await, "EXPIRED");
    let told: Vec<String> = app
        .events()
        .await
        .into_iter()
        .map(|event| event.event_type)
        .collect();
    assert_eq!(told, ["payment.authorized", "payment.expired"]);
    app.ledger_ties().await;
}
