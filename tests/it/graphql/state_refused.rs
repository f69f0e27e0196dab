//! Commands that the state of a payment does not allow, in S2's words; a refusal leaves everything as it was.

use crate::support::{Engine, Merchant, Payer, TestApp, card, charge, iqd, on};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// Sends `mutation` on `payment`, which must refuse with `code` and `words` and change nothing.
async fn refuses(
    app: &TestApp,
    merchant: &Merchant,
    (mutation, with): (&str, Value),
    payment: &str,
    code: &str,
    words: &str,
) {
    let (rows, stored) = (app.row_counts().await, merchant.payment(payment).await);

    let refused = merchant
        .send(mutation, on(payment, with))
        .await
        .is_refused_with(code);

    assert_eq!(refused.message(), words, "{mutation}");
    assert_eq!(app.row_counts().await, rows, "{mutation} {code}");
    assert_eq!(merchant.payment(payment).await, stored, "{mutation} {code}");
}

fn capture(dinars: i64) -> (&'static str, Value) {
    ("paymentCapture", json!({ "amount": iqd(dinars) }))
}

fn refund(dinars: i64) -> (&'static str, Value) {
    ("paymentRefund", json!({ "amount": iqd(dinars) }))
}

const VOID: &str = "paymentVoid";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_captures_more_than_is_held(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(125_000)).await.succeeds().payment();
    let (code, words) = (
        "CAPTURE_EXCEEDS_AUTHORIZED",
        "capture amount exceeds authorized amount",
    );

    refuses(&app, &school, capture(125_001), &payment, code, words).await;
    refuses(&app, &school, capture(10_000_000_000), &payment, code, words).await;
    school.capture_and_keep(&payment, iqd(100_000)).await.succeeds();
    refuses(&app, &school, capture(25_001), &payment, code, words).await;
    refuses(&app, &school, capture(125_000), &payment, code, words).await;

    school.capture(&payment, iqd(25_000)).await.succeeds();
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_captures_what_is_not_held_any_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let captured = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture(&captured, iqd(125_000)).await.succeeds();
    let partly = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture(&partly, iqd(1)).await.succeeds();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let voided = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.void(&voided).await.succeeds();
    let failed = school
        .sale_by(Payer::Poor, iqd(125_000))
        .await
        .succeeds()
        .payment();

    let already = ("PAYMENT_ALREADY_CAPTURED", "payment already captured");
    let table = [
        (captured, already),
        (partly, already),
        (sold, already),
        (
            voided,
            ("PAYMENT_WRONG_STATE", "cannot capture a payment that is voided"),
        ),
        (
            failed,
            ("PAYMENT_WRONG_STATE", "cannot capture a payment that is failed"),
        ),
    ];
    for (payment, (code, words)) in table {
        for with in [
            capture(1),
            ("paymentCapture", json!({})),
            ("paymentCapture", json!({ "finalCapture": false })),
        ] {
            refuses(&app, &school, with, &payment, code, words).await;
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_void_is_refused_once_money_was_taken_or_nothing_is_held(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let captured = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture(&captured, iqd(40_000)).await.succeeds();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let refunded = school.sale(iqd(125_000)).await.succeeds().payment();
    school.refund(&refunded, iqd(125_000)).await.succeeds();
    let voided = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.void(&voided).await.succeeds();
    let failed = school
        .sale_by(Payer::Declined, iqd(125_000))
        .await
        .succeeds()
        .payment();

    let use_refund = (
        "PAYMENT_CAPTURED_USE_REFUND",
        "cannot void captured payment (use refund instead)",
    );
    let table = [
        (captured, use_refund),
        (sold, use_refund),
        (refunded, use_refund),
        (voided, ("PAYMENT_ALREADY_VOIDED", "payment already voided")),
        (
            failed,
            ("PAYMENT_WRONG_STATE", "cannot void a payment that is failed"),
        ),
    ];
    for (payment, (code, words)) in table {
        refuses(&app, &school, (VOID, json!({})), &payment, code, words).await;
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_lives_seven_days_to_the_microsecond(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut holds = Vec::new();
    for _ in 0..5 {
        holds.push(school.authorize(iqd(125_000)).await.succeeds().payment());
    }
    let [captured, voided, partly, late, later] = holds.try_into().unwrap();
    let end = app.now() + Duration::days(7);
    assert_eq!(
        school.payment(&late).await["expiresAt"],
        "2026-06-22T10:00:00.000000Z"
    );

    app.clock.set(end - Duration::microseconds(1));
    school.capture(&captured, iqd(125_000)).await.succeeds();
    school.void(&voided).await.succeeds();
    school.capture_and_keep(&partly, iqd(40_000)).await.succeeds();

    let (code, words) = (
        "AUTHORIZATION_EXPIRED",
        "authorization expired (valid for 7 days)",
    );
    for (moment, payment) in [(end, &late), (end + Duration::days(300), &later)] {
        app.clock.set(moment);
        for payment in [payment, &partly] {
            refuses(&app, &school, capture(1), payment, code, words).await;
            refuses(&app, &school, (VOID, json!({})), payment, code, words).await;
        }
    }
    // Swept or not, the answer is the same; what was captured in time stays captured.
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 3);
    for payment in [&late, &later] {
        refuses(&app, &school, capture(1), payment, code, words).await;
        refuses(&app, &school, (VOID, json!({})), payment, code, words).await;
    }
    refuses(
        &app,
        &school,
        capture(1),
        &partly,
        "PAYMENT_ALREADY_CAPTURED",
        "payment already captured",
    )
    .await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_back_more_than_was_taken(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();
    let (code, words) = (
        "REFUND_EXCEEDS_AVAILABLE",
        "refund amount exceeds available amount",
    );

    refuses(&app, &school, refund(125_001), &payment, code, words).await;
    school.refund(&payment, iqd(100_000)).await.succeeds();
    refuses(&app, &school, refund(25_001), &payment, code, words).await;
    refuses(&app, &school, refund(125_000), &payment, code, words).await;
    school.refund(&payment, iqd(25_000)).await.succeeds();

    let (code, words) = ("PAYMENT_ALREADY_REFUNDED", "payment already fully refunded");
    refuses(&app, &school, refund(1), &payment, code, words).await;
    refuses(&app, &school, ("paymentRefund", json!({})), &payment, code, words).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_captured_can_be_refunded(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let voided = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.void(&voided).await.succeeds();
    let failed = school
        .sale_by(Payer::Poor, iqd(125_000))
        .await
        .succeeds()
        .payment();
    let fault = json!({ "metadata": { "sandbox_fault": "timeout_after_charge" } });
    let processing = school
        .send("paymentSale", charge(iqd(125_000), fault))
        .await
        .succeeds();
    assert_eq!(processing.payment_status(), "PROCESSING");

    for payment in [held, voided, failed, processing.payment()] {
        for with in [refund(1), ("paymentRefund", json!({}))] {
            let words = "can only refund captured payments";
            refuses(&app, &school, with, &payment, "PAYMENT_NOT_CAPTURED", words).await;
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_without_an_answer_is_neither_captured_nor_voided(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let fault = json!({ "metadata": { "sandbox_fault": "timeout_after_charge" }, "card": card(Payer::Visa.number()) });
    let lost = school
        .send("paymentAuthorize", charge(iqd(125_000), fault))
        .await
        .succeeds()
        .payment();

    let words = "cannot capture a payment that is processing";
    refuses(&app, &school, capture(1), &lost, "PAYMENT_WRONG_STATE", words).await;
    let words = "cannot void a payment that is processing";
    refuses(
        &app,
        &school,
        (VOID, json!({})),
        &lost,
        "PAYMENT_WRONG_STATE",
        words,
    )
    .await;
    app.ledger_ties().await;
}
