//! The headers of one attempt.
//!
//! Invariant: they are made from the bytes that are sent, and hold no secret. While one secret takes the place of another, a header that can
//! hold one signature keeps the old one, and the new one's stands in a header of its own, so that a receiver can change over at any time
//! (`reference/webhooks.md` 0, trap 2).

use super::Dialect;
use super::delivery::Cause;
use super::endpoint::EndpointSettings;
use super::secret::WebhookSecret;
use super::signature::{
    Signed, hmac_signature, security_fields_hash, standard_signature, timestamped_signature,
};
use crate::id::WebhookAttemptId;
use crate::merchant::Mode;
use serde_json::Value;

/// What S1's hash covers where the body has none of the fields that were asked for: each object has this one.
const ALWAYS: &str = "id";

/// What the headers of an attempt are made of.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// How the merchant wants it.
    pub settings: &'a EndpointSettings,
    /// Whether the header of the dialect is wanted.
    pub signs: bool,
    /// The secret in force.
    pub secret: &'a WebhookSecret,
    /// The one that takes its place.
    pub next: Option<&'a WebhookSecret>,
    /// What is signed.
    pub signed: Signed<'a>,
    /// What the event is called.
    pub name: &'a str,
    /// Rehearsal or not.
    pub mode: Mode,
    /// This attempt.
    pub attempt: WebhookAttemptId,
    /// Its number.
    pub number: u32,
    /// Where the delivery comes from.
    pub cause: Cause,
}

impl Outgoing<'_> {
    /// All headers but those that a client of HTTP adds, in the order in which they are sent.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut headers: Vec<(&str, String)> = vec![
            ("Content-Type", "application/json".to_owned()),
            ("webhook-id", self.signed.id.to_owned()),
            ("webhook-timestamp", self.signed.at.timestamp().to_string()),
            ("webhook-signature", self.standard()),
            ("X-Webhook-Event", self.name.to_owned()),
            ("X-Webhook-Mode", self.mode.to_string()),
            ("X-Webhook-Attempt", self.number.to_string()),
            ("X-Webhook-Cause", self.cause.to_string()),
            (
                "X-Webhook-Request-UUID",
                self.attempt.request_uuid().hyphenated().to_string(),
            ),
        ];
        if self.signs {
            headers.extend(self.of_dialect());
        }
        headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn standard(&self) -> String {
        let first = standard_signature(self.secret, &self.signed);
        match self.next {
            Some(next) => format!("{first} {}", standard_signature(next, &self.signed)),
            None => first,
        }
    }

    fn of_dialect(&self) -> Vec<(&'static str, String)> {
        match self.settings.dialect {
            Dialect::Hmac => {
                let signature = |secret| hmac_signature(secret, self.signed.body);
                let next = self
                    .next
                    .map(|next| ("X-Webhook-Signature-Next", signature(next)));
                [("X-Webhook-Signature", signature(self.secret))]
                    .into_iter()
                    .chain(next)
                    .collect()
            }
            Dialect::SecurityFields => self.security_fields(),
            Dialect::Timestamped => {
                let secrets: Vec<&WebhookSecret> = [self.secret].into_iter().chain(self.next).collect();
                vec![(
                    "X-Webhook-Signature-V2",
                    timestamped_signature(&secrets, &self.signed),
                )]
            }
            // S3 signs inside the body; Standard Webhooks are there anyway.
            Dialect::Callback | Dialect::Standard => Vec::new(),
        }
    }

    fn security_fields(&self) -> Vec<(&'static str, String)> {
        let payload: Value = serde_json::from_slice(self.signed.body).unwrap_or_default();
        let fields = covered(&self.settings.security_fields, &payload);
        let hash = |secret| security_fields_hash(secret, &fields, &payload).ok();
        let mut headers = vec![("X-Webhook-Security-Fields", fields.join(","))];
        headers.extend(hash(self.secret).map(|hash| ("X-Webhook-Security-Hash", hash)));
        let next = self.next.and_then(hash);
        headers.extend(next.map(|hash| ("X-Webhook-Security-Hash-Next", hash)));
        headers
    }
}

/// Of the fields that were asked for, those that this payload has with a single value.
fn covered(fields: &[String], payload: &Value) -> Vec<String> {
    let there = |field: &&String| {
        let value = field.split('.').try_fold(payload, |value, name| value.get(name));
        value.is_some_and(|value| !value.is_object() && !value.is_array())
    };
    let covered: Vec<String> = fields.iter().filter(there).cloned().collect();
    if covered.is_empty() {
        vec![ALWAYS.to_owned()]
    } else {
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::WebhookUrl;

    fn secret(digit: u8) -> WebhookSecret {
        WebhookSecret::of(&[digit; 32])
    }

    fn headers(dialect: Dialect, next: Option<&WebhookSecret>, body: &str) -> Vec<(String, String)> {
        let url: WebhookUrl = "https://school.example.iq/hook".parse().unwrap();
        let settings = EndpointSettings::preset(dialect, (dialect != Dialect::Callback).then_some(url));
        let secret = secret(1);
        Outgoing {
            settings: &settings,
            signs: true,
            secret: &secret,
            next,
            signed: Signed {
                id: "evt_1",
                at: "2026-06-15T12:00:00Z".parse().unwrap(),
                body: body.as_bytes(),
            },
            name: "payment.captured",
            mode: Mode::Test,
            attempt: WebhookAttemptId::from(uuid::Uuid::from_u128(7)),
            number: 2,
            cause: Cause::Event,
        }
        .headers()
    }

    fn value(headers: &[(String, String)], name: &str) -> Option<String> {
        let found = headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.clone())
    }

    #[test]
    fn every_dialect_carries_the_headers_of_standard_webhooks() {
        for dialect in Dialect::ALL.iter().copied() {
            let headers = headers(dialect, None, r#"{"id":"pay_1"}"#);
            assert_eq!(value(&headers, "webhook-id").unwrap(), "evt_1");
            assert_eq!(value(&headers, "webhook-timestamp").unwrap(), "1781524800");
            assert!(value(&headers, "webhook-signature").unwrap().starts_with("v1,"));
            let uuid = value(&headers, "X-Webhook-Request-UUID").unwrap();
            assert_eq!(uuid, "00000000-0000-0000-0000-000000000007");
        }
    }

    #[test]
    fn while_two_secrets_sign_a_header_of_one_signature_keeps_the_old_one() {
        let next = secret(2);
        let alone = headers(Dialect::Hmac, None, "{}");
        let both = headers(Dialect::Hmac, Some(&next), "{}");
        let old = value(&alone, "X-Webhook-Signature").unwrap();
        assert_eq!(old.len(), 64);
        assert_eq!(value(&both, "X-Webhook-Signature"), Some(old));
        assert_eq!(
            value(&both, "X-Webhook-Signature-Next").unwrap(),
            hmac_signature(&next, b"{}")
        );
        assert_eq!(value(&both, "webhook-signature").unwrap().split(' ').count(), 2);
        assert_eq!(value(&alone, "X-Webhook-Signature-Next"), None);
        let both = headers(Dialect::Timestamped, Some(&next), "{}");
        assert_eq!(
            value(&both, "X-Webhook-Signature-V2")
                .unwrap()
                .matches(",v1=")
                .count(),
            2
        );
    }

    #[test]
    fn a_hash_covers_the_fields_that_are_there() {
        let body = r#"{"id":"re_1","status":"succeeded","amount":{"amount":"1"}}"#;
        let both = headers(Dialect::SecurityFields, None, body);
        assert_eq!(value(&both, "X-Webhook-Security-Fields").unwrap(), "id,status");
        let payload = serde_json::from_str(body).unwrap();
        let fields = ["id".to_owned(), "status".to_owned()];
        let expected = security_fields_hash(&secret(1), &fields, &payload).unwrap();
        assert_eq!(value(&both, "X-Webhook-Security-Hash").unwrap(), expected);
        let one = headers(Dialect::SecurityFields, Some(&secret(2)), r#"{"id":"mer_1"}"#);
        assert_eq!(value(&one, "X-Webhook-Security-Fields").unwrap(), "id");
        assert!(value(&one, "X-Webhook-Security-Hash-Next").is_some());
    }
}
