//! Rows of a page in one value.
//!
//! Both drivers pay for every value of every row: sqlx copies each SQLite value across a thread boundary and SeaORM looks each one
//! up by name. A page of fifty payments with their children has five thousand values. Here the database writes the rows as
//! one JSON text, which is read in one pass; `docs/performance.md` has the figures. Everything else goes the ordinary way.

use crate::{Error, Result};
use entity::Inconsistency;
use sea_orm::{ColumnTrait, ColumnType, ConnectionTrait, DbBackend, EntityTrait, Iden, Iterable, Statement};
use serde::de::DeserializeOwned;

/// The rows that `inner` selects, in its order. `inner` must select all columns of `E`; others are ignored.
pub(crate) async fn models<E>(on: &impl ConnectionTrait, inner: Statement) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: DeserializeOwned,
{
    let text = match inner.db_backend {
        DbBackend::Postgres => format!(
            "SELECT COALESCE(json_agg(r), '[]')::text AS page FROM ({}) r",
            inner.sql
        ),
        _ => format!(
            "SELECT json_group_array({}) AS page FROM ({}) r",
            array::<E>(),
            inner.sql
        ),
    };
    let row = on.query_one_raw(Statement { sql: text, ..inner }).await?;
    let page: String = row.map_or(Ok("[]".to_owned()), |row| row.try_get_by("page"))?;
    serde_json::from_str(&page).map_err(|why| {
        Error::Inconsistent(Inconsistency {
            table: table_name::<E>(),
            column: "(any)",
            row: format!("column {} of a page", why.column()),
            why: why.to_string(),
        })
    })
}

fn table_name<E: EntityTrait>() -> &'static str {
    E::default().table_name()
}

/// A row as SQLite's `json_array`, in the order of the model's fields: a third shorter than an object, whose keys would be said anew
/// for each row. SQLite has neither booleans nor JSON of its own, so both are said.
fn array<E: EntityTrait>() -> String {
    let columns = E::Column::iter().map(|column| {
        let name = column.unquoted();
        match column.def().get_column_type() {
            ColumnType::Boolean => format!("json(CASE {name} WHEN 0 THEN 'false' ELSE 'true' END)"),
            ColumnType::Json | ColumnType::JsonBinary => format!("json({name})"),
            _ => name.to_owned(),
        }
    });
    format!("json_array({})", columns.collect::<Vec<_>>().join(", "))
}
