//! Opening a database with the settings that money needs.

use super::Db;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use std::time::Duration;

/// Told each statement and how long it took. The values may be personal: count and measure, never log them.
pub type StatementObserver = Arc<dyn Fn(&Statement, Duration) + Send + Sync>;

/// How to reach the database.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://…` or `sqlite://path`.
    pub url: String,
    /// Most connections: all of a PostgreSQL pool, the readers on SQLite, which has one writer besides.
    pub max_connections: u32,
    /// Longest statement (PostgreSQL).
    pub statement_timeout: Duration,
    /// Longest wait for a free connection.
    pub acquire_timeout: Duration,
    /// Told of each statement that SeaORM sends, with its time.
    pub on_statement: Option<StatementObserver>,
}

impl std::fmt::Debug for Settings {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Settings(…)")
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither of the two databases.
    #[error("database_url must begin with postgres:// or sqlite://")]
    UnknownScheme,
    /// It does not answer, or not as it should.
    #[error("cannot open the database: {0}")]
    Unreachable(#[from] DbErr),
    /// It refuses the connection, or nobody listens there.
    #[error("cannot connect to the database: {0}")]
    Refused(#[source] sqlx::Error),
    /// Nobody answers in time.
    #[error("cannot connect to the database: no answer within db_acquire_timeout_ms")]
    Silent,
    /// SQLite without enforced foreign keys would take rows that belong to nobody.
    #[error("SQLite does not enforce foreign keys on this connection")]
    NoForeignKeys,
}

/// Whether `url` names a PostgreSQL database.
#[must_use]
pub fn is_postgres_url(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    Read,
}

impl Db {
    /// Opens the database. The schema must be there; see [`open_for_migration`].
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn open(settings: &Settings) -> Result<Self, OpenError> {
        if is_postgres_url(&settings.url) {
            let pool = observed(postgres(settings, settings.max_connections).await?, settings);
            return Ok(Self {
                reads: pool.clone(),
                writes: pool,
                postgres: true,
                settings: Arc::new(settings.clone()),
                told: Arc::default(),
                due: Arc::default(),
            });
        }
        // The writer first: it makes the file, which a reader cannot.
        let writes = observed(sqlite(settings, Access::Write, 1).await?, settings);
        let reads = observed(
            sqlite(settings, Access::Read, settings.max_connections).await?,
            settings,
        );
        let enforced = writes
            .query_one_raw(super::sql(false, "PRAGMA foreign_keys").statement())
            .await?;
        let enforced = enforced.map(|row| row.try_get_by_index::<i32>(0)).transpose()?;
        if enforced != Some(1) {
            return Err(OpenError::NoForeignKeys);
        }
        Ok(Self {
            reads,
            writes,
            postgres: false,
            settings: Arc::new(settings.clone()),
            told: Arc::default(),
            due: Arc::default(),
        })
    }
}

/// A pool of one connection, which is what migrations run on; no statement time-out, because an index takes its time.
///
/// # Errors
/// When the database cannot be used.
pub async fn open_for_migration(url: &str) -> Result<DatabaseConnection, OpenError> {
    let settings = Settings {
        url: url.to_owned(),
        max_connections: 1,
        statement_timeout: Duration::ZERO,
        acquire_timeout: Duration::from_secs(10),
        on_statement: None,
    };
    if is_postgres_url(url) {
        postgres(&settings, 1).await
    } else {
        sqlite(&settings, Access::Write, 1).await
    }
}

async fn postgres(settings: &Settings, connections: u32) -> Result<DatabaseConnection, OpenError> {
    // A pool tries again until its time is up and then says only that it is; one connection says what is wrong.
    let first = PgConnection::connect(&settings.url);
    let first = tokio::time::timeout(settings.acquire_timeout, first)
        .await
        .map_err(|_| OpenError::Silent)?;
    first
        .map_err(OpenError::Refused)?
        .close()
        .await
        .map_err(OpenError::Refused)?;
    let mut options = pool(settings, connections);
    options.set_application_name("tahsil");
    if !settings.statement_timeout.is_zero() {
        // A transaction whose owner died must not hold its locks: the server ends it after the longest statement.
        let idle = settings.statement_timeout.as_millis().to_string();
        options.statement_timeout(settings.statement_timeout);
        options.map_sqlx_postgres_opts(move |options| {
            options.options([("idle_in_transaction_session_timeout", idle.as_str())])
        });
    }
    Ok(Database::connect(options).await?)
}

/// A session of PostgreSQL. The server looks after its connection, so that what a node held whose machine is gone is free again within
/// seconds, and not when the network gives up.
pub(super) async fn session(settings: &Settings) -> Result<DatabaseConnection, OpenError> {
    let mut options = pool(settings, 1);
    options
        .set_application_name("tahsil sequencer")
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_postgres_opts(|options| {
            options.options([
                ("tcp_keepalives_idle", "2"),
                ("tcp_keepalives_interval", "1"),
                ("tcp_keepalives_count", "3"),
                ("tcp_user_timeout", "5000"),
                ("idle_in_transaction_session_timeout", "5000"),
            ])
        })
        .statement_timeout(settings.statement_timeout);
    Ok(observed(Database::connect(options).await?, settings))
}

async fn sqlite(
    settings: &Settings,
    access: Access,
    connections: u32,
) -> Result<DatabaseConnection, OpenError> {
    if !settings.url.starts_with("sqlite:") {
        return Err(OpenError::UnknownScheme);
    }
    let mut options = pool(settings, connections);
    let wait = settings.acquire_timeout;
    options.map_sqlx_sqlite_opts(move |options: SqliteConnectOptions| {
        let options = options
            .create_if_missing(access == Access::Write)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit that was acknowledged survives the loss of power, not only of the process.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(wait);
        match access {
            Access::Write => options,
            Access::Read => options.pragma("query_only", "on"),
        }
    });
    Ok(Database::connect(options).await?)
}

fn pool(settings: &Settings, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(settings.url.clone());
    options
        .max_connections(connections)
        .acquire_timeout(settings.acquire_timeout)
        // A ping before each statement costs a quarter of a point read; after half a minute of silence it is worth it.
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        // Statements are counted and timed by `on_statement`; their text in a log could hold what a payer typed.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

fn observed(mut pool: DatabaseConnection, settings: &Settings) -> DatabaseConnection {
    if let Some(observer) = settings.on_statement.clone() {
        pool.set_metric_callback(move |info| observer(info.statement, info.elapsed));
    }
    pool
}
