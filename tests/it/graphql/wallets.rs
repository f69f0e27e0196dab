//! Wallets: what each can do, and what it refuses.

use crate::support::{Engine, Merchant, Payer, TestApp, card, charge, iqd, on};
use rstest::rstest;
use serde_json::{Value, json};

const WALLETS: [&str; 5] = ["FAST_PAY", "FIB", "ZAIN", "ASIA_PAY", "NASS_WALLET"];

fn through(wallet: &str) -> Value {
    charge(iqd(125_000), json!({ "gateway": wallet, "card": null }))
}

async fn sold(merchant: &Merchant, wallet: &str) -> String {
    merchant
        .send("paymentSale", through(wallet))
        .await
        .succeeds()
        .payment()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_wallet_sells(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for wallet in WALLETS {
        let sale = school.send("paymentSale", through(wallet)).await.succeeds();
        assert_eq!(sale.payment_status(), "CAPTURED", "{wallet}");
        assert_eq!(sale.amount("refundableAmount"), "125000", "{wallet}");
        let operation = &sale.data["operation"];
        assert!(
            operation["authCode"].is_null() && operation["fraudScore"].is_null(),
            "{wallet}: {operation}"
        );

        let query = "query($id: ID!) { payment(id: $id) { gateway card { id } } }";
        let stored = school.ask(query, json!({ "id": sale.payment() })).await;
        assert_eq!(stored.data["payment"], json!({ "gateway": wallet, "card": null }));
    }
    // Five times 125,000 less fee and reserve.
    assert_eq!(school.payable("IQD").await, "581250");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_wallet_can_hold_money(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    for wallet in WALLETS {
        let refused = school.send("paymentAuthorize", through(wallet)).await;
        let refused = refused.is_refused_with("CAPTURE_METHOD_NOT_SUPPORTED");
        assert_eq!(
            refused.message(),
            format!("{wallet} cannot hold money: use a sale")
        );
        assert_eq!(refused.data["userErrors"][0]["field"], json!(["gateway"]));
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_takes_no_card_and_a_card_payment_needs_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let before = app.row_counts().await;
    for wallet in WALLETS {
        let input = charge(
            iqd(1_000),
            json!({ "gateway": wallet, "card": card(Payer::Visa.number()) }),
        );
        let refused = school
            .send("paymentSale", input)
            .await
            .is_refused_with("CARD_NOT_ALLOWED");
        assert_eq!(refused.data["userErrors"][0]["field"], json!(["card"]));
    }
    for mutation in ["paymentSale", "paymentAuthorize"] {
        let refused = school
            .send(mutation, charge(iqd(1_000), json!({ "card": null })))
            .await;
        let refused = refused.is_refused_with("CARD_REQUIRED");
        assert_eq!(refused.data["userErrors"][0]["field"], json!(["card"]));
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn some_wallets_give_back_all_or_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for wallet in ["FIB", "ZAIN"] {
        let payment = sold(&school, wallet).await;
        let before = app.row_counts().await;

        let refused = school
            .refund(&payment, iqd(25_000))
            .await
            .is_refused_with("REFUND_FULL_ONLY");
        assert_eq!(
            refused.message(),
            format!("{wallet} refunds the whole amount only")
        );
        assert_eq!(app.row_counts().await, before);

        let refunded = school
            .send("paymentRefund", on(&payment, json!({})))
            .await
            .succeeds();
        assert_eq!(refunded.payment_status(), "REFUNDED");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn some_wallets_give_back_in_parts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for wallet in ["FAST_PAY", "ASIA_PAY"] {
        let payment = sold(&school, wallet).await;
        let first = school.refund(&payment, iqd(25_000)).await.succeeds();
        assert_eq!(first.payment_status(), "PARTIALLY_REFUNDED");
        let second = school.refund(&payment, iqd(100_000)).await.succeeds();
        assert_eq!(second.payment_status(), "REFUNDED");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_nass_wallet_gives_nothing_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = sold(&school, "NASS_WALLET").await;
    let before = app.row_counts().await;
    for input in [
        json!({}),
        json!({ "amount": iqd(125_000) }),
        json!({ "amount": iqd(1) }),
    ] {
        let refused = school.send("paymentRefund", on(&payment, input)).await;
        let refused = refused.is_refused_with("REFUND_NOT_SUPPORTED");
        assert_eq!(refused.message(), "NASS_WALLET does not support refunds");
    }
    assert_eq!(app.row_counts().await, before);
    assert_eq!(school.status(&payment).await, "CAPTURED");
    app.ledger_ties().await;
}
