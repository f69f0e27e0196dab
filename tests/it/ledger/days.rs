//! A closed business day stays as it is.

use super::books;
use crate::support::{Engine, Hand, TestApp, iqd};
use rstest::rstest;

/// The test clock's day in Baghdad, and the two after it.
const DAYS: [&str; 3] = ["2026-06-15", "2026-06-16", "2026-06-17"];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_booked_into_a_day_that_is_not_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("closing", "closed", "none")] state: &str,
) {
    let app = TestApp::start(engine).await;
    let books = books(&app, &app.merchant("school").await).await;
    let hand = Hand::at(&app.database.url).await;
    let line = |day: &str, leg: i16| {
        format!(
            "INSERT INTO transfers (journal_id, leg, debit_account_id, credit_account_id, currency, amount_minor, code, \
             business_date) SELECT journal_id, {leg}, debit_account_id, credit_account_id, currency, amount_minor, code, \
             '{day}' FROM transfers WHERE journal_id = '{}' AND leg = 1",
            books.journal
        )
    };
    hand.change(&line(DAYS[0], 8)).await;
    let day = if state == "none" {
        DAYS[1]
    } else {
        hand.change(&format!("UPDATE business_days SET state = '{state}'"))
            .await;
        DAYS[0]
    };

    let refusal = hand.refused(&line(day, 9)).await;

    assert!(refusal.contains("is not open"), "{refusal}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_after_the_day_was_closed_counts_for_the_next_open_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let hand = Hand::at(&app.database.url).await;
    let mut booked = Vec::new();

    for day in DAYS {
        let sale = school.sale(iqd(100)).await.succeeds();
        let operation = sale.data["operation"]["id"].as_str().unwrap().to_owned();
        let days = format!(
            "SELECT DISTINCT CAST(t.business_date AS TEXT) FROM transfers t JOIN journals j ON j.id = t.journal_id \
             AND j.business_date = t.business_date WHERE j.source_id = '{operation}'"
        );
        booked.push(hand.text(&days).await);
        hand.change(&format!(
            "UPDATE business_days SET state = 'closed' WHERE business_date = '{day}'"
        ))
        .await;
    }

    assert_eq!(booked, DAYS);
    app.ledger_ties().await;
}
