//! Amounts that contradict each other cannot be written, whoever writes.

use super::books;
use super::constraints_of_webhooks::of_webhooks;
use crate::support::{Engine, Hand, Merchant, TestApp};
use rstest::rstest;
use std::collections::BTreeSet;

/// Every CHECK of the schema by its PostgreSQL name, and a statement that breaks this one and no other.
const BROKEN: [(&str, &str); 101] = [
    ("merchants_name_check", "UPDATE merchants SET name = ''"),
    ("merchants_fee_bps_check", "UPDATE merchants SET fee_bps = 10001"),
    (
        "merchants_fee_fixed_minor_check",
        "UPDATE merchants SET fee_fixed_minor = -1",
    ),
    (
        "merchants_reserve_bps_check",
        "UPDATE merchants SET reserve_bps = -1",
    ),
    ("operators_name_check", "UPDATE operators SET name = ''"),
    ("operators_token_check", "UPDATE operators SET token = 'epk_1'"),
    (
        "operators_secret_hash_check",
        "UPDATE operators SET secret_hash = 'short'",
    ),
    ("credentials_mode_check", "UPDATE credentials SET mode = 'both'"),
    ("credentials_name_check", "UPDATE credentials SET name = ''"),
    (
        "credentials_token_check",
        "UPDATE credentials SET token = 'esk_1'",
    ),
    (
        "api_keys_no_plaintext_secret",
        "UPDATE credentials SET secret_hash = 'esk' || substr(secret_hash, 4)",
    ),
    (
        "api_keys_no_plaintext_previous_secret",
        "UPDATE credentials SET previous_secret_hash = 'esk' || substr(secret_hash, 4)",
    ),
    (
        "credential_api_version_known",
        "UPDATE credentials SET api_version = '2027-01-01.erbil'",
    ),
    (
        "signing_keys_algorithm_check",
        "UPDATE signing_keys SET algorithm = 'none'",
    ),
    (
        "signing_keys_fingerprint_check",
        "UPDATE signing_keys SET algorithm = 'hmac-sha256', public_key = NULL, sealed_key = 'v1.x', fingerprint = 'short'",
    ),
    (
        "signing_key_is_of_its_kind",
        "UPDATE signing_keys SET public_key = NULL",
    ),
    (
        "signing_key_is_sealed",
        "UPDATE signing_keys SET algorithm = 'hmac-sha256', public_key = NULL, sealed_key = 'plain', fingerprint = \
         '0000000000000000000000000000000000000000000000000000000000000000'",
    ),
    ("api_requests_mode_check", "UPDATE api_requests SET mode = 'both'"),
    ("api_requests_way_check", "UPDATE api_requests SET way = 'guess'"),
    (
        "api_requests_rate_limit_check",
        "UPDATE api_requests SET rate_limit = 'maybe'",
    ),
    (
        "api_requests_body_sha256_check",
        "UPDATE api_requests SET body_sha256 = 'short'",
    ),
    (
        "api_request_denial_known",
        "UPDATE api_requests SET denial = 'mood'",
    ),
    (
        "api_request_version_known",
        "UPDATE api_requests SET api_version = '2027-01-01.erbil'",
    ),
    (
        "api_request_tenant_is_whole",
        "UPDATE api_requests SET mode = NULL",
    ),
    ("credential_scope_required", "UPDATE credentials SET scopes = ''"),
    ("cards_mode_check", "UPDATE cards SET mode = 'both'"),
    ("cards_brand_check", "UPDATE cards SET brand = 'gold'"),
    ("cards_last4_check", "UPDATE cards SET last4 = '42424242'"),
    ("cards_exp_month_check", "UPDATE cards SET exp_month = 13"),
    (
        "cards_fingerprint_check",
        "UPDATE cards SET fingerprint = '4242424242424242'",
    ),
    ("payments_mode_check", "UPDATE payments SET mode = 'both'"),
    ("payments_status_check", "UPDATE payments SET status = 'paid'"),
    (
        "payments_amount_positive",
        "UPDATE payments SET amount_minor = 0, authorized_minor = 0, captured_minor = 0, refunded_minor = 0",
    ),
    (
        "payments_authorized_within_amount",
        "UPDATE payments SET authorized_minor = amount_minor + 1",
    ),
    (
        "payments_captured_within_authorized",
        "UPDATE payments SET captured_minor = authorized_minor + 1",
    ),
    (
        "payments_refunded_minor_check",
        "UPDATE payments SET refunded_minor = -1",
    ),
    (
        "payments_refund_pending_minor_check",
        "UPDATE payments SET refund_pending_minor = -1",
    ),
    (
        "payments_refunds_within_captured",
        "UPDATE payments SET refund_pending_minor = captured_minor - refunded_minor + 1",
    ),
    (
        "payments_failed_holds_nothing",
        "UPDATE payments SET failed_at = created_at",
    ),
    ("payments_version_check", "UPDATE payments SET version = 0"),
    ("operations_mode_check", "UPDATE operations SET mode = 'both'"),
    ("operations_kind_check", "UPDATE operations SET kind = 'charge'"),
    (
        "operations_status_check",
        "UPDATE operations SET status = 'done', settled_at = NULL",
    ),
    (
        "operations_amount_minor_check",
        "UPDATE operations SET amount_minor = 0, fee_minor = 0, reserve_minor = 0",
    ),
    (
        "operations_fee_minor_check",
        "UPDATE operations SET fee_minor = -1",
    ),
    (
        "operations_reserve_minor_check",
        "UPDATE operations SET reserve_minor = -1",
    ),
    (
        "operations_fraud_score_check",
        "UPDATE operations SET fraud_score = 101",
    ),
    ("operations_asked_check", "UPDATE operations SET asked = -1"),
    (
        "operations_settled_once",
        "UPDATE operations SET settled_at = NULL",
    ),
    (
        "operations_parts_within_amount",
        "UPDATE operations SET fee_minor = amount_minor - reserve_minor + 1",
    ),
    ("refunds_mode_check", "UPDATE refunds SET mode = 'both'"),
    ("refunds_status_check", "UPDATE refunds SET status = 'done'"),
    (
        "refunds_amount_minor_check",
        "UPDATE refunds SET amount_minor = 0",
    ),
    ("refunds_settled_once", "UPDATE refunds SET settled_at = NULL"),
    (
        "idempotency_records_mode_check",
        "UPDATE idempotency_records SET mode = 'both'",
    ),
    (
        "idempotency_records_input_hash_check",
        "UPDATE idempotency_records SET input_hash = '4242424242424242'",
    ),
    (
        "ledger_accounts_type_check",
        "UPDATE ledger_accounts SET type = 'debt'",
    ),
    ("merchants_gateways_check", "UPDATE merchants SET gateways = ''"),
    (
        "merchants_late_success_check",
        "UPDATE merchants SET late_success = 'keep'",
    ),
    (
        "merchants_brand_name_check",
        "UPDATE merchants SET brand_name = ''",
    ),
    (
        "merchants_brand_color_check",
        "UPDATE merchants SET brand_color = 'green'",
    ),
    ("promo_codes_mode_check", "UPDATE promo_codes SET mode = 'both'"),
    ("promo_codes_code_check", "UPDATE promo_codes SET code = 'eid'"),
    (
        "promo_codes_share_bps_check",
        "UPDATE promo_codes SET share_bps = 10000",
    ),
    (
        "promo_codes_amount_minor_check",
        "UPDATE promo_codes SET share_bps = NULL, amount_minor = 0, currency = 'IQD'",
    ),
    (
        "promo_codes_max_uses_check",
        "UPDATE promo_codes SET max_uses = 0",
    ),
    ("promo_codes_uses_check", "UPDATE promo_codes SET uses = -1"),
    (
        "promo_codes_one_discount",
        "UPDATE promo_codes SET amount_minor = 1000, currency = 'IQD'",
    ),
    (
        "promo_codes_amount_has_currency",
        "UPDATE promo_codes SET currency = 'IQD'",
    ),
    (
        "promo_codes_uses_within_limit",
        "UPDATE promo_codes SET uses = max_uses + 1",
    ),
    (
        "payment_links_mode_check",
        "UPDATE payment_links SET mode = 'both'",
    ),
    (
        "payment_links_amount_minor_check",
        "UPDATE payment_links SET amount_minor = 0",
    ),
    ("payment_links_title_check", "UPDATE payment_links SET title = ''"),
    (
        "payment_links_gateways_check",
        "UPDATE payment_links SET gateways = ''",
    ),
    (
        "payment_links_max_payments_check",
        "UPDATE payment_links SET max_payments = 0",
    ),
    (
        "payment_links_payments_check",
        "UPDATE payment_links SET payments = -1",
    ),
    (
        "payment_links_payments_within_limit",
        "UPDATE payment_links SET payments = max_payments + 1",
    ),
    ("intents_mode_check", "UPDATE intents SET mode = 'both'"),
    (
        "intents_source_check",
        "UPDATE intents SET source = 'shop', link_id = NULL",
    ),
    ("intents_status_check", "UPDATE intents SET status = 'paid'"),
    (
        "intents_amount_minor_check",
        "UPDATE intents SET amount_minor = 0",
    ),
    (
        "intents_capture_method_check",
        "UPDATE intents SET capture_method = 'later'",
    ),
    ("intents_gateways_check", "UPDATE intents SET gateways = ''"),
    (
        "intents_client_secret_hash_check",
        "UPDATE intents SET client_secret_hash = 'short'",
    ),
    (
        "intents_discount_minor_check",
        "UPDATE intents SET discount_minor = -1",
    ),
    ("intents_five_attempts", "UPDATE intents SET attempts = 6"),
    (
        "intents_payout_minor_check",
        "UPDATE intents SET status = 'succeeded', payment_id = 'pay_1', gateway = 'FIB', paid_at = created_at, payout_minor = -1",
    ),
    (
        "intents_canceled_by_check",
        "UPDATE intents SET status = 'canceled', ended_at = created_at, canceled_by = 'nobody'",
    ),
    ("intents_version_check", "UPDATE intents SET version = 0"),
    ("intents_link_named", "UPDATE intents SET link_id = NULL"),
    (
        "intents_secret_or_reference",
        "UPDATE intents SET client_secret_hash = NULL",
    ),
    (
        "intents_discount_leaves_something",
        "UPDATE intents SET discount_minor = amount_minor",
    ),
    ("intents_promo_whole", "UPDATE intents SET promo_code = NULL"),
    ("intents_failed_after_five", "UPDATE intents SET attempts = 5"),
    (
        "intents_payment_has_gateway",
        "UPDATE intents SET gateway = 'FIB'",
    ),
    (
        "intents_payment_where_due",
        "UPDATE intents SET payment_id = 'pay_1', gateway = 'FIB'",
    ),
    (
        "intents_paid_when_succeeded",
        "UPDATE intents SET paid_at = created_at, payout_minor = 1",
    ),
    ("intents_late_where_money_is", "UPDATE intents SET late = TRUE"),
    (
        "intents_give_back_what_came_late",
        "UPDATE intents SET give_back_due = TRUE",
    ),
    ("intents_over_since", "UPDATE intents SET ended_at = created_at"),
    (
        "intents_canceled_by_somebody",
        "UPDATE intents SET canceled_by = 'payer'",
    ),
];

/// As [`BROKEN`], for what can only be inserted or stands in tables of their own.
fn inserts() -> Vec<(&'static str, String)> {
    let journal = |mode: &str, legs: &str, digest: &str| {
        format!(
            "INSERT INTO journals (id, merchant_id, mode, kind, source_id, business_date, legs, digest, booked_at) \
             SELECT id || 'x', merchant_id, {mode}, 'other', source_id, business_date, {legs}, {digest}, booked_at \
             FROM journals WHERE kind = 'capture'"
        )
    };
    let transfer = |leg: &str, credit: &str, amount: &str| {
        format!(
            "INSERT INTO transfers (journal_id, leg, debit_account_id, credit_account_id, currency, amount_minor, code, \
             business_date) SELECT journal_id, {leg}, debit_account_id, {credit}, currency, {amount}, code, business_date \
             FROM transfers WHERE leg = 3"
        )
    };
    let session = |token: &str, hash: &str, holder: &str| {
        format!(
            "INSERT INTO sessions (id, token, secret_hash, credential_id, ip, expires_at, created_at) \
             SELECT 'ses_1', {token}, {hash}, {holder}, '192.0.2.1', created_at, created_at FROM credentials"
        )
    };
    vec![
        ("sessions_token_check", session("'ess_1'", "secret_hash", "id")),
        ("sessions_secret_hash_check", session("'esp_1'", "'short'", "id")),
        (
            "session_has_one_holder",
            session("'esp_1'", "secret_hash", "NULL"),
        ),
        (
            "nonces_nonce_check",
            "INSERT INTO nonces SELECT id, 'short', created_at FROM credentials".into(),
        ),
        (
            "ledger_accounts_mode_check",
            "UPDATE ledger_accounts SET mode = 'both'".into(),
        ),
        (
            "business_days_state_check",
            "UPDATE business_days SET state = 'ajar'".into(),
        ),
        (
            "outbox_events_mode_check",
            "UPDATE outbox_events SET mode = 'both'".into(),
        ),
        ("outbox_events_placed", "UPDATE outbox_events SET pos = 1".into()),
        (
            "event_sequencer_id_check",
            "UPDATE event_sequencer SET id = 2".into(),
        ),
        (
            "event_sequencer_epoch_check",
            "UPDATE event_sequencer SET epoch = -1".into(),
        ),
        (
            "event_sequencer_last_pos_check",
            "UPDATE event_sequencer SET last_pos = -1".into(),
        ),
        (
            "event_sequencer_purged",
            "UPDATE event_sequencer SET purged_pos = 9".into(),
        ),
        (
            "api_request_positions_id_check",
            "UPDATE api_request_positions SET id = 2".into(),
        ),
        (
            "api_request_positions_last_pos_check",
            "UPDATE api_request_positions SET last_pos = -1".into(),
        ),
        (
            "api_request_positions_purged",
            "UPDATE api_request_positions SET purged_pos = last_pos + 1".into(),
        ),
        ("event_counters_mode_check", counters("'both', 0, 0")),
        ("event_counters_last_seq_check", counters("'test', -1, 0")),
        ("event_counters_purged", counters("'test', 0, 1")),
        ("journals_mode_check", journal("'both'", "legs", "digest")),
        ("journals_legs_check", journal("mode", "0", "digest")),
        ("journals_digest_check", journal("mode", "legs", "'none'")),
        (
            "transfers_leg_check",
            transfer("0", "credit_account_id", "amount_minor"),
        ),
        (
            "transfers_amount_positive",
            transfer("9", "credit_account_id", "0"),
        ),
        (
            "transfers_amount_positive",
            transfer("9", "credit_account_id", "-amount_minor"),
        ),
        (
            "transfers_between_two_accounts",
            transfer("9", "debit_account_id", "amount_minor"),
        ),
    ]
}

/// Rules of tables that the books have no rows in.
fn of_empty_tables() -> [(&'static str, String); 11] {
    let endpoint = |mode: &str, url: &str, sealed: &str| {
        format!(
            "INSERT INTO webhook_endpoints (id, merchant_id, mode, url, description, dialect, naming, payload, security_fields, events, \
             success, timeout_ms, schedule, max_in_flight, ordering, api_version, header_names, signs, sealed_secret, \
             secret_fingerprint, created_at, updated_at) SELECT 'whend_1', id, '{mode}', '{url}', '', 'hmac', 'dotted', 'event', 'id', \
             '[]', '200', 1000, '{{}}', 1, 'none', '2026-06-14.basra', '[]', TRUE, '{sealed}', \
             '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', created_at, created_at FROM merchants"
        )
    };
    let limit = |class: &str, holder: &str, most: i64| {
        format!(
            "INSERT INTO rate_limits VALUES ('{class}', '{holder}', '2026-06-15T10:00:00+00:00', 1, {most})"
        )
    };
    let callback_key = |mode: &str, public: &str, sealed: &str, by: &str| {
        format!(
            "INSERT INTO callback_keys VALUES ('cbk_1', '{mode}', '{public}', '{sealed}', '{by}', '2026-06-15T10:00:00+00:00')"
        )
    };
    let warning = "INSERT INTO integrity_warnings (rule, table_name, row_id, at) \
                   VALUES ('', 'credentials', 'cred_1', '2026-06-15T10:00:00+00:00')";
    [
        (
            "webhook_endpoints_mode_check",
            endpoint("both", "https://a.iq", "v1.00"),
        ),
        ("webhook_endpoints_url_check", endpoint("test", "", "v1.00")),
        (
            "webhook_secrets_hashed",
            endpoint("test", "https://a.iq", "whsec_1"),
        ),
        ("integrity_warnings_rule_check", warning.to_owned()),
        ("rate_limits_class_check", limit("", "cred_1", 1)),
        ("rate_limits_holder_check", limit("cost", "", 1)),
        ("rate_limits_most_check", limit("cost", "cred_1", 0)),
        (
            "callback_keys_mode_check",
            callback_key("both", "30", "v1.0", "00"),
        ),
        (
            "callback_keys_public_key_check",
            callback_key("test", "", "v1.0", "00"),
        ),
        (
            "callback_keys_sealed_key_check",
            callback_key("test", "30", "", "00"),
        ),
        (
            "callback_keys_sealed_by_check",
            callback_key("test", "30", "v1.0", ""),
        ),
    ]
}

/// An intent that a link has made and that waits for its payer, with a promo code on it.
async fn waiting_intent(app: &TestApp, merchant: &Merchant) {
    let till = app.till(merchant).await;
    till.promo("EID", Some(3)).await;
    let link = till
        .link(|new| {
            new.collect.promo_code = true;
            new.max_payments = Some(3);
        })
        .await;
    till.page_of(link).await.promo("EID").await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_rule_that_the_database_holds_refuses_what_breaks_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    books(&app, &school).await;
    waiting_intent(&app, &school).await;
    service::operator::create(&app.app, "Zainab").await.unwrap();
    let hand = Hand::at(&app.database.url).await;
    app.app.request_log().flush().await;
    let before = app.row_counts().await;

    let broken = BROKEN
        .iter()
        .map(|(name, statement)| (*name, (*statement).to_owned()));
    let mut shown = BTreeSet::new();
    let empty = of_empty_tables().into_iter().chain(of_webhooks());
    for (name, statement) in broken.chain(inserts()).chain(empty) {
        let refusal = hand.refused(&statement).await;
        let expected = if hand.is_postgres() {
            format!("violates check constraint \"{name}\"")
        } else {
            format!("CHECK constraint failed: {}", name_on_sqlite(name))
        };
        assert!(
            refusal.contains(&expected),
            "{statement}: expected {expected}, came {refusal}"
        );
        shown.insert(name.to_owned());
    }

    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
    if hand.is_postgres() {
        // Whoever adds a rule adds what breaks it.
        let all = "SELECT conname::text FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace";
        assert_eq!(hand.texts(all).await.into_iter().collect::<BTreeSet<_>>(), shown);
    }
}

/// Counters of the merchant that is there.
fn counters(values: &str) -> String {
    format!("INSERT INTO event_counters SELECT id, {values} FROM merchants")
}

/// SQLite calls a rule by its name if it has one, else by its expression, which begins with the column.
fn name_on_sqlite(name: &str) -> &str {
    const TABLES: [&str; 11] = [
        "merchants_",
        "operators_",
        "credentials_",
        "cards_",
        "payments_",
        "operations_",
        "refunds_",
        "idempotency_records_",
        "ledger_accounts_",
        "business_days_",
        "outbox_events_",
    ];
    let Some(column) = name.strip_suffix("_check") else {
        return name;
    };
    let others = [
        "callback_keys_",
        "promo_codes_",
        "payment_links_",
        "intents_",
        "journals_",
        "transfers_",
        "webhook_endpoints_",
        "webhook_lanes_",
        "webhook_deliveries_",
        "webhook_payloads_",
        "webhook_attempts_",
        "integrity_warnings_",
        "rate_limits_",
        "sessions_",
        "nonces_",
        "signing_keys_",
        "api_requests_",
        "api_request_positions_",
        "event_sequencer_",
        "event_counters_",
    ];
    let tables = TABLES.iter().chain(&others);
    let column = tables
        .filter_map(|table| column.strip_prefix(table))
        .next()
        .unwrap();
    // These measure a text before they compare it.
    match column {
        "client_secret_hash" | "secret_hash" | "last4" | "fingerprint" | "input_hash" | "digest"
        | "nonce" | "body_sha256" | "sha256" => "length(",
        column => column,
    }
}
