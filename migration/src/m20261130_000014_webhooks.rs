//! Webhooks: endpoints as merchants set them up, deliveries, what was sent, and each try.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    // No feature has written endpoints so far, but somebody may have by hand: what is there stays.
    both: r#"
CREATE TABLE webhook_endpoints_kept AS SELECT * FROM webhook_endpoints;
DROP TABLE webhook_endpoints;
CREATE TABLE webhook_endpoints (
    id                 {id} PRIMARY KEY,
    merchant_id        {id} NOT NULL REFERENCES merchants (id),
    mode               TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    slot               TEXT CHECK (slot IN ('default', 'callback')),
    url                TEXT CHECK (url <> ''),          -- none where each delivery has its own
    description        TEXT NOT NULL,
    dialect            TEXT NOT NULL CHECK (dialect IN ('hmac', 'security_fields', 'callback', 'standard', 'timestamped')),
    naming             TEXT NOT NULL CHECK (naming IN ('dotted', 'business', 'category')),
    payload            TEXT NOT NULL CHECK (payload IN ('event', 'resource', 'thin')),
    security_fields    TEXT NOT NULL,                   -- separated by commas
    events             {json} NOT NULL,                 -- patterns; an empty list is all
    success            TEXT NOT NULL CHECK (success IN ('2xx', '200')),
    timeout_ms         INTEGER NOT NULL CHECK (timeout_ms > 0),
    schedule           {json} NOT NULL,                 -- seconds before each try, and how long a delivery lives
    rate_per_second    INTEGER CHECK (rate_per_second > 0),
    max_in_flight      INTEGER NOT NULL CHECK (max_in_flight > 0),
    ordering           TEXT NOT NULL CHECK (ordering IN ('none', 'object', 'endpoint')),
    api_version        TEXT NOT NULL,
    header_names       {json} NOT NULL,                 -- of the headers that go with each request
    sealed_headers     TEXT CHECK (sealed_headers LIKE 'v1.%'),
    signs              {flag} NOT NULL,                 -- whether the header of the dialect is wanted (S4)
    paused_at          {time},
    disabled_at        {time},
    disabled_reason    TEXT CHECK (disabled_reason IN ('failing', 'gone')),
    sealed_secret      TEXT NOT NULL,                   -- AEAD under the master key, `v1.` + key id + nonce + ciphertext
    secret_fingerprint TEXT NOT NULL,                   -- a keyed hash of the secret, hex; a merchant may give one secret to several
    next_sealed_secret TEXT,                            -- takes the place of the other
    next_fingerprint   TEXT,
    next_from          {time},                          -- then
    deleted_at         {time},
    created_at         {time} NOT NULL,
    updated_at         {time} NOT NULL,
    CONSTRAINT webhook_endpoints_addressed CHECK ((url IS NULL) = (dialect = 'callback')),
    CONSTRAINT webhook_endpoints_disabled CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CONSTRAINT webhook_secrets_next CHECK ((next_sealed_secret IS NULL) = (next_fingerprint IS NULL)
        AND (next_sealed_secret IS NULL) = (next_from IS NULL)
        AND (next_sealed_secret IS NULL OR (next_sealed_secret LIKE 'v1.%' AND length(next_fingerprint) = 64))),
    CONSTRAINT webhook_secrets_hashed CHECK (sealed_secret LIKE 'v1.%' AND length(secret_fingerprint) = 64)
);
INSERT INTO webhook_endpoints (id, merchant_id, mode, url, description, dialect, naming, payload, security_fields, events, success,
    timeout_ms, schedule, max_in_flight, ordering, api_version, header_names, signs, sealed_secret, secret_fingerprint, created_at, updated_at)
SELECT id, merchant_id, mode, url, '', 'hmac', 'dotted', 'event', 'id,status', '[]', '200', 10000,
    '{"delays":[0,300,900,3600,21600],"lives":86400}', 20, 'none', '2026-06-14.basra', '[]', TRUE, sealed_secret, secret_fingerprint,
    created_at, created_at FROM webhook_endpoints_kept;
DROP TABLE webhook_endpoints_kept;
CREATE INDEX webhook_endpoints_by_merchant ON webhook_endpoints (merchant_id, mode, id);
CREATE UNIQUE INDEX webhook_endpoints_slot ON webhook_endpoints (merchant_id, mode, slot) WHERE slot IS NOT NULL AND deleted_at IS NULL;

-- Who sends what an endpoint is told, and how the endpoint has answered lately. One row for each endpoint, made with it.
CREATE TABLE webhook_lanes (
    endpoint_id   {id} PRIMARY KEY REFERENCES webhook_endpoints (id),
    owner         TEXT,                                 -- the process that sends; of a new one each time it starts
    lease_until   {time},                               -- by the clock of the database
    epoch         BIGINT NOT NULL CHECK (epoch >= 0),   -- rises whenever another process takes over
    failures      INTEGER NOT NULL CHECK (failures >= 0), -- in a row
    failing_since {time},
    open_until    {time},                               -- nothing is sent before
    trips         INTEGER NOT NULL CHECK (trips >= 0),  -- how often in a row it was left alone
    warned        SMALLINT NOT NULL CHECK (warned IN (0, 50, 80)), -- percent of the way to being switched off, as was told
    CONSTRAINT webhook_lanes_leased CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT webhook_lanes_failing CHECK ((failures = 0) = (failing_since IS NULL))
);
INSERT INTO webhook_lanes (endpoint_id, epoch, failures, trips, warned) SELECT id, 0, 0, 0, 0 FROM webhook_endpoints;

CREATE TABLE webhook_deliveries (
    seq         {serial},                               -- the order of deliveries of an endpoint that keeps one
    id          {id} NOT NULL UNIQUE,
    merchant_id {id} NOT NULL REFERENCES merchants (id),
    mode        TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    endpoint_id {id} NOT NULL REFERENCES webhook_endpoints (id),
    event_id    {id} NOT NULL,                          -- may be deleted earlier
    type        TEXT NOT NULL,                          -- of the event, as it is told
    is_alias    {flag} NOT NULL,                        -- the event is told under another name beside its own
    name        TEXT NOT NULL CHECK (name <> ''),       -- what it is called there
    payload     TEXT NOT NULL CHECK (payload IN ('event', 'resource', 'thin', 'callback')),
    api_version TEXT NOT NULL,
    subject_id  {id} NOT NULL,
    run         INTEGER NOT NULL CHECK (run >= 0),      -- 0, or the number of the replay
    cause       TEXT NOT NULL CHECK (cause IN ('event', 'replay', 'test')),
    url         TEXT CHECK (url <> ''),                 -- where, if not to the address of the endpoint
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'failed', 'expired', 'canceled')),
    attempts    INTEGER NOT NULL CHECK (attempts >= 0), -- begun
    at          {time} NOT NULL,                        -- of the next attempt; of the one under way; of the end
    expires_at  {time} NOT NULL,
    order_key   {id},                                   -- what waits for each other, if anything does
    last_status INTEGER,                                -- HTTP status of the last attempt
    last_failure TEXT,                                  -- why the last attempt brought none
    created_at  {time} NOT NULL,
    CONSTRAINT webhook_deliveries_caused CHECK ((run = 0) OR (cause = 'replay')),
    CONSTRAINT webhook_deliveries_tried CHECK (state NOT IN ('sending', 'delivered') OR attempts > 0),
    CONSTRAINT webhook_deliveries_once UNIQUE (event_id, endpoint_id, type, run)
);
CREATE INDEX webhook_deliveries_by_merchant ON webhook_deliveries (merchant_id, mode, id);
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_by_subject ON webhook_deliveries (subject_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, at, seq) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_sending ON webhook_deliveries (endpoint_id) WHERE state = 'sending';
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (endpoint_id, order_key, seq)
    WHERE order_key IS NOT NULL AND state IN ('waiting', 'sending');

-- What is sent, byte for byte, on each attempt.
CREATE TABLE webhook_payloads (
    event_id    {id} NOT NULL,
    payload     TEXT NOT NULL,
    api_version TEXT NOT NULL,
    name        TEXT NOT NULL,
    merchant_id {id} NOT NULL REFERENCES merchants (id),
    mode        TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    body        TEXT NOT NULL,
    sha256      TEXT NOT NULL CHECK (length(sha256) = 64),
    created_at  {time} NOT NULL,
    PRIMARY KEY (event_id, payload, api_version, name)
);

CREATE TABLE webhook_attempts (
    id               {id} PRIMARY KEY,                  -- as a UUID: the one of the request (S1)
    merchant_id      {id} NOT NULL REFERENCES merchants (id),
    mode             TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    endpoint_id      {id} NOT NULL REFERENCES webhook_endpoints (id),
    delivery_id      {id} NOT NULL,
    number           INTEGER NOT NULL CHECK (number > 0),
    url              TEXT NOT NULL,
    started_at       {time} NOT NULL,
    duration_micros  BIGINT NOT NULL CHECK (duration_micros >= 0),
    is_success       {flag} NOT NULL,
    status           INTEGER,
    failure          TEXT,
    detail           TEXT,                              -- which rule, for an address that is not called
    remote_address   TEXT,
    request_headers  {json} NOT NULL,                   -- those with the merchant's own values without these
    response_headers {json},
    response_body    TEXT,                              -- the beginning; base64 where it is no text
    body_form        TEXT NOT NULL CHECK (body_form IN ('none', 'text', 'base64')),
    is_truncated     {flag} NOT NULL,
    body_sha256      TEXT CHECK (length(body_sha256) = 64), -- of what was sent
    secret_fingerprint TEXT,                            -- of the secret that signed
    CONSTRAINT webhook_attempts_known CHECK ((body_sha256 IS NULL) = (secret_fingerprint IS NULL)
        AND (body_sha256 IS NOT NULL OR failure IN ('interrupted', 'unreadable'))),
    CONSTRAINT webhook_attempts_once UNIQUE (delivery_id, number),
    CONSTRAINT webhook_attempts_ended CHECK (status IS NOT NULL OR failure IS NOT NULL),
    CONSTRAINT webhook_attempts_success CHECK (NOT is_success OR status IS NOT NULL),
    CONSTRAINT webhook_attempts_body CHECK ((body_form = 'none') = (response_body IS NULL))
);
CREATE INDEX webhook_attempts_by_merchant ON webhook_attempts (merchant_id, mode, id);
-- Rehearsal is forgotten sooner.
CREATE INDEX webhook_attempts_of_tests ON webhook_attempts (id) WHERE mode = 'test';
CREATE INDEX webhook_deliveries_of_tests ON webhook_deliveries (id) WHERE mode = 'test';
CREATE INDEX webhook_payloads_of_tests ON webhook_payloads (event_id) WHERE mode = 'test';
"#,
    postgres: r"
CREATE TRIGGER webhook_attempts_kept BEFORE UPDATE ON webhook_attempts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_payloads_kept BEFORE UPDATE ON webhook_payloads FOR EACH ROW EXECUTE FUNCTION refuse_change();
",
    sqlite: r"
CREATE TRIGGER webhook_attempts_kept BEFORE UPDATE ON webhook_attempts
BEGIN SELECT RAISE(ABORT, 'webhook_attempts is append-only'); END;
CREATE TRIGGER webhook_payloads_kept BEFORE UPDATE ON webhook_payloads
BEGIN SELECT RAISE(ABORT, 'webhook_payloads is append-only'); END;
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
