//! Cards, texts and keys that cannot be taken: every field that is wrong is named at once, and nothing is written.

use crate::support::{Engine, Payer, Reply, TestApp, card, charge, iqd, on};
use rstest::rstest;
use serde_json::{Value, json};

/// Code and field of each user error.
fn marked(reply: &Reply) -> Vec<(&str, String)> {
    let errors = reply.data["userErrors"].as_array().unwrap();
    let field = |error: &Value| {
        let path = error["field"].as_array().unwrap();
        path.iter()
            .map(|part| part.as_str().unwrap())
            .collect::<Vec<_>>()
            .join(".")
    };
    errors
        .iter()
        .map(|error| (error["code"].as_str().unwrap(), field(error)))
        .collect()
}

fn card_with(changes: Value) -> Value {
    let mut card = card(Payer::Visa.number());
    for (field, value) in changes.as_object().unwrap() {
        card[field] = value.clone();
    }
    card
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_cannot_be_real_is_refused_field_by_field(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    // It is June 2026.
    let table = [
        (
            json!({ "number": "4242424242424241" }),
            "CARD_NUMBER_INVALID",
            "card.number",
        ),
        (json!({ "number": "" }), "CARD_NUMBER_INVALID", "card.number"),
        (json!({ "number": "4242" }), "CARD_NUMBER_INVALID", "card.number"),
        (
            json!({ "number": "0000000000000000" }),
            "CARD_NUMBER_INVALID",
            "card.number",
        ),
        (
            json!({ "number": "42424242424242424242" }),
            "CARD_NUMBER_INVALID",
            "card.number",
        ),
        (
            json!({ "number": "4242.4242.4242.4242" }),
            "CARD_NUMBER_INVALID",
            "card.number",
        ),
        (
            json!({ "number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢" }),
            "CARD_NUMBER_INVALID",
            "card.number",
        ),
        (json!({ "expMonth": 0 }), "CARD_EXPIRY_INVALID", "card.expMonth"),
        (json!({ "expMonth": 13 }), "CARD_EXPIRY_INVALID", "card.expMonth"),
        (json!({ "expMonth": -1 }), "CARD_EXPIRY_INVALID", "card.expMonth"),
        (json!({ "expYear": 27 }), "CARD_EXPIRY_INVALID", "card.expMonth"),
        (
            json!({ "expYear": -2027 }),
            "CARD_EXPIRY_INVALID",
            "card.expMonth",
        ),
        (json!({ "expYear": 2047 }), "CARD_EXPIRY_INVALID", "card.expMonth"),
        (
            json!({ "expYear": i32::MAX }),
            "CARD_EXPIRY_INVALID",
            "card.expMonth",
        ),
        (
            json!({ "expMonth": 5, "expYear": 2026 }),
            "CARD_EXPIRED",
            "card.expYear",
        ),
        (
            json!({ "expMonth": 12, "expYear": 2025 }),
            "CARD_EXPIRED",
            "card.expYear",
        ),
        (json!({ "cvv": "" }), "CARD_CVV_INVALID", "card.cvv"),
        (json!({ "cvv": "12" }), "CARD_CVV_INVALID", "card.cvv"),
        (json!({ "cvv": "1234" }), "CARD_CVV_INVALID", "card.cvv"),
        (json!({ "cvv": "12a" }), "CARD_CVV_INVALID", "card.cvv"),
        (json!({ "cvv": "١٢٣" }), "CARD_CVV_INVALID", "card.cvv"),
        (
            json!({ "number": "378282246310005" }),
            "CARD_CVV_INVALID",
            "card.cvv",
        ),
        (
            json!({ "cardholderName": " " }),
            "CARDHOLDER_NAME_INVALID",
            "card.cardholderName",
        ),
        (
            json!({ "cardholderName": "Zainab\u{7}" }),
            "CARDHOLDER_NAME_INVALID",
            "card.cardholderName",
        ),
        (
            json!({ "cardholderName": "ز".repeat(101) }),
            "CARDHOLDER_NAME_INVALID",
            "card.cardholderName",
        ),
    ];
    let before = app.row_counts().await;
    for (changes, code, field) in table {
        for mutation in ["paymentSale", "paymentAuthorize"] {
            let reply = school
                .send(
                    mutation,
                    charge(iqd(1_000), json!({ "card": card_with(changes.clone()) })),
                )
                .await;
            assert_eq!(marked(&reply), [(code, field.to_owned())], "{changes}");
            reply.is_refused_with(code);
        }
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_good_until_the_end_of_its_month_and_however_it_is_typed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let table = [
        json!({ "expMonth": 6, "expYear": 2026 }),
        json!({ "expMonth": 1, "expYear": 2046 }),
        json!({ "number": "4242 4242 4242 4242" }),
        json!({ "number": "4242-4242-4242-4242" }),
        json!({ "number": "378282246310005", "cvv": "1234" }),
        json!({ "cardholderName": null }),
        json!({ "cardholderName": "ز".repeat(100) }),
    ];
    for changes in table {
        let input = charge(iqd(1_000), json!({ "card": card_with(changes.clone()) }));
        let sale = school.send("paymentSale", input).await.succeeds();
        assert_eq!(sale.payment_status(), "CAPTURED", "{changes}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_card_whose_month_is_over_is_the_issuers_matter_for_a_day_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let june = json!({ "card": card_with(json!({ "expMonth": 6, "expYear": 2026 })) });

    app.clock.set("2026-07-01T23:59:59.999999Z".parse().unwrap());
    school
        .send("paymentSale", charge(iqd(1_000), june.clone()))
        .await
        .succeeds();
    app.clock.set("2026-07-02T00:00:00Z".parse().unwrap());
    school
        .send("paymentSale", charge(iqd(1_000), june))
        .await
        .is_refused_with("CARD_EXPIRED");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_said_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    let everything = json!({
        "idempotencyKey": "two words",
        "amount": { "amount": "1000.5", "currency": "IQD" },
        "card": { "number": "1", "cardholderName": "\n", "expMonth": 0, "expYear": 0, "cvv": "" },
        "customer": { "email": "e".repeat(255), "name": "" },
        "description": "\t",
        "merchantReference": "r".repeat(101),
        "metadata": { "k".repeat(41): "v" },
    });
    for mutation in ["paymentSale", "paymentAuthorize"] {
        let reply = school.send(mutation, everything.clone()).await;
        let field = |code: &'static str, path: &str| (code, path.to_owned());
        assert_eq!(
            marked(&reply),
            [
                field("IDEMPOTENCY_KEY_INVALID", "idempotencyKey"),
                field("AMOUNT_TOO_PRECISE", "amount.amount"),
                field("CARD_NUMBER_INVALID", "card.number"),
                field("CARD_EXPIRY_INVALID", "card.expMonth"),
                field("CARD_CVV_INVALID", "card.cvv"),
                field("CARDHOLDER_NAME_INVALID", "card.cardholderName"),
                field("TEXT_INVALID", "customer.email"),
                field("TEXT_INVALID", "customer.name"),
                field("TEXT_INVALID", "description"),
                field("TEXT_INVALID", "merchantReference"),
                field("TEXT_INVALID", "metadata"),
            ]
        );
        assert!(reply.data["payment"].is_null());
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn texts_are_bounded_in_characters_and_hold_no_control_characters(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(1_000)).await.succeeds().payment();
    let sold = school.sale(iqd(1_000)).await.succeeds().payment();
    let before = app.row_counts().await;

    let fields = [
        (vec!["description"], 255),
        (vec!["merchantReference"], 100),
        (vec!["customer", "email"], 254),
        (vec!["customer", "name"], 100),
    ];
    for (path, limit) in &fields {
        for text in [
            "",
            "   ",
            "a\u{0}b",
            "a\nb",
            "a\u{7f}",
            "a\u{85}b",
            "م".repeat(limit + 1).as_str(),
        ] {
            let value = path
                .iter()
                .rev()
                .fold(json!(text), |value, part| json!({ *part: value }));
            let reply = school.send("paymentSale", charge(iqd(1_000), value)).await;
            assert_eq!(marked(&reply), [("TEXT_INVALID", path.join("."))], "{text:?}");
        }
    }
    for (mutation, payment) in [("paymentVoid", &held), ("paymentRefund", &sold)] {
        for text in ["", "\u{1b}[31m", "ب".repeat(256).as_str()] {
            let reply = school
                .send(mutation, on(payment, json!({ "reason": text })))
                .await;
            assert_eq!(
                marked(&reply),
                [("TEXT_INVALID", "reason".to_owned())],
                "{text:?}"
            );
        }
    }
    assert_eq!(app.row_counts().await, before);

    // At the limit every text is taken, in any script, and comes back as it was.
    let longest = |limit| "م".repeat(limit);
    let texts = json!({
        "description": longest(255),
        "merchantReference": longest(100),
        "customer": { "email": longest(254), "name": longest(100) },
    });
    let sale = school
        .send("paymentSale", charge(iqd(1_000), texts.clone()))
        .await
        .succeeds();
    let stored = school.payment(&sale.payment()).await;
    for field in ["description", "merchantReference", "customer"] {
        assert_eq!(stored[field], texts[field]);
    }
    let voided = school
        .send("paymentVoid", on(&held, json!({ "reason": longest(255) })))
        .await
        .succeeds();
    assert_eq!(voided.data["payment"]["voidReason"], longest(255));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_a_flat_object_of_bounded_texts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let pairs = |count: usize| Value::Object((0..count).map(|n| (format!("k{n}"), json!("v"))).collect());
    let before = app.row_counts().await;
    let refused = [
        pairs(21),
        json!({ "": "v" }),
        json!({ "k".repeat(41): "v" }),
        json!({ "k\u{0}": "v" }),
        json!({ "k": "v".repeat(501) }),
        json!({ "k": "line\nbreak" }),
        json!({ "k": "nul\u{0}" }),
    ];
    for metadata in refused {
        let reply = school
            .send("paymentSale", charge(iqd(1_000), json!({ "metadata": metadata })))
            .await;
        assert_eq!(
            marked(&reply),
            [("TEXT_INVALID", "metadata".to_owned())],
            "{metadata}"
        );
    }
    for metadata in [
        json!({ "k": 1 }),
        json!({ "k": null }),
        json!({ "k": {} }),
        json!(["k"]),
        json!("k"),
        json!(7),
    ] {
        let reply = school
            .send("paymentSale", charge(iqd(1_000), json!({ "metadata": metadata })))
            .await;
        reply.fails_with("GRAPHQL_VALIDATION_FAILED");
    }
    assert_eq!(app.row_counts().await, before);

    let mut longest = pairs(19);
    longest["مفتاح".repeat(8)] = json!("ق".repeat(500));
    for metadata in [longest, pairs(20), json!({ "k": "" }), json!({})] {
        let input = charge(iqd(1_000), json!({ "metadata": metadata }));
        let sale = school.send("paymentSale", input).await.succeeds();
        assert_eq!(school.payment(&sale.payment()).await["metadata"], metadata);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_short_and_visible(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(1_000)).await.succeeds().payment();
    let before = app.row_counts().await;
    for key in [
        "",
        " ",
        "two words",
        "مفتاح",
        "a\u{0}",
        "a\n",
        "k".repeat(256).as_str(),
    ] {
        let replies = [
            school
                .send(
                    "paymentSale",
                    charge(iqd(1_000), json!({ "idempotencyKey": key })),
                )
                .await,
            school
                .send(
                    "paymentAuthorize",
                    charge(iqd(1_000), json!({ "idempotencyKey": key })),
                )
                .await,
            school
                .send("paymentCapture", on(&held, json!({ "idempotencyKey": key })))
                .await,
            school
                .send("paymentVoid", on(&held, json!({ "idempotencyKey": key })))
                .await,
            school
                .send("paymentRefund", on(&held, json!({ "idempotencyKey": key })))
                .await,
        ];
        for reply in replies {
            assert_eq!(
                marked(&reply),
                [("IDEMPOTENCY_KEY_INVALID", "idempotencyKey".to_owned())],
                "{key:?}"
            );
            assert_eq!(
                reply.message(),
                "idempotency key must have 1 to 255 visible ASCII characters"
            );
        }
    }
    let reply = school
        .send(
            "paymentSale",
            charge(iqd(1_000), json!({ "idempotencyKey": null })),
        )
        .await;
    reply.fails_with("GRAPHQL_VALIDATION_FAILED");
    assert_eq!(app.row_counts().await, before);

    for key in ["k".repeat(255), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".to_owned()] {
        let input = charge(iqd(1_000), json!({ "idempotencyKey": key }));
        school.send("paymentSale", input.clone()).await.succeeds();
        let again = school.send("paymentSale", input).await.succeeds();
        assert_eq!(again.data["idempotentReplay"], true, "{key}");
    }
    app.ledger_ties().await;
}
