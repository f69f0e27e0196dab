//! A client that goes away.

use super::desk::{Desk, SALE, charge};
use crate::support::{Engine, Gate, Hand, Held, TestApp, until};
use rstest::rstest;
use service::provider::Provider;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_goes_on_and_its_row_says_what_it_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as Arc<dyn Provider>).await;
    let school = app.merchant("school").await;
    let body = charge(9999).to_string();
    let mut line = TcpStream::connect(app.url.trim_start_matches("http://")).unwrap();
    let request = format!(
        "POST {SALE} HTTP/1.1\r\nhost: tahsil\r\nx-api-key: {}\r\nidempotency-key: order-1\r\ncontent-length: {}\r\n\r\n{body}",
        school.secret,
        body.len()
    );
    line.write_all(request.as_bytes()).unwrap();
    let hand = Hand::at(&app.database.url).await;
    until("the sale is at the provider", async || {
        hand.number("SELECT COUNT(*) FROM operations").await == 1
    })
    .await;
    drop(line);
    gate.arrive().await;

    let row = "SELECT status || ' ' || path || ' ' || idempotency_key || ' ' || CAST(made AS TEXT) FROM api_requests WHERE status = 499";
    until("the row is there", async || {
        app.app.request_log().flush().await;
        !hand.texts(row).await.is_empty()
    })
    .await;
    let (row, payment) = (hand.text(row).await, hand.text("SELECT id FROM payments").await);
    assert!(
        row.starts_with(&format!("499 {SALE} order-1 ")) && row.contains(&payment),
        "{row}"
    );

    let desk = Desk::of(&app, &school);
    let key = [("idempotency-key", "order-1")];
    let again = desk.post_with(SALE, charge(9999), &key).await.is(200);
    assert_eq!(
        (again.word("id"), again.word("status")),
        (payment.as_str(), "captured")
    );
    assert_eq!(again.header("idempotent-replayed"), "true");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_takes_too_long_goes_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let settings = [
        ("TAHSIL_REQUEST_TIMEOUT_MS", "1100"),
        ("TAHSIL_PROVIDER_TIMEOUT_MS", "100"),
    ];
    let provider = Arc::clone(&gate) as Arc<dyn Provider>;
    let app = TestApp::with_settings_and(engine, &settings, provider).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let key = [("idempotency-key", "order-1")];
    let late = desk.post_with(SALE, charge(9999), &key).await;
    late.refuses(
        504,
        "TIMEOUT",
        "the request took too long; a command goes on, ask what became of it",
    );
    gate.arrive().await;
    until("the sale is done", async || {
        desk.post_with(SALE, charge(9999), &key).await.status == 200
    })
    .await;
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}
