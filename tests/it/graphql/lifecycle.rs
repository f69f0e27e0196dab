//! The life of a payment from hold to refund, each step with its amounts.

use crate::support::{EPARA, Engine, Merchant, Reply, TestApp, charge, iqd, money, on};
use domain::Currency;
use domain::credential::Scopes;
use domain::fee::FeeTerms;
use domain::merchant::Mode;
use rstest::rstest;
use serde_json::json;

/// Status, then what is authorized, captured, still capturable, refunded and still refundable.
fn standing(reply: &Reply) -> [&str; 6] {
    [
        reply.payment_status(),
        reply.amount("authorizedAmount"),
        reply.amount("capturedAmount"),
        reply.amount("capturableAmount"),
        reply.amount("refundedAmount"),
        reply.amount("refundableAmount"),
    ]
}

/// What a command writes into the books: code and amount of each line.
fn lines(reply: &Reply) -> Vec<(&str, &str)> {
    let lines = reply.data["ledgerLines"].as_array().unwrap();
    lines.iter().map(|line| (line["code"].as_str().unwrap(), line["amount"]["amount"].as_str().unwrap())).collect()
}

async fn hold(merchant: &Merchant, dinars: i64) -> String {
    merchant.authorize(iqd(dinars)).await.succeeds().payment()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_is_captured_whole(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let held = school.authorize(iqd(125_000)).await.succeeds();
    assert_eq!(standing(&held), ["AUTHORIZED", "125000", "0", "125000", "0", "0"]);
    assert_eq!((held.operation("kind"), held.operation("status")), ("AUTHORIZE", "SUCCEEDED"));
    assert_eq!(lines(&held), [], "a hold is no money: it is not in the books");
    assert_eq!(school.payable("IQD").await, "0");

    let captured = school.capture(&held.payment(), iqd(125_000)).await.succeeds();
    assert_eq!(standing(&captured), ["CAPTURED", "125000", "125000", "0", "0", "125000"]);
    assert_eq!((captured.operation("kind"), captured.operation("status")), ("CAPTURE", "SUCCEEDED"));
    assert_eq!(lines(&captured), [("gross", "125000"), ("fee", "2500"), ("reserve", "6250")]);
    assert_eq!(school.payable("IQD").await, "116250");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_without_amount_takes_all_that_is_held(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (whole, rest) = (hold(&school, 125_000).await, hold(&school, 125_000).await);

    let captured = school.send("paymentCapture", on(&whole, json!({}))).await.succeeds();
    assert_eq!(standing(&captured), ["CAPTURED", "125000", "125000", "0", "0", "125000"]);

    school.capture_and_keep(&rest, iqd(40_000)).await.succeeds();
    let captured = school.send("paymentCapture", on(&rest, json!({}))).await.succeeds();
    assert_eq!(captured.data["operation"]["amount"]["amount"], "85000");
    assert_eq!(standing(&captured), ["CAPTURED", "125000", "125000", "0", "0", "125000"]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_final_partial_capture_releases_the_rest(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    let captured = school.capture(&payment, iqd(40_000)).await.succeeds();

    assert_eq!(standing(&captured), ["CAPTURED", "125000", "40000", "0", "0", "40000"]);
    assert_eq!(lines(&captured), [("gross", "40000"), ("fee", "800"), ("reserve", "2000")]);
    school.capture(&payment, iqd(1)).await.is_refused_with("PAYMENT_ALREADY_CAPTURED");
    assert_eq!(school.payable("IQD").await, "37200");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_captured_in_several_parts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    let first = school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();
    assert_eq!(standing(&first), ["PARTIALLY_CAPTURED", "125000", "40000", "85000", "0", "40000"]);
    let second = school.capture_and_keep(&payment, iqd(25_000)).await.succeeds();
    assert_eq!(standing(&second), ["PARTIALLY_CAPTURED", "125000", "65000", "60000", "0", "65000"]);
    let last = school.capture(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(standing(&last), ["CAPTURED", "125000", "75000", "0", "0", "75000"]);

    // 75,000 less 1,500 fee and 3,750 reserve.
    assert_eq!(school.payable("IQD").await, "69750");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_of_all_that_is_left_closes_even_if_the_rest_should_be_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    school.capture_and_keep(&payment, iqd(100_000)).await.succeeds();
    let last = school.capture_and_keep(&payment, iqd(25_000)).await.succeeds();

    assert_eq!(standing(&last), ["CAPTURED", "125000", "125000", "0", "0", "125000"]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn giving_up_the_rest_of_a_partly_captured_hold_closes_it_as_captured(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;
    school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();

    let closed = school.void(&payment).await.succeeds();

    assert_eq!(standing(&closed), ["CAPTURED", "125000", "40000", "0", "0", "40000"]);
    assert_eq!((closed.operation("kind"), closed.operation("status")), ("VOID", "SUCCEEDED"));
    assert_eq!(closed.data["operation"]["amount"]["amount"], "85000", "what was released");
    assert_eq!(lines(&closed), []);
    assert_eq!(school.payable("IQD").await, "37200");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_void_gives_up_an_authorization(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;

    let voided = school.void(&payment).await.succeeds();

    assert_eq!(standing(&voided), ["VOIDED", "125000", "0", "0", "0", "0"]);
    assert_eq!(voided.data["payment"]["voidReason"], "customer canceled");
    assert_eq!(lines(&voided), []);
    let stored = school.payment(&payment).await;
    assert_eq!(stored["voidedAt"], "2026-06-15T10:00:00Z");
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_in_several_refunds(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(125_000)).await.succeeds().payment();

    let first = school.refund(&payment, iqd(25_000)).await.succeeds();
    assert_eq!(standing(&first), ["PARTIALLY_REFUNDED", "125000", "125000", "0", "25000", "100000"]);
    assert_eq!(first.data["refund"]["status"], "SUCCEEDED");
    assert_eq!(first.data["refund"]["amount"]["amount"], "25000");
    assert_eq!(first.data["refund"]["reason"], "returned");
    assert_eq!(lines(&first), [("refund", "25000"), ("refund", "25000")], "promised, then done");
    // The figure of S0's payout: fee and reserve are not given back.
    assert_eq!(school.payable("IQD").await, "91250");

    let second = school.refund(&payment, iqd(40_000)).await.succeeds();
    assert_eq!(standing(&second), ["PARTIALLY_REFUNDED", "125000", "125000", "0", "65000", "60000"]);
    let last = school.refund(&payment, iqd(60_000)).await.succeeds();
    assert_eq!(standing(&last), ["REFUNDED", "125000", "125000", "0", "125000", "0"]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_without_amount_gives_back_all_that_is_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let whole = school.sale(iqd(125_000)).await.succeeds().payment();
    let partly = school.sale(iqd(125_000)).await.succeeds().payment();

    let refunded = school.send("paymentRefund", on(&whole, json!({}))).await.succeeds();
    assert_eq!(standing(&refunded), ["REFUNDED", "125000", "125000", "0", "125000", "0"]);
    assert_eq!(refunded.data["refund"]["amount"]["amount"], "125000");
    assert!(refunded.data["refund"]["reason"].is_null());

    school.refund(&partly, iqd(5_000)).await.succeeds();
    let refunded = school.send("paymentRefund", on(&partly, json!({}))).await.succeeds();
    assert_eq!(refunded.data["refund"]["amount"]["amount"], "120000");
    assert_eq!(refunded.payment_status(), "REFUNDED");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_still_holds_money_is_never_wholly_refunded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = hold(&school, 125_000).await;
    school.capture_and_keep(&payment, iqd(40_000)).await.succeeds();

    let refunded = school.refund(&payment, iqd(40_000)).await.succeeds();
    assert_eq!(standing(&refunded), ["PARTIALLY_REFUNDED", "125000", "40000", "85000", "40000", "0"]);

    let captured = school.capture(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(standing(&captured), ["PARTIALLY_REFUNDED", "125000", "50000", "0", "40000", "10000"]);
    let refunded = school.refund(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(standing(&refunded), ["REFUNDED", "125000", "50000", "0", "50000", "0"]);
    app.ledger_ties().await;
}

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

        let captured = school.send("paymentCapture", on(&held.payment(), json!({}))).await.succeeds();
        assert_eq!(captured.amount("capturedAmount"), gross);
        assert_eq!(lines(&captured), [("gross", gross), ("fee", fee), ("reserve", reserve)]);
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
        (money("125000", "IQD"), json!({ "amount": "125000", "currency": "IQD", "minor": "125000000" })),
        (money("125000.000", "IQD"), json!({ "amount": "125000", "currency": "IQD", "minor": "125000000" })),
        (money("99.99", "USD"), json!({ "amount": "99.99", "currency": "USD", "minor": "9999" })),
        (money("7", "KWD"), json!({ "amount": "7.000", "currency": "KWD", "minor": "7000" })),
        // The largest charge: ten thousand million, and its minor units need more than the 53 bits of a JSON number.
        (
            money("10000000000", "IQD"),
            json!({ "amount": "10000000000", "currency": "IQD", "minor": "10000000000000" }),
        ),
    ];
    for (asked, told) in table {
        let sale = school.send("paymentSale", charge(asked, json!({}))).await.succeeds();
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
    let school = app.merchant_with("school", Mode::Test, Scopes::all(), terms).await;
    let payment = hold(&school, 125_000).await;

    let first = school.capture_and_keep(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(lines(&first), [("gross", "10000"), ("fee", "700"), ("reserve", "500")]);
    let second = school.capture(&payment, iqd(10_000)).await.succeeds();
    assert_eq!(lines(&second), [("gross", "10000"), ("fee", "200"), ("reserve", "500")]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_fee_never_exceeds_what_was_captured(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let fixed = Some(domain::Money::new(500_000, Currency::Iqd));
    let terms = FeeTerms { fixed, ..EPARA };
    let school = app.merchant_with("school", Mode::Test, Scopes::all(), terms).await;

    let sale = school.sale(iqd(300)).await.succeeds();

    assert_eq!(lines(&sale), [("gross", "300"), ("fee", "300")], "nothing is left for a reserve");
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}
