//! Table `outbox_events`: facts, written in the transaction of their effect.
//!
//! Invariant: `seq` is the order of writing, not of commit: a row with a smaller one may still appear. Readers go by `pos`, the place
//! among all events, and `tenant_seq`, the place among those of one merchant and mode, which the sequencer gives without a gap.

use domain::Timestamp;
use domain::merchant::Tenant;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    #[sea_orm(unique)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    #[sea_orm(column_name = "type")]
    pub event_type: String,
    pub subject_id: String,
    pub data: Json,
    pub occurred_at: Timestamp,
    pub pos: Option<i64>,
    pub tenant_seq: Option<i64>,
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
