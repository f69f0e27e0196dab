//! SQL that matters, written once for both databases.
//!
//! Placeholders are written `?`; PostgreSQL gets `$1`, `$2`, … No text in our SQL holds a question mark of its own.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

/// A statement with its values.
pub(crate) struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

/// Begins a statement.
pub(crate) fn sql(postgres: bool, text: &str) -> Sql {
    let backend = if postgres {
        DbBackend::Postgres
    } else {
        DbBackend::Sqlite
    };
    let text = if postgres { numbered(text) } else { text.to_owned() };
    Sql {
        backend,
        text,
        values: Vec::new(),
    }
}

fn numbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for (index, part) in text.split('?').enumerate() {
        if index > 0 {
            out.push('$');
            out.push_str(&index.to_string());
        }
        out.push_str(part);
    }
    out
}

impl Sql {
    /// Adds the value of the next placeholder.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// The statement, ready to send.
    pub(crate) fn statement(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }

    /// Rows that it gives.
    pub(crate) async fn all(self, on: &impl ConnectionTrait) -> Result<Vec<QueryResult>, DbErr> {
        on.query_all_raw(self.statement()).await
    }

    /// The row that it gives, if any.
    pub(crate) async fn one(self, on: &impl ConnectionTrait) -> Result<Option<QueryResult>, DbErr> {
        on.query_one_raw(self.statement()).await
    }

    /// How many rows it changed.
    pub(crate) async fn run(self, on: &impl ConnectionTrait) -> Result<u64, DbErr> {
        Ok(on.execute_raw(self.statement()).await?.rows_affected())
    }
}
