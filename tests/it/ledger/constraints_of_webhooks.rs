//! What the database refuses of webhooks, whoever writes.

use std::collections::BTreeMap;

/// 64 hexadecimal digits.
const HASH: &str = "'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'";
const THEN: &str = "'2026-06-15T10:00:00+00:00'";

/// An insert of a row that is right but for `wrong`.
fn insert(table: &str, right: &[(&str, &str)], wrong: &[(&str, &str)]) -> String {
    let row: BTreeMap<&str, &str> = right.iter().chain(wrong).copied().collect();
    let columns: Vec<&str> = row.keys().copied().collect();
    let values: Vec<&str> = row.values().copied().collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    format!("INSERT INTO {table} ({columns}) SELECT {values} FROM merchants")
}

fn endpoint(wrong: &[(&str, &str)]) -> String {
    let right = [
        ("id", "'whend_1'"),
        ("merchant_id", "id"),
        ("mode", "'test'"),
        ("url", "'https://a.iq'"),
        ("description", "''"),
        ("dialect", "'hmac'"),
        ("naming", "'dotted'"),
        ("payload", "'event'"),
        ("security_fields", "'id'"),
        ("events", "'[]'"),
        ("success", "'200'"),
        ("timeout_ms", "1000"),
        ("schedule", "'{}'"),
        ("max_in_flight", "1"),
        ("ordering", "'none'"),
        ("api_version", "'2026-06-14.basra'"),
        ("header_names", "'[]'"),
        ("signs", "TRUE"),
        ("sealed_secret", "'v1.00'"),
        ("secret_fingerprint", HASH),
        ("created_at", THEN),
        ("updated_at", THEN),
    ];
    insert("webhook_endpoints", &right, wrong)
}

fn lane(wrong: &[(&str, &str)]) -> String {
    let right = [
        ("endpoint_id", "'whend_1'"),
        ("epoch", "0"),
        ("failures", "0"),
        ("trips", "0"),
        ("warned", "0"),
    ];
    insert("webhook_lanes", &right, wrong)
}

fn delivery(wrong: &[(&str, &str)]) -> String {
    let right = [
        ("id", "'whd_1'"),
        ("merchant_id", "id"),
        ("mode", "'test'"),
        ("endpoint_id", "'whend_1'"),
        ("event_id", "'evt_1'"),
        ("type", "'payment.captured'"),
        ("is_alias", "FALSE"),
        ("name", "'payment.captured'"),
        ("payload", "'event'"),
        ("api_version", "'2026-06-14.basra'"),
        ("subject_id", "'pay_1'"),
        ("run", "0"),
        ("cause", "'event'"),
        ("state", "'waiting'"),
        ("attempts", "0"),
        ("at", THEN),
        ("expires_at", THEN),
        ("created_at", THEN),
    ];
    insert("webhook_deliveries", &right, wrong)
}

fn payload(wrong: &[(&str, &str)]) -> String {
    let right = [
        ("event_id", "'evt_1'"),
        ("payload", "'event'"),
        ("api_version", "'2026-06-14.basra'"),
        ("name", "'payment.captured'"),
        ("merchant_id", "id"),
        ("mode", "'test'"),
        ("body", "'{}'"),
        ("sha256", HASH),
        ("created_at", THEN),
    ];
    insert("webhook_payloads", &right, wrong)
}

fn attempt(wrong: &[(&str, &str)]) -> String {
    let right = [
        ("id", "'wha_1'"),
        ("merchant_id", "id"),
        ("mode", "'test'"),
        ("endpoint_id", "'whend_1'"),
        ("delivery_id", "'whd_1'"),
        ("number", "1"),
        ("url", "'https://a.iq'"),
        ("started_at", THEN),
        ("duration_micros", "1"),
        ("is_success", "FALSE"),
        ("status", "500"),
        ("request_headers", "'[]'"),
        ("body_form", "'none'"),
        ("is_truncated", "FALSE"),
        ("body_sha256", HASH),
        ("secret_fingerprint", HASH),
    ];
    insert("webhook_attempts", &right, wrong)
}

/// Each rule by its PostgreSQL name, and a statement that breaks this one and no other.
pub fn of_webhooks() -> Vec<(&'static str, String)> {
    vec![
        ("webhook_endpoints_slot_check", endpoint(&[("slot", "'main'")])),
        (
            "webhook_endpoints_dialect_check",
            endpoint(&[("dialect", "'md5'")]),
        ),
        ("webhook_endpoints_naming_check", endpoint(&[("naming", "'own'")])),
        (
            "webhook_endpoints_payload_check",
            endpoint(&[("payload", "'fat'")]),
        ),
        (
            "webhook_endpoints_success_check",
            endpoint(&[("success", "'3xx'")]),
        ),
        (
            "webhook_endpoints_timeout_ms_check",
            endpoint(&[("timeout_ms", "0")]),
        ),
        (
            "webhook_endpoints_rate_per_second_check",
            endpoint(&[("rate_per_second", "0")]),
        ),
        (
            "webhook_endpoints_max_in_flight_check",
            endpoint(&[("max_in_flight", "0")]),
        ),
        (
            "webhook_endpoints_ordering_check",
            endpoint(&[("ordering", "'fifo'")]),
        ),
        (
            "webhook_endpoints_sealed_headers_check",
            endpoint(&[("sealed_headers", "'Bearer 1'")]),
        ),
        ("webhook_endpoints_addressed", endpoint(&[("url", "NULL")])),
        ("webhook_endpoints_disabled", endpoint(&[("disabled_at", THEN)])),
        (
            "webhook_endpoints_disabled_reason_check",
            endpoint(&[("disabled_at", THEN), ("disabled_reason", "'bored'")]),
        ),
        ("webhook_secrets_next", endpoint(&[("next_fingerprint", HASH)])),
        ("webhook_lanes_epoch_check", lane(&[("epoch", "-1")])),
        (
            "webhook_lanes_failures_check",
            lane(&[("failures", "-1"), ("failing_since", THEN)]),
        ),
        ("webhook_lanes_trips_check", lane(&[("trips", "-1")])),
        ("webhook_lanes_warned_check", lane(&[("warned", "60")])),
        ("webhook_lanes_leased", lane(&[("owner", "'a'")])),
        ("webhook_lanes_failing", lane(&[("failures", "1")])),
        ("webhook_deliveries_mode_check", delivery(&[("mode", "'both'")])),
        ("webhook_deliveries_name_check", delivery(&[("name", "''")])),
        (
            "webhook_deliveries_payload_check",
            delivery(&[("payload", "'fat'")]),
        ),
        (
            "webhook_deliveries_run_check",
            delivery(&[("run", "-1"), ("cause", "'replay'")]),
        ),
        ("webhook_deliveries_cause_check", delivery(&[("cause", "'whim'")])),
        ("webhook_deliveries_url_check", delivery(&[("url", "''")])),
        ("webhook_deliveries_state_check", delivery(&[("state", "'lost'")])),
        (
            "webhook_deliveries_attempts_check",
            delivery(&[("attempts", "-1")]),
        ),
        ("webhook_deliveries_caused", delivery(&[("run", "1")])),
        ("webhook_deliveries_tried", delivery(&[("state", "'sending'")])),
        ("webhook_payloads_mode_check", payload(&[("mode", "'both'")])),
        ("webhook_payloads_sha256_check", payload(&[("sha256", "'0'")])),
        ("webhook_attempts_mode_check", attempt(&[("mode", "'both'")])),
        ("webhook_attempts_number_check", attempt(&[("number", "0")])),
        (
            "webhook_attempts_duration_micros_check",
            attempt(&[("duration_micros", "-1")]),
        ),
        (
            "webhook_attempts_body_form_check",
            attempt(&[("body_form", "'gzip'"), ("response_body", "''")]),
        ),
        (
            "webhook_attempts_body_sha256_check",
            attempt(&[("body_sha256", "'0'")]),
        ),
        (
            "webhook_attempts_known",
            attempt(&[("secret_fingerprint", "NULL")]),
        ),
        ("webhook_attempts_ended", attempt(&[("status", "NULL")])),
        (
            "webhook_attempts_success",
            attempt(&[
                ("is_success", "TRUE"),
                ("status", "NULL"),
                ("failure", "'timeout'"),
            ]),
        ),
        ("webhook_attempts_body", attempt(&[("body_form", "'text'")])),
    ]
}
