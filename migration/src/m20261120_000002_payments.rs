//! Cards, payments, operations, refunds and idempotency records.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
CREATE TABLE cards (
    id          {id} PRIMARY KEY,
    merchant_id {id} NOT NULL REFERENCES merchants (id),
    mode        TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    brand       TEXT NOT NULL CHECK (brand IN ('visa', 'mastercard', 'amex', 'other')),
    last4       TEXT NOT NULL CHECK (length(last4) = 4),
    exp_year    INTEGER NOT NULL,
    exp_month   INTEGER NOT NULL CHECK (exp_month BETWEEN 1 AND 12),
    holder      TEXT,
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),    -- keyed hash of the number
    created_at  {time} NOT NULL,
    UNIQUE (merchant_id, mode, fingerprint, exp_year, exp_month)
);
CREATE INDEX cards_by_last4 ON cards (merchant_id, mode, last4);
CREATE INDEX cards_by_merchant ON cards (merchant_id, mode, id);

CREATE TABLE payments (
    id                     {id} PRIMARY KEY,
    merchant_id            {id} NOT NULL REFERENCES merchants (id),
    mode                   TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    status                 TEXT NOT NULL CHECK (status IN ('processing', 'authorized', 'partially_captured', 'captured',
                           'partially_refunded', 'refunded', 'voided', 'expired', 'failed')),
    gateway                TEXT NOT NULL,
    provider               TEXT NOT NULL,
    card_id                {id} REFERENCES cards (id),
    currency               {currency} NOT NULL,
    amount_minor           BIGINT NOT NULL CONSTRAINT payments_amount_positive CHECK (amount_minor > 0),
    authorized_minor       BIGINT NOT NULL CONSTRAINT payments_authorized_within_amount
                           CHECK (authorized_minor >= 0 AND authorized_minor <= amount_minor),
    captured_minor         BIGINT NOT NULL CONSTRAINT payments_captured_within_authorized
                           CHECK (captured_minor >= 0 AND captured_minor <= authorized_minor),
    refunded_minor         BIGINT NOT NULL CHECK (refunded_minor >= 0),
    refund_pending_minor   BIGINT NOT NULL CHECK (refund_pending_minor >= 0),
    hold_open              {flag} NOT NULL,             -- something is still held
    outcome_unknown        {flag} NOT NULL,             -- the answer to the first operation was lost
    in_flight_operation_id {id},                        -- the capture or void that has no answer yet
    hold_at                {time},
    hold_expires_at        {time},
    captured_at            {time},
    voided_at              {time},
    void_reason            TEXT,
    failed_at              {time},
    decline                {json},
    customer_email         TEXT,
    customer_name          TEXT,
    description            TEXT,
    merchant_reference     TEXT,
    metadata               {json} NOT NULL,
    created_at             {time} NOT NULL,
    updated_at             {time} NOT NULL,
    version                BIGINT NOT NULL CHECK (version > 0),
    CONSTRAINT payments_refunds_within_captured CHECK (refunded_minor + refund_pending_minor <= captured_minor),
    CONSTRAINT payments_failed_holds_nothing CHECK (failed_at IS NULL OR (authorized_minor = 0 AND NOT hold_open))
);
-- Ids sort by time, so this one index serves the page, the newest-first order and time ranges.
CREATE INDEX payments_by_merchant ON payments (merchant_id, mode, id);
CREATE INDEX payments_by_status ON payments (merchant_id, mode, status, id);
CREATE INDEX payments_by_amount ON payments (merchant_id, mode, amount_minor, id);
CREATE INDEX payments_by_reference ON payments (merchant_id, mode, merchant_reference) WHERE merchant_reference IS NOT NULL;
CREATE INDEX payments_by_card ON payments (card_id) WHERE card_id IS NOT NULL;
CREATE INDEX payments_holds_by_end ON payments (hold_expires_at) WHERE hold_open;

CREATE TABLE operations (
    id                 {id} PRIMARY KEY,
    merchant_id        {id} NOT NULL REFERENCES merchants (id),
    mode               TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    payment_id         {id} NOT NULL REFERENCES payments (id),
    kind               TEXT NOT NULL CHECK (kind IN ('authorize', 'sale', 'capture', 'void', 'refund')),
    status             TEXT NOT NULL CHECK (status IN ('sent', 'outcome_unknown', 'succeeded', 'failed')),
    currency           {currency} NOT NULL,
    amount_minor       BIGINT NOT NULL CHECK (amount_minor > 0),
    fee_minor          BIGINT NOT NULL CHECK (fee_minor >= 0),       -- decided with the operation: sale and capture
    reserve_minor      BIGINT NOT NULL CHECK (reserve_minor >= 0),
    keep_rest          {flag} NOT NULL,                 -- a capture that leaves the rest held
    reason             TEXT,                            -- of a void
    idempotency_key    TEXT NOT NULL,
    provider_reference TEXT,
    auth_code          TEXT,
    fraud_score        INTEGER CHECK (fraud_score BETWEEN 0 AND 100),
    decline            {json},
    asked              INTEGER NOT NULL CHECK (asked >= 0),          -- times the provider was asked again
    ask_again_at       {time},                          -- when to ask next; empty once settled
    settled_at         {time},
    created_at         {time} NOT NULL,
    CONSTRAINT operations_settled_once CHECK ((status IN ('succeeded', 'failed')) = (settled_at IS NOT NULL)),
    CONSTRAINT operations_parts_within_amount CHECK (fee_minor + reserve_minor <= amount_minor)
);
CREATE INDEX operations_by_payment ON operations (payment_id, id);
CREATE INDEX operations_by_merchant ON operations (merchant_id, mode, id);
CREATE INDEX operations_unsettled ON operations (ask_again_at) WHERE settled_at IS NULL;

CREATE TABLE refunds (
    id           {id} PRIMARY KEY,
    merchant_id  {id} NOT NULL REFERENCES merchants (id),
    mode         TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    payment_id   {id} NOT NULL REFERENCES payments (id),
    operation_id {id} NOT NULL UNIQUE REFERENCES operations (id),
    status       TEXT NOT NULL CHECK (status IN ('pending_approval', 'pending', 'succeeded', 'failed', 'canceled', 'reversed')),
    currency     {currency} NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    reason       TEXT,
    decline      {json},
    settled_at   {time},
    created_at   {time} NOT NULL,
    CONSTRAINT refunds_settled_once CHECK ((status IN ('pending_approval', 'pending')) = (settled_at IS NULL))
);
CREATE INDEX refunds_by_payment ON refunds (payment_id, id);
CREATE INDEX refunds_by_merchant ON refunds (merchant_id, mode, id);

CREATE TABLE idempotency_records (
    merchant_id  {id} NOT NULL REFERENCES merchants (id),
    mode         TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    command      TEXT NOT NULL,
    key          TEXT NOT NULL,
    input_hash   TEXT NOT NULL CHECK (length(input_hash) = 64),     -- keyed: the input may hold a card number
    operation_id {id} NOT NULL,
    answer       {json},                                -- empty while the first request is in progress
    created_at   {time} NOT NULL,
    expires_at   {time} NOT NULL,
    PRIMARY KEY (merchant_id, mode, command, key)
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
