//! Keys with which the callbacks of S3 are signed.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE callback_keys (
    id         {id} PRIMARY KEY,                        -- named in a callback
    mode       TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    public_key TEXT NOT NULL CHECK (public_key <> ''),  -- SubjectPublicKeyInfo in DER, in hex
    sealed_key TEXT NOT NULL CHECK (sealed_key <> ''),  -- the private half, sealed for this row
    sealed_by  TEXT NOT NULL CHECK (sealed_by <> ''),   -- names the master key that opens it
    created_at {time} NOT NULL,
    CONSTRAINT callback_keys_one_of_mode_and_master_key UNIQUE (mode, sealed_by)
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
