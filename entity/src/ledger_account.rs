//! Table `ledger_accounts`: the accounts that something was booked on, found by the code that [`domain::ledger::AccountKey`]
//! prints.
//!
//! Accounts of the platform and of providers have no merchant, so there is no finder that takes a tenant; what a merchant
//! sees of the ledger is filtered by `merchant_id` and `mode`.

use domain::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_accounts")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub code: String,
    pub kind: String,
    #[sea_orm(column_name = "type")]
    pub account_type: String,
    pub mode: String,
    pub currency: String,
    pub merchant_id: Option<String>,
    pub provider: Option<String>,
    pub created_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
