//! The schema: whether it is complete, and how it becomes so.

use super::error::ComposeError;
use crate::config::{DatabaseKind, DatabaseUrl};
use migration::{Migrator, MigratorTrait, run_pending};
use sea_orm::DbErr;
use service::Db;
use service::db::{OpenError, open_for_migration};
use sqlx::sqlite::SqliteConnectOptions;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

/// How many migrations the database lacks. Only reads.
///
/// # Errors
/// When the database does not answer, or has migrations that this program does not know.
pub async fn pending(db: &Db) -> Result<usize, ComposeError> {
    let pending = Migrator::get_pending_migrations_read_only(db.reads()).await;
    Ok(pending.map_err(newer)?.len())
}

/// Makes the schema complete and says how many migrations that took. Makes a SQLite file and the folders above it.
///
/// # Errors
/// When the database cannot be opened, or at the first migration that fails.
pub async fn migrate(url: &DatabaseUrl) -> Result<usize, ComposeError> {
    let file = sqlite_file(url)?;
    // Held until the end: PostgreSQL has an advisory lock for this, SQLite has not.
    let _lock = match &file {
        Some(file) => {
            make_folder(file)?;
            let lock = lock(file).await?;
            make_private(file)?;
            Some(lock)
        }
        None => None,
    };
    let connection = open_for_migration(url.expose()).await?;
    let applied = run_pending(&connection).await;
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the connection of the migrations did not close");
    }
    applied.map_err(|error| match newer(error) {
        ComposeError::Database(error) => ComposeError::Migration(error),
        other => other,
    })
}

/// The file of a SQLite database as the driver will open it; `None` for PostgreSQL.
///
/// # Errors
/// When the address does not lead to a file.
pub fn sqlite_file(url: &DatabaseUrl) -> Result<Option<PathBuf>, ComposeError> {
    if url.kind() == DatabaseKind::Postgres {
        return Ok(None);
    }
    let text = url.expose();
    if text.contains(":memory:") || text.contains("mode=memory") {
        return Err(ComposeError::InMemory);
    }
    let options: SqliteConnectOptions = text
        .parse()
        .map_err(|error: sqlx::Error| OpenError::Unreachable(DbErr::Custom(error.to_string())))?;
    Ok(Some(options.get_filename().to_owned()))
}

/// The migration table names versions that we do not have: SeaORM says so in words only.
fn newer(error: DbErr) -> ComposeError {
    match error {
        DbErr::Custom(words) if words.contains("its file is missing") => ComposeError::Newer,
        other => ComposeError::Database(other),
    }
}

fn make_folder(file: &Path) -> Result<(), ComposeError> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(|cause| ComposeError::Folder {
        path: folder.to_owned(),
        cause,
    })
}

/// Makes the file before the driver does, readable by its owner only: what is in it is hashed or sealed, and still nobody else's
/// business. The files beside it take their mode from it. A file that is there keeps its own.
fn make_private(file: &Path) -> Result<(), ComposeError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(ComposeError::File {
            path: file.to_owned(),
            cause,
        }),
    }
}

/// Waits for the lock file beside `file`. It stays behind: removing it would let two processes hold two files of one name.
async fn lock(file: &Path) -> Result<File, ComposeError> {
    let path = file.with_added_extension("lock");
    let name = path.clone();
    let taken = tokio::task::spawn_blocking(move || {
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)?;
        lock.lock()?;
        Ok(lock)
    });
    taken
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(|cause| ComposeError::Lock { path, cause })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Database;
    use std::time::Duration;

    fn url(folder: &tempfile::TempDir, name: &str) -> DatabaseUrl {
        DatabaseUrl::parse(&format!("sqlite://{}/{name}", folder.path().display())).unwrap()
    }

    fn settings(url: DatabaseUrl) -> Database {
        Database {
            url,
            max_connections: 2,
            statement_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(5),
        }
    }

    #[tokio::test]
    async fn the_first_migration_makes_folder_and_file_and_the_second_has_nothing_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let url = url(&folder, "deep/down/tahsil.db");
        assert_eq!(migrate(&url).await.unwrap(), Migrator::migrations().len());
        assert_eq!(migrate(&url).await.unwrap(), 0);

        let db = crate::compose::database(&settings(url), None).await.unwrap();
        assert_eq!(pending(&db).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn migrations_that_start_together_run_once() {
        let folder = tempfile::tempdir().unwrap();
        let url = url(&folder, "tahsil.db");
        let runs = futures_util::future::join_all((0..8).map(|_| migrate(&url))).await;
        let applied: usize = runs.into_iter().map(Result::unwrap).sum();
        assert_eq!(applied, Migrator::migrations().len());
    }

    #[tokio::test]
    async fn a_missing_database_is_named_and_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let refused = crate::compose::database(&settings(url(&folder, "tahsil.db")), None)
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("tahsil migrate"), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_database_of_a_newer_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = url(&folder, "tahsil.db");
        migrate(&url).await.unwrap();
        let connection = open_for_migration(url.expose()).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(
            &connection,
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_later', 0)",
        )
        .await
        .unwrap();
        assert!(matches!(migrate(&url).await, Err(ComposeError::Newer)));
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        for text in ["sqlite://:memory:", "sqlite://x?mode=memory"] {
            let url = DatabaseUrl::parse(text).unwrap();
            assert!(matches!(sqlite_file(&url), Err(ComposeError::InMemory)), "{text}");
        }
    }

    #[test]
    fn the_file_is_the_one_that_the_driver_opens() {
        let file = |text| sqlite_file(&DatabaseUrl::parse(text).unwrap()).unwrap();
        assert_eq!(file("sqlite://tahsil.db"), Some("tahsil.db".into()));
        assert_eq!(
            file("sqlite:///var/lib/my%20shop/t.db?mode=rwc"),
            Some("/var/lib/my shop/t.db".into())
        );
        assert_eq!(file("postgres://db/tahsil"), None);
    }
}
