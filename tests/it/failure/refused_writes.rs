//! A write that the database refuses takes its whole transaction with it.

use crate::support::{Engine, Hand, TestApp, charge, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;

/// Has the database refuse a kind of write to a table: `INSERT` or `UPDATE`.
async fn refuse(hand: &Hand, kind: &str, table: &str) {
    if hand.is_postgres() {
        hand.run(
            "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$",
        )
        .await;
        hand.run(&format!(
            "CREATE TRIGGER full_disk BEFORE {kind} ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()"
        ))
        .await;
    } else {
        let refusal = "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
        hand.run(&format!(
            "CREATE TRIGGER full_disk BEFORE {kind} ON {table} {refusal}"
        ))
        .await;
    }
}

async fn allow(hand: &Hand, table: &str) {
    let on = if hand.is_postgres() {
        format!(" ON {table}")
    } else {
        String::new()
    };
    hand.run(&format!("DROP TRIGGER full_disk{on}")).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_cannot_be_reserved_leaves_no_trace(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    school.sale(iqd(7)).await.succeeds();
    let hand = Hand::at(&app.database.url).await;
    for table in ["idempotency_records", "payments", "operations"] {
        let before = app.row_counts().await;
        let sale = charge(iqd(100), json!({}));
        refuse(&hand, "INSERT", table).await;

        school
            .send("paymentSale", sale.clone())
            .await
            .fails_with("INTERNAL");

        assert_eq!(app.row_counts().await, before, "{table}");
        allow(&hand, table).await;
        let again = school.send("paymentSale", sale).await.succeeds();
        assert_eq!(again.payment_status(), "CAPTURED");
        assert_eq!(again.data["idempotentReplay"], false, "{table}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_cannot_be_settled_is_half_way_until_the_sweep_finishes_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    school.sale(iqd(7)).await.succeeds();
    let hand = Hand::at(&app.database.url).await;
    let steps = [
        ("UPDATE", "payments"),
        ("UPDATE", "operations"),
        ("INSERT", "journals"),
        ("INSERT", "transfers"),
        ("INSERT", "outbox_events"),
        ("UPDATE", "idempotency_records"),
    ];
    for (kind, table) in steps {
        let written = (
            app.count("journals").await,
            app.count("transfers").await,
            app.count("outbox_events").await,
        );
        let sale = charge(iqd(100), json!({}));
        refuse(&hand, kind, table).await;

        school
            .send("paymentSale", sale.clone())
            .await
            .fails_with("INTERNAL");

        // The first transaction stands, of the second there is nothing.
        assert_eq!(
            hand.text("SELECT o.status FROM operations o JOIN payments p ON p.id = o.payment_id WHERE p.status = 'processing'")
                .await
                .as_str(),
            "sent"
        );
        assert_eq!(
            hand.number("SELECT COUNT(*) FROM payments WHERE status = 'processing'")
                .await,
            1,
            "{table}"
        );
        let now = (
            app.count("journals").await,
            app.count("transfers").await,
            app.count("outbox_events").await,
        );
        assert_eq!(now, written, "{table}");
        school
            .send("paymentSale", sale.clone())
            .await
            .is_refused_with("IDEMPOTENCY_IN_PROGRESS");
        app.ledger_ties().await;

        allow(&hand, table).await;
        app.clock.advance(Duration::minutes(1));
        assert_eq!(app.resolve().await.settled, 1, "{table}");
        let again = school.send("paymentSale", sale).await.succeeds();
        assert_eq!(again.payment_status(), "CAPTURED");
        assert_eq!(again.data["idempotentReplay"], true, "{table}");
        assert_eq!(app.count("journals").await, written.0 + 1, "{table}");
        app.ledger_ties().await;
    }
}
