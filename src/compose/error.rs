//! Why an installation cannot be put together. Each says what to do about it.

use crate::config::key_file::KeyFileError;
use sea_orm::DbErr;
use service::db::OpenError;
use std::{io, path::PathBuf};

/// What is missing or broken.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// There is no file at this path.
    #[error("there is no database at {}: run `tahsil migrate` to make it", .0.display())]
    NoDatabase(PathBuf),
    /// A database that every connection would see another one of.
    #[error("a SQLite database in memory cannot be used: name a file, as in sqlite://tahsil.db")]
    InMemory,
    /// The schema is older than this program.
    #[error("the database is not ready ({count} pending): run `tahsil migrate`", count = migrations(*.0))]
    Pending(usize),
    /// The schema is newer than this program.
    #[error("a newer version of tahsil migrated this database: install that version")]
    Newer,
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database did not answer a question.
    #[error("the database does not answer: {0}")]
    Database(#[from] DbErr),
    /// A migration failed; those before it are kept.
    #[error("a migration failed, those before it are kept: {0}")]
    Migration(DbErr),
    /// A SQLite file cannot be made.
    #[error("cannot make the database file {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The folder of a SQLite file cannot be made.
    #[error("cannot make the folder {} for the database: {cause}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The lock file of a SQLite database cannot be held.
    #[error("cannot lock {} while the database is migrated: {cause}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The master key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The key file is gone, and the database was filled with its key.
    #[error(
        "the key file {} is not there, and this database holds keys and cards that need it: restore the file, \
         copy it from another node, or set TAHSIL_MASTER_KEY",
        .0.display()
    )]
    KeyFileLost(PathBuf),
}

/// `1 migration`, `4 migrations`.
pub(crate) fn migrations(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} migration{plural}")
}
