//! Asking twice: intents, attempts and links under one key.

use super::checkout::{confirm, create, intent, made, pay, send, status};
use crate::support::{Engine, Payer, TestApp, card, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_intent_and_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // After a restart it listens elsewhere; payers reach it as before.
    let settings = [("TAHSIL_PUBLIC_URL", "https://pay.example.iq")];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let told = json!({ "idempotencyKey": "order-1", "title": "Tuition" });
    let first = create(&school, told.clone()).await.succeeds();
    let id = first.data["intent"]["id"].as_str().unwrap();
    pay(&school, id, Payer::Visa).await.succeeds();
    app.clock.advance(Duration::hours(3));
    let app = app.restart().await;
    let school = school.at(&app);

    let again = create(&school, told.clone()).await.succeeds();
    assert_eq!(again.data["idempotentReplay"], true);
    for part in ["intent", "clientSecret", "checkoutUrl"] {
        assert_eq!(again.data[part], first.data[part], "{part}");
    }
    assert_eq!(app.count("intents").await, 1);

    let mut other = told.clone();
    for (field, value) in [
        ("title", json!("Books")),
        ("amount", iqd(125_001)),
        ("captureMethod", json!("MANUAL")),
        ("gateways", json!(["FIB"])),
        ("collect", json!({ "phone": true })),
        ("successUrl", json!("https://school.iq/")),
        ("expiresInMinutes", json!(60)),
        ("metadata", json!({ "a": "b" })),
        ("customer", json!({ "name": "Noor" })),
    ] {
        other[field] = value;
        let refused = create(&school, other.clone())
            .await
            .is_refused_with("IDEMPOTENCY_KEY_REUSED");
        assert_eq!(refused.data["clientSecret"], Value::Null, "{field}");
        other = told.clone();
    }
    let shop = app.merchant("shop").await;
    let own = create(&shop, told).await.succeeds();
    assert_eq!(own.data["idempotentReplay"], false, "keys belong to one merchant");
    app.clock.advance(Duration::hours(21));
    let new = create(&school, json!({ "idempotencyKey": "order-1" }))
        .await
        .succeeds();
    assert_ne!(
        new.data["intent"]["id"], first.data["intent"]["id"],
        "after 24 hours the key is new"
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_first_answer_of_an_attempt(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (id, other) = (made(&school, json!({})).await, made(&school, json!({})).await);
    let attempt = json!({ "idempotencyKey": "attempt-1", "card": card(Payer::Poor.number()) });
    let declined = confirm(&school, &id, attempt.clone()).await.succeeds();
    let paid = pay(&school, &id, Payer::Visa).await.succeeds();
    app.clock.advance(Duration::hours(3));

    let again = confirm(&school, &id, attempt.clone()).await.succeeds();
    assert_eq!((status(&again), again.payment_status()), ("CREATED", "FAILED"));
    for part in ["intent", "payment", "operation", "ledgerLines"] {
        assert_eq!(again.data[part], declined.data[part], "{part}");
    }
    assert_eq!(again.data["idempotentReplay"], true);
    assert_eq!(intent(&school, &id).await, paid.data["intent"]);

    let mismatch = json!({ "idempotencyKey": "attempt-1", "card": card(Payer::Visa.number()) });
    confirm(&school, &id, mismatch)
        .await
        .is_refused_with("IDEMPOTENCY_KEY_REUSED");
    confirm(&school, &other, attempt)
        .await
        .is_refused_with("IDEMPOTENCY_KEY_REUSED");
    // A refused attempt keeps no key.
    let wallet = json!({ "idempotencyKey": "attempt-2", "gateway": "FIB" });
    confirm(&school, &id, wallet.clone())
        .await
        .is_refused_with("INTENT_COMPLETED");
    confirm(&school, "pi_00000000000000000000000001", wallet)
        .await
        .is_refused_with("NOT_FOUND");
    // Another command is another key.
    let sale = json!({ "idempotencyKey": "attempt-1", "amount": iqd(1_000), "gateway": "FIB" });
    school.send("paymentSale", sale).await.succeeds();
    assert_eq!(app.count("payments").await, 3);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_link(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let told = json!({ "idempotencyKey": "link-1", "amount": iqd(1_000), "title": "Lunch", "expiresAt": "2026-06-15T11:00:00Z" });
    let shown = "paymentLink { id status payments url } idempotentReplay";
    let first = send(&school, "paymentLinkCreate", told.clone(), shown)
        .await
        .succeeds();
    app.clock.advance(Duration::minutes(30));
    let again = send(&school, "paymentLinkCreate", told.clone(), shown)
        .await
        .succeeds();
    assert_eq!(again.data["paymentLink"], first.data["paymentLink"]);
    assert_eq!(
        (&first.data["idempotentReplay"], &again.data["idempotentReplay"]),
        (&json!(false), &json!(true))
    );
    let mut other = told;
    other["maxPayments"] = 3.into();
    send(&school, "paymentLinkCreate", other, shown)
        .await
        .is_refused_with("IDEMPOTENCY_KEY_REUSED");
    assert_eq!(app.count("payment_links").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_its_first_answer_whatever_was_taken_away_since(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, operator) = (app.merchant("school").await, app.operator("Zainab").await);
    let asked = json!({ "idempotencyKey": "order-1", "gateways": ["FIB"] });
    let link = json!({ "idempotencyKey": "link-1", "amount": iqd(1_000), "title": "Lunch", "gateways": ["FIB"],
                       "expiresAt": "2026-06-15T11:00:00Z" });
    let sale = json!({ "idempotencyKey": "sale-1", "amount": iqd(1_000), "gateway": "FIB" });
    let linked = async |input: &Value| {
        let shown = "paymentLink { id } idempotentReplay";
        send(&school, "paymentLinkCreate", input.clone(), shown).await
    };
    let intent = create(&school, asked.clone()).await.succeeds();
    let made = linked(&link).await.succeeds();
    let sold = school.send("paymentSale", sale.clone()).await.succeeds();

    let change =
        json!({ "input": { "id": school.tenant.merchant.to_string(), "gateways": ["CREDIT_CARD"] } });
    let update =
        "mutation($input: MerchantUpdateInput!) { merchantUpdate(input: $input) { userErrors { code } } }";
    let changed = operator.ask(update, change).await.field("merchantUpdate");
    changed.succeeds();
    app.clock.advance(Duration::hours(2));

    let again = create(&school, asked.clone()).await.succeeds();
    assert_eq!(again.data["idempotentReplay"], true);
    for part in ["intent", "clientSecret"] {
        let (mut first, mut second) = (intent.data[part].clone(), again.data[part].clone());
        // What it is by now is told as of now.
        for seen in [&mut first, &mut second] {
            if seen.is_object() {
                (seen["status"], seen["bills"]) = (Value::Null, Value::Null);
            }
        }
        assert_eq!(second, first, "{part}");
    }
    let again = linked(&link).await.succeeds();
    assert_eq!(again.data["paymentLink"], made.data["paymentLink"]);
    let again = school.send("paymentSale", sale.clone()).await.succeeds();
    assert_eq!(
        (again.payment(), &again.data["idempotentReplay"]),
        (sold.payment(), &json!(true))
    );

    // Another key is new, and refused leaves nothing behind.
    let before = app.row_counts().await;
    let new = |mut input: Value| {
        input["idempotencyKey"] = "new-1".into();
        input
    };
    create(&school, new(asked))
        .await
        .is_refused_with("GATEWAY_NOT_ENABLED");
    let mut open = new(link.clone());
    open["expiresAt"] = "2026-06-16T11:00:00Z".into();
    linked(&open).await.is_refused_with("GATEWAY_NOT_ENABLED");
    linked(&new(link)).await.is_refused_with("EXPIRY_INVALID");
    school
        .send("paymentSale", new(sale))
        .await
        .is_refused_with("GATEWAY_NOT_ENABLED");
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_request_log_tells_keys_and_what_was_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = made(&school, json!({ "idempotencyKey": "order-1" })).await;
    let paid = confirm(
        &school,
        &id,
        json!({ "idempotencyKey": "attempt-1", "gateway": "FIB" }),
    )
    .await
    .succeeds();
    confirm(
        &school,
        &id,
        json!({ "idempotencyKey": "attempt-2", "gateway": "FIB" }),
    )
    .await;
    let log = "{ apiRequests(first: 10) { nodes { idempotencyKey made errorCode } } }";
    let log = school.ask(log, json!({})).await;
    assert_eq!(log.errors, Vec::<Value>::new());
    let rows = log.data["apiRequests"]["nodes"].as_array().unwrap();
    let row = |key: &str| rows.iter().find(|row| row["idempotencyKey"] == key).unwrap();
    assert_eq!(row("order-1")["made"], json!([id]));
    assert_eq!(
        row("attempt-1")["made"],
        json!([id, paid.payment(), paid.data["operation"]["id"]])
    );
    assert_eq!(
        (&row("attempt-2")["made"], &row("attempt-2")["errorCode"]),
        (&json!([]), &json!("INTENT_COMPLETED"))
    );
    app.ledger_ties().await;
}
