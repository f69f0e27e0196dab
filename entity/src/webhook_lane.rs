//! Table `webhook_lanes`: who sends to an endpoint, and how the endpoint has answered lately.
//!
//! Invariant: a process sends only while owner and epoch are its own; the epoch rises with each owner.

use domain::Timestamp;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_lanes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint_id: String,
    pub owner: Option<String>,
    pub lease_until: Option<Timestamp>,
    pub epoch: i64,
    pub failures: i32,
    pub failing_since: Option<Timestamp>,
    pub open_until: Option<Timestamp>,
    pub trips: i32,
    pub warned: i16,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
