//! Rows of a page in few values.
//!
//! Both drivers pay for every value of every row: sqlx copies each SQLite value across a thread boundary and SeaORM looks each one
//! up by name. A page of fifty payments with their children has five thousand values. So PostgreSQL sends a row as one record,
//! and SQLite writes all rows as one JSON text; either is read in one pass. `docs/performance.md` has the figures. Everything else
//! goes the ordinary way.
//!
//! Invariant: what a row is made of is said once, by [`some_columns`], in the order of the model's fields, so the two forms cannot differ.

use super::record as wire;
use crate::{Error, Result};
use entity::Inconsistency;
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, QueryResult,
    RuntimeErr, Statement,
};
use serde::de::DeserializeOwned;
use sqlx::Row;
use std::sync::Arc;

/// The rows that `inner` selects, in its order. `inner` must select all columns of `E`; others are ignored.
pub(crate) async fn models<E>(on: &impl ConnectionTrait, inner: Statement) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: DeserializeOwned,
{
    let (table, row) = (table_name::<E>(), columns::<E>(inner.db_backend, "r"));
    if inner.db_backend == DbBackend::Postgres {
        let sql = format!("SELECT {row} FROM ({}) r", inner.sql);
        let rows = on.query_all_raw(Statement { sql, ..inner }).await?;
        return rows.iter().map(|row| record(row, 0, table)).collect();
    }
    let sql = format!("SELECT json_group_array({row}) FROM ({}) r", inner.sql);
    let row = on.query_one_raw(Statement { sql, ..inner }).await?;
    row.map_or(Ok(Vec::new()), |row| json(&row, table))
}

/// A record in a row of PostgreSQL. `table` names it in errors.
pub(crate) fn record<T: DeserializeOwned>(row: &QueryResult, index: usize, table: &'static str) -> Result<T> {
    let row = row.try_as_pg_row().ok_or_else(another_database)?;
    let value = row.try_get_raw(index).map_err(from_driver)?;
    let bytes = value.as_bytes().map_err(|why| DbErr::Custom(why.to_string()))?;
    wire::record(bytes).map_err(|why| unreadable(table, "a row of a page".to_owned(), why.to_string()))
}

/// The JSON in the only column of a row of SQLite. `table` names it in errors.
pub(crate) fn json<T: DeserializeOwned>(row: &QueryResult, table: &'static str) -> Result<T> {
    let row = row.try_as_sqlite_row().ok_or_else(another_database)?;
    let value = row.try_get_raw(0).map_err(from_driver)?;
    let text = <&str as sqlx::Decode<'_, sqlx::Sqlite>>::decode(value)
        .map_err(|why| DbErr::Custom(why.to_string()))?;
    serde_json::from_str(text).map_err(|why| {
        unreadable(
            table,
            format!("column {} of a page", why.column()),
            why.to_string(),
        )
    })
}

fn unreadable(table: &'static str, row: String, why: String) -> Error {
    Error::Inconsistent(Inconsistency {
        table,
        column: "(any)",
        row,
        why,
    })
}

fn another_database() -> Error {
    Error::Storage(DbErr::Custom("a row of another database".to_owned()))
}

fn from_driver(why: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(why)))
}

fn table_name<E: EntityTrait>() -> &'static str {
    E::default().table_name()
}

/// All columns of a row of `E`, called `alias`, in one value, in the order of the model's fields.
pub(crate) fn columns<E: EntityTrait>(backend: DbBackend, alias: &str) -> String {
    some_columns(backend, alias, E::Column::iter())
}

/// Columns of a row, called `alias`, in one value: PostgreSQL's `ROW`, SQLite's `json_array`, which is a third shorter than an
/// object, whose keys would be said anew for each row. SQLite has neither booleans nor JSON of its own, so both are said.
pub(crate) fn some_columns<C: ColumnTrait>(
    backend: DbBackend,
    alias: &str,
    columns: impl IntoIterator<Item = C>,
) -> String {
    let columns = columns.into_iter().map(|column| {
        let name = format!("{alias}.{}", column.unquoted());
        match column.def().get_column_type() {
            _ if backend == DbBackend::Postgres => name,
            ColumnType::Boolean => format!("json(CASE {name} WHEN 0 THEN 'false' ELSE 'true' END)"),
            ColumnType::Json | ColumnType::JsonBinary => format!("json({name})"),
            _ => name,
        }
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    match backend {
        DbBackend::Postgres => format!("ROW({columns})"),
        _ => format!("json_array({columns})"),
    }
}
