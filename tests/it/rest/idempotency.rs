//! `Idempotency-Key`: asking twice does once.

use super::desk::{AUTHORIZE, Desk, SALE, charge, charge_on, example, path, with};
use crate::support::{Engine, Gate, Held, Payer, TestApp, charge as input, until};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;
use service::provider::Provider;
use std::sync::Arc;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gives_the_first_answer_whatever_has_happened_since(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let key = [("idempotency-key", "order-12345")];
    let first = desk.post_with(AUTHORIZE, example(), &key).await.is(200);
    assert_eq!(first.header("idempotent-replayed"), "");
    let payment = first.word("id");
    let steps = [
        ("capture", json!({ "amount": 9999 })),
        ("refund", json!({ "amount": 2500, "reason": "returned" })),
    ];
    let mut answers = Vec::new();
    for (command, body) in &steps {
        // Each command has keys of its own.
        let heard = desk.post_with(&path(payment, command), body.clone(), &key).await;
        answers.push(heard.is(200));
    }
    app.clock.advance(Duration::hours(23));
    let again = desk.post_with(AUTHORIZE, example(), &key).await.is(200);
    assert_eq!(again.text, first.text, "still authorized, as it was");
    assert_eq!(again.header("idempotent-replayed"), "true");
    for ((command, body), first) in steps.iter().zip(&answers) {
        let again = desk.post_with(&path(payment, command), body.clone(), &key).await;
        assert_eq!((again.status, &again.text), (200, &first.text));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    assert_eq!(app.count("operations").await, 3);
    app.clock.advance(Duration::hours(1));
    let new = desk.post_with(AUTHORIZE, example(), &key).await.is(200);
    assert_ne!(new.word("id"), payment, "after 24 hours the key is new");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_decline_is_the_same_decline(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let key = [("idempotency-key", "order-12345")];
    let first = desk.post_with(SALE, charge_on(Payer::Poor, 9999), &key).await;
    let again = desk.post_with(SALE, charge_on(Payer::Poor, 9999), &key).await;
    assert_eq!((first.status, again.status), (402, 402));
    for field in ["error", "error_code", "payment_id", "transaction_id"] {
        assert_eq!(first.body[field], again.body[field], "{field}");
    }
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(app.count("payments").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_every_request_is_done(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let headers = [("x-request-id", "the-clients-own")];
    for _ in 0..2 {
        let heard = desk.post_with(SALE, charge(9999), &headers).await.is(200);
        assert_eq!(heard.header("idempotent-replayed"), "");
    }
    assert_eq!(app.count("payments").await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let long = "k".repeat(256);
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    for headers in [
        &[("idempotency-key", "")][..],
        &[("idempotency-key", "with space")],
        &[("idempotency-key", &long)],
        &twice,
    ] {
        let heard = desk.post_with(SALE, charge(9999), headers).await;
        heard.refuses(
            400,
            "IDEMPOTENCY_KEY_INVALID",
            "invalid request: idempotency key must have 1 to 255 visible ASCII characters",
        );
    }
    assert_eq!(app.count("payments").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_command_on_both_doors(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let told = json!({
        "idempotencyKey": "order-1", "amount": { "amount": "99.99", "currency": "USD" },
        "card": { "number": "4242424242424242", "cardholderName": "Jane Smith", "expMonth": 6, "expYear": 2028, "cvv": "456" },
    });
    let sold = school
        .send("paymentSale", input(json!({}), told))
        .await
        .succeeds()
        .payment();
    let key = [("idempotency-key", "order-1")];
    let heard = desk.post_with(SALE, charge(9999), &key).await.is(200);
    assert_eq!(heard.word("id"), sold);
    assert_eq!(heard.header("idempotent-replayed"), "true");
    let other = desk
        .post_with(SALE, with(charge(9999), "amount", 1.into()), &key)
        .await;
    assert_eq!(other.status, 409);
    assert_eq!(app.count("payments").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_first_request_is_under_way_says_when_to_ask_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as Arc<dyn Provider>).await;
    let desk = Arc::new(Desk::of(&app, &app.merchant("school").await));
    let key = [("idempotency-key", "order-1")];
    let first = tokio::spawn({
        let desk = Arc::clone(&desk);
        async move { desk.post_with(SALE, charge(9999), &key).await }
    });
    until("the sale is at the provider", async || {
        app.count("operations").await == 1
    })
    .await;
    let second = desk.post_with(SALE, charge(9999), &key).await;
    second.refuses(
        409,
        "IDEMPOTENCY_IN_PROGRESS",
        "a request with this idempotency key is still in progress",
    );
    assert_eq!(second.header("retry-after"), "1");
    gate.arrive().await;
    let first = first.await.unwrap().is(200);
    let again = desk.post_with(SALE, charge(9999), &key).await.is(200);
    assert_eq!(first.text, again.text);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_void_gives_the_first_answer(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let (payment, key) = (desk.authorized(9999).await, [("idempotency-key", "void-1")]);
    let body = json!({ "reason": "Customer requested order cancellation" });
    let first = desk
        .post_with(&path(&payment, "void"), body.clone(), &key)
        .await
        .is(200);
    app.clock.advance(Duration::hours(23));
    let again = desk.post_with(&path(&payment, "void"), body, &key).await.is(200);
    assert_eq!(again.text, first.text, "not that it is voided already");
    assert_eq!(
        (
            first.header("idempotent-replayed"),
            again.header("idempotent-replayed")
        ),
        ("", "true")
    );
    assert_eq!(app.count("operations").await, 2);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_later_command_with_other_data_is_409(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let key = [("idempotency-key", "order-1")];
    let (held, sold) = (desk.authorized(9999).await, desk.sold(9999).await);
    let (other_held, other_sold) = (desk.authorized(9999).await, desk.sold(9999).await);
    let to_void = desk.authorized(9999).await;
    for (command, payment, body, changed, elsewhere) in [
        (
            "capture",
            &held,
            json!({ "amount": 5000 }),
            json!({ "amount": 5001 }),
            &other_held,
        ),
        (
            "void",
            &to_void,
            json!({ "reason": "canceled" }),
            json!({ "reason": "another" }),
            &other_held,
        ),
        (
            "refund",
            &sold,
            json!({ "amount": 2500, "reason": "returned" }),
            json!({ "amount": 2501, "reason": "returned" }),
            &other_sold,
        ),
    ] {
        desk.post_with(&path(payment, command), body.clone(), &key)
            .await
            .is(200);
        let before = app.row_counts().await;
        for (payment, body) in [(payment, changed), (elsewhere, body)] {
            let heard = desk.post_with(&path(payment, command), body, &key).await;
            heard.refuses(
                409,
                "IDEMPOTENCY_KEY_REUSED",
                "idempotency key already used with different request data",
            );
        }
        assert_eq!(app.row_counts().await, before, "{command}");
    }
    app.ledger_ties().await;
}
