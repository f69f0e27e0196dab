//! Rows of a page in few values.
//!
//! Both drivers pay for every value of every row: sqlx copies each SQLite value across a thread boundary and SeaORM looks each one
//! up by name. A page of fifty payments with their children has five thousand values. So PostgreSQL sends a row as one record,
//! and SQLite writes all rows as one JSON text; either is read in one pass. `docs/performance.md` has the figures. Everything else
//! goes the ordinary way.
//!
//! Invariant: what a row is made of is said once, by [`columns`], in the order of the model's fields, so the two forms cannot differ.

use super::record;
use crate::{Error, Result};
use entity::Inconsistency;
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iden, Iterable, Statement,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::{Row, ValueRef};

/// The rows that `inner` selects, in its order. `inner` must select all columns of `E`; others are ignored.
pub(crate) async fn models<E>(on: &impl ConnectionTrait, inner: Statement) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: DeserializeOwned,
{
    let row = columns::<E>(inner.db_backend, "r");
    let text = match inner.db_backend {
        DbBackend::Postgres => format!("SELECT {row} FROM ({}) r", inner.sql),
        _ => format!("SELECT json_group_array({row}) FROM ({}) r", inner.sql),
    };
    records(on, Statement { sql: text, ..inner }, table_name::<E>()).await
}

/// What `statement` gives: on PostgreSQL a record a row, on SQLite one JSON array of all rows. `table` names them in errors.
pub(crate) async fn records<T: DeserializeOwned>(
    on: &impl ConnectionTrait,
    statement: Statement,
    table: &'static str,
) -> Result<Vec<T>> {
    let unreadable = |row: String, why: String| {
        Error::Inconsistent(Inconsistency {
            table,
            column: "(any)",
            row,
            why,
        })
    };
    if statement.db_backend == DbBackend::Postgres {
        let rows = on.query_all_raw(statement).await?;
        let read = |row: &sea_orm::QueryResult| {
            let row = row
                .try_as_pg_row()
                .ok_or_else(|| Error::Storage(DbErr::Custom("a row of another database".to_owned())))?;
            let value = row.try_get_raw(0).map_err(from_driver)?;
            let bytes = value.as_bytes().map_err(|why| DbErr::Custom(why.to_string()))?;
            record::record(bytes).map_err(|why| unreadable("a row of a page".to_owned(), why.to_string()))
        };
        return rows.iter().map(read).collect();
    }
    let Some(row) = on.query_one_raw(statement).await? else {
        return Ok(Vec::new());
    };
    let row = row
        .try_as_sqlite_row()
        .ok_or_else(|| Error::Storage(DbErr::Custom("a row of another database".to_owned())))?;
    let value = row.try_get_raw(0).map_err(from_driver)?;
    if value.is_null() {
        return Ok(Vec::new());
    }
    let page = <&str as sqlx::Decode<'_, sqlx::Sqlite>>::decode(value)
        .map_err(|why| DbErr::Custom(why.to_string()))?;
    let mut text = serde_json::Deserializer::from_str(page);
    Vec::deserialize(&mut text)
        .map_err(|why| unreadable(format!("column {} of a page", why.column()), why.to_string()))
}

fn from_driver(why: sqlx::Error) -> DbErr {
    DbErr::Query(sea_orm::RuntimeErr::SqlxError(std::sync::Arc::new(why)))
}

fn table_name<E: EntityTrait>() -> &'static str {
    E::default().table_name()
}

/// A row of `E`, called `alias`, in one value, in the order of the model's fields: PostgreSQL's `ROW`, SQLite's `json_array`, which is a
/// third shorter than an object, whose keys would be said anew for each row. SQLite has neither booleans nor JSON of its own, so
/// both are said.
pub(crate) fn columns<E: EntityTrait>(backend: DbBackend, alias: &str) -> String {
    let columns = E::Column::iter().map(|column| {
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
