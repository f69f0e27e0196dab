//! Nobody changes or removes what was booked, whoever asks the database.

use super::books;
use crate::support::{Engine, Hand, TestApp};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn journals_and_transfers_cannot_be_changed_or_removed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    books(&app, &app.merchant("school").await).await;
    let hand = Hand::at(&app.database.url).await;
    let before = (app.count("journals").await, app.count("transfers").await);

    let mut forbidden = vec![
        ("journals", "UPDATE journals SET digest = digest"),
        (
            "journals",
            "UPDATE journals SET booked_at = booked_at WHERE kind = 'capture'",
        ),
        ("journals", "DELETE FROM journals"),
        (
            "transfers",
            "UPDATE transfers SET amount_minor = amount_minor + 1",
        ),
        ("transfers", "UPDATE transfers SET code = code WHERE leg = 1"),
        ("transfers", "DELETE FROM transfers"),
        ("transfers", "DELETE FROM transfers WHERE leg = 3"),
    ];
    if hand.is_postgres() {
        forbidden.extend([
            ("journals", "TRUNCATE journals CASCADE"),
            ("transfers", "TRUNCATE transfers"),
            ("transfers", "TRUNCATE ledger_accounts CASCADE"),
        ]);
    } else {
        forbidden.extend([
            ("journals", "UPDATE OR REPLACE journals SET legs = legs"),
            (
                "transfers",
                "UPDATE OR REPLACE transfers SET leg = 2 WHERE leg = 1",
            ),
        ]);
    }
    for (table, statement) in forbidden {
        let refusal = hand.refused(statement).await;
        assert!(
            refusal.contains(&format!("{table} is append-only")),
            "{statement}: {refusal}"
        );
    }

    assert_eq!(
        (app.count("journals").await, app.count("transfers").await),
        before
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_booked_line_cannot_be_replaced_by_inserting_over_it(#[values(Engine::Sqlite)] engine: Engine) {
    let app = TestApp::start(engine).await;
    books(&app, &app.merchant("school").await).await;
    let hand = Hand::at(&app.database.url).await;

    // SQLite removes the row that is in the way of a replacing one without asking the triggers that guard against removal.
    let transfer = "INSERT OR REPLACE INTO transfers (id, journal_id, leg, debit_account_id, credit_account_id, currency, \
         amount_minor, code, business_date)";
    let journal = "INSERT OR REPLACE INTO journals (id, merchant_id, mode, kind, source_id, business_date, \
         reverses_journal_id, legs, digest, booked_at)";
    let over = [
        format!(
            "{transfer} SELECT id, journal_id, 9, debit_account_id, credit_account_id, currency, amount_minor + 1, code, \
             business_date FROM transfers WHERE leg = 1"
        ),
        format!(
            "{transfer} SELECT NULL, journal_id, leg, debit_account_id, credit_account_id, currency, amount_minor + 1, code, \
             business_date FROM transfers WHERE leg = 1"
        ),
        format!(
            "{journal} SELECT id, merchant_id, mode, 'other', source_id, business_date, reverses_journal_id, legs, digest, \
             booked_at FROM journals"
        ),
        format!(
            "{journal} SELECT id || 'x', merchant_id, mode, kind, source_id, business_date, reverses_journal_id, legs, digest, \
             booked_at FROM journals"
        ),
    ];
    for statement in over {
        let refusal = hand.refused(&statement).await;
        assert!(refusal.contains("is append-only"), "{statement}: {refusal}");
    }

    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_booked_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let books = books(&app, &app.merchant("school").await).await;
    let hand = Hand::at(&app.database.url).await;

    let again = |id: &str, kind: &str| {
        format!(
            "INSERT INTO journals (id, merchant_id, mode, kind, source_id, business_date, legs, digest, booked_at) \
             SELECT '{id}', merchant_id, mode, {kind}, source_id, business_date, legs, digest, booked_at \
             FROM journals WHERE id = '{}'",
            books.journal
        )
    };
    let refusal = hand.refused(&again("jrn_again", "kind")).await;
    assert!(refusal.contains("journals_once_per_event"), "{refusal}");
    // The same row under another kind is taken: it is the event that is refused, not the row.
    hand.change(&again("jrn_other", "'other'")).await;
}
