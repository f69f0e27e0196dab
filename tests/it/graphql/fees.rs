//! What a capture costs, in every currency.

use super::lifecycle::{hold, lines};
use crate::support::{EPARA, Engine, TestApp, charge, iqd, money, on};
use domain::Currency;
use domain::credential::Scopes;
use domain::fee::FeeTerms;
use domain::merchant::Mode;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fees_of_other_currencies_are_rounded_to_their_own_steps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    // Gross, fee, reserve, what is owed. 2 and 5 per cent, half up: to a cent, and to a hundredth of a dinar of Kuwait.
    let table = [
        (money("10.30", "USD"), ["10.30", "0.21", "0.52", "9.57"]),
        (money("1.25", "KWD"), ["1.250", "0.030", "0.060", "1.160"]),
    ];
    for (amount, [gross, fee, reserve, payable]) in table {
        let currency = amount["currency"].as_str().unwrap().to_owned();
        let held = school.authorize(amount).await.succeeds();
        assert_eq!(held.amount("amount"), gross);

        let captured = school
            .send("paymentCapture", on(&held.payment(), json!({})))
            .await
            .succeeds();
        assert_eq!(captured.amount("capturedAmount"), gross);
        assert_eq!(
            lines(&captured),
            [("gross", gross), ("fee", fee), ("reserve", reserve)]
        );
        assert_eq!(captured.data["operation"]["fee"]["amount"], fee);
        assert_eq!(captured.data["operation"]["reserve"]["amount"], reserve);
        assert_eq!(school.payable(&currency).await, payable);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_told_in_major_and_in_minor_units(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let table = [
        (
            money("125000", "IQD"),
            json!({ "amount": "125000", "currency": "IQD", "minor": "125000000" }),
        ),
        (
            money("125000.000", "IQD"),
            json!({ "amount": "125000", "currency": "IQD", "minor": "125000000" }),
        ),
        (
            money("99.99", "USD"),
            json!({ "amount": "99.99", "currency": "USD", "minor": "9999" }),
        ),
        (
            money("7", "KWD"),
            json!({ "amount": "7.000", "currency": "KWD", "minor": "7000" }),
        ),
        // The largest charge: ten thousand million, and its minor units need more than the 53 bits of a JSON number.
        (
            money("10000000000", "IQD"),
            json!({ "amount": "10000000000", "currency": "IQD", "minor": "10000000000000" }),
        ),
    ];
    for (asked, told) in table {
        let sale = school
            .send("paymentSale", charge(asked, json!({})))
            .await
            .succeeds();
        assert_eq!(sale.data["payment"]["amount"], told);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_fixed_part_of_the_fee_is_charged_with_the_first_capture_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let fixed = Some(domain::Money::new(500_000, Currency::Iqd));
    let terms = FeeTerms { fixed, ..EPARA };
    let school = app
        .merchant_with("school", Mode::Test, Scopes::all(), terms)
        .await;
    let payment = hold(&school, 125_000).await;

    let first = school.capture_and_keep(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(
        lines(&first),
        [("gross", "10000"), ("fee", "700"), ("reserve", "500")]
    );
    let second = school.capture(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(
        lines(&second),
        [("gross", "10000"), ("fee", "200"), ("reserve", "500")]
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_fee_never_exceeds_what_was_captured(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let fixed = Some(domain::Money::new(500_000, Currency::Iqd));
    let terms = FeeTerms { fixed, ..EPARA };
    let school = app
        .merchant_with("school", Mode::Test, Scopes::all(), terms)
        .await;

    let sale = school.sale(iqd(300)).await.succeeds();

    assert_eq!(
        lines(&sale),
        [("gross", "300"), ("fee", "300")],
        "nothing is left for a reserve"
    );
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}
