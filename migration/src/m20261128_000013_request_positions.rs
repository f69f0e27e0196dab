//! Positions of requests in their log, so that it can be followed as it is written.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
ALTER TABLE api_requests ADD COLUMN pos BIGINT;         -- place in the order in which rows were committed; none: older than this column

CREATE INDEX api_requests_by_pos ON api_requests (merchant_id, mode, pos) WHERE merchant_id IS NOT NULL;

-- One row: how far the log has come. Whoever writes holds it until the commit, so that nobody sees a place before the ones below it.
CREATE TABLE api_request_positions (
    id         SMALLINT PRIMARY KEY CHECK (id = 1),
    last_pos   BIGINT NOT NULL CHECK (last_pos >= 0),
    purged_pos BIGINT NOT NULL,                         -- the highest place of which the row is deleted
    CONSTRAINT api_request_positions_purged CHECK (purged_pos >= 0 AND purged_pos <= last_pos)
);
INSERT INTO api_request_positions (id, last_pos, purged_pos) VALUES (1, 0, 0);
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
