//! Events as another node writes them: rows of the outbox, committed.

use super::server::Ours;
use sqlx::{Connection, PgConnection};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

const WRITE: &str = "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) \
    SELECT 'evt_' || lpad(($1 + n)::text, 26, '0'), $2, 'test', 'payment.captured', 'pay_00000000000000000000000000', \
    '{\"amount\": {\"minor\": 125000000, \"currency\": \"IQD\"}, \"state\": \"captured\"}', now() FROM generate_series(1, $3) AS n";

/// Writes events.
pub struct Writer {
    connection: Mutex<PgConnection>,
    merchants: Vec<String>,
    next: AtomicU64,
}

impl Writer {
    /// A writer on the database of `ours`.
    pub async fn of(ours: &Ours) -> Self {
        Self {
            connection: Mutex::new(
                PgConnection::connect(&ours.database)
                    .await
                    .expect("PostgreSQL answers"),
            ),
            merchants: ours.merchants.clone(),
            next: AtomicU64::new(0),
        }
    }

    /// Writes so many events of a merchant in one transaction.
    pub async fn write(&self, merchant: usize, events: usize) {
        let first = self.next.fetch_add(events as u64, Ordering::Relaxed);
        let mut connection = self.connection.lock().await;
        sqlx::query(WRITE)
            .bind(i64::try_from(first).expect("a number"))
            .bind(&self.merchants[merchant])
            .bind(i64::try_from(events).expect("a number"))
            .execute(&mut *connection)
            .await
            .expect("events are written");
    }

    /// Waits until all events have their places: whoever follows from then on hears of none of these.
    pub async fn is_done(&self) {
        let mut connection = self.connection.lock().await;
        loop {
            let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outbox_events WHERE pos IS NULL")
                .fetch_one(&mut *connection)
                .await
                .expect("events are counted");
            if waiting == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}
