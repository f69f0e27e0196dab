//! Declined attempts, and intents that are given up.

use super::checkout::{cancel, intent, made, pay, status};
use crate::support::{Engine, Payer, TestApp};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_declined_attempt_leaves_the_intent_open_for_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, json!({})).await;

    let declined = pay(&school, &id, Payer::Poor).await.succeeds();
    assert_eq!(
        (status(&declined), declined.payment_status()),
        ("CREATED", "FAILED")
    );
    assert_eq!(declined.data["payment"]["failure"]["code"], "51");
    let open = intent(&school, &id).await;
    assert_eq!(declined.data["intent"], open);
    assert_eq!(
        (
            &open["declinedAttempts"],
            &open["remainingAttempts"],
            &open["lastDecline"]["code"]
        ),
        (&json!(1), &json!(4), &json!("51"))
    );
    app.clock.advance(Duration::seconds(1));
    let paid = pay(&school, &id, Payer::Visa).await.succeeds();
    assert_eq!(status(&paid), "SUCCEEDED");
    let done = intent(&school, &id).await;
    assert_eq!(
        (&done["declinedAttempts"], &done["lastDecline"]),
        (&json!(1), &Value::Null)
    );
    let attempts = "query($id: ID!) { intent(id: $id) { attempts { status } } }";
    let attempts = school.ask(attempts, json!({ "id": id })).await;
    assert_eq!(
        attempts.data["intent"]["attempts"],
        json!([{ "status": "FAILED" }, { "status": "CAPTURED" }])
    );
    pay(&school, &id, Payer::Visa)
        .await
        .is_refused_with("INTENT_COMPLETED");
    let refused = cancel(&school, &id).await.is_refused_with("INTENT_COMPLETED");
    assert_eq!(refused.message(), "cannot cancel completed payment intent");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_never_left_is_no_attempt(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, json!({ "metadata": { "sandbox_fault": "unreachable" } })).await;
    let unsent = pay(&school, &id, Payer::Visa).await.succeeds();
    assert_eq!((status(&unsent), unsent.payment_status()), ("CREATED", "FAILED"));
    let open = intent(&school, &id).await;
    assert_eq!(
        (&open["remainingAttempts"], &open["lastDecline"]["reason"]),
        (&json!(5), &json!("NOT_SENT"))
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_decline_is_the_last(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, json!({})).await;
    for left in [4, 3, 2, 1] {
        let declined = pay(&school, &id, Payer::Declined).await.succeeds();
        assert_eq!(
            (status(&declined), &declined.data["intent"]["remainingAttempts"]),
            ("CREATED", &json!(left))
        );
    }
    let last = pay(&school, &id, Payer::Declined).await.succeeds();
    assert_eq!((status(&last), last.payment_status()), ("FAILED", "FAILED"));
    assert_eq!(last.data["intent"]["lastDecline"]["code"], "05");
    let refused = pay(&school, &id, Payer::Visa)
        .await
        .is_refused_with("MAX_ATTEMPTS_REACHED");
    assert_eq!(refused.message(), "maximum payment attempts reached (5)");
    cancel(&school, &id).await.is_refused_with("MAX_ATTEMPTS_REACHED");
    assert_eq!(app.count("payments").await, 5);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_intent_is_paid_by_nobody(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, json!({})).await;
    let canceled = cancel(&school, &id).await.succeeds();
    assert_eq!(
        (status(&canceled), &canceled.data["intent"]["canceledBy"]),
        ("CANCELED", &json!("MERCHANT"))
    );
    let twice = cancel(&school, &id).await.succeeds();
    assert_eq!(twice.data, canceled.data, "once is enough");
    pay(&school, &id, Payer::Visa)
        .await
        .is_refused_with("INTENT_CANCELED");
    assert_eq!(app.count("payments").await, 0);
    app.ledger_ties().await;
}
