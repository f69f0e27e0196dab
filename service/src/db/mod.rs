//! The database: opened here, written to only through [`Db::in_txn`].
//!
//! Invariant: every write runs in a transaction that a spawned task carries to commit or rollback. sqlx 0.9.0 loses
//! acknowledged PostgreSQL writes when a future is dropped during BEGIN (`docs/decisions/0002`), so no transaction is ever
//! owned by a future that a client's hang-up can drop. On SQLite there is one writer, and it takes the lock at BEGIN: a reader that
//! turns writer half way would meet `SQLITE_BUSY_SNAPSHOT`, which no waiting cures.

mod open;
mod record;
mod row;
mod rows;
mod session;
mod trouble;

pub use open::{OpenError, Settings, StatementObserver, is_postgres_url, open_for_migration};
pub(crate) use row::{Sql, sql};
pub(crate) use rows::{columns, json, models, record, some_columns};
pub use session::Session;
pub use trouble::{Trouble, trouble};

use crate::webhook::Due;
use crate::{Error, Result};
use domain::id::WebhookEndpointId;
use futures_util::future::BoxFuture;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Notify;

/// An open transaction.
pub type Txn = DatabaseTransaction;

/// The database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    reads: DatabaseConnection,
    writes: DatabaseConnection,
    postgres: bool,
    settings: Arc<Settings>,
    told: Arc<Notify>,
    due: Arc<Due>,
}

/// What a transaction has written that somebody waits for.
#[derive(Default)]
struct Wrote {
    events: Cell<bool>,
    deliveries: RefCell<BTreeSet<WebhookEndpointId>>,
}

tokio::task_local! {
    /// What the transaction of this task has written.
    static WROTE: Wrote;
}

/// Notes that the transaction of this task writes events: whoever waits for [`Db::told`] is woken when it has been committed.
pub(crate) fn wrote_events() {
    // Outside of a transaction there is nothing to wait for.
    let _outside = WROTE.try_with(|wrote| wrote.events.set(true));
}

/// Notes that the transaction of this task writes deliveries to these endpoints, for [`Db::due`].
pub(crate) fn wrote_deliveries(endpoints: BTreeSet<WebhookEndpointId>) {
    let _outside = WROTE.try_with(|wrote| wrote.deliveries.borrow_mut().extend(endpoints));
}

impl Db {
    /// Where questions go. On SQLite these connections cannot write.
    #[must_use]
    pub const fn reads(&self) -> &DatabaseConnection {
        &self.reads
    }

    /// Whether this is PostgreSQL; otherwise it is SQLite.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        self.postgres
    }

    /// Runs `work` in a transaction: commits what it returns, rolls back what it refuses.
    ///
    /// # Errors
    /// What `work` returns, or the error of BEGIN or COMMIT. After a failed COMMIT nothing is known to be written.
    pub async fn in_txn<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Txn) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let (connection, told, due) = (self.writes.clone(), Arc::clone(&self.told), Arc::clone(&self.due));
        let task = WROTE.scope(Wrote::default(), async move {
            let done = transact(&connection, immediate, work).await;
            if done.is_ok() {
                if WROTE.with(|wrote| wrote.events.get()) {
                    told.notify_one();
                }
                let endpoints = WROTE.with(|wrote| wrote.deliveries.take());
                if !endpoints.is_empty() {
                    due.tell(endpoints);
                }
            }
            done
        });
        // In a box, so that whoever waits for a transaction is not as large as all that happens in it.
        in_a_task(Box::pin(task)).await
    }

    /// Runs `work` on one unchanging view of the database: what it reads in several statements was true at one instant.
    ///
    /// # Errors
    /// What `work` returns, or the error of BEGIN.
    pub async fn in_snapshot<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Txn) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        // SQLite's readers cannot write, and a deferred transaction there reads one state of the log until it ends.
        let read_only = TransactionOptions {
            isolation_level: self.postgres.then_some(IsolationLevel::RepeatableRead),
            access_mode: self.postgres.then_some(AccessMode::ReadOnly),
            sqlite_transaction_mode: None,
        };
        run(self.reads.clone(), read_only, work).await
    }

    /// Where it is; may hold a password.
    pub(crate) fn url(&self) -> &str {
        &self.settings.url
    }

    /// Woken after a transaction of this process that wrote events.
    #[must_use]
    pub fn told(&self) -> &Notify {
        &self.told
    }

    /// Where transactions of this process tell to which endpoints something is to be sent.
    #[must_use]
    pub fn due(&self) -> &Due {
        &self.due
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> std::result::Result<(), DbErr> {
        self.reads.execute_unprepared("SELECT 1").await.map(drop)
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When the driver cannot.
    pub async fn close(&self) -> std::result::Result<(), DbErr> {
        self.reads.close_by_ref().await?;
        self.writes.close_by_ref().await
    }
}

async fn run<T, F>(connection: DatabaseConnection, options: TransactionOptions, work: F) -> Result<T>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t Txn) -> BoxFuture<'t, Result<T>> + Send + 'static,
{
    in_a_task(async move { transact(&connection, options, work).await }).await
}

async fn transact<T, F>(connection: &DatabaseConnection, options: TransactionOptions, work: F) -> Result<T>
where
    F: for<'t> FnOnce(&'t Txn) -> BoxFuture<'t, Result<T>>,
{
    #[expect(clippy::disallowed_methods, reason = "the one place that opens transactions")]
    let txn = connection.begin_with_options(options).await?;
    match work(&txn).await {
        Ok(value) => {
            txn.commit().await?;
            Ok(value)
        }
        Err(refused) => {
            // A failed rollback changes nothing for the caller: the connection is closed and the server rolls back.
            if let Err(error) = txn.rollback().await {
                tracing::warn!(%error, "rollback failed");
            }
            Err(refused)
        }
    }
}

async fn in_a_task<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    use tracing::Instrument;
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(panic) => {
            tracing::error!(%panic, "a transaction panicked");
            Err(Error::Unavailable(
                "the command stopped unexpectedly; ask what became of it",
            ))
        }
    }
}
