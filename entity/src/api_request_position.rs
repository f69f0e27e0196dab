//! Table `api_request_positions`: how far the request log has come, and up to where it is not whole any more. One row; what is done to it
//! is measured SQL in `service::api_request`.

use sea_orm::entity::prelude::*;

/// The row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_request_positions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    pub last_pos: i64,
    pub purged_pos: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
