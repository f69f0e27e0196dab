//! Table `webhook_payloads`: what is sent, byte for byte, on each attempt.
//!
//! Invariant: bytes are written once and never changed.

use domain::Timestamp;
use domain::merchant::Tenant;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_payloads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub payload: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_version: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub merchant_id: String,
    pub mode: String,
    pub body: String,
    pub sha256: String,
    pub created_at: Timestamp,
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
