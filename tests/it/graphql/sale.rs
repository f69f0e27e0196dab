//! Sales.

use crate::support::{Engine, Payer, TestApp, iqd};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_takes_the_money_and_the_books_say_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let sale = school.sale(iqd(125_000)).await.succeeds();

    assert_eq!(sale.payment_status(), "CAPTURED");
    assert_eq!(sale.amount("capturedAmount"), "125000");
    assert_eq!(school.payable("IQD").await, "116250");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_declined_sale_is_a_failed_payment(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let sale = school.sale_by(Payer::Poor, iqd(42_000)).await.succeeds();

    assert_eq!(sale.payment_status(), "FAILED");
    assert_eq!(sale.data["payment"]["failure"]["code"], "51");
    assert_eq!(school.payable("IQD").await, "0");
    app.ledger_ties().await;
}
