//! Values that are not one column's own: amounts, declines, hashes.
//!
//! Invariant: writing has no answer of its own but the database's. What a column cannot say is written as a value that its
//! CHECK refuses, never as a different amount that it accepts.

use crate::inconsistency::{At, Inconsistency};
use domain::credential::SecretHash;
use domain::provider::Decline;
use domain::{Currency, Money, Timestamp};
use sea_orm::prelude::Json;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// What every column of amounts refuses by its CHECK.
const REFUSED: i64 = -1;

/// An amount in a row whose only currency is `currency`, in minor units; none is zero.
///
/// The row has one column for the currency of all its amounts, so an amount of another one would turn into a different sum.
pub fn minor(amount: impl Into<Option<Money>>, currency: Currency) -> i64 {
    match amount.into() {
        None => 0,
        Some(amount) if amount.currency() == currency => amount.minor(),
        Some(_) => REFUSED,
    }
}

/// A count as a column holds it; one that no column can hold becomes one that every CHECK refuses.
pub fn count(of: u32) -> i32 {
    i32::try_from(of).unwrap_or(-1)
}

/// A decline as the JSON that [`decline`] reads.
pub fn decline_json(decline: &Decline) -> Json {
    json(decline)
}

/// A value of ours as JSON: text, numbers, lists and names of variants.
#[expect(
    clippy::expect_used,
    reason = "text, numbers and names of variants always have a JSON form"
)]
pub fn json<T: Serialize + ?Sized>(value: &T) -> Json {
    serde_json::to_value(value).expect("a value of ours has a JSON form")
}

/// Writes an instant as the driver of SQLite does, so that they compare as text.
///
/// # Errors
/// Those of the serializer.
pub fn as_instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339())
}

/// The decline in the column `decline` of `table`.
///
/// # Errors
/// When the column is empty or holds something else.
pub fn decline(json: Option<&Json>, table: &'static str, row: &str) -> Result<Decline, Inconsistency> {
    let json = json.at(table, "decline", row)?;
    serde_json::from_value(json.clone()).at(table, "decline", row)
}

/// The hash in the column `secret_hash` of `table`.
///
/// # Errors
/// When it is not 32 bytes in hex.
pub fn secret_hash(text: &str, table: &'static str, row: &str) -> Result<SecretHash, Inconsistency> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).at(table, "secret_hash", row)?;
    Ok(SecretHash::from_bytes(bytes))
}

/// The hash as lower-case hex.
pub fn secret_hash_hex(hash: &SecretHash) -> String {
    hex::encode(hash.as_bytes())
}

/// An instant in a row that came in one value: SQLite's text, or PostgreSQL's microseconds since 1970.
struct Instant(Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                text.parse().map(Instant).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, micros: i64) -> Result<Instant, E> {
                let read = Timestamp::from_timestamp_micros(micros);
                read.map(Instant)
                    .ok_or_else(|| E::custom(format_args!("no instant: {micros} microseconds")))
            }

            fn visit_u64<E: Error>(self, micros: u64) -> Result<Instant, E> {
                self.visit_i64(i64::try_from(micros).map_err(E::custom)?)
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// Reads a column that holds an instant.
///
/// # Errors
/// When it holds something else.
pub fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Instant::deserialize(deserializer).map(|instant| instant.0)
}

/// Reads a column that may hold an instant.
///
/// # Errors
/// When it holds something else.
pub fn instant_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<Instant>::deserialize(deserializer)?.map(|instant| instant.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::provider::{DeclineReason, FraudCheck};

    #[test]
    fn an_amount_of_another_currency_becomes_one_that_the_database_refuses() {
        let dollars = Money::new(500, Currency::Usd);
        assert_eq!(minor(dollars, Currency::Usd), 500);
        assert_eq!(minor(dollars, Currency::Iqd), REFUSED);
        assert_eq!(minor(None, Currency::Iqd), 0);
    }

    #[test]
    fn every_decline_reads_back() {
        for reason in DeclineReason::ALL {
            for part in [None, Some("05".to_owned())] {
                let declined = Decline {
                    reason,
                    response_code: part.clone(),
                    message: "لا يكفي".into(),
                    provider_reference: part.clone(),
                    fraud: part.map(|_| FraudCheck { score: 71 }),
                };
                let json = decline_json(&declined);
                assert_eq!(decline(Some(&json), "payments", "pay_1"), Ok(declined));
            }
        }
    }

    #[test]
    fn an_instant_is_read_from_text_and_from_microseconds() {
        #[derive(Deserialize)]
        struct Row(
            #[serde(deserialize_with = "instant")] Timestamp,
            #[serde(deserialize_with = "instant_or_none")] Option<Timestamp>,
        );

        let read = |text: &str| serde_json::from_str::<Row>(text);
        let at: Timestamp = "2027-01-01T00:01:00.123456Z".parse().unwrap();
        let Row(text, none) = read(r#"["2027-01-01T00:01:00.123456+00:00", null]"#).unwrap();
        let Row(number, some) = read(&format!("[{0}, {0}]", at.timestamp_micros())).unwrap();
        assert_eq!((text, none, number, some), (at, None, at, Some(at)));
        for broken in [
            r#"["soon", null]"#,
            r#"[9223372036854775807, null]"#,
            "[true, null]",
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_hash_reads_back_and_anything_else_does_not() {
        let hash = SecretHash::from_bytes([0xab; 32]);
        let text = secret_hash_hex(&hash);
        assert_eq!(text, "ab".repeat(32));
        assert_eq!(secret_hash(&text, "operators", "op_1"), Ok(hash));
        for broken in [String::new(), "ab".repeat(31), "ab".repeat(33), "zz".repeat(32)] {
            let refused = secret_hash(&broken, "operators", "op_1").unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row.as_str()),
                ("operators", "secret_hash", "op_1")
            );
        }
    }
}
