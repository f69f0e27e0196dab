//! Positions of events: one dense order over all, and one of each merchant and mode.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
ALTER TABLE outbox_events ADD COLUMN pos BIGINT;        -- place among all events, from 1, without a gap; none until the sequencer gave it
ALTER TABLE outbox_events ADD COLUMN tenant_seq BIGINT; -- place among the events of this merchant and mode, from 1, without a gap

CREATE UNIQUE INDEX outbox_events_pos ON outbox_events (pos);
CREATE UNIQUE INDEX outbox_events_tenant_seq ON outbox_events (merchant_id, mode, tenant_seq);
-- What waits for a position; nearly always empty.
CREATE INDEX outbox_events_waiting ON outbox_events (seq) WHERE pos IS NULL;

-- One row: who numbers, and how far it has come. A node numbers only while epoch and session are still its own.
CREATE TABLE event_sequencer (
    id         SMALLINT PRIMARY KEY CHECK (id = 1),
    epoch      BIGINT NOT NULL CHECK (epoch >= 0),
    session    BIGINT NOT NULL,                         -- PostgreSQL: the process behind the connection of whoever numbers
    last_pos   BIGINT NOT NULL CHECK (last_pos >= 0),
    purged_pos BIGINT NOT NULL,
    CONSTRAINT event_sequencer_purged CHECK (purged_pos >= 0 AND purged_pos <= last_pos)
);
INSERT INTO event_sequencer (id, epoch, session, last_pos, purged_pos) VALUES (1, 0, 0, 0, 0);

-- How far each merchant and mode has come, and up to where its events are deleted.
CREATE TABLE event_counters (
    merchant_id {id} NOT NULL REFERENCES merchants (id),
    mode        TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    last_seq    BIGINT NOT NULL CHECK (last_seq >= 0),
    purged_seq  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, mode),
    CONSTRAINT event_counters_purged CHECK (purged_seq >= 0 AND purged_seq <= last_seq)
);
",
    postgres: r"
ALTER TABLE outbox_events ADD CONSTRAINT outbox_events_placed CHECK ((pos IS NULL) = (tenant_seq IS NULL));
CREATE TRIGGER outbox_events_placed_once BEFORE UPDATE ON outbox_events
FOR EACH ROW WHEN (OLD.pos IS NOT NULL) EXECUTE FUNCTION refuse_change();
",
    sqlite: r"
CREATE TRIGGER outbox_events_placed BEFORE UPDATE ON outbox_events WHEN (NEW.pos IS NULL) <> (NEW.tenant_seq IS NULL)
BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events_placed'); END;
CREATE TRIGGER outbox_events_placed_once BEFORE UPDATE ON outbox_events WHEN OLD.pos IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'outbox_events is append-only'); END;
",
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
