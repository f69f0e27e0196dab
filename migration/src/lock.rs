//! Runs pending migrations, one process at a time.
//!
//! Two instances that start at once would both see a migration as pending. PostgreSQL lends an advisory lock to one of them;
//! on SQLite the caller holds a lock file, because a migration in one process must not see the half of another.

use crate::Migrator;
use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr};

/// Key of the advisory lock: "tahsil" in ASCII.
const LOCK: i64 = 0x7461_6873_696c;

/// Runs all pending migrations and says how many there were.
///
/// `connection` must be a pool of one connection: the advisory lock belongs to the session that took it.
///
/// # Errors
/// The error of the first migration that failed; those before it are kept.
pub async fn run_pending(connection: &DatabaseConnection) -> Result<usize, DbErr> {
    let postgres = connection.get_database_backend() == DatabaseBackend::Postgres;
    if postgres {
        connection
            .execute_unprepared(&format!("SELECT pg_advisory_lock({LOCK})"))
            .await?;
    }
    let done = pending_then_up(connection).await;
    if postgres {
        connection
            .execute_unprepared(&format!("SELECT pg_advisory_unlock({LOCK})"))
            .await?;
    }
    done
}

async fn pending_then_up(connection: &DatabaseConnection) -> Result<usize, DbErr> {
    let pending = Migrator::get_pending_migrations(connection).await?.len();
    Migrator::up(connection, None).await?;
    Ok(pending)
}
