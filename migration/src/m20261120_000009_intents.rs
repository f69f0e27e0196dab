//! Intents, payment links and promo codes; how the payers of a merchant pay.

use crate::dialect::Script;
use sea_orm_migration::prelude::*;

const UP: Script = Script {
    both: r"
ALTER TABLE merchants ADD COLUMN gateways TEXT NOT NULL DEFAULT 'CREDIT_CARD,FAST_PAY,FIB,ZAIN,ASIA_PAY,NASS_WALLET'
    CHECK (gateways <> '');                             -- those that it may use, comma-separated
ALTER TABLE merchants ADD COLUMN card_surcharge {flag} NOT NULL DEFAULT FALSE;  -- a fee on top of card payments in dinars
ALTER TABLE merchants ADD COLUMN late_success TEXT NOT NULL DEFAULT 'accept' CHECK (late_success IN ('accept', 'give_back'));
ALTER TABLE merchants ADD COLUMN brand_name TEXT CHECK (brand_name <> '');
ALTER TABLE merchants ADD COLUMN brand_color TEXT CHECK (brand_color LIKE '#______');

CREATE TABLE promo_codes (
    id                {id} PRIMARY KEY,
    merchant_id       {id} NOT NULL REFERENCES merchants (id),
    mode              TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    code              TEXT NOT NULL CHECK (code <> '' AND code = upper(code)),
    share_bps         INTEGER CHECK (share_bps BETWEEN 1 AND 9999),
    amount_minor      BIGINT CHECK (amount_minor > 0),
    currency          {currency},                       -- of a fixed amount
    max_uses          INTEGER CHECK (max_uses > 0),
    uses              INTEGER NOT NULL CHECK (uses >= 0),                -- payments under way included
    expires_at        {time},
    deactivated_at    {time},
    created_at        {time} NOT NULL,
    UNIQUE (merchant_id, mode, code),
    CONSTRAINT promo_codes_one_discount CHECK ((share_bps IS NULL) <> (amount_minor IS NULL)),
    CONSTRAINT promo_codes_amount_has_currency CHECK ((amount_minor IS NULL) = (currency IS NULL)),
    CONSTRAINT promo_codes_uses_within_limit CHECK (max_uses IS NULL OR uses <= max_uses)
);

CREATE TABLE payment_links (
    id                 {id} PRIMARY KEY,
    merchant_id        {id} NOT NULL REFERENCES merchants (id),
    mode               TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    currency           {currency} NOT NULL,
    amount_minor       BIGINT NOT NULL CHECK (amount_minor > 0),
    title              TEXT NOT NULL CHECK (title <> ''),
    description        TEXT,
    merchant_reference TEXT,
    metadata           {json} NOT NULL,
    gateways           TEXT NOT NULL CHECK (gateways <> ''),
    collect_fee        {flag} NOT NULL,
    collect_email      {flag} NOT NULL,
    collect_phone      {flag} NOT NULL,
    allow_promo_code   {flag} NOT NULL,
    success_url        TEXT,
    max_payments       INTEGER CHECK (max_payments > 0),
    payments           INTEGER NOT NULL CHECK (payments >= 0),           -- those under way included
    expires_at         {time},
    deactivated_at     {time},
    created_at         {time} NOT NULL,
    CONSTRAINT payment_links_payments_within_limit CHECK (max_payments IS NULL OR payments <= max_payments)
);
CREATE INDEX payment_links_by_merchant ON payment_links (merchant_id, mode, id);

CREATE TABLE intents (
    id                 {id} PRIMARY KEY,
    merchant_id        {id} NOT NULL REFERENCES merchants (id),
    mode               TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    source             TEXT NOT NULL CHECK (source IN ('api', 'rasedi', 'link')),
    link_id            {id} REFERENCES payment_links (id),
    status             TEXT NOT NULL CHECK (status IN ('created', 'processing', 'requires_capture', 'succeeded', 'failed',
                       'canceled', 'expired')),
    currency           {currency} NOT NULL,
    amount_minor       BIGINT NOT NULL CHECK (amount_minor > 0),
    capture_method     TEXT NOT NULL CHECK (capture_method IN ('automatic', 'manual')),
    gateways           TEXT NOT NULL CHECK (gateways <> ''),             -- those that it offers, comma-separated
    collect_fee        {flag} NOT NULL,
    collect_email      {flag} NOT NULL,
    collect_phone      {flag} NOT NULL,
    allow_promo_code   {flag} NOT NULL,
    title              TEXT,
    description        TEXT,
    merchant_reference TEXT,
    metadata           {json} NOT NULL,
    customer_email     TEXT,
    customer_name      TEXT,
    customer_phone     TEXT,
    success_url        TEXT,
    cancel_url         TEXT,
    callback_url       TEXT,
    client_secret_hash TEXT CHECK (length(client_secret_hash) = 64),     -- keyed; none: the page opens with the reference
    promo_code_id      {id} REFERENCES promo_codes (id),
    promo_code         TEXT,
    discount_minor     BIGINT NOT NULL CHECK (discount_minor >= 0),
    attempts           INTEGER NOT NULL CONSTRAINT intents_five_attempts CHECK (attempts BETWEEN 0 AND 5),
    payment_id         {id},                            -- under way, or has the money
    gateway            TEXT,                            -- of that payment
    last_decline       {json},
    paid_at            {time},
    payout_minor       BIGINT CHECK (payout_minor >= 0),
    late               {flag} NOT NULL,                 -- the money arrived after the intent had run out
    give_back_due      {flag} NOT NULL,                 -- and is to go back
    ended_at           {time},                          -- failed, canceled, expired
    canceled_by        TEXT CHECK (canceled_by IN ('merchant', 'payer', 'void', 'authorization_expired')),
    expires_at         {time} NOT NULL,
    created_at         {time} NOT NULL,
    updated_at         {time} NOT NULL,
    version            BIGINT NOT NULL CHECK (version > 0),
    CONSTRAINT intents_link_named CHECK ((source = 'link') = (link_id IS NOT NULL)),
    CONSTRAINT intents_secret_or_reference CHECK ((source = 'rasedi') = (client_secret_hash IS NULL)),
    CONSTRAINT intents_discount_leaves_something CHECK (discount_minor < amount_minor),
    CONSTRAINT intents_promo_whole CHECK ((promo_code_id IS NULL) = (promo_code IS NULL)
        AND (promo_code_id IS NOT NULL OR discount_minor = 0)),
    CONSTRAINT intents_failed_after_five CHECK ((status = 'failed') = (attempts = 5)),
    CONSTRAINT intents_payment_has_gateway CHECK ((payment_id IS NULL) = (gateway IS NULL)),
    CONSTRAINT intents_payment_where_due CHECK ((payment_id IS NOT NULL)
        = (status IN ('processing', 'requires_capture', 'succeeded') OR (status = 'expired' AND late))),
    CONSTRAINT intents_paid_when_succeeded CHECK ((status = 'succeeded') = (paid_at IS NOT NULL)
        AND (paid_at IS NULL) = (payout_minor IS NULL)),
    CONSTRAINT intents_late_where_money_is CHECK (NOT late OR status IN ('requires_capture', 'succeeded', 'expired')),
    CONSTRAINT intents_give_back_what_came_late CHECK (NOT give_back_due OR (late AND status = 'expired')),
    CONSTRAINT intents_over_since CHECK ((status IN ('failed', 'canceled', 'expired')) = (ended_at IS NOT NULL)),
    CONSTRAINT intents_canceled_by_somebody CHECK ((status = 'canceled') = (canceled_by IS NOT NULL))
);
CREATE INDEX intents_by_merchant ON intents (merchant_id, mode, id);
CREATE INDEX intents_by_status ON intents (merchant_id, mode, status, id);
CREATE INDEX intents_by_reference ON intents (merchant_id, mode, merchant_reference, id) WHERE merchant_reference IS NOT NULL;
CREATE INDEX intents_by_promo_code ON intents (merchant_id, mode, promo_code_id) WHERE promo_code_id IS NOT NULL;
CREATE INDEX intents_by_link ON intents (merchant_id, mode, link_id, id) WHERE link_id IS NOT NULL;
CREATE INDEX intents_open_by_end ON intents (expires_at) WHERE status = 'created';
CREATE INDEX intents_give_back ON intents (updated_at) WHERE give_back_due;

ALTER TABLE payments ADD COLUMN intent_id {id} REFERENCES intents (id);  -- of which it is an attempt
ALTER TABLE payments ADD COLUMN customer_phone TEXT;
CREATE INDEX payments_by_intent ON payments (intent_id, id) WHERE intent_id IS NOT NULL;

ALTER TABLE idempotency_records RENAME COLUMN operation_id TO subject_id;  -- the operation, intent or link that the key stands for
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
