//! The limit of a sale: its own SQL statements in its own transactions, sent by bare sqlx.
//!
//! One real sale is written down, statement by statement with its values. What is measured sends the same texts in the same
//! order with the same values, but for ids and keys, which are new every time.

use super::client::{Connection, Measured, drive};
use super::sale;
use super::setup::{Engine, Installation, POOL};
use sea_orm::{Statement, Value};
use sqlx::postgres::{PgArguments, PgPoolOptions};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, PgPool, SqlitePool};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The statements of one sale, by transaction; the first is the look-up of the key, which has none.
#[derive(Clone)]
pub struct Limit {
    key: Vec<Statement>,
    reserve: Vec<Statement>,
    settle: Vec<Statement>,
    /// What must be new every time: the ids and keys of the recorded sale.
    unique: Arc<Vec<String>>,
}

static RUN: AtomicU64 = AtomicU64::new(0);

impl Limit {
    /// Writes one sale down. An earlier sale has made accounts and card.
    pub async fn record(installation: &Installation) -> Self {
        let mut connection = Connection::open(installation.address).await;
        connection.exchange(&sale::request(&installation.secret)).await;
        *installation.recorded.lock().expect("a list") = Some(Vec::new());
        connection.exchange(&sale::request(&installation.secret)).await;
        let all = installation
            .recorded
            .lock()
            .expect("a list")
            .take()
            .expect("recorded statements");
        let claim = all
            .iter()
            .position(|s| s.sql.starts_with("INSERT INTO idempotency_records"))
            .expect("a claim");
        let sent = all
            .iter()
            .position(|s| s.sql.contains(r#"INSERT INTO "operations""#))
            .expect("an operation");
        let unique = all.iter().flat_map(values).filter_map(|value| match value {
            Value::String(Some(text)) => Some(text.clone()),
            _ => None,
        });
        let made = |text: &String| {
            let new = ["pay_", "txn_", "jrn_", "evt_"]
                .iter()
                .any(|prefix| text.starts_with(prefix));
            new || text.starts_with("bench-")
        };
        let mut unique: Vec<String> = unique.filter(made).collect();
        unique.sort_unstable();
        unique.dedup();
        Self {
            key: all[..claim].to_vec(),
            reserve: all[claim..=sent].to_vec(),
            settle: all[sent + 1..].to_vec(),
            unique: Arc::new(unique),
        }
    }

    /// How many statements a sale has, the look-up of its key included.
    pub fn statements(&self) -> usize {
        self.key.len() + self.reserve.len() + self.settle.len()
    }

    /// Runs per second.
    pub async fn measure(&self, installation: &Installation, connections: usize, each: Duration) -> Measured {
        let limit = Arc::new(self.clone());
        match installation.engine {
            Engine::Postgres => {
                let pool = PgPoolOptions::new()
                    .max_connections(POOL)
                    .test_before_acquire(false);
                let pool = pool
                    .acquire_timeout(Duration::from_secs(60))
                    .connect(&installation.url)
                    .await;
                let pool = pool.expect("PostgreSQL answers");
                drive(connections, each, |_| {
                    let (limit, pool) = (Arc::clone(&limit), pool.clone());
                    move || postgres(Arc::clone(&limit), pool.clone())
                })
                .await
            }
            Engine::Sqlite => {
                let options = SqliteConnectOptions::from_str(&installation.url).expect("a SQLite URL");
                let options = options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full);
                let options = options.foreign_keys(true);
                let pool = SqlitePoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(Duration::from_secs(60));
                let pool = pool.connect_with(options).await.expect("SQLite opens");
                drive(connections, each, |_| {
                    let (limit, pool) = (Arc::clone(&limit), pool.clone());
                    move || sqlite(Arc::clone(&limit), pool.clone())
                })
                .await
            }
        }
    }

    /// New ids for the recorded ones: same length, same kind, same order.
    fn fresh(&self) -> BTreeMap<&str, String> {
        let run = RUN.fetch_add(1, Ordering::Relaxed);
        let renamed = |(index, old): (usize, &String)| -> (String, String) {
            let tail = format!("{run:012}{index:02}");
            let new = if old.starts_with("bench-") {
                format!("limit-{tail}")
            } else {
                format!("{}{tail}", &old[..old.len() - tail.len()])
            };
            (old.clone(), new)
        };
        let map: BTreeMap<String, String> = self.unique.iter().enumerate().map(renamed).collect();
        self.unique
            .iter()
            .map(|old| (old.as_str(), map[old].clone()))
            .collect()
    }
}

fn values(statement: &Statement) -> impl Iterator<Item = &Value> {
    statement.values.iter().flat_map(|values| values.0.iter())
}

fn renamed<'a>(value: &'a Value, fresh: &'a BTreeMap<&str, String>) -> Option<&'a str> {
    match value {
        Value::String(Some(text)) => Some(fresh.get(text.as_str()).map_or(text.as_str(), String::as_str)),
        _ => None,
    }
}

macro_rules! bind {
    ($arguments:ident, $statement:ident, $fresh:ident) => {
        for value in values($statement) {
            let added = match value {
                Value::String(None) => $arguments.add(None::<String>),
                Value::String(Some(_)) => $arguments.add(renamed(value, $fresh).map(str::to_owned)),
                Value::Bool(v) => $arguments.add(*v),
                Value::SmallInt(v) => $arguments.add(*v),
                Value::Int(v) => $arguments.add(*v),
                Value::BigInt(v) => $arguments.add(*v),
                Value::Unsigned(v) => $arguments.add(v.map(i64::from)),
                // SeaORM binds the rows of a LIMIT this way.
                Value::BigUnsigned(v) => $arguments.add(v.map(|v| i64::try_from(v).expect("a small number"))),
                Value::ChronoDate(v) => $arguments.add(v.clone()),
                Value::ChronoDateTimeUtc(v) => $arguments.add(v.clone()),
                Value::Json(v) => $arguments.add(v.as_deref().cloned()),
                other => panic!("a sale binds {other:?}"),
            };
            added.expect("a value that the database takes");
        }
    };
}

macro_rules! sender {
    ($name:ident, $send:ident, $database:ty, $pool:ty, $arguments:ty, $begin:literal) => {
        async fn $send(
            connection: &mut <$database as sqlx::Database>::Connection,
            statement: &Statement,
            fresh: &BTreeMap<&str, String>,
        ) {
            let mut arguments = <$arguments>::default();
            bind!(arguments, statement, fresh);
            let query = sqlx::query_with(AssertSqlSafe(statement.sql.clone()), arguments);
            if statement.sql.starts_with("SELECT") {
                query.fetch_all(&mut *connection).await.expect("it reads");
            } else {
                query.execute(&mut *connection).await.expect("it writes");
            }
        }

        async fn $name(limit: Arc<Limit>, pool: $pool) {
            let fresh = limit.fresh();
            {
                let mut connection = pool.acquire().await.expect("a connection");
                for statement in &limit.key {
                    $send(&mut connection, statement, &fresh).await;
                }
            }
            for transaction in [&limit.reserve, &limit.settle] {
                let mut connection = pool.acquire().await.expect("a connection");
                sqlx::raw_sql($begin)
                    .execute(&mut *connection)
                    .await
                    .expect("it begins");
                for statement in transaction {
                    $send(&mut connection, statement, &fresh).await;
                }
                sqlx::raw_sql("COMMIT")
                    .execute(&mut *connection)
                    .await
                    .expect("it commits");
            }
        }
    };
}

sender!(
    postgres,
    send_postgres,
    sqlx::Postgres,
    PgPool,
    PgArguments,
    "BEGIN"
);
sender!(
    sqlite,
    send_sqlite,
    sqlx::Sqlite,
    SqlitePool,
    SqliteArguments,
    "BEGIN IMMEDIATE"
);
