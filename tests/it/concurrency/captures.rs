//! Captures and voids that race for the same hold.

use super::outcomes;
use crate::support::{Engine, Gate, Held, Merchant, Reply, TestApp, iqd, until};
use chrono::Duration;
use futures_util::future::join_all;
use rstest::rstest;
use std::sync::Arc;
use tokio::task::JoinHandle;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_and_a_void_at_once_have_one_winner(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut captured = 0;
    for _ in 0..30 {
        let payment = school.authorize(iqd(100)).await.succeeds().payment();

        let (capture, void) = tokio::join!(school.capture(&payment, iqd(100)), school.void(&payment));

        let winners = [&capture, &void].map(|reply| super::outcome(reply) == "DONE");
        let status = school.status(&payment).await;
        match winners {
            [true, false] => {
                captured += 1;
                assert_eq!(status, "CAPTURED");
                let code = super::outcome(&void);
                assert!(
                    ["OPERATION_IN_PROGRESS", "PAYMENT_CAPTURED_USE_REFUND"].contains(&code.as_str()),
                    "{code}"
                );
            }
            [false, true] => {
                assert_eq!(status, "VOIDED");
                let code = super::outcome(&capture);
                assert!(
                    ["OPERATION_IN_PROGRESS", "PAYMENT_WRONG_STATE"].contains(&code.as_str()),
                    "{code}"
                );
            }
            winners => panic!("{winners:?}: {capture:#?} {void:#?}"),
        }
    }
    assert_eq!(app.count("journals").await, captured);
    // The loser has not even been sent: each payment has its authorization and the winner.
    assert_eq!(app.count("operations").await, 60);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_partial_captures_at_once_never_take_more_than_is_held(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(100)).await.succeeds().payment();

    let mut taken = 0;
    // At least one capture of each volley gets through, so ten volleys are enough.
    for volley in 0..10 {
        let replies = join_all((0..20).map(|_| school.capture_and_keep(&payment, iqd(10)))).await;
        let mut outcomes = outcomes(&replies);
        let done = outcomes.remove("DONE").unwrap_or_default();
        assert!(done > 0 || taken == 10, "volley {volley}: {outcomes:?}");
        taken += done;
        outcomes.retain(|code, _| {
            ![
                "OPERATION_IN_PROGRESS",
                "CAPTURE_EXCEEDS_AUTHORIZED",
                "PAYMENT_ALREADY_CAPTURED",
            ]
            .contains(&code.as_str())
        });
        assert!(outcomes.is_empty(), "volley {volley}: {outcomes:?}");
        let now = school.payment(&payment).await;
        assert_eq!(
            now["capturedAmount"]["amount"],
            (taken * 10).to_string(),
            "volley {volley}"
        );
        app.ledger_ties().await;
    }

    assert_eq!(taken, 10);
    assert_eq!(app.count("journals").await, 10);
    assert_eq!(app.count("operations").await, 11);
    assert_eq!(school.status(&payment).await, "CAPTURED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn while_a_capture_is_in_flight_nothing_else_touches_the_hold(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::FollowUps, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(100)).await.succeeds().payment();
    let asked = in_flight(&app, &school, &payment).await;

    let others = [
        school.capture(&payment, iqd(100)).await,
        school.capture_and_keep(&payment, iqd(1)).await,
        school.void(&payment).await,
    ];

    for other in others {
        other.is_refused_with("OPERATION_IN_PROGRESS");
    }
    assert_eq!(app.count("operations").await, 2);
    gate.arrive().await;
    asked.await.unwrap().succeeds();
    assert_eq!(school.status(&payment).await, "CAPTURED");
    app.ledger_ties().await;
}

/// Sends a capture that stays at the provider until the test lets it through the gate.
async fn in_flight(app: &TestApp, school: &Merchant, payment: &str) -> JoinHandle<Reply> {
    let (school, payment) = (school.clone(), payment.to_owned());
    let asked = tokio::spawn(async move { school.capture(&payment, iqd(100)).await });
    until("the capture is sent", async || app.count("operations").await == 2).await;
    asked
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_leaves_a_hold_alone_while_its_capture_is_in_flight(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::FollowUps, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let payment = school.authorize(iqd(100)).await.succeeds().payment();

    let asked = in_flight(&app, &school, &payment).await;
    gate.reached().await;

    app.clock.advance(Duration::days(8));
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 0);
    gate.arrive().await;

    asked.await.unwrap().succeeds();
    assert_eq!(school.status(&payment).await, "CAPTURED");
    app.ledger_ties().await;
}
