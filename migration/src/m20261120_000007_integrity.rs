//! What the integrity report reads: webhook endpoints with sealed secrets, and the one rule that warns instead of refusing.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE webhook_endpoints (
    id                 {id} PRIMARY KEY,
    merchant_id        {id} NOT NULL REFERENCES merchants (id),
    mode               TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    url                TEXT NOT NULL CHECK (url <> ''),
    sealed_secret      TEXT NOT NULL,                   -- AEAD under the master key, `v1.` + key id + nonce + ciphertext
    secret_fingerprint TEXT NOT NULL UNIQUE,            -- a keyed hash of the secret, hex
    created_at         {time} NOT NULL,
    CONSTRAINT webhook_secrets_hashed CHECK (sealed_secret LIKE 'v1.%' AND length(secret_fingerprint) = 64)
);
CREATE INDEX webhook_endpoints_by_merchant ON webhook_endpoints (merchant_id, mode, id);

CREATE TABLE integrity_warnings (
    id         {serial},
    rule       TEXT NOT NULL CHECK (rule <> ''),
    table_name TEXT NOT NULL,
    row_id     {id} NOT NULL,                           -- whatever it names may be gone by now
    at         {time} NOT NULL
);
CREATE INDEX integrity_warnings_by_row ON integrity_warnings (table_name, row_id, id);
",
    // PostgreSQL takes abbreviations such as `10` or `192.168.1` for networks; the application does not, so they warn as well.
    postgres: r"
CREATE FUNCTION ip_allowlist_valid_cidr() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    entry JSONB;
    network CIDR;
BEGIN
    BEGIN
        FOR entry IN SELECT jsonb_array_elements(NEW.ip_allowlist::jsonb) LOOP
            IF jsonb_typeof(entry) <> 'string' OR (entry #>> '{}') !~ '^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+(/[0-9]+)?$|:' THEN
                RAISE invalid_text_representation;
            END IF;
            network := (entry #>> '{}')::cidr;
        END LOOP;
    EXCEPTION WHEN OTHERS THEN
        INSERT INTO integrity_warnings (rule, table_name, row_id, at)
            VALUES ('ip_allowlist_valid_cidr', 'credentials', NEW.id, statement_timestamp());
    END;
    RETURN NULL;
END $$;
CREATE TRIGGER ip_allowlist_valid_cidr AFTER INSERT OR UPDATE OF ip_allowlist ON credentials
    FOR EACH ROW EXECUTE FUNCTION ip_allowlist_valid_cidr();
",
    // SQLite knows no networks: it sees the form and the length of the prefix. The audit reads each entry.
    sqlite: r"
CREATE TRIGGER ip_allowlist_valid_cidr AFTER UPDATE OF ip_allowlist ON credentials
WHEN CASE WHEN NOT json_valid(NEW.ip_allowlist) THEN 1 WHEN json_type(NEW.ip_allowlist) <> 'array' THEN 1 ELSE EXISTS (
    SELECT 1 FROM json_each(CASE WHEN json_valid(NEW.ip_allowlist) THEN NEW.ip_allowlist ELSE '[]' END) AS e
    WHERE e.type <> 'text' OR e.value GLOB '*/*[^0-9]*' OR e.value GLOB '*/' OR NOT (
        (e.value GLOB '[0-9]*.[0-9]*.[0-9]*.[0-9]*' AND e.value NOT GLOB '*[^0-9./]*' AND e.value NOT GLOB '*.*.*.*.*'
            AND CASE instr(e.value, '/') WHEN 0 THEN 1 ELSE CAST(substr(e.value, instr(e.value, '/') + 1) AS INTEGER) <= 32 END)
        OR (e.value GLOB '*:*' AND e.value NOT GLOB '*[^0-9a-fA-F:./]*'
            AND CASE instr(e.value, '/') WHEN 0 THEN 1 ELSE CAST(substr(e.value, instr(e.value, '/') + 1) AS INTEGER) <= 128 END)
    )
) END
BEGIN
    INSERT INTO integrity_warnings (rule, table_name, row_id, at)
        VALUES ('ip_allowlist_valid_cidr', 'credentials', NEW.id, strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'));
END;
CREATE TRIGGER ip_allowlist_valid_cidr_insert AFTER INSERT ON credentials
WHEN CASE WHEN NOT json_valid(NEW.ip_allowlist) THEN 1 WHEN json_type(NEW.ip_allowlist) <> 'array' THEN 1 ELSE EXISTS (
    SELECT 1 FROM json_each(CASE WHEN json_valid(NEW.ip_allowlist) THEN NEW.ip_allowlist ELSE '[]' END) AS e
    WHERE e.type <> 'text' OR e.value GLOB '*/*[^0-9]*' OR e.value GLOB '*/' OR NOT (
        (e.value GLOB '[0-9]*.[0-9]*.[0-9]*.[0-9]*' AND e.value NOT GLOB '*[^0-9./]*' AND e.value NOT GLOB '*.*.*.*.*'
            AND CASE instr(e.value, '/') WHEN 0 THEN 1 ELSE CAST(substr(e.value, instr(e.value, '/') + 1) AS INTEGER) <= 32 END)
        OR (e.value GLOB '*:*' AND e.value NOT GLOB '*[^0-9a-fA-F:./]*'
            AND CASE instr(e.value, '/') WHEN 0 THEN 1 ELSE CAST(substr(e.value, instr(e.value, '/') + 1) AS INTEGER) <= 128 END)
    )
) END
BEGIN
    INSERT INTO integrity_warnings (rule, table_name, row_id, at)
        VALUES ('ip_allowlist_valid_cidr', 'credentials', NEW.id, strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'));
END;
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
