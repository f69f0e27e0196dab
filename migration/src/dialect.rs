//! One SQL text for two databases.
//!
//! The tables say the same on PostgreSQL and SQLite; only type names differ. A migration writes them as `{id}`, `{time}` and so
//! on, and adds what only one database can say (triggers) in a text of its own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

/// Placeholder, PostgreSQL type, SQLite type.
const TYPES: [(&str, &str, &str); 7] = [
    // Ids are ASCII: byte order is their order, and the cheapest comparison.
    ("{id}", r#"TEXT COLLATE "C""#, "TEXT"),
    ("{currency}", "CHAR(3)", "TEXT"),
    // UTC; SQLite keeps RFC 3339 text, which sorts by time as long as every writer prints the offset the same way.
    ("{time}", "TIMESTAMPTZ", "TEXT"),
    ("{date}", "DATE", "TEXT"),
    ("{json}", "JSONB", "TEXT"),
    ("{flag}", "BOOLEAN", "BOOLEAN"),
    (
        "{serial}",
        "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "INTEGER PRIMARY KEY AUTOINCREMENT",
    ),
];

/// What a migration says: to both databases, then to the one that runs it.
pub struct Script {
    /// Tables and indexes, with placeholders for types.
    pub both: &'static str,
    /// What only PostgreSQL understands.
    pub postgres: &'static str,
    /// What only SQLite understands.
    pub sqlite: &'static str,
}

impl Script {
    /// Runs the script in the migration's transaction.
    pub async fn run(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let (postgres, own) = match manager.get_database_backend() {
            DatabaseBackend::Postgres => (true, self.postgres),
            DatabaseBackend::Sqlite => (false, self.sqlite),
            other => {
                return Err(DbErr::Custom(format!(
                    "{other:?} is not supported: use PostgreSQL or SQLite"
                )));
            }
        };
        let both = TYPES
            .iter()
            .fold(self.both.to_owned(), |sql, (placeholder, pg, sqlite)| {
                sql.replace(placeholder, if postgres { pg } else { sqlite })
            });
        connection.execute_unprepared(&both).await?;
        if !own.is_empty() {
            connection.execute_unprepared(own).await?;
        }
        Ok(())
    }
}
