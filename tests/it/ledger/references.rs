//! Rows that belong to nobody are refused, on every connection.

use super::books;
use crate::support::{Engine, Hand, TestApp};
use futures_util::future::join_all;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use service::Error;

/// An operation of a payment that is not there.
const ORPHAN: &str = "INSERT INTO operations (id, merchant_id, mode, payment_id, kind, status, currency, amount_minor, \
     fee_minor, reserve_minor, keep_rest, idempotency_key, asked, created_at) \
     SELECT id || 'x', merchant_id, mode, 'pay_nobody', kind, 'sent', currency, amount_minor, fee_minor, reserve_minor, \
     keep_rest, idempotency_key, asked, created_at FROM operations LIMIT 1";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_belong_to_nobody_or_to_another_currency_are_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    books(&app, &app.merchant("school").await).await;
    let hand = Hand::at(&app.database.url).await;
    let transfer = |journal: &str, debit: &str, credit: &str, currency: &str| {
        format!(
            "INSERT INTO transfers (journal_id, leg, debit_account_id, credit_account_id, currency, amount_minor, code, \
             business_date) SELECT {journal}, 9, {debit}, {credit}, {currency}, amount_minor, code, business_date \
             FROM transfers WHERE leg = 3"
        )
    };
    let whole = transfer("journal_id", "debit_account_id", "credit_account_id", "currency");

    let refused = [
        ORPHAN.to_owned(),
        "UPDATE operations SET payment_id = 'pay_nobody'".into(),
        "UPDATE payments SET merchant_id = 'mer_nobody'".into(),
        "UPDATE payments SET card_id = 'card_nobody'".into(),
        "UPDATE refunds SET operation_id = 'txn_nobody'".into(),
        "UPDATE refunds SET payment_id = 'pay_nobody'".into(),
        "UPDATE credentials SET merchant_id = 'mer_nobody'".into(),
        "UPDATE outbox_events SET merchant_id = 'mer_nobody'".into(),
        "UPDATE idempotency_records SET merchant_id = 'mer_nobody'".into(),
        "UPDATE ledger_accounts SET merchant_id = 'mer_nobody' WHERE merchant_id IS NOT NULL".into(),
        "DELETE FROM merchants".into(),
        "DELETE FROM payments".into(),
        "DELETE FROM business_days".into(),
        "DELETE FROM ledger_accounts".into(),
        transfer(
            "'jrn_nobody'",
            "debit_account_id",
            "credit_account_id",
            "currency",
        ),
        transfer("journal_id", "999999", "credit_account_id", "currency"),
        transfer("journal_id", "debit_account_id", "999999", "currency"),
        // The accounts are in dinars: a line in another currency between them does not exist.
        transfer("journal_id", "debit_account_id", "credit_account_id", "'USD'"),
    ];
    for statement in refused {
        let refusal = hand.refused(&statement).await.to_lowercase();
        assert!(refusal.contains("foreign key"), "{statement}: {refusal}");
    }
    // The same line without the fault is taken.
    hand.change(&whole).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_pooled_connection_enforces_references(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    books(&app, &app.merchant("school").await).await;

    // As many transactions at once as there are connections that write.
    let writers = if engine == Engine::Postgres { 16 } else { 1 };
    let orphans = (0..writers).map(|_| {
        app.app.db().in_txn(|txn| {
            Box::pin(async move {
                txn.execute_unprepared(ORPHAN).await?;
                Ok(())
            })
        })
    });
    for refusal in join_all(orphans).await {
        let Err(Error::Storage(refusal)) = refusal else {
            panic!("{refusal:?}")
        };
        assert!(
            refusal.to_string().to_lowercase().contains("foreign key"),
            "{refusal}"
        );
    }
    if engine == Engine::Sqlite {
        readers_are_set_up(&app).await;
    }
}

/// Every reader is held at once, so each is another connection.
async fn readers_are_set_up(app: &TestApp) {
    let pool = app.app.db().reads().get_sqlite_connection_pool();
    let readers = join_all((0..16).map(|_| pool.acquire())).await;
    for reader in readers {
        let mut reader = reader.unwrap();
        for (pragma, expected) in [
            ("foreign_keys", "1"),
            ("query_only", "1"),
            ("journal_mode", "wal"),
            ("synchronous", "2"),
        ] {
            let asked = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            let (value,): (String,) = sqlx::query_as(sqlx::AssertSqlSafe(asked))
                .fetch_one(&mut *reader)
                .await
                .unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
        let written = sqlx::query("DELETE FROM cards").execute(&mut *reader).await;
        assert!(written.unwrap_err().to_string().contains("readonly"));
    }
}
