//! Table `nonces`: what signed requests may not say twice. Rows are written and purged, and never read.

use domain::Timestamp;
use domain::id::CredentialId;
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "nonces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub credential_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub nonce: String,
    pub expires_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row of a nonce that is used now.
#[must_use]
pub fn insert(credential: CredentialId, nonce: &str, expires_at: Timestamp) -> ActiveModel {
    ActiveModel {
        credential_id: Set(credential.to_string()),
        nonce: Set(nonce.to_owned()),
        expires_at: Set(expires_at),
    }
}
