//! The life of an intent, by card and by wallet, at once and in two steps.

use super::checkout::{INTENT, cancel, confirm, create, intent, made, pay, status};
use crate::support::{Engine, Payer, TestApp, card, iqd, usd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_says_what_was_asked_for(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let settings = [("TAHSIL_PUBLIC_URL", "https://pay.example.iq/")];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;

    let told = json!({
        "title": "Tuition", "description": "رسوم الفصل الأول", "merchantReference": "order-1", "metadata": { "class": "4B" },
        "gateways": ["FIB", "CREDIT_CARD", "FIB"], "collect": { "email": true }, "customer": { "name": "Noor", "phone": "+964 770 123 4567" },
        "successUrl": "https://school.iq/paid?s={CHECKOUT_SESSION_ID}", "cancelUrl": "http://localhost:3000/", "expiresInMinutes": 45,
        "callbackUrl": "https://school.iq/hook",
    });
    let reply = create(&school, told).await.succeeds();

    let (made, secret) = (
        &reply.data["intent"],
        reply.data["clientSecret"].as_str().unwrap(),
    );
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("pi_") && made["checkoutSessionId"] == id.replacen("pi_", "cs_", 1));
    let page = format!("https://pay.example.iq/checkout/{id}?client_secret={secret}");
    assert_eq!(reply.data["checkoutUrl"], page);
    assert!(secret.len() > 20, "{secret}");
    let bill = |gateway| json!({ "gateway": gateway, "amount": { "amount": "125000" }, "discount": { "amount": "0" }, "surcharge": { "amount": "0" }, "total": { "amount": "125000" } });
    let expected = json!({
        "id": id, "checkoutSessionId": made["checkoutSessionId"], "reference": null, "mode": "TEST", "source": "API", "status": "CREATED",
        "amount": { "amount": "125000", "currency": "IQD" }, "captureMethod": "AUTOMATIC", "gateways": ["CREDIT_CARD", "FIB"],
        "collect": { "fee": false, "email": true, "phone": false, "promoCode": false }, "title": "Tuition", "description": "رسوم الفصل الأول",
        "merchantReference": "order-1", "metadata": { "class": "4B" }, "customer": { "email": null, "name": "Noor", "phone": "+964 770 123 4567" },
        "successUrl": "https://school.iq/paid?s={CHECKOUT_SESSION_ID}", "cancelUrl": "http://localhost:3000/", "callbackUrl": "https://school.iq/hook",
        "checkoutUrl": null, "promo": null, "declinedAttempts": 0, "remainingAttempts": 5, "lastDecline": null, "paid": null, "lateMoney": null,
        "canceledBy": null, "expiresAt": "2026-06-15T10:45:00.000000Z", "createdAt": "2026-06-15T10:00:00.000000Z",
        "updatedAt": "2026-06-15T10:00:00.000000Z", "version": 1, "bills": [bill("CREDIT_CARD"), bill("FIB")],
    });
    assert_eq!(*made, expected);
    assert_eq!(
        intent(&school, id).await,
        expected,
        "the same by its own question"
    );
    let node = format!("query($id: ID!) {{ node(id: $id) {{ __typename ... on Intent {{ {INTENT} }} }} }}");
    let mut node = school.ask(&node, json!({ "id": id })).await.data["node"].take();
    assert_eq!(
        node.as_object_mut().unwrap().remove("__typename"),
        Some(json!("Intent"))
    );
    assert_eq!(node, expected);
    let session = school
        .ask(
            "query($id: ID!) { node(id: $id) { id } intent(id: $id) { id } }",
            json!({ "id": made["checkoutSessionId"] }),
        )
        .await;
    assert_eq!(
        session.data,
        json!({ "node": null, "intent": null }),
        "a page session is no object"
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_card_pays_an_intent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(
        &school,
        json!({ "title": "Tuition", "merchantReference": "order-1" }),
    )
    .await;

    let paid = pay(&school, &id, Payer::Visa).await.succeeds();

    assert_eq!((status(&paid), paid.payment_status()), ("SUCCEEDED", "CAPTURED"));
    assert_eq!(
        (paid.operation("kind"), paid.operation("status")),
        ("SALE", "SUCCEEDED")
    );
    assert_eq!(
        super::lifecycle::lines(&paid),
        [("gross", "125000"), ("fee", "2500"), ("reserve", "6250")]
    );
    assert_eq!(paid.data["idempotentReplay"], false);
    // 125,000 less 2,500 fee; the reserve is the school's too.
    let expected = json!({ "via": "CREDIT_CARD", "at": "2026-06-15T10:00:00.000000Z", "payout": { "amount": "122500" }, "late": false });
    assert_eq!(paid.data["intent"]["paid"], expected);
    assert_eq!(intent(&school, &id).await, paid.data["intent"]);
    assert_eq!(school.payable("IQD").await, "116250");

    let related = "query($id: ID!, $payment: ID!) { intent(id: $id) { payment { id } attempts { id intent { id } } link { id } } \
         payment(id: $payment) { description merchantReference intent { id status payment { id } } } }";
    let related = school
        .ask(related, json!({ "id": id, "payment": paid.payment() }))
        .await;
    assert_eq!(related.errors, Vec::<Value>::new());
    let payment = paid.payment();
    assert_eq!(
        related.data,
        json!({
            "intent": { "payment": { "id": payment }, "attempts": [{ "id": payment, "intent": { "id": id } }], "link": null },
            "payment": { "description": "Tuition", "merchantReference": "order-1",
                         "intent": { "id": id, "status": "SUCCEEDED", "payment": { "id": payment } } },
        })
    );
    let own = school.sale(iqd(1_000)).await.succeeds().payment();
    let own = school
        .ask(
            "query($id: ID!) { payment(id: $id) { intent { id } } }",
            json!({ "id": own }),
        )
        .await;
    assert_eq!(own.data["payment"]["intent"], Value::Null);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_pays_an_intent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for wallet in ["FAST_PAY", "FIB", "ZAIN", "ASIA_PAY", "NASS_WALLET"] {
        let id = made(&school, json!({})).await;
        let paid = confirm(&school, &id, json!({ "gateway": wallet }))
            .await
            .succeeds();
        assert_eq!(
            (status(&paid), paid.payment_status()),
            ("SUCCEEDED", "CAPTURED"),
            "{wallet}"
        );
        assert_eq!(paid.data["intent"]["paid"]["via"], wallet);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_manual_intent_is_paid_when_its_payment_is_captured(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, json!({ "captureMethod": "MANUAL" })).await;
    assert_eq!(
        intent(&school, &id).await["gateways"],
        json!(["CREDIT_CARD"]),
        "wallets hold nothing"
    );

    let held = pay(&school, &id, Payer::Visa).await.succeeds();
    assert_eq!(
        (status(&held), held.payment_status()),
        ("REQUIRES_CAPTURE", "AUTHORIZED")
    );
    assert_eq!(held.data["intent"]["paid"], Value::Null);
    assert_eq!(held.data["ledgerLines"], json!([]));
    let again = pay(&school, &id, Payer::Visa).await;
    again.is_refused_with("INTENT_COMPLETED");
    cancel(&school, &id).await.is_refused_with("INTENT_COMPLETED");

    app.clock.advance(Duration::hours(2));
    school
        .capture_and_keep(&held.payment(), iqd(50_000))
        .await
        .succeeds();
    let partly = intent(&school, &id).await;
    assert_eq!(
        (&partly["status"], &partly["paid"]["payout"]["amount"]),
        (&json!("SUCCEEDED"), &json!("49000"))
    );
    assert_eq!(partly["paid"]["at"], "2026-06-15T12:00:00.000000Z");
    school.capture(&held.payment(), iqd(75_000)).await.succeeds();
    let whole = intent(&school, &id).await;
    assert_eq!(whole["paid"]["payout"]["amount"], "122500");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ends_cancels_its_intent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (voided, lapsed) = (
        made(&school, json!({ "captureMethod": "MANUAL" })).await,
        made(&school, json!({ "captureMethod": "MANUAL" })).await,
    );

    let payment = pay(&school, &voided, Payer::Visa).await.succeeds().payment();
    school.void(&payment).await.succeeds();
    let ended = intent(&school, &voided).await;
    assert_eq!(
        (&ended["status"], &ended["canceledBy"]),
        (&json!("CANCELED"), &json!("VOID"))
    );

    pay(&school, &lapsed, Payer::Visa).await.succeeds();
    app.clock.advance(Duration::days(7));
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 1);
    let ended = intent(&school, &lapsed).await;
    assert_eq!(
        (&ended["status"], &ended["canceledBy"]),
        (&json!("CANCELED"), &json!("AUTHORIZATION_EXPIRED"))
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_runs_out_for_readers_before_any_sweep(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (id, short) = (
        made(&school, json!({})).await,
        made(&school, json!({ "expiresInMinutes": 5 })).await,
    );
    let end = app.now() + Duration::hours(1);

    app.clock.advance(Duration::minutes(5));
    assert_eq!(intent(&school, &short).await["status"], "EXPIRED");
    pay(&school, &short, Payer::Visa)
        .await
        .is_refused_with("INTENT_EXPIRED");
    app.clock.set(end - Duration::microseconds(1));
    assert_eq!(intent(&school, &id).await["status"], "CREATED");

    app.clock.set(end);
    let lapsed = intent(&school, &id).await;
    assert_eq!(
        (&lapsed["status"], &lapsed["version"]),
        (&json!("EXPIRED"), &json!(1))
    );
    let refused = pay(&school, &id, Payer::Visa)
        .await
        .is_refused_with("INTENT_EXPIRED");
    assert_eq!(refused.message(), "payment intent expired (valid for 1 hour)");
    cancel(&school, &id).await.is_refused_with("INTENT_EXPIRED");

    assert_eq!(service::intent::expire_due(&app.app, 100).await.unwrap(), 2);
    let swept = intent(&school, &id).await;
    assert_eq!(
        (&swept["status"], &swept["version"]),
        (&json!("EXPIRED"), &json!(2))
    );
    pay(&school, &id, Payer::Visa)
        .await
        .is_refused_with("INTENT_EXPIRED");
    assert_eq!(app.count("payments").await, 0);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_an_answer_keeps_others_out_until_it_has_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(
        &school,
        json!({ "metadata": { "sandbox_fault": "timeout_after_charge" } }),
    )
    .await;
    let attempt = json!({ "idempotencyKey": "lost", "card": card(Payer::Visa.number()) });

    let lost = confirm(&school, &id, attempt.clone()).await.succeeds();
    assert_eq!(
        (status(&lost), lost.payment_status()),
        ("PROCESSING", "PROCESSING")
    );
    pay(&school, &id, Payer::Mastercard)
        .await
        .is_refused_with("ATTEMPT_IN_PROGRESS");
    cancel(&school, &id).await.is_refused_with("ATTEMPT_IN_PROGRESS");
    let again = confirm(&school, &id, attempt.clone()).await.succeeds();
    assert_eq!(
        (status(&again), &again.data["idempotentReplay"]),
        ("PROCESSING", &json!(true))
    );

    app.clock.advance(Duration::seconds(5));
    app.resolve().await;
    assert_eq!(intent(&school, &id).await["status"], "SUCCEEDED");
    let known = confirm(&school, &id, attempt).await.succeeds();
    assert_eq!((status(&known), known.payment()), ("SUCCEEDED", lost.payment()));
    assert_eq!(known.data["intent"], intent(&school, &id).await);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_whose_outcome_stays_unknown_still_says_which_intent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(
        &school,
        json!({ "metadata": { "sandbox_fault": "late_success" } }),
    )
    .await;
    let attempt = json!({ "idempotencyKey": "lost", "card": card(Payer::Visa.number()) });
    confirm(&school, &id, attempt.clone()).await.succeeds();

    app.clock.advance(Duration::seconds(5));
    assert_eq!(app.resolve().await.still_unknown, 1);

    let again = confirm(&school, &id, attempt).await.succeeds();
    assert_eq!(
        (status(&again), again.data["intent"]["id"].as_str()),
        ("PROCESSING", Some(id.as_str()))
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_fee_on_top_leaves_the_amount_to_the_merchant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let told =
        json!({ "amount": iqd(100_000), "collect": { "fee": true }, "gateways": ["FIB", "CREDIT_CARD"] });
    let reply = create(&school, told.clone()).await.succeeds();
    let id = reply.data["intent"]["id"].as_str().unwrap();
    let total = |place: usize| {
        let bill = &reply.data["intent"]["bills"][place];
        (
            bill["gateway"].clone(),
            bill["surcharge"]["amount"].clone(),
            bill["total"]["amount"].clone(),
        )
    };
    // The receiver bears the commission of a card in dinars, unless an operator says otherwise.
    assert_eq!(total(0), (json!("CREDIT_CARD"), json!("0"), json!("100000")));
    assert_eq!(total(1), (json!("FIB"), json!("2041"), json!("102041")));

    let refused = confirm(
        &school,
        id,
        json!({ "gateway": "FIB", "expectedTotal": iqd(100_000) }),
    )
    .await;
    let refused = refused.is_refused_with("TOTAL_CHANGED");
    assert_eq!(refused.data["userErrors"][0]["field"], json!(["expectedTotal"]));
    let paid = confirm(
        &school,
        id,
        json!({ "gateway": "FIB", "expectedTotal": iqd(102_041) }),
    )
    .await
    .succeeds();
    assert_eq!(paid.data["payment"]["amount"]["amount"], "102041");
    assert_eq!(paid.data["intent"]["paid"]["payout"]["amount"], "100000");

    let by_card = made(&school, told).await;
    let paid = pay(&school, &by_card, Payer::Visa).await.succeeds();
    assert_eq!(paid.data["intent"]["paid"]["payout"]["amount"], "98000");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_offers_what_takes_its_currency(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, json!({ "amount": usd(10) })).await;
    assert_eq!(intent(&school, &id).await["gateways"], json!(["CREDIT_CARD"]));
    let paid = pay(&school, &id, Payer::Visa).await.succeeds();
    assert_eq!(paid.data["intent"]["paid"]["payout"]["amount"], "9.8");
    let refused = create(
        &school,
        json!({ "amount": usd(10), "gateways": ["CREDIT_CARD", "FIB"] }),
    )
    .await;
    refused.is_refused_with("GATEWAY_CURRENCY_NOT_SUPPORTED");
    app.ledger_ties().await;
}
