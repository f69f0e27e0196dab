//! Merchants are created by operators.

use crate::support::{Engine, Reply, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const CREATE: &str = "mutation($input: MerchantCreateInput!) { merchantCreate(input: $input) { \
     merchant { id name currency feeBps feeFixed { amount currency } reserveBps mode createdAt } \
     userErrors { code message field } } }";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_creates_merchants(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator("operator").await;
    let told = |reply: Reply| {
        let mut merchant = reply.field("merchantCreate").succeeds().data["merchant"].take();
        let id = merchant.as_object_mut().unwrap().remove("id").unwrap();
        assert!(id.as_str().unwrap().starts_with("mer_"), "{id}");
        merchant
    };

    let input = json!({ "name": " مدرسة بغداد ", "feeBps": 290, "feeFixed": "500", "reserveBps": 500 });
    let merchant = told(operator.ask(CREATE, json!({ "input": input })).await);
    assert_eq!(
        merchant,
        json!({
            "name": "مدرسة بغداد",
            "currency": "IQD",
            "feeBps": 290,
            "feeFixed": { "amount": "500", "currency": "IQD" },
            "reserveBps": 500,
            "mode": null,
            "createdAt": "2026-06-15T10:00:00.000000Z",
        })
    );
    let merchant = told(
        operator
            .ask(CREATE, json!({ "input": { "name": "shop", "currency": "USD" } }))
            .await,
    );
    assert_eq!(
        (&merchant["currency"], &merchant["feeBps"]),
        (&json!("USD"), &json!(0))
    );
    assert_eq!(merchant["feeFixed"], Value::Null);
    assert_eq!(app.count("merchants").await, 2);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_creates_no_merchants(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let refused = school
        .ask(CREATE, json!({ "input": { "name": "shop" } }))
        .await
        .fails_with("FORBIDDEN");

    assert_eq!(refused.errors[0]["message"], "this needs an operator");
    assert_eq!(app.count("merchants").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_is_not_created_with_bad_terms(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let operator = app.operator("operator").await;
    let table = [
        (json!({ "feeBps": -1 }), "FEE_TERMS_INVALID"),
        (json!({ "feeBps": 10_001 }), "FEE_TERMS_INVALID"),
        (json!({ "feeBps": i32::MAX }), "FEE_TERMS_INVALID"),
        (json!({ "reserveBps": -1 }), "FEE_TERMS_INVALID"),
        (json!({ "reserveBps": 10_001 }), "FEE_TERMS_INVALID"),
        (json!({ "feeFixed": "-1" }), "FEE_TERMS_INVALID"),
        (json!({ "feeFixed": "0.5" }), "FEE_TERMS_INVALID"),
        (
            json!({ "feeFixed": "0.001", "currency": "USD" }),
            "FEE_TERMS_INVALID",
        ),
        (json!({ "feeFixed": "much" }), "FEE_TERMS_INVALID"),
        (json!({ "currency": "GBP" }), "CURRENCY_UNSUPPORTED"),
        (json!({ "name": "" }), "NAME_INVALID"),
        (json!({ "name": "   " }), "NAME_INVALID"),
        (json!({ "name": "a\u{0}b" }), "NAME_INVALID"),
        (json!({ "name": "م".repeat(101) }), "NAME_INVALID"),
    ];
    for (mut input, code) in table {
        if input["name"].is_null() {
            input["name"] = "shop".into();
        }
        let reply = operator
            .ask(CREATE, json!({ "input": input }))
            .await
            .field("merchantCreate");
        assert!(reply.data["merchant"].is_null(), "{input}");
        assert_eq!(reply.codes(), [code], "{input}");
    }
    for input in [
        json!({}),
        json!({ "name": "shop", "feeBps": "200" }),
        json!({ "name": "shop", "feeFixed": 500 }),
    ] {
        operator
            .ask(CREATE, json!({ "input": input }))
            .await
            .fails_with("GRAPHQL_VALIDATION_FAILED");
    }
    assert_eq!(app.count("merchants").await, 0);
    app.ledger_ties().await;
}
