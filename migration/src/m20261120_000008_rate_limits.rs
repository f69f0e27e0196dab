//! Rate limits that several nodes share: what all of them used of a bucket.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE rate_limits (
    class    TEXT NOT NULL CHECK (class <> ''),         -- cost, payments, …: one bucket of each for a holder
    holder   {id} NOT NULL CHECK (holder <> ''),        -- cred_…, op_…, or mer_… with its mode
    full_at  {time} NOT NULL,                           -- by the clock of the database
    added    BIGINT NOT NULL,                           -- what the last exchange added, in microseconds until it comes back
    most     BIGINT NOT NULL CHECK (most > 0),          -- microseconds by which full_at may lie ahead at the most
    PRIMARY KEY (class, holder)
);
",
    // Written several times a second and worth nothing after a crash: no log of it, and room for new versions beside the old.
    postgres: r"
ALTER TABLE rate_limits SET UNLOGGED;
ALTER TABLE rate_limits SET (fillfactor = 50);
",
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
