//! The request log: one row per API request that was let in or denied.
//!
//! No foreign keys: evidence outlives what it speaks of, and rows come in batches of which none may fail over one row. Few
//! indexes: each costs every request of every merchant.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE api_requests (
    id              {id} PRIMARY KEY,                   -- begins with the time: ranges of time are ranges of ids
    merchant_id     {id},                               -- null: a request of nobody we know, or of an operator
    mode            TEXT CHECK (mode IN ('live', 'test')),
    credential_id   {id},                               -- the one that was named, proved or not
    operator_id     {id},
    session_id      {id},
    way             TEXT NOT NULL
        CHECK (way IN ('none', 'secret', 'signed_request', 'http_signature', 'legacy_signature', 'session')),
    method          TEXT NOT NULL,
    path            TEXT NOT NULL,                      -- without its query
    operation       TEXT,                               -- name of the GraphQL operation
    denial          TEXT                                -- null: it was let in
        CONSTRAINT api_request_denial_known CHECK (denial IN (
            'key_missing', 'too_many_refused_keys', 'key_malformed', 'key_unknown', 'secret_wrong', 'mode_mismatch',
            'key_revoked', 'key_expired', 'address_not_allowed', 'session_unknown', 'session_expired', 'csrf_token_wrong',
            'version_unknown', 'signature_malformed', 'signature_incomplete', 'clock_drift', 'body_hash_mismatch',
            'signing_key_missing', 'signature_invalid', 'nonce_reused', 'scope_missing', 'rate_limited')),
    rate_limit      TEXT NOT NULL CHECK (rate_limit IN ('allowed', 'blocked')),
    drift_seconds   BIGINT,
    body_sha256     TEXT CHECK (length(body_sha256) = 64),
    idempotency_key TEXT,
    api_version     TEXT NOT NULL
        CONSTRAINT api_request_version_known CHECK (api_version IN ('2025-12-01.tigris', '2026-06-14.basra')),
    ip              TEXT NOT NULL,
    user_agent      TEXT,
    status          INTEGER NOT NULL,                   -- of HTTP
    error_code      TEXT,
    duration_micros BIGINT NOT NULL,
    made            {json} NOT NULL,                    -- array of ids
    created_at      {time} NOT NULL,
    CONSTRAINT api_request_tenant_is_whole CHECK ((merchant_id IS NULL) = (mode IS NULL))
);
CREATE INDEX api_requests_by_tenant ON api_requests (merchant_id, mode, id) WHERE merchant_id IS NOT NULL;
CREATE INDEX api_requests_by_credential ON api_requests (credential_id, id) WHERE credential_id IS NOT NULL;
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
