//! S2, "Get Payment Intent (Public)" and "Confirm Payment Intent". Nothing pins a version here: what ran out is 410 always.

use super::buyer::{Buyer, Waiting, confirm, intent_example, public, with_card};
use super::desk::{Desk, Heard, TIGRIS, card, path, with};
use crate::support::{Engine, Gate, Hand, Held, Payer, TestApp, until};
use chrono::Duration;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use service::provider::Provider;
use std::sync::Arc;

/// The body of S2's example of an attempt.
fn attempt() -> Value {
    json!({
        "card": {
            "number": "4242424242424242", "cardholder_name": "John Doe", "exp_month": 12, "exp_year": 2027, "cvv": "123",
        },
        "customer_email": "john@example.com",
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_get_payment_intent_public_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let heard = Buyer::of(&app).sees(&intent.id).await;
    let expected = json!({ "success": true, "data": {
        "id": "pi_abc123def456ghi789", "status": "created", "amount": 9999, "currency": "USD",
        "success_url": "https://yourstore.com/order/success", "cancel_url": "https://yourstore.com/order/cancel",
        "expires_at": "2026-01-24T11:00:00Z",
    } });
    heard.looks_like(200, &expected, &[]);
    assert_eq!(heard.word("id"), intent.id);
    assert_eq!(
        (heard.word("status"), &heard.body["data"]["amount"]),
        ("created", &json!(9999))
    );
    assert_eq!(heard.word("expires_at"), "2026-06-15T11:00:00Z");
    assert_eq!(
        (
            heard.word("currency"),
            heard.word("success_url"),
            heard.word("cancel_url")
        ),
        (
            "USD",
            "https://yourstore.com/order/success?session_id={CHECKOUT_SESSION_ID}",
            "https://yourstore.com/order/cancel"
        ),
        "as the merchant wrote them"
    );
    for kept in ["_secret_", "john@example.com", "order_id", "12345"] {
        assert!(!heard.text.contains(kept), "{kept}: {}", heard.text);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_get_payment_intent_public_404(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let buyer = Buyer::of(&app);
    for id in [
        "pi_00000000000000000000000000",
        "pay_1",
        "%FF%FE",
        "pi_%00",
        &"x".repeat(3_000),
    ] {
        let heard = buyer.sees(id).await;
        heard.turns_away(404, "NOT_FOUND", "payment intent not found");
        let headers = [("x-client-secret", "pi_1_secret_1")];
        let heard = buyer.confirms(&confirm(id), attempt(), &headers).await;
        heard.turns_away(404, "NOT_FOUND", "payment intent not found");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_confirm_payment_intent_200(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(("automatic", "captured"), ("manual", "authorized"))] method: (&str, &str),
    #[values("header", "query")] place: &str,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let (capture_method, status) = method;
    let body = with(intent_example(), "capture_method", capture_method.into());
    let intent = Waiting::at(&desk, body).await;
    let buyer = Buyer::of(&app);
    let heard = match place {
        "header" => buyer.pays(&intent, attempt()).await,
        _ => {
            let path = format!("{}?lang=ar&client_secret={}", confirm(&intent.id), intent.secret);
            buyer.confirms(&path, attempt(), &[]).await
        }
    };
    let expected = json!({ "success": true, "data": {
        "id": "pi_abc123def456ghi789", "status": "authorized", "payment_id": "pay_xyz789uvw012rst345",
        "redirect_url": "https://yourstore.com/order/success?payment_intent=pi_abc123def456ghi789",
    } });
    heard.looks_like(200, &expected, &[]);
    assert_eq!(
        (heard.word("id"), heard.word("status")),
        (intent.id.as_str(), status)
    );
    let id = &intent.id;
    assert_eq!(
        heard.word("redirect_url"),
        format!("https://yourstore.com/order/success?session_id={id}&payment_intent={id}")
    );
    let payment = desk.get(&path(heard.word("payment_id"), "")).await.is(200);
    assert_eq!(
        (payment.word("status"), &payment.body["data"]["amount"]),
        (status, &json!(9999))
    );
    assert_eq!(payment.body["data"]["metadata"], json!({ "order_id": "12345" }));
    assert_eq!(payment.body["data"]["customer"]["email"], "john@example.com");
    let again = buyer.pays(&intent, attempt()).await;
    again.turns_away(409, "INTENT_COMPLETED", "payment intent already completed");
    assert_eq!(app.count("payments").await, 1);
    let seen = if status == "captured" {
        "succeeded"
    } else {
        "requires_capture"
    };
    assert_eq!(buyer.sees(id).await.word("status"), seen);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_confirm_401_invalid_client_secret(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let (intent, other) = (
        Waiting::at(&desk, intent_example()).await,
        Waiting::at(&desk, intent_example()).await,
    );
    let buyer = Buyer::of(&app);
    let before = app.row_counts().await;
    let cut = &intent.secret[..intent.secret.len() - 1];
    let longer = format!("{}0", intent.secret);
    let upper = intent.secret.to_uppercase();
    for wrong in [
        "",
        "pi_abc123_secret_xyz789",
        &other.secret,
        cut,
        &longer,
        &upper,
        &school.secret,
        &intent.id,
    ] {
        let headers = [("x-client-secret", wrong)];
        let heard = buyer.confirms(&confirm(&intent.id), attempt(), &headers).await;
        heard.turns_away(
            401,
            "INVALID_CLIENT_SECRET",
            "client secret is invalid or expired",
        );
    }
    let twice = [
        ("x-client-secret", intent.secret.as_str()),
        ("x-client-secret", &other.secret),
    ];
    let path = confirm(&intent.id);
    let wrong_query = format!("{path}?client_secret={}", other.secret);
    let both = [("x-client-secret", other.secret.as_str())];
    let right_query = format!("{path}?client_secret={}", intent.secret);
    let long_query = format!("{path}?x={}&client_secret={}", "x".repeat(2_048), intent.secret);
    // A merchant's key is no client secret.
    let key = [("x-api-key", school.secret.as_str())];
    for (path, headers) in [
        (&path, &[][..]),
        (&path, &twice),
        (&path, &key),
        (&wrong_query, &[]),
        (&right_query, &both),
        (&long_query, &[]),
    ] {
        let heard = buyer.confirms(path, attempt(), headers).await;
        heard.turns_away(
            401,
            "INVALID_CLIENT_SECRET",
            "client secret is invalid or expired",
        );
    }
    assert_eq!(app.row_counts().await, before);
    buyer.pays(&intent, attempt()).await.is(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_confirm_410_intent_expired(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    app.clock.advance(Duration::hours(1) - Duration::milliseconds(1));
    assert_eq!(buyer.sees(&intent.id).await.word("status"), "created");
    app.clock.advance(Duration::milliseconds(1));
    let words = "payment intent expired (valid for 1 hour)";
    buyer
        .pays(&intent, attempt())
        .await
        .turns_away(410, "INTENT_EXPIRED", words);
    // Nothing pins a version here, not even the header.
    let headers = [("x-client-secret", intent.secret.as_str()), TIGRIS];
    let heard = buyer.confirms(&confirm(&intent.id), attempt(), &headers).await;
    heard.turns_away(410, "INTENT_EXPIRED", words);
    // Who pays too late need not correct a number first.
    buyer
        .pays(&intent, json!({}))
        .await
        .turns_away(410, "INTENT_EXPIRED", words);
    assert_eq!(buyer.sees(&intent.id).await.word("status"), "expired");
    assert_eq!(app.count("payments").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_confirm_402_card_declined(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    for left in [4, 3] {
        let heard = buyer.pays(&intent, with_card(Payer::Poor)).await;
        heard.turns_away(402, "PAYMENT_DECLINED", "card declined: insufficient funds");
        assert_eq!(heard.leaves(), left);
        assert_eq!(heard.body["error"]["decline_reason"], "insufficient_funds");
    }
    // What was never tried is no attempt.
    for (bad, code, words) in [
        (
            json!({}),
            "CARD_REQUIRED",
            "invalid request: a card payment needs a card",
        ),
        (
            with(attempt(), "gateway", "PAYPAL".into()),
            "TEXT_INVALID",
            "invalid request: gateway must be one of CREDIT_CARD, FAST_PAY, FIB, ZAIN, ASIA_PAY, NASS_WALLET",
        ),
    ] {
        buyer.pays(&intent, bad).await.turns_away(400, code, words);
    }
    let risky = buyer.pays(&intent, with_card(Payer::Risky)).await;
    risky.turns_away(
        402,
        "PAYMENT_DECLINED",
        "card declined: high fraud risk (score: 85)",
    );
    assert_eq!(risky.leaves(), 2);
    buyer.pays(&intent, attempt()).await.is(200);
    assert_eq!(app.count("payments").await, 4, "three failed and one that paid");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_confirm_410_max_attempts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    for left in (0..5).rev() {
        let heard = buyer.pays(&intent, with_card(Payer::Declined)).await;
        heard.turns_away(402, "PAYMENT_DECLINED", "card declined: do not honor");
        assert_eq!(heard.leaves(), left);
    }
    // Also with a card that would do, and for good.
    for payer in [Payer::Declined, Payer::Visa] {
        let heard = buyer.pays(&intent, with_card(payer)).await;
        heard.turns_away(
            410,
            "MAX_ATTEMPTS_REACHED",
            "maximum payment attempts reached (5)",
        );
    }
    assert_eq!(buyer.sees(&intent.id).await.word("status"), "failed");
    assert_eq!(app.count("payments").await, 5);
    app.clock.advance(Duration::hours(2));
    let heard = buyer.pays(&intent, attempt()).await;
    heard.turns_away(
        410,
        "MAX_ATTEMPTS_REACHED",
        "maximum payment attempts reached (5)",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn attempts_at_once_are_five_at_most(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    let (mut left, mut locked) = (Vec::new(), 0);
    for _ in 0..20 {
        let wave = (0..5).map(|_| buyer.pays(&intent, with_card(Payer::Poor)));
        for heard in join_all(wave).await {
            match heard.status {
                402 => left.push(heard.leaves()),
                409 => {
                    heard.turns_away(
                        409,
                        "ATTEMPT_IN_PROGRESS",
                        "another payment attempt is still in progress",
                    );
                    assert_eq!(heard.header("retry-after"), "1");
                }
                _ => {
                    heard.turns_away(
                        410,
                        "MAX_ATTEMPTS_REACHED",
                        "maximum payment attempts reached (5)",
                    );
                    locked += 1;
                }
            }
        }
        if locked > 0 {
            break;
        }
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4], "each attempt is counted once");
    assert!(locked > 0);
    assert_eq!(app.count("payments").await, 5);
    let counted = Hand::at(&app.database.url)
        .await
        .text("SELECT CAST(attempts AS TEXT) FROM intents")
        .await;
    assert_eq!(counted, "5");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_attempt_beside_the_first_is_told_to_wait(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as Arc<dyn Provider>).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    let first = tokio::spawn({
        let (buyer, intent) = (buyer.clone(), intent.clone());
        async move { buyer.pays(&intent, attempt()).await }
    });
    until("the attempt is at the provider", async || {
        app.count("operations").await == 1
    })
    .await;
    let second = buyer.pays(&intent, attempt()).await;
    second.turns_away(
        409,
        "ATTEMPT_IN_PROGRESS",
        "another payment attempt is still in progress",
    );
    assert_eq!(second.header("retry-after"), "1");
    assert_eq!(buyer.sees(&intent.id).await.word("status"), "processing");
    // Its merchant cannot give up what may have been paid.
    let cancel = desk.post(&super::buyer::cancel(&intent.id), Value::Null).await;
    cancel.refuses(
        409,
        "ATTEMPT_IN_PROGRESS",
        "a payment attempt is still in progress",
    );
    gate.arrive().await;
    assert_eq!(first.await.unwrap().is(200).word("status"), "captured");
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_an_answer_is_202_and_is_settled_later(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let lost = json!({ "sandbox_fault": "timeout_after_charge" });
    let intent = Waiting::at(&desk, with(intent_example(), "metadata", lost)).await;
    let buyer = Buyer::of(&app);
    let heard = buyer.pays(&intent, attempt()).await;
    let expected =
        json!({ "success": true, "data": { "id": "pi_1", "status": "processing", "payment_id": "pay_1" } });
    heard.looks_like(202, &expected, &[]);
    assert_eq!(heard.word("status"), "processing");
    assert_eq!(buyer.sees(&intent.id).await.word("status"), "processing");
    app.clock.advance(Duration::minutes(5));
    app.resolve().await;
    assert_eq!(buyer.sees(&intent.id).await.word("status"), "succeeded");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_and_methods_come_to_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let buyer = Buyer::of(&app);
    let before = app.row_counts().await;
    let headers = [("x-client-secret", intent.secret.as_str())];
    let number = |value: Value| json!({ "card": with(card(Payer::Visa), "number", value) }).to_string();
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for (body, code, words) in [
        (String::new(), "BAD_REQUEST", "the body is no JSON"),
        ("{".to_owned(), "BAD_REQUEST", "the body is no JSON"),
        ("[]".to_owned(), "BAD_REQUEST", "the body must be a JSON object"),
        (
            "card=4242424242424242".to_owned(),
            "BAD_REQUEST",
            "the body is no JSON",
        ),
        (
            deep[..100_000].to_owned(),
            "BAD_REQUEST",
            "the body must be a JSON object",
        ),
        (
            number(4_242_424_242_424_242_u64.into()),
            "BAD_REQUEST",
            "card.number must be a string",
        ),
        (
            number("4242424242424241".into()),
            "CARD_NUMBER_INVALID",
            "card number is invalid",
        ),
        (
            number("' OR 1=1 --".into()),
            "CARD_NUMBER_INVALID",
            "card number is invalid",
        ),
        (
            json!({ "card": card(Payer::Visa), "customer_email": "x".repeat(255) }).to_string(),
            "TEXT_INVALID",
            "customer_email must have at most 254 characters",
        ),
        (
            json!({ "card": card(Payer::Visa), "customer_phone": "0".repeat(33) }).to_string(),
            "TEXT_INVALID",
            "customer_phone must have at most 32 characters",
        ),
    ] {
        let heard = Heard::read(
            buyer
                .raw(Method::POST, &confirm(&intent.id), body, &headers)
                .await,
        )
        .await;
        heard.turns_away(400, code, &format!("invalid request: {words}"));
        assert!(!heard.text.contains("42424242"), "{}", heard.text);
    }
    let long = Heard::read(
        buyer
            .raw(Method::POST, &confirm(&intent.id), deep, &headers)
            .await,
    )
    .await;
    assert_eq!(
        (long.status, &long.body["error"]["code"]),
        (413, &json!("BAD_REQUEST")),
        "{}",
        long.text
    );
    for (method, path) in [
        (Method::POST, public(&intent.id)),
        (Method::DELETE, public(&intent.id)),
        (Method::GET, confirm(&intent.id)),
        (Method::PUT, confirm(&intent.id)),
    ] {
        let heard = Heard::read(buyer.raw(method, &path, "", &headers).await).await;
        heard.turns_away(405, "BAD_REQUEST", "this path does not take this method");
    }
    assert_eq!(app.row_counts().await, before);
}
