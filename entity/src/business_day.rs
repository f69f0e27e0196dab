//! Table `business_days`: days in Asia/Baghdad, and whether money events may still be booked on them.

use chrono::NaiveDate;
use domain::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "business_days")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub business_date: NaiveDate,
    pub state: String,
    pub opened_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
