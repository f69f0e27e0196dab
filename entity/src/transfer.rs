//! Table `transfers`: the legs of journals.
//!
//! Invariant: append-only, and balanced by construction: a row moves one positive amount from one account to another. A
//! transfer belongs to the tenant of its journal and is found through it.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "transfers")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub journal_id: String,
    pub leg: i16,
    pub debit_account_id: i64,
    pub credit_account_id: i64,
    pub currency: String,
    pub amount_minor: i64,
    pub code: String,
    pub business_date: NaiveDate,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
