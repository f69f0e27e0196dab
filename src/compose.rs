//! Puts an installation together out of a checked configuration.
//!
//! Invariant: an [`App`] exists only over a schema that is complete, and with the master key that its database was filled
//! with. A command that meets a database without tables, or a key file that was lost, says what to do about it; it neither
//! fails in the middle of a query nor makes a key that opens nothing.

mod error;
mod schema;

pub use error::ComposeError;
pub(crate) use error::migrations;
pub use schema::{migrate, pending, sqlite_file};

use crate::config::{Config, Database, LiveProvider, MasterKeySource};
use crate::provider::Sandbox;
use domain::SystemClock;
use domain::merchant::Mode;
use sea_orm::ConnectionTrait;
use service::db::{Settings, StatementObserver};
use service::keys::Keys;
use service::provider::Providers;
use service::random::SystemIds;
use service::{App, Db, Parts};
use std::path::PathBuf;
use std::sync::Arc;

/// Opens the database, finds the keys and sets up the providers.
///
/// # Errors
/// When one of them is not to be had, or migrations are pending.
pub async fn app(config: &Config, on_statement: Option<StatementObserver>) -> Result<App, ComposeError> {
    let db = database(&config.database, on_statement).await?;
    let pending = pending(&db).await?;
    if pending > 0 {
        return Err(ComposeError::Pending(pending));
    }
    if let Some(path) = lost_key_file(&config.master_key, &db).await? {
        return Err(ComposeError::KeyFileLost(path));
    }
    let master_key = config.master_key.key()?;
    Ok(App::new(Parts {
        db,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        keys: Keys::derive(&master_key),
        providers: providers(config.provider.live),
        provider_timeout: config.provider.timeout,
        webhook_targets: config.webhooks.targets(),
        questions_logged_per_second: config.request_log_questions_per_second,
    }))
}

/// Opens the database, which has to exist.
///
/// # Errors
/// When it does not, or cannot be used.
pub async fn database(
    config: &Database,
    on_statement: Option<StatementObserver>,
) -> Result<Db, ComposeError> {
    if let Some(file) = sqlite_file(&config.url)? {
        // Opening would make an empty file in place of the one that was meant.
        if !file.exists() {
            return Err(ComposeError::NoDatabase(file));
        }
    }
    let settings = Settings {
        url: config.url.expose().to_owned(),
        max_connections: config.max_connections,
        statement_timeout: config.statement_timeout,
        acquire_timeout: config.acquire_timeout,
        on_statement,
    };
    Ok(Db::open(&settings).await?)
}

/// Any row that only the master key of its time can check.
const KEYED: &str =
    "SELECT 1 FROM operators UNION ALL SELECT 1 FROM credentials UNION ALL SELECT 1 FROM cards LIMIT 1";

/// The path of a key file that is not there although the database was filled with its key.
///
/// A new key in its place would refuse every API key and know no card again, and nobody would be told why.
///
/// # Errors
/// When the database does not answer.
pub async fn lost_key_file(source: &MasterKeySource, db: &Db) -> Result<Option<PathBuf>, ComposeError> {
    let MasterKeySource::File(path) = source else {
        return Ok(None);
    };
    if path.exists() {
        return Ok(None);
    }
    let keyed = db
        .reads()
        .query_one_raw(sea_orm::Statement::from_string(
            db.reads().get_database_backend(),
            KEYED,
        ))
        .await?;
    Ok(keyed.map(|_| path.clone()))
}

fn providers(live: LiveProvider) -> Providers {
    let sandbox = Arc::new(Sandbox);
    let providers = Providers::default().with(Mode::Test, sandbox.clone());
    match live {
        LiveProvider::Sandbox => providers.with(Mode::Live, sandbox),
        LiveProvider::None => providers,
    }
}
