//! Merchants, operators and credentials.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE merchants (
    id              {id} PRIMARY KEY,
    name            TEXT NOT NULL CHECK (name <> ''),
    currency        {currency} NOT NULL,                -- settled in this one
    fee_bps         INTEGER NOT NULL CHECK (fee_bps BETWEEN 0 AND 10000),
    fee_fixed_minor BIGINT NOT NULL CHECK (fee_fixed_minor >= 0),   -- once per payment in `currency`
    reserve_bps     INTEGER NOT NULL CHECK (reserve_bps BETWEEN 0 AND 10000),
    created_at      {time} NOT NULL
);

CREATE TABLE operators (
    id          {id} PRIMARY KEY,
    name        TEXT NOT NULL CHECK (name <> ''),
    token       TEXT NOT NULL UNIQUE CHECK (token LIKE 'eop\_%' ESCAPE '\'),
    secret_hash TEXT NOT NULL UNIQUE CHECK (length(secret_hash) = 64),
    revoked_at  {time},
    created_at  {time} NOT NULL
);

CREATE TABLE credentials (
    id                 {id} PRIMARY KEY,
    merchant_id        {id} NOT NULL REFERENCES merchants (id),
    mode               TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    name               TEXT NOT NULL CHECK (name <> ''),
    token              TEXT NOT NULL UNIQUE CHECK (token LIKE 'epk\_%' ESCAPE '\'),
    secret_hash        TEXT NOT NULL CONSTRAINT api_keys_unique_hash UNIQUE
                       CONSTRAINT api_keys_no_plaintext_secret CHECK (length(secret_hash) = 64 AND secret_hash NOT LIKE 'esk%'),
    scopes             TEXT NOT NULL CONSTRAINT credential_scope_required CHECK (scopes <> ''),  -- comma-separated
    signing_public_key TEXT NOT NULL,                   -- Ed25519, hex; the private half was shown once
    revoked_at         {time},
    created_at         {time} NOT NULL
);
CREATE INDEX credentials_by_merchant ON credentials (merchant_id, mode, id);
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
