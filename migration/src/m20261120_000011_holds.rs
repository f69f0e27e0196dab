//! When the hold of an intent ends, so that its status is right before anybody sweeps it.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
ALTER TABLE intents ADD COLUMN lapses_at {time};        -- requires_capture: when the hold ends; none while a capture or void is under way
UPDATE intents SET lapses_at = (SELECT p.hold_expires_at FROM payments p
    WHERE p.id = intents.payment_id AND p.in_flight_operation_id IS NULL)
    WHERE status = 'requires_capture';
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
