//! The eight test cards of S2, with their codes and words.

use crate::support::{Engine, Payer, TestApp, card, charge, iqd};
use rstest::rstest;
use serde_json::json;

/// Number, failure reason, issuer's code, S2's words.
const DECLINED: [(&str, &str, Option<&str>, &str); 6] = [
    ("4000000000000002", "DO_NOT_HONOR", Some("05"), "do not honor"),
    (
        "4000000000009995",
        "INSUFFICIENT_FUNDS",
        Some("51"),
        "insufficient funds",
    ),
    ("4000000000000069", "EXPIRED_CARD", Some("54"), "expired card"),
    ("4000000000000127", "CVV_MISMATCH", Some("N7"), "CVV mismatch"),
    (
        "4000000000000119",
        "PROCESSING_ERROR",
        Some("96"),
        "processing error",
    ),
    (
        "4000000000000259",
        "FRAUD_RISK",
        None,
        "high fraud risk (score: 85)",
    ),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn approved_cards_get_an_authorization_code_and_a_low_score(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for number in [Payer::Visa.number(), Payer::Mastercard.number()] {
        for (mutation, status) in [("paymentAuthorize", "AUTHORIZED"), ("paymentSale", "CAPTURED")] {
            let input = charge(iqd(125_000), json!({ "card": card(number) }));
            let reply = school.send(mutation, input).await.succeeds();

            assert_eq!(reply.payment_status(), status);
            assert!(reply.data["payment"]["failure"].is_null());
            let operation = &reply.data["operation"];
            assert_eq!(operation["status"], "SUCCEEDED");
            let code = operation["authCode"].as_str().unwrap();
            assert!(
                code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
                "{code}"
            );
            assert!(operation["fraudScore"].as_i64().unwrap() <= 40, "{operation}");
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn declined_cards_fail_with_the_code_and_words_of_the_issuer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for (number, reason, code, message) in DECLINED {
        for mutation in ["paymentAuthorize", "paymentSale"] {
            let input = charge(iqd(42_000), json!({ "card": card(number) }));
            // A decline is no refusal: the payment is there, and failed.
            let reply = school.send(mutation, input).await.succeeds();

            let failure = json!({ "reason": reason, "code": code, "message": message });
            assert_eq!(reply.payment_status(), "FAILED", "{number}");
            assert_eq!(reply.data["payment"]["failure"], failure, "{number}");
            assert_eq!(reply.data["operation"]["failure"], failure, "{number}");
            assert_eq!(reply.data["operation"]["status"], "FAILED", "{number}");
            assert!(reply.data["operation"]["authCode"].is_null(), "{number}");
            assert_eq!(reply.amount("authorizedAmount"), "0");
            assert_eq!(reply.data["ledgerLines"], json!([]));
            let score = reply.data["operation"]["fraudScore"].as_i64().unwrap();
            assert_eq!(score > 70, reason == "FRAUD_RISK", "{number}: {score}");
        }
    }
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_risky_card_scores_85(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let sale = school.sale_by(Payer::Risky, iqd(42_000)).await.succeeds();

    assert_eq!(sale.data["operation"]["fraudScore"], 85);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_get_equal_authorization_codes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let code = async |reply: crate::support::Reply| {
        reply.succeeds().data["operation"]["authCode"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    let first = code(school.sale(iqd(125_000)).await).await;
    let again = code(school.sale(iqd(125_000)).await).await;
    let hold = code(school.authorize(iqd(125_000)).await).await;
    let other_amount = code(school.sale(iqd(42_000)).await).await;
    let other_card = code(school.sale_by(Payer::Mastercard, iqd(125_000)).await).await;

    assert_eq!((&again, &hold), (&first, &first));
    assert!(other_amount != first && other_card != first);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_a_card_is_little(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let cards = "{ cards(first: 10) { nodes { brand last4 expMonth expYear cardholderName fingerprint } } }";
    let amex = json!({ "number": "3782 822463 10005", "expMonth": 6, "expYear": 2028, "cvv": "1234" });

    school.sale_by(Payer::Visa, iqd(1_000)).await.succeeds();
    school.sale_by(Payer::Visa, iqd(2_000)).await.succeeds();
    app.clock.advance(chrono::Duration::seconds(1));
    school
        .send("paymentSale", charge(iqd(3_000), json!({ "card": amex })))
        .await
        .succeeds();
    shop.sale_by(Payer::Visa, iqd(1_000)).await.succeeds();

    let kept = school.ask(cards, json!({})).await.data["cards"]["nodes"].take();
    let kept = kept.as_array().unwrap();
    assert_eq!(kept.len(), 2, "the same card twice is one card: {kept:?}");
    let told = |card: &serde_json::Value| {
        json!([
            card["brand"],
            card["last4"],
            card["expMonth"],
            card["expYear"],
            card["cardholderName"]
        ])
    };
    assert_eq!(told(&kept[0]), json!(["AMEX", "0005", 6, 2028, null]));
    assert_eq!(
        told(&kept[1]),
        json!(["VISA", "4242", 12, 2027, "Zainab Al-Saadi"])
    );

    let elsewhere = shop.ask(cards, json!({})).await.data["cards"]["nodes"].take();
    assert_ne!(
        elsewhere[0]["fingerprint"], kept[1]["fingerprint"],
        "merchants cannot compare their payers"
    );
    app.ledger_ties().await;
}
