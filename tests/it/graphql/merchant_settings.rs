//! Operators change how a merchant's payers pay.

use super::checkout::{create, errors, made, pay, status};
use crate::support::{Engine, Operator, Payer, Reply, TestApp, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

const MERCHANT: &str = "name currency feeBps feeFixed { amount currency } reserveBps gateways cardSurcharge lateSuccess brandName brandColor";

async fn update(operator: &Operator, input: Value) -> Reply {
    let query = format!(
        "mutation($input: MerchantUpdateInput!) {{ merchantUpdate(input: $input) {{ merchant {{ id {MERCHANT} }} userErrors {{ code message field }} }} }}"
    );
    operator
        .ask(&query, json!({ "input": input }))
        .await
        .field("merchantUpdate")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_stays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (operator, school) = (app.operator("Zainab").await, app.merchant("school").await);
    let id = school.tenant.merchant.to_string();
    let seen = async || {
        school
            .ask(&format!("{{ merchant {{ id {MERCHANT} }} }}"), json!({}))
            .await
            .data["merchant"]
            .take()
    };
    let all = json!([
        "CREDIT_CARD",
        "FAST_PAY",
        "FIB",
        "ZAIN",
        "ASIA_PAY",
        "NASS_WALLET"
    ]);
    let mut expected = json!({
        "id": id, "name": "school", "currency": "IQD", "feeBps": 200, "feeFixed": null, "reserveBps": 500, "gateways": all,
        "cardSurcharge": false, "lateSuccess": "ACCEPT", "brandName": null, "brandColor": null,
    });
    assert_eq!(seen().await, expected);
    let fees = json!({ "feeBps": 250, "fixed": iqd(500), "reserveBps": 0 });
    for (input, shown) in [
        (json!({}), json!({})),
        (json!({ "name": " مدرسة " }), json!({ "name": "مدرسة" })),
        (
            json!({ "fees": fees }),
            json!({ "feeBps": 250, "feeFixed": iqd(500), "reserveBps": 0 }),
        ),
        (
            json!({ "fees": { "feeBps": 250, "reserveBps": 0 } }),
            json!({ "feeFixed": null }),
        ),
        (
            json!({ "gateways": ["ZAIN", "CREDIT_CARD"] }),
            json!({ "gateways": ["CREDIT_CARD", "ZAIN"] }),
        ),
        (
            json!({ "cardSurcharge": true, "lateSuccess": "GIVE_BACK" }),
            json!({ "cardSurcharge": true, "lateSuccess": "GIVE_BACK" }),
        ),
        (
            json!({ "brandName": "Al-Noor", "brandColor": "#0B6E4F" }),
            json!({ "brandName": "Al-Noor", "brandColor": "#0b6e4f" }),
        ),
        (json!({ "brandName": null }), json!({ "brandName": null })),
        (json!({ "brandColor": null }), json!({ "brandColor": null })),
    ] {
        let mut input = input;
        input["id"] = id.clone().into();
        for (field, value) in shown.as_object().unwrap() {
            expected[field] = value.clone();
        }
        let changed = update(&operator, input.clone()).await.succeeds();
        assert_eq!(changed.data["merchant"], expected, "{input}");
        assert_eq!(seen().await, expected, "the key in use knows: {input}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn new_terms_hold_from_the_next_payment_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (operator, school) = (app.operator("Zainab").await, app.merchant("school").await);
    let id = school.tenant.merchant.to_string();
    let open = made(
        &school,
        json!({ "amount": iqd(100_000), "collect": { "fee": true }, "gateways": ["CREDIT_CARD"] }),
    )
    .await;
    update(
        &operator,
        json!({ "id": id, "cardSurcharge": true, "fees": { "feeBps": 100, "reserveBps": 0 } }),
    )
    .await
    .succeeds();
    // 1,010 is the least that leaves 100,000 at one per cent.
    let paid = pay(&school, &open, Payer::Visa).await.succeeds();
    assert_eq!(
        (status(&paid), paid.data["payment"]["amount"]["amount"].as_str()),
        ("SUCCEEDED", Some("101010"))
    );
    assert_eq!(paid.data["intent"]["paid"]["payout"]["amount"], "100000");
    let fees = json!({ "feeBps": 10_000, "reserveBps": 0 });
    update(&operator, json!({ "id": id, "fees": fees }))
        .await
        .succeeds();
    let refused = create(&school, json!({ "collect": { "fee": true } }))
        .await
        .is_refused_with("SURCHARGE_IMPOSSIBLE");
    assert_eq!(refused.data["userErrors"][0]["field"], json!(["collect", "fee"]));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn late_money_is_kept_or_given_back_as_the_operator_said(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let operator = app.operator("Zainab").await;
    for (policy, ended) in [("ACCEPT", "SUCCEEDED"), ("GIVE_BACK", "EXPIRED")] {
        let school = app.merchant(policy).await;
        let id = school.tenant.merchant.to_string();
        update(&operator, json!({ "id": id, "lateSuccess": policy }))
            .await
            .succeeds();
        let told = json!({ "expiresInMinutes": 5, "metadata": { "sandbox_fault": "timeout_after_charge" } });
        let intent = made(&school, told).await;
        let lost = pay(&school, &intent, Payer::Visa).await.succeeds();
        assert_eq!(status(&lost), "PROCESSING");
        app.clock.advance(Duration::hours(1));
        app.resolve().await;
        let seen = super::checkout::intent(&school, &intent).await;
        assert_eq!(seen["status"], ended, "{policy}");
        if policy == "ACCEPT" {
            assert_eq!(
                (&seen["paid"]["late"], &seen["lateMoney"]),
                (&json!(true), &Value::Null)
            );
            continue;
        }
        assert_eq!(
            seen["lateMoney"],
            json!({ "via": "CREDIT_CARD", "givenBack": false })
        );
        assert_eq!(
            service::intent::give_back_late_money(&app.app, 10).await.unwrap(),
            1
        );
        let seen = super::checkout::intent(&school, &intent).await;
        assert_eq!(
            (&seen["lateMoney"]["givenBack"], &seen["paid"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(school.status(&lost.payment()).await, "REFUNDED");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn bad_settings_and_merchants_themselves_change_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (operator, school) = (app.operator("Zainab").await, app.merchant("school").await);
    let id = school.tenant.merchant.to_string();
    for (input, code, field) in [
        (json!({ "id": "pay_1" }), "ID_MALFORMED", "id"),
        (
            json!({ "id": "mer_00000000000000000000000001" }),
            "NOT_FOUND",
            "id",
        ),
        (json!({ "name": "" }), "NAME_INVALID", "name"),
        (
            json!({ "fees": { "feeBps": -1, "reserveBps": 0 } }),
            "FEE_TERMS_INVALID",
            "fees.feeBps",
        ),
        (
            json!({ "fees": { "feeBps": 10_001, "reserveBps": 0 } }),
            "FEE_TERMS_INVALID",
            "",
        ),
        (
            json!({ "fees": { "feeBps": 1, "reserveBps": -1 } }),
            "FEE_TERMS_INVALID",
            "fees.reserveBps",
        ),
        (
            json!({ "fees": { "feeBps": 1, "reserveBps": 1, "fixed": { "amount": "0.5", "currency": "IQD" } } }),
            "AMOUNT_TOO_PRECISE",
            "fees.fixed.amount",
        ),
        (
            json!({ "fees": { "feeBps": 1, "reserveBps": 1, "fixed": { "amount": "1", "currency": "USD" } } }),
            "FEE_TERMS_INVALID",
            "",
        ),
        (json!({ "gateways": [] }), "GATEWAY_REQUIRED", "gateways"),
        (json!({ "brandName": "" }), "NAME_INVALID", "brandName"),
        (json!({ "brandColor": "green" }), "COLOR_INVALID", "brandColor"),
        (json!({ "brandColor": "#12345g" }), "COLOR_INVALID", "brandColor"),
    ] {
        let mut input = input;
        if input["id"].is_null() {
            input["id"] = id.clone().into();
        }
        let refused = update(&operator, input.clone()).await;
        assert_eq!(errors(&refused), [(code.to_owned(), field.to_owned())], "{input}");
        assert!(refused.data["merchant"].is_null());
    }
    let query = "mutation($input: MerchantUpdateInput!) { merchantUpdate(input: $input) { merchant { id } userErrors { code } } }";
    let own = school
        .ask(
            query,
            json!({ "input": { "id": id, "fees": { "feeBps": 0, "reserveBps": 0 } } }),
        )
        .await;
    own.fails_with("FORBIDDEN");
    let kept = school.ask("{ merchant { name feeBps } }", json!({})).await;
    assert_eq!(kept.data["merchant"], json!({ "name": "school", "feeBps": 200 }));
    app.ledger_ties().await;
}
