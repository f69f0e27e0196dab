//! The outbox: events, written in the transaction of the effect.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE outbox_events (
    seq         {serial},                               -- order of writing, not of commit: readers wait for a position
    id          {id} NOT NULL UNIQUE,
    merchant_id {id} NOT NULL REFERENCES merchants (id),
    mode        TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    type        TEXT NOT NULL,
    subject_id  {id} NOT NULL,                          -- the payment or refund it is about
    data        {json} NOT NULL,                        -- the subject as it was when it happened
    occurred_at {time} NOT NULL
);
",
    postgres: "",
    sqlite: "",
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        UP.run(manager).await
    }
}
