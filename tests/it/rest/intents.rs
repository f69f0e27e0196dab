//! S2, "Create Payment Intent" and "Cancel Payment Intent".

use super::buyer::{Buyer, INTENTS, Waiting, cancel, intent_example, with_card};
use super::desk::{Desk, TIGRIS, with};
use crate::support::{Engine, Hand, Payer, TestApp};
use chrono::Duration;
use domain::credential::{Scope, Scopes};
use domain::merchant::{Mode, Tenant};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const BASRA: (&str, &str) = ("x-api-version", "2026-06-14.basra");

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_create_payment_intent_201(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    for version in [TIGRIS, BASRA] {
        let heard = desk.post_with(INTENTS, intent_example(), &[version]).await;
        let expected = json!({ "success": true, "data": {
            "id": "pi_abc123def456ghi789", "client_secret": "pi_abc123def456ghi789_secret_xyz789uvw456rst123",
            "checkout_url": "https://checkout/pi_1?client_secret=pi_1_secret_1", "amount": 9999, "currency": "USD",
            "status": "created", "success_url": "https://yourstore.com/order/success?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://yourstore.com/order/cancel", "description": "Order #12345 - Premium Plan",
            "expires_at": "2026-01-24T11:00:00Z", "created_at": "2026-01-24T10:00:00Z",
        } });
        heard.looks_like(201, &expected, &[]);
        for key in [
            "amount",
            "currency",
            "status",
            "success_url",
            "cancel_url",
            "description",
        ] {
            assert_eq!(heard.body["data"][key], expected["data"][key], "{key}");
        }
        let (id, secret) = (heard.word("id"), heard.word("client_secret"));
        assert!(id.starts_with("pi_") && secret.starts_with(&format!("{id}_secret_")));
        let page = format!("{}/checkout/{id}?client_secret={secret}", app.url);
        assert_eq!(heard.word("checkout_url"), page);
        assert_eq!(heard.word("created_at"), "2026-06-15T10:00:00Z");
        assert_eq!(heard.word("expires_at"), "2026-06-15T11:00:00Z", "an hour");
        assert_eq!(heard.header("cache-control"), "no-store");
    }
    assert_eq!(app.count("intents").await, 2);
    let events = app.events().await;
    assert_eq!(events[0].event_type, "payment_intent.created");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_create_payment_intent_200_only_what_it_must_have(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let body = json!({ "amount": 150_000, "currency": "IQD", "success_url": "http://localhost:3000/paid" });
    let heard = desk.post(INTENTS, body).await.is(201);
    assert_eq!(
        heard.word("cancel_url"),
        "http://localhost:3000/paid",
        "S2's default"
    );
    assert!(heard.body["data"].get("description").is_none());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_cancel_payment_intent_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let intent = Waiting::at(&desk, intent_example()).await;
    let expected = json!({ "success": true, "message": "payment intent canceled" });
    // Twice is once, and as S2's curl sends it: without a body.
    for _ in 0..2 {
        let heard = desk.raw(Method::POST, &cancel(&intent.id), "", &[TIGRIS]).await;
        heard.looks_like(200, &expected, &[]);
        assert_eq!(heard.body, expected);
    }
    let buyer = Buyer::of(&app);
    assert_eq!(buyer.sees(&intent.id).await.word("status"), "canceled");
    let late = buyer.pays(&intent, with_card(Payer::Visa)).await;
    late.turns_away(410, "INTENT_CANCELED", "payment intent canceled");
    assert_eq!(app.count("payments").await, 0);
    let canceled = app.events().await;
    let canceled = canceled
        .iter()
        .filter(|event| event.event_type == "payment_intent.canceled");
    assert_eq!(canceled.count(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s2_cancel_payment_intent_400_already_completed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("automatic", "manual")] capture_method: &str,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let body = with(intent_example(), "capture_method", capture_method.into());
    let intent = Waiting::at(&desk, body).await;
    let paid = Buyer::of(&app)
        .pays(&intent, with_card(Payer::Visa))
        .await
        .is(200);
    for (version, status) in [(TIGRIS, 400), (BASRA, 409)] {
        let heard = desk.post_with(&cancel(&intent.id), Value::Null, &[version]).await;
        heard.refuses(
            status,
            "INTENT_COMPLETED",
            "cannot cancel completed payment intent",
        );
    }
    let payment = desk.get(&super::desk::path(paid.word("payment_id"), "")).await;
    assert_eq!(
        payment.word("status"),
        paid.word("status"),
        "its money is as it was"
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_ended_by_itself_cannot_be_canceled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let (forgotten, refused) = (
        Waiting::at(&desk, intent_example()).await,
        Waiting::at(&desk, intent_example()).await,
    );
    for _ in 0..5 {
        let heard = Buyer::of(&app).pays(&refused, with_card(Payer::Poor)).await;
        assert_eq!(heard.status, 402);
    }
    app.clock.advance(Duration::hours(1));
    for (intent, code, words) in [
        (
            &forgotten,
            "INTENT_EXPIRED",
            "cannot cancel a payment intent that is expired",
        ),
        (
            &refused,
            "MAX_ATTEMPTS_REACHED",
            "cannot cancel a payment intent that is failed",
        ),
    ] {
        for (version, status) in [(TIGRIS, 400), (BASRA, 410)] {
            let heard = desk.post_with(&cancel(&intent.id), Value::Null, &[version]).await;
            heard.refuses(status, code, words);
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_intent_of_the_merchant_is_not_found(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let intent = Waiting::at(&Desk::of(&app, &school), intent_example()).await;
    let live = Tenant {
        mode: Mode::Live,
        ..school.tenant
    };
    let strangers = [app.merchant("shop").await, app.key_of(live, Scopes::all()).await];
    for stranger in &strangers {
        let heard = Desk::of(&app, stranger)
            .post(&cancel(&intent.id), Value::Null)
            .await;
        heard.refuses(404, "NOT_FOUND", "payment intent not found");
    }
    let desk = Desk::of(&app, &school);
    for id in [
        "pi_00000000000000000000000000",
        "pay_1",
        "%FF%FE",
        "..%2F..",
        "pi_%00",
        &"x".repeat(3_000),
    ] {
        let heard = desk.post(&cancel(id), Value::Null).await;
        heard.refuses(404, "NOT_FOUND", "payment intent not found");
    }
    assert_eq!(Buyer::of(&app).sees(&intent.id).await.word("status"), "created");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn both_commands_take_the_scope_of_payments_and_a_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let only = app
        .key_of(school.tenant, Scope::PaymentsCreate.as_str().parse().unwrap())
        .await;
    let lacking = Scope::ALL.iter().filter(|scope| **scope != Scope::PaymentsCreate);
    let lacking: Vec<&str> = lacking.map(|scope| scope.as_str()).collect();
    let lacking = app
        .key_of(school.tenant, lacking.join(",").parse().unwrap())
        .await;
    let intent = Waiting::at(&Desk::of(&app, &only), intent_example()).await;
    let buyer = Buyer::of(&app);
    for (path, body) in [
        (INTENTS.to_owned(), intent_example()),
        (cancel(&intent.id), Value::Null),
    ] {
        let heard = Desk::of(&app, &lacking).post(&path, body.clone()).await;
        heard.refuses(
            403,
            "INSUFFICIENT_PERMISSIONS",
            "this credential lacks the scope payments:create",
        );
        // The client secret is no key.
        let headers = [("x-client-secret", intent.secret.as_str())];
        let nobody = buyer.confirms(&path, body, &headers).await;
        assert_eq!(
            (nobody.status, &nobody.body["error_code"]),
            (401, &json!("UNAUTHENTICATED"))
        );
    }
    let heard = Desk::of(&app, &only).post(&cancel(&intent.id), Value::Null).await;
    assert_eq!(heard.status, 200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gives_the_first_intent_with_its_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let key = [("idempotency-key", "order-12345")];
    let first = desk.post_with(INTENTS, intent_example(), &key).await.is(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let intent = Waiting::read(&first);
    Buyer::of(&app)
        .pays(&intent, with_card(Payer::Visa))
        .await
        .is(200);
    app.clock.advance(Duration::hours(23));
    let again = desk.post_with(INTENTS, intent_example(), &key).await.is(201);
    assert_eq!(again.text, first.text, "client secret and all, and as it was");
    assert_eq!(again.header("idempotent-replayed"), "true");
    for (field, value) in [
        ("amount", json!(9998)),
        ("success_url", json!("https://yourstore.com/other")),
        ("gateways", json!(["CREDIT_CARD"])),
        ("capture_method", json!("manual")),
        ("expires_in", json!(600)),
        ("metadata", json!({ "order_id": "12346" })),
    ] {
        let other = desk
            .post_with(INTENTS, with(intent_example(), field, value), &key)
            .await;
        other.refuses(
            409,
            "IDEMPOTENCY_KEY_REUSED",
            "idempotency key already used with different request data",
        );
    }
    assert_eq!(app.count("intents").await, 1);
    app.clock.advance(Duration::hours(1));
    let new = desk.post_with(INTENTS, intent_example(), &key).await.is(201);
    assert_ne!(new.word("id"), intent.id, "after 24 hours the key is new");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_lives_as_long_as_it_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let living = async |seconds: Value| {
        desk.post(INTENTS, with(intent_example(), "expires_in", seconds))
            .await
    };
    for (seconds, until, words) in [
        (300, "2026-06-15T10:05:00Z", "5 minutes"),
        (604_800, "2026-06-22T10:00:00Z", "168 hours"),
    ] {
        let heard = living(seconds.into()).await.is(201);
        assert_eq!(heard.word("expires_at"), until);
        let intent = Waiting::read(&heard);
        app.clock
            .advance(Duration::seconds(seconds) - Duration::milliseconds(1));
        let buyer = Buyer::of(&app);
        assert_eq!(buyer.sees(&intent.id).await.word("status"), "created");
        app.clock.advance(Duration::milliseconds(1));
        let late = buyer.pays(&intent, with_card(Payer::Visa)).await;
        let words = format!("payment intent expired (valid for {words})");
        late.turns_away(410, "INTENT_EXPIRED", &words);
        assert_eq!(buyer.sees(&intent.id).await.word("status"), "expired");
        app.clock.set("2026-06-15T10:00:00Z".parse().unwrap());
    }
    for seconds in [299, 604_801, 0, -1, i64::MAX, i64::MIN] {
        living(seconds.into()).await.refuses(
            400,
            "INTENT_LIFE_INVALID",
            "invalid request: an intent lives 5 minutes to 7 days",
        );
    }
    for odd in [json!("3600"), json!(3600.5)] {
        let words = "invalid request: expires_in must be an integer";
        living(odd).await.refuses(400, "BAD_REQUEST", words);
    }
    assert_eq!(app.count("intents").await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_bad_value_has_its_code(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let before = Hand::at(&app.database.url)
        .await
        .number("SELECT COUNT(*) FROM intents")
        .await;
    let rows = [
        (
            "amount",
            json!(0),
            "AMOUNT_NOT_POSITIVE",
            "invalid request: amount must be at least 1",
        ),
        (
            "amount",
            json!(-9999),
            "AMOUNT_NOT_POSITIVE",
            "invalid request: amount must be at least 1",
        ),
        (
            "amount",
            json!("9999"),
            "BAD_REQUEST",
            "invalid request: amount must be an integer",
        ),
        (
            "amount",
            json!(99.99),
            "BAD_REQUEST",
            "invalid request: amount must be an integer",
        ),
        (
            "amount",
            Value::Null,
            "BAD_REQUEST",
            "invalid request: amount must be an integer",
        ),
        (
            "currency",
            json!("GBP"),
            "CURRENCY_UNSUPPORTED",
            "unsupported currency (only IQD, USD, EUR, MAD, AED, SAR, KWD, BHD, JOD, QAR, OMR, and EGP supported)",
        ),
        (
            "success_url",
            Value::Null,
            "BAD_REQUEST",
            "invalid request: success_url must be a string",
        ),
        (
            "success_url",
            json!("http://yourstore.com/x"),
            "URL_INVALID",
            "invalid request: success_url must be an https URL",
        ),
        (
            "success_url",
            json!("javascript:alert(1)"),
            "URL_INVALID",
            "invalid request: success_url must be a URL",
        ),
        (
            "success_url",
            json!("/order/success"),
            "URL_INVALID",
            "invalid request: success_url must be a URL",
        ),
        (
            "success_url",
            json!(""),
            "URL_INVALID",
            "invalid request: success_url must be a URL",
        ),
        (
            "success_url",
            json!("https://user:pass@yourstore.com/"),
            "URL_INVALID",
            "invalid request: success_url must not carry a user name or password",
        ),
        (
            "success_url",
            json!(format!("https://yourstore.com/{}", "x".repeat(2_048))),
            "URL_INVALID",
            "invalid request: success_url must be a URL",
        ),
        (
            "cancel_url",
            json!("ftp://yourstore.com/x"),
            "URL_INVALID",
            "invalid request: cancel_url must be a URL",
        ),
        (
            "cancel_url",
            json!("http://localhost.evil.com/"),
            "URL_INVALID",
            "invalid request: cancel_url must be an https URL",
        ),
        (
            "capture_method",
            json!("later"),
            "TEXT_INVALID",
            "invalid request: capture_method must be automatic or manual",
        ),
        (
            "gateways",
            json!(["CREDIT_CARD", "PAYPAL"]),
            "TEXT_INVALID",
            "invalid request: gateways must be some of CREDIT_CARD, FAST_PAY, FIB, ZAIN, ASIA_PAY, NASS_WALLET",
        ),
        (
            "gateways",
            json!([]),
            "TEXT_INVALID",
            "invalid request: at least one gateway is needed",
        ),
        (
            "gateways",
            json!("FIB"),
            "BAD_REQUEST",
            "invalid request: gateways must be a list",
        ),
        (
            "gateways",
            json!(["FIB"]),
            "GATEWAY_CURRENCY_NOT_SUPPORTED",
            "FIB does not take USD",
        ),
        (
            "description",
            json!("x".repeat(256)),
            "TEXT_INVALID",
            "invalid request: description must have at most 255 characters",
        ),
        (
            "title",
            json!("x".repeat(64)),
            "TEXT_INVALID",
            "invalid request: title must have at most 63 characters",
        ),
        (
            "order_id",
            json!("x".repeat(101)),
            "TEXT_INVALID",
            "invalid request: order_id must have at most 100 characters",
        ),
        (
            "customer_email",
            json!("x".repeat(255)),
            "TEXT_INVALID",
            "invalid request: customer_email must have at most 254 characters",
        ),
        (
            "metadata",
            json!({ "order_id": 12345 }),
            "BAD_REQUEST",
            "invalid request: metadata.order_id must be a string",
        ),
    ];
    for (field, value, code, words) in rows {
        let heard = desk.post(INTENTS, with(intent_example(), field, value)).await;
        heard.refuses(400, code, words);
    }
    let gbp = with(intent_example(), "currency", "GBP".into());
    desk.post_with(INTENTS, gbp, &[TIGRIS]).await.refuses(
        400,
        "CURRENCY_UNSUPPORTED",
        "unsupported currency (only USD, EUR, and MAD supported)",
    );
    // All of it at once, under the code of the first.
    let several = json!({ "amount": 0, "currency": "USD", "success_url": "x", "cancel_url": "y", "capture_method": "z" });
    desk.post(INTENTS, several).await.refuses(
        400,
        "AMOUNT_NOT_POSITIVE",
        "invalid request: amount must be at least 1; success_url must be a URL; cancel_url must be a URL; \
         capture_method must be automatic or manual",
    );
    assert_eq!(app.count("intents").await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn gateways_are_those_that_fit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let dinars = json!({
        "amount": 150_000, "currency": "IQD", "success_url": "https://yourstore.com/paid", "gateways": ["FIB", "ZAIN"],
    });
    let intent = Waiting::at(&desk, dinars.clone()).await;
    let buyer = Buyer::of(&app);
    buyer.pays(&intent, with_card(Payer::Visa)).await.turns_away(
        400,
        "GATEWAY_NOT_OFFERED",
        "CREDIT_CARD is not offered for this payment",
    );
    let both = json!({ "gateway": "FIB", "card": super::desk::card(Payer::Visa) });
    buyer.pays(&intent, both).await.turns_away(
        400,
        "CARD_NOT_ALLOWED",
        "invalid request: a wallet payment takes no card",
    );
    let paid = buyer.pays(&intent, json!({ "gateway": "FIB" })).await;
    let expected = json!({ "success": true, "data": {
        "id": "pi_1", "status": "captured", "payment_id": "pay_1", "redirect_url": "https://yourstore.com/paid?payment_intent=pi_1",
    } });
    paid.looks_like(200, &expected, &[]);
    assert_eq!(paid.word("status"), "captured");
    // A wallet cannot hold money.
    let manual = with(dinars, "capture_method", "manual".into());
    let heard = desk.post(INTENTS, manual).await;
    assert_eq!(
        (heard.status, &heard.body["error_code"]),
        (400, &json!("CAPTURE_METHOD_NOT_SUPPORTED")),
        "{}",
        heard.text
    );
    app.ledger_ties().await;
}
