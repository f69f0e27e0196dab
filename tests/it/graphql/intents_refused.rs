//! What an intent refuses, and what becomes of it when attempts are declined.

use super::checkout::{cancel, confirm, create, errors, intent, made, pay, send, status};
use crate::support::{Engine, Payer, TestApp, card, fresh_key, iqd, money, usd};
use domain::credential::{Scope, Scopes};
use domain::gateways::Gateways;
use domain::merchant::{Mode, Tenant};
use rstest::rstest;
use serde_json::{Value, json};
use service::merchant::MerchantChange;

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
    // What never left counts for nothing.
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

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_new_intent_is_said(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let table = [
        (
            json!({ "idempotencyKey": "" }),
            "IDEMPOTENCY_KEY_INVALID",
            "idempotencyKey",
        ),
        (
            json!({ "amount": money("0.5", "IQD") }),
            "AMOUNT_TOO_PRECISE",
            "amount.amount",
        ),
        (
            json!({ "amount": money("0", "IQD") }),
            "AMOUNT_NOT_POSITIVE",
            "amount.amount",
        ),
        (
            json!({ "amount": money("1", "GBP") }),
            "CURRENCY_UNSUPPORTED",
            "amount.currency",
        ),
        (json!({ "gateways": [] }), "GATEWAY_REQUIRED", "gateways"),
        (
            json!({ "gateways": ["FIB"], "captureMethod": "MANUAL" }),
            "CAPTURE_METHOD_NOT_SUPPORTED",
            "gateways",
        ),
        (
            json!({ "gateways": ["FIB"], "amount": usd(1) }),
            "GATEWAY_CURRENCY_NOT_SUPPORTED",
            "gateways",
        ),
        (json!({ "title": "ت".repeat(64) }), "TEXT_INVALID", "title"),
        (json!({ "title": "" }), "TEXT_INVALID", "title"),
        (
            json!({ "description": "x".repeat(256) }),
            "TEXT_INVALID",
            "description",
        ),
        (
            json!({ "merchantReference": "x".repeat(101) }),
            "TEXT_INVALID",
            "merchantReference",
        ),
        (
            json!({ "customer": { "name": "a\u{0}b" } }),
            "TEXT_INVALID",
            "customer.name",
        ),
        (
            json!({ "successUrl": "http://school.iq/" }),
            "URL_INVALID",
            "successUrl",
        ),
        (
            json!({ "successUrl": "javascript:alert(1)" }),
            "URL_INVALID",
            "successUrl",
        ),
        (
            json!({ "cancelUrl": "https://u:p@school.iq/" }),
            "URL_INVALID",
            "cancelUrl",
        ),
        (
            json!({ "callbackUrl": "https://127.0.0.1/" }),
            "URL_INVALID",
            "callbackUrl",
        ),
        (json!({ "callbackUrl": "" }), "URL_INVALID", "callbackUrl"),
        (
            json!({ "expiresInMinutes": 4 }),
            "INTENT_LIFE_INVALID",
            "expiresInMinutes",
        ),
        (
            json!({ "expiresInMinutes": 10_081 }),
            "INTENT_LIFE_INVALID",
            "expiresInMinutes",
        ),
        (
            json!({ "expiresInMinutes": -1 }),
            "INTENT_LIFE_INVALID",
            "expiresInMinutes",
        ),
        (
            json!({ "expiresInMinutes": i32::MAX }),
            "INTENT_LIFE_INVALID",
            "expiresInMinutes",
        ),
    ];
    for (input, code, field) in table {
        let refused = create(&school, input.clone()).await;
        assert_eq!(errors(&refused), [(code.to_owned(), field.to_owned())], "{input}");
        assert_eq!(
            (
                &refused.data["intent"],
                &refused.data["clientSecret"],
                &refused.data["checkoutUrl"]
            ),
            (&Value::Null, &Value::Null, &Value::Null)
        );
    }
    let both = create(&school, json!({ "title": "", "successUrl": "x" })).await;
    assert_eq!(both.codes(), ["TEXT_INVALID", "URL_INVALID"], "all at once");
    assert_eq!(
        (app.count("intents").await, app.count("idempotency_records").await),
        (0, 0)
    );
    for minutes in [5, 10_080] {
        create(
            &school,
            json!({ "expiresInMinutes": minutes, "title": "ت".repeat(63) }),
        )
        .await
        .succeeds();
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_checked_before_anything_is_charged(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let told = json!({ "gateways": ["FIB", "CREDIT_CARD"], "collect": { "email": true, "phone": true } });
    let id = made(&school, told).await;
    let visa = card(Payer::Visa.number());
    let table = [
        (json!({}), "CARD_REQUIRED", "card"),
        (
            json!({ "gateway": "FIB", "card": visa }),
            "CARD_NOT_ALLOWED",
            "card",
        ),
        (json!({ "gateway": "ZAIN" }), "GATEWAY_NOT_OFFERED", "gateway"),
        (
            json!({ "card": card("4242424242424243") }),
            "CARD_NUMBER_INVALID",
            "card.number",
        ),
        (
            json!({ "gateway": "FIB" }),
            "CUSTOMER_EMAIL_REQUIRED",
            "customer.email",
        ),
        (
            json!({ "gateway": "FIB", "customer": { "email": "noor" } }),
            "CUSTOMER_EMAIL_INVALID",
            "customer.email",
        ),
        (
            json!({ "gateway": "FIB", "customer": { "email": "noor@example.iq" } }),
            "CUSTOMER_PHONE_REQUIRED",
            "customer.phone",
        ),
        (
            json!({ "gateway": "FIB", "customer": { "email": "noor@example.iq", "phone": "12" } }),
            "CUSTOMER_PHONE_INVALID",
            "customer.phone",
        ),
        (
            json!({ "gateway": "FIB", "expectedTotal": money("x", "IQD") }),
            "AMOUNT_MALFORMED",
            "expectedTotal.amount",
        ),
        (
            json!({ "gateway": "FIB", "expectedTotal": money("1", "XXX") }),
            "CURRENCY_UNSUPPORTED",
            "expectedTotal.currency",
        ),
        (
            json!({ "id": "pay_00000000000000000000000001", "gateway": "FIB" }),
            "ID_MALFORMED",
            "id",
        ),
        (
            json!({ "id": "pi_00000000000000000000000001", "gateway": "FIB" }),
            "NOT_FOUND",
            "id",
        ),
    ];
    for (input, code, field) in table {
        let refused = confirm(&school, &id, input.clone()).await;
        assert_eq!(errors(&refused), [(code.to_owned(), field.to_owned())], "{input}");
        assert_eq!(
            (&refused.data["intent"], &refused.data["payment"]),
            (&Value::Null, &Value::Null)
        );
    }
    assert_eq!(intent(&school, &id).await["version"], 1);
    assert_eq!(app.count("payments").await, 0);
    let customer = json!({ "email": " noor@example.iq ", "phone": "+964 770 123 4567" });
    let paid = confirm(&school, &id, json!({ "gateway": "FIB", "customer": customer }))
        .await
        .succeeds();
    assert_eq!(paid.data["intent"]["customer"]["email"], "noor@example.iq");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_took_away_is_not_offered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = made(&school, json!({ "gateways": ["FIB", "ZAIN"] })).await;
    let change = MerchantChange {
        gateways: Some("CREDIT_CARD,FIB".parse::<Gateways>().unwrap()),
        ..MerchantChange::default()
    };
    service::merchant::update(&app.app, &app.owner(), school.tenant.merchant, change)
        .await
        .unwrap();

    let offered = create(&school, json!({})).await.succeeds();
    assert_eq!(offered.data["intent"]["gateways"], json!(["CREDIT_CARD", "FIB"]));
    let refused = create(&school, json!({ "gateways": ["FIB", "ZAIN"] })).await;
    let refused = refused.is_refused_with("GATEWAY_NOT_ENABLED");
    assert_eq!(refused.message(), "gateway ZAIN is not enabled for this account");
    let link =
        json!({ "idempotencyKey": fresh_key(), "amount": iqd(1_000), "title": "x", "gateways": ["ZAIN"] });
    send(&school, "paymentLinkCreate", link, "paymentLink { id }")
        .await
        .is_refused_with("GATEWAY_NOT_ENABLED");
    let late = confirm(&school, &before, json!({ "gateway": "ZAIN" })).await;
    late.is_refused_with("GATEWAY_NOT_ENABLED");
    confirm(&school, &before, json!({ "gateway": "FIB" }))
        .await
        .succeeds();
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn others_see_and_pay_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let shop = app.merchant("shop").await;
    let live = Tenant {
        mode: Mode::Live,
        ..school.tenant
    };
    let live = app.key_of(live, Scopes::all()).await;
    let id = made(&school, json!({})).await;
    let everything = "query($id: ID!, $ids: [ID!]!) { intent(id: $id) { id } node(id: $id) { id } nodes(ids: $ids) { id } \
         intents(first: 5) { totalCount nodes { id } } }";
    for stranger in [&shop, &live] {
        let seen = stranger.ask(everything, json!({ "id": id, "ids": [id] })).await;
        assert_eq!(seen.errors, Vec::<Value>::new());
        assert_eq!(
            seen.data,
            json!({ "intent": null, "node": null, "nodes": [null], "intents": { "totalCount": 0, "nodes": [] } })
        );
        pay(stranger, &id, Payer::Visa).await.is_refused_with("NOT_FOUND");
        cancel(stranger, &id).await.is_refused_with("NOT_FOUND");
    }
    assert_eq!(intent(&school, &id).await["status"], "CREATED");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_may_create_sees_what_it_made_and_no_relations(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app
        .key_of(school.tenant, Scope::PaymentsCreate.as_str().parse().unwrap())
        .await;
    let reader = app
        .key_of(school.tenant, Scope::PaymentsRead.as_str().parse().unwrap())
        .await;

    let id = made(&till, json!({})).await;
    assert_eq!(status(&pay(&till, &id, Payer::Poor).await.succeeds()), "CREATED");
    let input = json!({ "idempotencyKey": fresh_key(), "id": id, "card": card(Payer::Visa.number()) });
    let shown = "intent { status attempts { id } payment { id } } payment { status intent { id } }";
    let query = format!(
        "mutation($input: IntentConfirmInput!) {{ intentConfirm(input: $input) {{ {shown} userErrors {{ code }} }} }}"
    );
    let paid = till.ask(&query, json!({ "input": input })).await;
    assert_eq!(
        paid.data["intentConfirm"],
        json!({ "intent": { "status": "SUCCEEDED", "attempts": null, "payment": null },
                "payment": { "status": "CAPTURED", "intent": null }, "userErrors": [] })
    );
    assert_eq!(paid.errors.len(), 3, "{:?}", paid.errors);
    till.ask("query($id: ID!) { intent(id: $id) { id } }", json!({ "id": id }))
        .await
        .fails_with("FORBIDDEN");
    assert_eq!(intent(&reader, &id).await["status"], "SUCCEEDED");
    for (mutation, input) in [
        (
            "intentCreate",
            json!({ "idempotencyKey": fresh_key(), "amount": iqd(1_000) }),
        ),
        (
            "intentConfirm",
            json!({ "idempotencyKey": fresh_key(), "id": id, "gateway": "FIB" }),
        ),
        ("intentCancel", json!({ "id": id })),
    ] {
        send(&reader, mutation, input, "intent { id }")
            .await
            .fails_with("FORBIDDEN");
    }
    let zainab = app.operator("Zainab").await;
    zainab
        .ask("{ intents(first: 1) { nodes { id } } }", json!({}))
        .await
        .fails_with("FORBIDDEN");
    app.ledger_ties().await;
}
