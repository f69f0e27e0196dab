//! The ledger: accounts, business days, journals and transfers; append-only by trigger.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE ledger_accounts (
    id          {serial},
    code        TEXT NOT NULL UNIQUE,                   -- L200:live:IQD:mer_…
    kind        TEXT NOT NULL,
    type        TEXT NOT NULL CHECK (type IN ('asset', 'liability', 'income', 'expense')),
    mode        TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    currency    {currency} NOT NULL,
    merchant_id {id} REFERENCES merchants (id),
    provider    TEXT,
    created_at  {time} NOT NULL,
    UNIQUE (id, currency)
);
CREATE INDEX ledger_accounts_by_merchant ON ledger_accounts (merchant_id, mode) WHERE merchant_id IS NOT NULL;

CREATE TABLE business_days (
    business_date {date} PRIMARY KEY,                   -- in Asia/Baghdad
    state         TEXT NOT NULL CHECK (state IN ('open', 'closing', 'closed')),
    opened_at     {time} NOT NULL
);

CREATE TABLE journals (
    id                  {id} PRIMARY KEY,
    merchant_id         {id} NOT NULL REFERENCES merchants (id),
    mode                TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    kind                TEXT NOT NULL,
    source_id           {id} NOT NULL,                  -- the operation or refund it records
    business_date       {date} NOT NULL REFERENCES business_days (business_date),
    reverses_journal_id {id} UNIQUE REFERENCES journals (id),
    legs                SMALLINT NOT NULL CHECK (legs > 0),
    digest              TEXT NOT NULL CHECK (length(digest) = 64),   -- of header and legs as written
    booked_at           {time} NOT NULL,
    CONSTRAINT journals_once_per_event UNIQUE (source_id, kind)
);
CREATE INDEX journals_by_merchant ON journals (merchant_id, mode, id);

CREATE TABLE transfers (
    id                {serial},
    journal_id        {id} NOT NULL REFERENCES journals (id),
    leg               SMALLINT NOT NULL CHECK (leg > 0),
    debit_account_id  BIGINT NOT NULL,
    credit_account_id BIGINT NOT NULL,
    currency          {currency} NOT NULL,
    amount_minor      BIGINT NOT NULL CONSTRAINT transfers_amount_positive CHECK (amount_minor > 0),
    code              TEXT NOT NULL,
    business_date     {date} NOT NULL,
    UNIQUE (journal_id, leg),
    CONSTRAINT transfers_between_two_accounts CHECK (debit_account_id <> credit_account_id),
    FOREIGN KEY (debit_account_id, currency) REFERENCES ledger_accounts (id, currency),
    FOREIGN KEY (credit_account_id, currency) REFERENCES ledger_accounts (id, currency)
);
CREATE INDEX transfers_by_debit ON transfers (debit_account_id, business_date);
CREATE INDEX transfers_by_credit ON transfers (credit_account_id, business_date);
",
    postgres: r"
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER journals_append_only BEFORE UPDATE OR DELETE ON journals FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journals_no_truncate BEFORE TRUNCATE ON journals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfers_no_truncate BEFORE TRUNCATE ON transfers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_closed_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM business_days WHERE business_date = NEW.business_date AND state = 'open') THEN
        RAISE EXCEPTION 'business day % is not open', NEW.business_date USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transfers_open_day BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION refuse_closed_day();
",
    sqlite: r"
CREATE TRIGGER journals_no_update BEFORE UPDATE ON journals
BEGIN SELECT RAISE(ABORT, 'journals is append-only'); END;
CREATE TRIGGER journals_no_delete BEFORE DELETE ON journals
BEGIN SELECT RAISE(ABORT, 'journals is append-only'); END;
CREATE TRIGGER transfers_no_update BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers is append-only'); END;
CREATE TRIGGER transfers_no_delete BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers is append-only'); END;
-- INSERT OR REPLACE removes the row that is in its way without telling the triggers above.
CREATE TRIGGER journals_no_replace BEFORE INSERT ON journals
WHEN EXISTS (SELECT 1 FROM journals WHERE id = NEW.id OR reverses_journal_id = NEW.reverses_journal_id)
BEGIN SELECT RAISE(ABORT, 'journals is append-only'); END;
CREATE TRIGGER journals_once_per_event BEFORE INSERT ON journals
WHEN EXISTS (SELECT 1 FROM journals WHERE source_id = NEW.source_id AND kind = NEW.kind)
BEGIN SELECT RAISE(ABORT, 'journals is append-only: journals_once_per_event'); END;
CREATE TRIGGER transfers_no_replace BEFORE INSERT ON transfers
WHEN EXISTS (SELECT 1 FROM transfers WHERE id = NEW.id)
OR EXISTS (SELECT 1 FROM transfers WHERE journal_id = NEW.journal_id AND leg = NEW.leg)
BEGIN SELECT RAISE(ABORT, 'transfers is append-only'); END;
CREATE TRIGGER transfers_open_day BEFORE INSERT ON transfers
WHEN NOT EXISTS (SELECT 1 FROM business_days WHERE business_date = NEW.business_date AND state = 'open')
BEGIN SELECT RAISE(ABORT, 'business day is not open'); END;
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
