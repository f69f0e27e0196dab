//! One connection of its own.
//!
//! Invariant: what a session holds (PostgreSQL's advisory locks) is gone when its connection is. The pool behind it opens another
//! connection without a word, so whoever holds something asks in its statements whether the connection is still the same
//! (`pg_backend_pid()`).

use super::{Db, OpenError, Settings, open, run};
use crate::{Result, Txn};
use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions};

/// A connection of its own. On SQLite it is the only one that writes, shared with everybody.
#[derive(Clone, Debug)]
pub struct Session {
    connection: DatabaseConnection,
    is_own: bool,
}

impl Db {
    /// Opens a session.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session(&self) -> std::result::Result<Session, OpenError> {
        let is_own = self.postgres;
        let connection = if is_own {
            let settings = Settings {
                max_connections: 1,
                ..self.settings.as_ref().clone()
            };
            open::session(&settings).await?
        } else {
            self.writes.clone()
        };
        Ok(Session { connection, is_own })
    }
}

impl Session {
    /// Runs `work` in a transaction on this connection, like [`Db::in_txn`].
    ///
    /// # Errors
    /// As there.
    pub async fn in_txn<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Txn) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        run(self.connection.clone(), immediate, work).await
    }

    /// Where questions on this very connection go.
    pub(crate) const fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Gives up the connection, and with it whatever it held.
    pub async fn close(self) {
        if self.is_own
            && let Err(error) = self.connection.close().await
        {
            tracing::debug!(%error, "a session could not be closed");
        }
    }
}
