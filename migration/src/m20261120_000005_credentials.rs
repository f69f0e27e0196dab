//! Credentials as S0 shows them: allowlist, expiry, version, rotation, last use; signing keys of their own; sessions; nonces.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
ALTER TABLE credentials ADD COLUMN ip_allowlist TEXT NOT NULL DEFAULT '[]';        -- JSON array of networks in CIDR notation
ALTER TABLE credentials ADD COLUMN api_version TEXT NOT NULL DEFAULT '2026-06-14.basra'
    CONSTRAINT credential_api_version_known CHECK (api_version IN ('2025-12-01.tigris', '2026-06-14.basra'));
ALTER TABLE credentials ADD COLUMN expires_at {time};
ALTER TABLE credentials ADD COLUMN previous_secret_hash TEXT                       -- the secret before this one
    CONSTRAINT api_keys_no_plaintext_previous_secret
    CHECK (previous_secret_hash IS NULL OR (length(previous_secret_hash) = 64 AND previous_secret_hash NOT LIKE 'esk%'));
ALTER TABLE credentials ADD COLUMN rotating_until {time};                          -- until when that one goes on
ALTER TABLE credentials ADD COLUMN last_used_at {time};
ALTER TABLE credentials ADD COLUMN last_used_ip TEXT;
ALTER TABLE credentials ADD COLUMN last_action TEXT NOT NULL DEFAULT 'created';
ALTER TABLE credentials ADD COLUMN last_action_at {time};                          -- null: when it was created
ALTER TABLE credentials ADD COLUMN last_action_by TEXT NOT NULL DEFAULT 'console'; -- console, op_… or cred_…
ALTER TABLE credentials ADD COLUMN created_by TEXT NOT NULL DEFAULT 'console';
UPDATE credentials SET last_action = 'revoked', last_action_at = revoked_at WHERE revoked_at IS NOT NULL;

CREATE TABLE signing_keys (
    id            {id} PRIMARY KEY,
    credential_id {id} NOT NULL REFERENCES credentials (id),
    algorithm     TEXT NOT NULL CHECK (algorithm IN ('ed25519', 'rsa', 'hmac-sha256')),
    public_key    TEXT,                                 -- SubjectPublicKeyInfo DER, hex; the private half is the merchant's
    sealed_key    TEXT,                                 -- HMAC only: AEAD under the master key, `v1.` + key id + nonce + ciphertext
    fingerprint   TEXT CHECK (length(fingerprint) = 64),                           -- HMAC only: a keyed hash; a public key has its own
    valid_until   {time},
    created_at    {time} NOT NULL,
    CONSTRAINT signing_key_is_of_its_kind CHECK ((algorithm = 'hmac-sha256') = (public_key IS NULL)
        AND (algorithm = 'hmac-sha256') = (sealed_key IS NOT NULL) AND (algorithm = 'hmac-sha256') = (fingerprint IS NOT NULL)),
    CONSTRAINT signing_key_is_sealed CHECK (sealed_key IS NULL OR sealed_key LIKE 'v1.%')
);
CREATE INDEX signing_keys_by_credential ON signing_keys (credential_id, id);
-- 302a300506032b6570032100 is how an Ed25519 key begins in DER (RFC 8410).
INSERT INTO signing_keys (id, credential_id, algorithm, public_key, sealed_key, fingerprint, valid_until, created_at)
    SELECT 'skey' || substr(id, 5), id, 'ed25519', '302a300506032b6570032100' || signing_public_key, NULL, NULL, NULL, created_at
    FROM credentials WHERE length(signing_public_key) = 64;
ALTER TABLE credentials DROP COLUMN signing_public_key;

CREATE TABLE sessions (
    id            {id} PRIMARY KEY,
    token         TEXT NOT NULL UNIQUE CHECK (token LIKE 'esp\_%' ESCAPE '\'),
    secret_hash   TEXT NOT NULL UNIQUE CHECK (length(secret_hash) = 64),
    credential_id {id} REFERENCES credentials (id),
    operator_id   {id} REFERENCES operators (id),
    ip            TEXT NOT NULL,
    user_agent    TEXT,
    expires_at    {time} NOT NULL,
    revoked_at    {time},
    created_at    {time} NOT NULL,
    CONSTRAINT session_has_one_holder CHECK ((credential_id IS NULL) <> (operator_id IS NULL))
);
CREATE INDEX sessions_by_credential ON sessions (credential_id);
CREATE INDEX sessions_by_operator ON sessions (operator_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE nonces (
    credential_id {id} NOT NULL REFERENCES credentials (id),
    nonce         TEXT NOT NULL CHECK (length(nonce) BETWEEN 8 AND 128),
    expires_at    {time} NOT NULL,                      -- twice the allowed drift after the request: by then its time refuses it
    PRIMARY KEY (credential_id, nonce)
);
CREATE INDEX nonces_by_end ON nonces (expires_at);
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
