//! Rehearsals: `simulate: true` writes nothing and answers what the real command then answers.

use crate::support::{Engine, Merchant, PAYMENT, Payer, Reply, TestApp, card, charge, iqd, money, on};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// The whole payload: everything but relations.
async fn whole(merchant: &Merchant, mutation: &str, input: &Value) -> Reply {
    let capital = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
    let failure = "failure { reason code message }";
    let refund = format!(
        "refund {{ id operationId amount {{ amount }} reason status {failure} createdAt settledAt }}"
    );
    let refund = if mutation == "paymentRefund" {
        refund
    } else {
        String::new()
    };
    let query = format!(
        "mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ payment {{ {PAYMENT} }} \
         operation {{ id kind status amount {{ amount }} fee {{ amount }} reserve {{ amount }} authCode fraudScore \
         providerReference {failure} reason createdAt settledAt }} {refund} \
         ledgerLines {{ debitAccount creditAccount amount {{ amount currency minor }} code }} \
         userErrors {{ code message field }} idempotentReplay simulated }} }}"
    );
    let reply = merchant.ask(&query, json!({ "input": input })).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    reply.field(mutation)
}

/// A payload without what must differ: ids, what is made of them, and how often the row was written.
fn comparable(mut payload: Value) -> Value {
    for part in ["payment", "operation", "refund"] {
        if let Some(object) = payload[part].as_object_mut() {
            for field in ["id", "operationId", "providerReference", "version"] {
                object.remove(field);
            }
        }
    }
    payload["simulated"].take();
    payload
}

/// Rehearses, sees that nothing was written, does it, and compares. Gives the real answer.
async fn rehearsed_and_done(app: &TestApp, merchant: &Merchant, mutation: &str, mut input: Value) -> Reply {
    let payment = input["id"].as_str().unwrap_or_default().to_owned();
    let (rows, stored) = (app.row_counts().await, merchant.payment(&payment).await);

    input["simulate"] = true.into();
    let rehearsed = whole(merchant, mutation, &input).await;
    assert_eq!(app.row_counts().await, rows, "{mutation}");
    assert_eq!(merchant.payment(&payment).await, stored, "{mutation}");

    input["simulate"] = false.into();
    let done = whole(merchant, mutation, &input).await;
    let refused = !done.codes().is_empty();
    assert_eq!(rehearsed.data["simulated"], !refused, "{mutation}");
    assert_eq!(done.data["simulated"], false, "{mutation}");
    assert_eq!(
        comparable(rehearsed.data),
        comparable(done.data.clone()),
        "{mutation} {input}"
    );
    if refused {
        assert_eq!(app.row_counts().await, rows, "{mutation}");
    } else {
        assert_ne!(app.row_counts().await, rows, "{mutation}");
    }
    done
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsed_first_operation_is_what_it_will_be(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let by = |payer: Payer| json!({ "card": card(payer.number()) });
    let fault = |word: &str| json!({ "metadata": { "sandbox_fault": word } });
    let notes = json!({
        "customer": { "email": "z@example.com", "name": "Zainab" },
        "description": "tuition",
        "merchantReference": "SCH-1",
        "metadata": { "grade": "7" },
    });
    // What is asked for, what becomes of an authorization, what of a sale.
    let table = [
        (by(Payer::Visa), "AUTHORIZED", "CAPTURED"),
        (by(Payer::Mastercard), "AUTHORIZED", "CAPTURED"),
        (by(Payer::Poor), "FAILED", "FAILED"),
        (by(Payer::Declined), "FAILED", "FAILED"),
        (by(Payer::Risky), "FAILED", "FAILED"),
        (notes, "AUTHORIZED", "CAPTURED"),
        (
            json!({ "amount": money("10.30", "USD") }),
            "AUTHORIZED",
            "CAPTURED",
        ),
        (fault("decline"), "FAILED", "FAILED"),
        (fault("unreachable"), "FAILED", "FAILED"),
        (fault("misspelt"), "FAILED", "FAILED"),
        (fault("timeout_after_charge"), "PROCESSING", "PROCESSING"),
        (fault("timeout_before_charge"), "PROCESSING", "PROCESSING"),
        (fault("late_success"), "PROCESSING", "PROCESSING"),
    ];
    for (with, authorized, sold) in table {
        for (mutation, status) in [("paymentAuthorize", authorized), ("paymentSale", sold)] {
            let done = rehearsed_and_done(&app, &school, mutation, charge(iqd(125_000), with.clone())).await;
            assert_eq!(done.payment_status(), status, "{mutation} {with}");
        }
    }
    for wallet in ["FAST_PAY", "FIB", "ZAIN", "ASIA_PAY", "NASS_WALLET"] {
        let input = charge(iqd(125_000), json!({ "gateway": wallet, "card": null }));
        let done = rehearsed_and_done(&app, &school, "paymentSale", input).await;
        assert_eq!(done.payment_status(), "CAPTURED", "{wallet}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_does_not_wait_for_a_provider_that_hangs(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let input = charge(iqd(125_000), json!({ "metadata": { "sandbox_fault": "hang" } }));

    let done = rehearsed_and_done(&app, &school, "paymentSale", input).await;

    assert_eq!(
        (done.payment_status(), &done.data["payment"]["outcomeUnknown"]),
        ("PROCESSING", &json!(true))
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rehearsed_captures_and_voids_are_what_they_will_be(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let hold = async || school.authorize(iqd(125_000)).await.succeeds().payment();
    let capture = |dinars: i64| json!({ "amount": iqd(dinars) });
    let keep = |dinars: i64| json!({ "amount": iqd(dinars), "finalCapture": false });
    let check = async |mutation: &str, payment: &str, with: Value, status: &str| {
        let done = rehearsed_and_done(&app, &school, mutation, on(payment, with)).await;
        assert_eq!(done.payment_status(), status, "{mutation}");
    };

    let payment = hold().await;
    check("paymentCapture", &payment, capture(125_000), "CAPTURED").await;
    let payment = hold().await;
    check("paymentCapture", &payment, json!({}), "CAPTURED").await;
    let payment = hold().await;
    check("paymentCapture", &payment, keep(40_000), "PARTIALLY_CAPTURED").await;
    app.clock.advance(Duration::days(1));
    check("paymentCapture", &payment, keep(25_000), "PARTIALLY_CAPTURED").await;
    check("paymentRefund", &payment, json!({}), "PARTIALLY_REFUNDED").await;
    check("paymentCapture", &payment, capture(10_000), "PARTIALLY_REFUNDED").await;
    let payment = hold().await;
    check(
        "paymentVoid",
        &payment,
        json!({ "reason": "customer canceled" }),
        "VOIDED",
    )
    .await;
    let payment = hold().await;
    check("paymentCapture", &payment, keep(40_000), "PARTIALLY_CAPTURED").await;
    check("paymentVoid", &payment, json!({}), "CAPTURED").await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rehearsed_refunds_are_what_they_will_be(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();
    for (with, status) in [
        (
            json!({ "amount": iqd(25_000), "reason": "returned" }),
            "PARTIALLY_REFUNDED",
        ),
        (json!({ "amount": iqd(40_000) }), "PARTIALLY_REFUNDED"),
        (json!({}), "REFUNDED"),
    ] {
        let done = rehearsed_and_done(&app, &school, "paymentRefund", on(&payment, with)).await;
        assert_eq!(done.payment_status(), status);
        app.clock.advance(Duration::hours(1));
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_fails_as_the_provider_will(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    // The word of the fault, and how far the operation comes at once.
    let table = [
        ("decline", "FAILED"),
        ("unreachable", "FAILED"),
        ("misspelt", "FAILED"),
        ("timeout_after_charge", "OUTCOME_UNKNOWN"),
        ("timeout_before_charge", "OUTCOME_UNKNOWN"),
        ("late_success", "OUTCOME_UNKNOWN"),
    ];
    for (word, status) in table {
        let faults = json!({ "metadata": {
            "sandbox_fault_capture": word, "sandbox_fault_void": word, "sandbox_fault_refund": word,
        } });
        for mutation in ["paymentCapture", "paymentVoid", "paymentRefund"] {
            let first = if mutation == "paymentRefund" {
                "paymentSale"
            } else {
                "paymentAuthorize"
            };
            let payment = school
                .send(first, charge(iqd(125_000), faults.clone()))
                .await
                .succeeds()
                .payment();
            let done = rehearsed_and_done(&app, &school, mutation, on(&payment, json!({}))).await;
            assert_eq!(done.operation("status"), status, "{mutation} {word}");
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_is_refused_as_the_command_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let voided = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.void(&voided).await.succeeds();
    let refunded = school.sale(iqd(125_000)).await.succeeds().payment();
    school.refund(&refunded, iqd(125_000)).await.succeeds();
    let failed = school
        .sale_by(Payer::Poor, iqd(125_000))
        .await
        .succeeds()
        .payment();
    let wallet = |name: &str| charge(iqd(125_000), json!({ "gateway": name, "card": null }));
    let fib = school
        .send("paymentSale", wallet("FIB"))
        .await
        .succeeds()
        .payment();
    let nass = school
        .send("paymentSale", wallet("NASS_WALLET"))
        .await
        .succeeds()
        .payment();
    let fault = json!({ "metadata": { "sandbox_fault_capture": "timeout_after_charge" } });
    let busy = school
        .send("paymentAuthorize", charge(iqd(125_000), fault))
        .await
        .succeeds()
        .payment();
    school.capture(&busy, iqd(125_000)).await.succeeds();
    let mut nobody = held.clone();
    nobody.replace_range(29..30, if held.ends_with('0') { "1" } else { "0" });

    let amount = |dinars: i64| json!({ "amount": iqd(dinars) });
    let dollars = || json!({ "amount": money("1", "USD") });
    let table = [
        ("paymentAuthorize", wallet("FIB"), "CAPTURE_METHOD_NOT_SUPPORTED"),
        (
            "paymentSale",
            charge(iqd(1), json!({ "card": null })),
            "CARD_REQUIRED",
        ),
        (
            "paymentSale",
            charge(iqd(1), json!({ "gateway": "ZAIN" })),
            "CARD_NOT_ALLOWED",
        ),
        (
            "paymentSale",
            charge(money("0.5", "IQD"), json!({})),
            "AMOUNT_TOO_PRECISE",
        ),
        (
            "paymentSale",
            charge(money("1", "GBP"), json!({})),
            "CURRENCY_UNSUPPORTED",
        ),
        (
            "paymentCapture",
            on(&held, amount(125_001)),
            "CAPTURE_EXCEEDS_AUTHORIZED",
        ),
        ("paymentCapture", on(&held, dollars()), "CURRENCY_MISMATCH"),
        ("paymentCapture", on(&sold, json!({})), "PAYMENT_ALREADY_CAPTURED"),
        ("paymentCapture", on(&voided, json!({})), "PAYMENT_WRONG_STATE"),
        ("paymentCapture", on(&nobody, json!({})), "PAYMENT_NOT_FOUND"),
        ("paymentCapture", on("pay_", json!({})), "ID_MALFORMED"),
        ("paymentCapture", on(&busy, json!({})), "OPERATION_IN_PROGRESS"),
        ("paymentVoid", on(&busy, json!({})), "OPERATION_IN_PROGRESS"),
        ("paymentVoid", on(&sold, json!({})), "PAYMENT_CAPTURED_USE_REFUND"),
        ("paymentVoid", on(&voided, json!({})), "PAYMENT_ALREADY_VOIDED"),
        ("paymentVoid", on(&failed, json!({})), "PAYMENT_WRONG_STATE"),
        ("paymentVoid", on(&nobody, json!({})), "PAYMENT_NOT_FOUND"),
        (
            "paymentRefund",
            on(&sold, amount(125_001)),
            "REFUND_EXCEEDS_AVAILABLE",
        ),
        ("paymentRefund", on(&sold, dollars()), "CURRENCY_MISMATCH"),
        ("paymentRefund", on(&held, json!({})), "PAYMENT_NOT_CAPTURED"),
        (
            "paymentRefund",
            on(&refunded, json!({})),
            "PAYMENT_ALREADY_REFUNDED",
        ),
        ("paymentRefund", on(&fib, amount(1)), "REFUND_FULL_ONLY"),
        ("paymentRefund", on(&nass, json!({})), "REFUND_NOT_SUPPORTED"),
        ("paymentRefund", on(&nobody, json!({})), "PAYMENT_NOT_FOUND"),
    ];
    for (mutation, input, code) in table {
        rehearsed_and_done(&app, &school, mutation, input)
            .await
            .is_refused_with(code);
    }
    app.clock.advance(Duration::days(7));
    for mutation in ["paymentCapture", "paymentVoid"] {
        let refused = rehearsed_and_done(&app, &school, mutation, on(&held, json!({}))).await;
        refused.is_refused_with("AUTHORIZATION_EXPIRED");
    }
    app.ledger_ties().await;
}
