//! Payers who come too late: what the intent is comes before what is wrong with the attempt, and before what its payment is.

use super::buyer::{Buyer, Waiting, intent_example, with_card};
use super::desk::{Desk, card, with};
use crate::support::{Engine, Gate, Held, Payer, TestApp};
use chrono::Duration;
use domain::merchant::LateSuccess;
use rstest::rstest;
use serde_json::{Value, json};
use service::provider::Provider;
use std::sync::Arc;

/// Attempts that would be refused by themselves.
fn wrong() -> [Value; 3] {
    let number = json!({ "card": with(card(Payer::Visa), "number", "4242424242424241".into()) });
    let expired = json!({ "card": with(card(Payer::Visa), "exp_year", 2020.into()) });
    [
        number,
        expired,
        with(with_card(Payer::Visa), "gateway", "PAYPAL".into()),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_card_at_an_intent_that_is_over_is_told_that_it_is_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let (locked, canceled, paid, expired) = (
        Waiting::at(&desk, intent_example()).await,
        Waiting::at(&desk, intent_example()).await,
        Waiting::at(&desk, intent_example()).await,
        Waiting::at(&desk, intent_example()).await,
    );
    let buyer = Buyer::of(&app);
    for body in wrong() {
        assert_eq!(buyer.pays(&locked, body).await.status, 400, "it is open");
    }
    for _ in 0..5 {
        buyer.pays(&locked, with_card(Payer::Poor)).await;
    }
    desk.post(&super::buyer::cancel(&canceled.id), Value::Null)
        .await
        .is(200);
    buyer.pays(&paid, with_card(Payer::Visa)).await.is(200);
    app.clock.advance(Duration::hours(1));
    let before = app.row_counts().await;
    for (intent, status, code, words) in [
        (
            &locked,
            410,
            "MAX_ATTEMPTS_REACHED",
            "maximum payment attempts reached (5)",
        ),
        (
            &expired,
            410,
            "INTENT_EXPIRED",
            "payment intent expired (valid for 1 hour)",
        ),
        (&canceled, 410, "INTENT_CANCELED", "payment intent canceled"),
        (&paid, 409, "INTENT_COMPLETED", "payment intent already completed"),
    ] {
        for body in wrong() {
            buyer.pays(intent, body).await.turns_away(status, code, words);
        }
    }
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_came_too_late_says_what_the_intent_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(LateSuccess::GiveBack, LateSuccess::Accept)] policy: LateSuccess,
    #[values("automatic", "manual")] capture_method: &str,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as Arc<dyn Provider>).await;
    let school = app.merchant("school").await;
    app.late_money(&school, policy).await;
    let desk = Desk::of(&app, &school);
    let body = with(intent_example(), "capture_method", capture_method.into());
    let intent = Waiting::at(&desk, body).await;
    let buyer = Buyer::of(&app);
    let paying = tokio::spawn({
        let (buyer, intent) = (buyer.clone(), intent.clone());
        async move { buyer.pays(&intent, with_card(Payer::Visa)).await }
    });
    // What is only on its way is not sent any more once it is too late.
    gate.reached().await;
    // Nobody else has asked meanwhile: it is the sender's own answer that is too late.
    app.clock.advance(Duration::hours(2));
    gate.arrive().await;
    let heard = paying.await.unwrap();
    match policy {
        LateSuccess::GiveBack => {
            let words = "payment intent expired (valid for 1 hour)";
            heard.turns_away(410, "INTENT_EXPIRED", words);
            assert!(!heard.text.contains("yourstore.com"), "{}", heard.text);
            assert_eq!(buyer.sees(&intent.id).await.word("status"), "expired");
            assert_eq!(app.give_back().await, 1);
        }
        LateSuccess::Accept => {
            assert_eq!(heard.status, 200, "{}", heard.text);
            assert!(heard.word("redirect_url").contains("/order/success"));
        }
    }
    app.ledger_ties().await;
}
