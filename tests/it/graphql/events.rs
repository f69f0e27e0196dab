//! The outbox: every command writes its events, in the transaction of its effect.

use crate::support::{Engine, OutboxEvent, Payer, TestApp, charge, iqd, on};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;

/// The events since the last call.
struct Reader(usize);

impl Reader {
    async fn fresh(&mut self, app: &TestApp) -> Vec<OutboxEvent> {
        let all = app.events().await;
        let fresh = all[self.0..].to_vec();
        self.0 = all.len();
        fresh
    }

    /// The next events are exactly these, about these subjects.
    async fn reads(&mut self, app: &TestApp, expected: &[(&str, &str)]) {
        let fresh = self.fresh(app).await;
        let told: Vec<(&str, &str)> = fresh
            .iter()
            .map(|event| (event.event_type.as_str(), event.subject.as_str()))
            .collect();
        assert_eq!(told, expected);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_command_writes_the_events_of_its_effect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut reader = Reader(0);

    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    reader.reads(&app, &[("payment.authorized", &held)]).await;
    school.capture_and_keep(&held, iqd(40_000)).await.succeeds();
    reader.reads(&app, &[("payment.captured", &held)]).await;
    school.capture(&held, iqd(40_000)).await.succeeds();
    reader.reads(&app, &[("payment.captured", &held)]).await;

    let voided = school.authorize(iqd(125_000)).await.succeeds().payment();
    reader.reads(&app, &[("payment.authorized", &voided)]).await;
    school.void(&voided).await.succeeds();
    reader.reads(&app, &[("payment.voided", &voided)]).await;

    // What was captured stays, so nothing is voided: the payment is closed.
    let closed = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture_and_keep(&closed, iqd(40_000)).await.succeeds();
    school.void(&closed).await.succeeds();
    let told =
        ["payment.authorized", "payment.captured", "payment.closed"].map(|event| (event, closed.as_str()));
    reader.reads(&app, &told).await;

    // A sale is captured and never authorized.
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    reader.reads(&app, &[("payment.captured", &sold)]).await;
    for amount in [iqd(25_000), iqd(100_000)] {
        let refund = school.refund(&sold, amount).await.succeeds();
        let refund = refund.data["refund"]["id"].as_str().unwrap();
        let told = [
            ("refund.created", refund),
            ("refund.succeeded", refund),
            ("payment.refunded", sold.as_str()),
        ];
        reader.reads(&app, &told).await;
    }

    for payer in [Payer::Poor, Payer::Risky] {
        let failed = school.sale_by(payer, iqd(1_000)).await.succeeds().payment();
        reader.reads(&app, &[("payment.failed", &failed)]).await;
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_happen_is_told_where_something_was_promised(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut reader = Reader(0);
    let faults = json!({ "metadata": {
        "sandbox_fault_capture": "decline", "sandbox_fault_void": "decline", "sandbox_fault_refund": "decline",
    } });
    let held = school
        .send("paymentAuthorize", charge(iqd(125_000), faults.clone()))
        .await
        .succeeds()
        .payment();
    let sold = school
        .send("paymentSale", charge(iqd(125_000), faults))
        .await
        .succeeds()
        .payment();
    reader
        .reads(
            &app,
            &[("payment.authorized", &held), ("payment.captured", &sold)],
        )
        .await;

    // The payment is as it was: nobody is told anything.
    school.capture(&held, iqd(1)).await.succeeds();
    school.void(&held).await.succeeds();
    reader.reads(&app, &[]).await;

    let refund = school.refund(&sold, iqd(25_000)).await.succeeds();
    assert_eq!(refund.data["refund"]["status"], "FAILED");
    let refund = refund.data["refund"]["id"].as_str().unwrap();
    reader
        .reads(&app, &[("refund.created", refund), ("refund.failed", refund)])
        .await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_told_once_and_again_when_it_is_known(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut reader = Reader(0);
    let fault = |word: &str| charge(iqd(125_000), json!({ "metadata": { "sandbox_fault": word } }));
    let found = school
        .send("paymentSale", fault("timeout_after_charge"))
        .await
        .succeeds()
        .payment();
    reader.reads(&app, &[("payment.processing", &found)]).await;
    app.clock.advance(Duration::seconds(5));
    app.resolve().await;
    reader.reads(&app, &[("payment.captured", &found)]).await;

    let lost = school
        .send("paymentSale", fault("timeout_before_charge"))
        .await
        .succeeds()
        .payment();
    reader.reads(&app, &[("payment.processing", &lost)]).await;
    app.clock.advance(Duration::seconds(5));
    app.resolve().await;
    reader.reads(&app, &[("payment.failed", &lost)]).await;

    let fault = json!({ "metadata": { "sandbox_fault_refund": "timeout_after_charge" } });
    let sold = school
        .send("paymentSale", charge(iqd(125_000), fault))
        .await
        .succeeds()
        .payment();
    let refund = school.refund(&sold, iqd(25_000)).await.succeeds();
    let refund = refund.data["refund"]["id"].as_str().unwrap().to_owned();
    reader
        .reads(&app, &[("payment.captured", &sold), ("refund.created", &refund)])
        .await;
    app.clock.advance(Duration::seconds(5));
    app.resolve().await;
    reader
        .reads(
            &app,
            &[("refund.succeeded", &refund), ("payment.refunded", &sold)],
        )
        .await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn replays_rehearsals_and_refusals_tell_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut reader = Reader(0);
    let input = charge(iqd(125_000), json!({}));
    let sold = school
        .send("paymentSale", input.clone())
        .await
        .succeeds()
        .payment();
    reader.reads(&app, &[("payment.captured", &sold)]).await;

    school.send("paymentSale", input).await.succeeds();
    school
        .send("paymentSale", charge(iqd(125_000), json!({ "simulate": true })))
        .await
        .succeeds();
    school
        .send("paymentRefund", on(&sold, json!({ "simulate": true })))
        .await
        .succeeds();
    school
        .capture(&sold, iqd(1))
        .await
        .is_refused_with("PAYMENT_ALREADY_CAPTURED");
    school.payment(&sold).await;

    reader.reads(&app, &[]).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_event_carries_its_subject_as_it_was_then(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    app.clock.advance(Duration::minutes(1));
    school.capture(&held, iqd(40_000)).await.succeeds();
    let refund = school.refund(&held, iqd(25_000)).await.succeeds();
    let refund = &refund.data["refund"]["id"];

    let events = app.events().await;
    let [authorized, captured, created, succeeded, refunded] = events.as_slice() else {
        panic!("{events:#?}")
    };
    for event in &events {
        assert_eq!(
            (event.merchant.as_str(), event.mode.as_str()),
            (school.tenant.merchant.to_string().as_str(), "test")
        );
        assert_eq!(event.data["id"], event.subject.as_str());
        // What a payer typed is in no event.
        let text = event.data.to_string();
        assert!(
            !text.contains("4242424242424242") && !text.contains("\"123\""),
            "{text}"
        );
    }
    let dinars = |amount: &serde_json::Value| amount["minor"].as_i64().unwrap() / 1_000;
    assert_eq!(authorized.data["state"]["state"], "authorized");
    assert_eq!(captured.data["state"]["state"], "captured");
    assert_eq!(dinars(&captured.data["state"]["taken"]["captured"]), 40_000);
    assert_eq!(dinars(&captured.data["state"]["taken"]["refunded"]), 0);
    assert_eq!(dinars(&refunded.data["state"]["taken"]["refunded"]), 25_000);
    assert_eq!((&created.data["id"], &succeeded.data["id"]), (refund, refund));
    assert_eq!(created.data["state"]["status"], "pending");
    assert_eq!(succeeded.data["state"]["status"], "succeeded");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_its_event_an_effect_is_not_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let payable = school.payable("IQD").await;

    app.sabotage("ALTER TABLE outbox_events RENAME TO outbox_events_gone")
        .await;
    let sale = charge(iqd(42_000), json!({}));
    let capture = on(&held, json!({}));
    let refund = on(&sold, json!({}));
    for (mutation, input) in [
        ("paymentSale", &sale),
        ("paymentCapture", &capture),
        ("paymentRefund", &refund),
    ] {
        let failed = school.send(mutation, input.clone()).await.fails_with("INTERNAL");
        assert!(failed.data.is_null());
    }
    app.sabotage("ALTER TABLE outbox_events_gone RENAME TO outbox_events")
        .await;

    // Sale and capture are at the provider; neither their status nor their money is written. The refund never began.
    assert_eq!(
        (
            school.status(&held).await.as_str(),
            school.status(&sold).await.as_str()
        ),
        ("AUTHORIZED", "CAPTURED")
    );
    assert_eq!(school.payable("IQD").await, payable);
    assert_eq!(app.count("refunds").await, 0);
    let mut reader = Reader(0);
    reader
        .reads(
            &app,
            &[("payment.authorized", &held), ("payment.captured", &sold)],
        )
        .await;
    app.ledger_ties().await;

    // Asking the provider finishes both, each with its event, and the same requests get their answers.
    app.clock.advance(Duration::minutes(1));
    assert_eq!(app.resolve().await.settled, 2);
    let sale = school.send("paymentSale", sale).await.succeeds();
    assert_eq!(
        (sale.payment_status(), &sale.data["idempotentReplay"]),
        ("CAPTURED", &json!(true))
    );
    let told: std::collections::BTreeSet<String> = reader
        .fresh(&app)
        .await
        .into_iter()
        .map(|event| format!("{} {}", event.event_type, event.subject))
        .collect();
    let expected = [
        format!("payment.captured {held}"),
        format!("payment.captured {}", sale.payment()),
    ];
    assert_eq!(told, expected.into());
    let refund = school.send("paymentRefund", refund).await.succeeds();
    assert_eq!(
        (refund.payment_status(), &refund.data["idempotentReplay"]),
        ("REFUNDED", &json!(false))
    );
    app.ledger_ties().await;
}
