//! `Idempotency-Key` at intents: giving one up, and paying it as its payer.

use super::buyer::{Buyer, Waiting, cancel, confirm, intent_example, with_card};
use super::desk::{Desk, Heard, TIGRIS};
use crate::support::{Engine, Payer, TestApp};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

const INVALID: &str = "invalid request: idempotency key must have 1 to 255 visible ASCII characters";
const REUSED: &str = "idempotency key already used with different request data";

async fn canceling(desk: &Desk, intent: &Waiting, key: &str) -> Heard {
    desk.post_with(&cancel(&intent.id), Value::Null, &[("idempotency-key", key)])
        .await
}

async fn paying(buyer: &Buyer, intent: &Waiting, key: &str, card: Payer) -> Heard {
    let headers = [
        ("x-client-secret", intent.secret.as_str()),
        ("idempotency-key", key),
    ];
    buyer
        .confirms(&confirm(&intent.id), with_card(card), &headers)
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_cancel_stands_for_one_intent_for_a_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let (intent, other) = (
        Waiting::at(&desk, intent_example()).await,
        Waiting::at(&desk, intent_example()).await,
    );
    let first = canceling(&desk, &intent, "stop-1").await.is(200);
    assert_eq!(first.header("idempotent-replayed"), "");
    app.clock.advance(Duration::hours(23));
    let again = canceling(&desk, &intent, "stop-1").await.is(200);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    for version in [TIGRIS.1, "2026-06-14.basra"] {
        let headers = [("idempotency-key", "stop-1"), ("x-api-version", version)];
        let heard = desk.post_with(&cancel(&other.id), Value::Null, &headers).await;
        heard.refuses(409, "IDEMPOTENCY_KEY_REUSED", REUSED);
    }
    let canceled = canceling(&desk, &intent, "stop-2").await.is(200);
    assert_eq!(
        canceled.header("idempotent-replayed"),
        "",
        "twice is once, by another key"
    );
    app.clock.advance(Duration::hours(1));
    let third = Waiting::at(&desk, intent_example()).await;
    let new = canceling(&desk, &third, "stop-1").await.is(200);
    assert_eq!(
        new.header("idempotent-replayed"),
        "",
        "after 24 hours the key is new"
    );
    let told = app.events().await;
    let told = told
        .iter()
        .filter(|event| event.event_type == "payment_intent.canceled");
    assert_eq!(told.count(), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_was_refused_keeps_no_key(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let intent = Waiting::at(&desk, intent_example()).await;
    let long = "k".repeat(256);
    let before = app.row_counts().await;
    for headers in [
        &[("idempotency-key", "")][..],
        &[("idempotency-key", "with space")],
        &[("idempotency-key", &long)],
        &[("idempotency-key", "a"), ("idempotency-key", "b")],
    ] {
        let heard = desk.post_with(&cancel(&intent.id), Value::Null, headers).await;
        heard.refuses(400, "IDEMPOTENCY_KEY_INVALID", INVALID);
        let secret = ("x-client-secret", intent.secret.as_str());
        let headers: Vec<_> = headers.iter().copied().chain([secret]).collect();
        let heard = Buyer::of(&app)
            .confirms(&confirm(&intent.id), with_card(Payer::Visa), &headers)
            .await;
        heard.turns_away(400, "IDEMPOTENCY_KEY_INVALID", INVALID);
    }
    let nobody = Waiting {
        id: "pi_00000000000000000000000000".to_owned(),
        ..intent.clone()
    };
    let heard = canceling(&desk, &nobody, "stop-1").await;
    heard.refuses(404, "NOT_FOUND", "payment intent not found");
    assert_eq!(app.row_counts().await, before);
    // The key is another merchant's own, too.
    let shop = Desk::of(&app, &app.merchant("shop").await);
    let theirs = Waiting::at(&shop, intent_example()).await;
    canceling(&shop, &theirs, "stop-1").await.is(200);
    // Requests of one millisecond have no order.
    app.clock.advance(Duration::milliseconds(1));
    let heard = canceling(&desk, &intent, "stop-1").await.is(200);
    assert_eq!(heard.header("idempotent-replayed"), "");
    let log = "{ apiRequests(first: 1) { nodes { idempotencyKey status made } } }";
    let log = school.ask(log, json!({})).await;
    assert_eq!(
        log.data["apiRequests"]["nodes"][0],
        json!({ "idempotencyKey": "stop-1", "status": 200, "made": [intent.id] })
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payer_who_asks_twice_under_one_key_pays_once_and_hears_the_same(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    let poor = paying(&buyer, &intent, "try-1", Payer::Poor).await;
    let told = paying(&buyer, &intent, "try-1", Payer::Poor).await;
    for heard in [&poor, &told] {
        heard.turns_away(402, "PAYMENT_DECLINED", "card declined: insufficient funds");
        assert_eq!(heard.leaves(), 4, "a repeat is no attempt");
    }
    assert_eq!(
        (
            poor.header("idempotent-replayed"),
            told.header("idempotent-replayed")
        ),
        ("", "true")
    );
    let other = paying(&buyer, &intent, "try-1", Payer::Visa).await;
    other.turns_away(409, "IDEMPOTENCY_KEY_REUSED", REUSED);
    let paid = paying(&buyer, &intent, "try-2", Payer::Visa).await.is(200);
    app.clock.advance(Duration::hours(23));
    let again = paying(&buyer, &intent, "try-2", Payer::Visa).await.is(200);
    assert_eq!(
        again.text, paid.text,
        "not that it is completed, but what came of it"
    );
    assert_eq!(again.header("idempotent-replayed"), "true");
    let late = paying(&buyer, &intent, "try-3", Payer::Visa).await;
    late.turns_away(409, "INTENT_COMPLETED", "payment intent already completed");
    assert_eq!(
        app.count("payments").await,
        2,
        "one that failed and one that paid"
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn payers_and_their_merchant_do_not_use_up_each_others_keys(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let buyer = Buyer::of(&app);
    let mut intents = Vec::new();
    for _ in 0..3 {
        intents.push(Waiting::at(&desk, intent_example()).await);
    }
    let longest = "k".repeat(255);
    for key in ["try-1", &longest] {
        let heard = paying(&buyer, &intents[0], key, Payer::Poor).await;
        assert_eq!((heard.status, heard.header("idempotent-replayed")), (402, ""));
        let heard = paying(&buyer, &intents[1], key, Payer::Poor).await;
        assert_eq!((heard.status, heard.header("idempotent-replayed")), (402, ""));
    }
    let by_the_merchant = "mutation($input: IntentConfirmInput!) { intentConfirm(input: $input) { payment { status } idempotentReplay userErrors { code } } }";
    let card = json!({ "number": "4242424242424242", "expMonth": 6, "expYear": 2028, "cvv": "456" });
    let input =
        json!({ "idempotencyKey": "try-1", "id": intents[2].id, "gateway": "CREDIT_CARD", "card": card });
    let paid = school.ask(by_the_merchant, json!({ "input": input })).await;
    assert_eq!(
        paid.data["intentConfirm"],
        json!({ "payment": { "status": "CAPTURED" }, "idempotentReplay": false, "userErrors": [] })
    );
    app.ledger_ties().await;
}
