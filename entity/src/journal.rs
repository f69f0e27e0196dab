//! Table `journals`: one row a money event, with a digest of its header and legs.
//!
//! Invariant: append-only. The database refuses every update and delete; a correction is a new journal that names the one it
//! reverses.

use chrono::NaiveDate;
use domain::Timestamp;
use domain::merchant::Tenant;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "journals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub kind: String,
    pub source_id: String,
    pub business_date: NaiveDate,
    pub reverses_journal_id: Option<String>,
    pub legs: i16,
    pub digest: String,
    pub booked_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The only way to rows: a merchant sees its own, in one mode.
    pub fn of(tenant: Tenant) -> Select<Self> {
        Self::find()
            .filter(Column::MerchantId.eq(tenant.merchant.to_string()))
            .filter(Column::Mode.eq(tenant.mode.as_str()))
    }
}
