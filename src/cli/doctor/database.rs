//! Checks of the database.

use super::check::Check;
use super::files;
use crate::compose::{self, ComposeError};
use crate::config::{Database, DatabaseKind};
use domain::{Clock, SystemClock, Timestamp};
use sea_orm::{ConnectionTrait, DbErr, Statement, TryGetable};
use service::Db;
use sqlx::{Connection, PgConnection};

const NAME: &str = "database";

/// The oldest PostgreSQL that the tests run on.
const OLDEST_POSTGRES: i32 = 15;

/// The largest difference between our clock and the database's, in milliseconds.
const LARGEST_DRIFT_MS: i64 = 2_000;

/// What is to be said about the database, and the open database if there is one.
pub async fn examine(config: &Database) -> (Option<Db>, Vec<Check>) {
    let mut checks = Vec::new();
    match compose::sqlite_file(&config.url) {
        Ok(Some(file)) => checks.extend(files::examine(&file)),
        Ok(None) => {}
        Err(error) => return (None, vec![Check::broken(NAME, error)]),
    }
    let db = match compose::database(config, None).await {
        Ok(db) => db,
        Err(error) => {
            checks.push(unreachable(config, &error).await);
            return (None, checks);
        }
    };
    let asked = match config.url.kind() {
        DatabaseKind::Postgres => postgres(&db).await,
        DatabaseKind::Sqlite => sqlite(&db).await,
    };
    checks.extend(asked.unwrap_or_else(|error| vec![silent(&error)]));
    checks.push(schema(&db).await);
    (Some(db), checks)
}

async fn unreachable(config: &Database, error: &ComposeError) -> Check {
    if let ComposeError::NoDatabase(file) = error {
        return Check::warn(
            NAME,
            format!("there is no file {} yet", file.display()),
            "run `tahsil migrate`, or start the server: it makes it",
        );
    }
    let cause = match config.url.kind() {
        DatabaseKind::Postgres => refusal(config).await,
        DatabaseKind::Sqlite => None,
    };
    Check::fail(
        NAME,
        format!("{}: {}", config.url, cause.unwrap_or_else(|| error.to_string())),
        "see that the address is right, the server runs, and this user may connect",
    )
}

/// Why one connection cannot be made: the pool tries again until its time is over, and then tells only that it is.
async fn refusal(config: &Database) -> Option<String> {
    let connection = PgConnection::connect(config.url.expose());
    match tokio::time::timeout(config.acquire_timeout, connection).await {
        Ok(Ok(connection)) => {
            // It works by now; what failed before is told by its own error.
            drop(connection);
            None
        }
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("no answer in time".to_owned()),
    }
}

fn silent(error: &DbErr) -> Check {
    Check::fail(NAME, format!("it does not answer: {error}"), "look at its log")
}

async fn schema(db: &Db) -> Check {
    const NAME: &str = "schema";
    match compose::pending(db).await {
        Ok(0) => Check::ok(NAME, "up to date"),
        Ok(count) => Check::warn(
            NAME,
            format!("{} pending", compose::migrations(count)),
            "run `tahsil migrate`; `tahsil serve` does it by itself",
        ),
        Err(error) => Check::broken(NAME, error),
    }
}

async fn sqlite(db: &Db) -> Result<Vec<Check>, DbErr> {
    let version: String = one(db, "SELECT sqlite_version()").await?;
    let journal: String = one(db, "PRAGMA journal_mode").await?;
    let foreign_keys: i32 = one(db, "PRAGMA foreign_keys").await?;
    let safe = match (journal.as_str(), foreign_keys) {
        ("wal", 1) => Check::ok("journal", "write-ahead log, foreign keys enforced"),
        (_, 1) => Check::fail(
            "journal",
            format!("journal mode {journal}: readers and the writer would wait for each other"),
            "keep the file on a local disk, where SQLite can use its write-ahead log",
        ),
        _ => Check::fail(
            "journal",
            "foreign keys are not enforced",
            "use a SQLite that is built with them",
        ),
    };
    Ok(vec![Check::ok(NAME, format!("SQLite {version}")), safe])
}

async fn postgres(db: &Db) -> Result<Vec<Check>, DbErr> {
    let number: i32 = one(db, "SELECT current_setting('server_version_num')::int").await?;
    let database: String = one(db, "SELECT current_database()::text").await?;
    let user: String = one(db, "SELECT current_user::text").await?;
    let before = SystemClock.now();
    let theirs: Timestamp = one(db, "SELECT clock_timestamp()").await?;
    let after = SystemClock.now();
    Ok(vec![
        server(number, &database, &user),
        same_time(drift_ms(before, theirs, after)),
    ])
}

/// `number` as PostgreSQL counts: 150004 is 15.4.
fn server(number: i32, database: &str, user: &str) -> Check {
    let (major, minor) = (number / 10_000, number % 10_000);
    let found = format!("PostgreSQL {major}.{minor}, database {database} as {user}");
    if major < OLDEST_POSTGRES {
        return Check::fail(
            NAME,
            found,
            format!("upgrade to PostgreSQL {OLDEST_POSTGRES} or later"),
        );
    }
    Check::ok(NAME, found)
}

/// How far their clock is outside of the time in which they answered.
fn drift_ms(before: Timestamp, theirs: Timestamp, after: Timestamp) -> i64 {
    let drift = if theirs < before {
        before - theirs
    } else if theirs > after {
        theirs - after
    } else {
        return 0;
    };
    drift.num_milliseconds()
}

fn same_time(drift_ms: i64) -> Check {
    const NAME: &str = "database clock";
    if drift_ms > LARGEST_DRIFT_MS {
        return Check::warn(
            NAME,
            format!("{drift_ms} ms away from ours"),
            "keep both clocks right by NTP: the order of events depends on them",
        );
    }
    Check::ok(NAME, "agrees with ours")
}

async fn one<T: TryGetable>(db: &Db, sql: &str) -> Result<T, DbErr> {
    let statement = Statement::from_string(db.reads().get_database_backend(), sql);
    db.reads()
        .query_one_raw(statement)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?
        .try_get_by_index(0)
}

#[cfg(test)]
mod tests {
    use super::super::check::Status;
    use super::*;
    use crate::config::DatabaseUrl;
    use std::time::Duration;

    fn at(folder: &tempfile::TempDir) -> Database {
        Database {
            url: DatabaseUrl::parse(&format!("sqlite://{}/tahsil.db", folder.path().display())).unwrap(),
            max_connections: 1,
            statement_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(5),
        }
    }

    #[tokio::test]
    async fn a_database_that_is_not_there_yet_is_a_warning_and_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let (db, checks) = examine(&at(&folder)).await;
        assert!(db.is_none());
        assert_eq!(checks.last().unwrap().status, Status::Warn);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_migrated_file_has_nothing_to_complain_of() {
        let folder = tempfile::tempdir().unwrap();
        let config = at(&folder);
        compose::migrate(&config.url).await.unwrap();
        let (db, checks) = examine(&config).await;
        assert!(db.is_some());
        for check in checks.iter().filter(|check| check.name != "file system") {
            assert_eq!(check.status, Status::Ok, "{}: {}", check.name, check.detail);
        }
    }

    #[test]
    fn an_old_server_is_a_failure() {
        assert_eq!(server(140_012, "tahsil", "tahsil").status, Status::Fail);
        let check = server(150_004, "tahsil", "root");
        assert_eq!(
            (check.status, check.detail.as_str()),
            (Status::Ok, "PostgreSQL 15.4, database tahsil as root")
        );
    }

    #[test]
    fn a_slow_answer_is_no_drift() {
        let at = |seconds: i64| Timestamp::UNIX_EPOCH + chrono::Duration::seconds(seconds);
        assert_eq!(drift_ms(at(0), at(5), at(9)), 0);
        assert_eq!(drift_ms(at(10), at(7), at(11)), 3_000);
        assert_eq!(drift_ms(at(10), at(15), at(11)), 4_000);
        assert_eq!(
            (same_time(2_000).status, same_time(2_001).status),
            (Status::Ok, Status::Warn)
        );
    }
}
