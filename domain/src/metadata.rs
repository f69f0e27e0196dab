//! What a merchant notes on its objects for itself: references, descriptions, key-value pairs.
//!
//! Invariant: text of a merchant is bounded and holds no control characters, so it can stand in a log line, a CSV cell or a
//! page. Lengths count characters, not bytes: Arabic is not shorter than English (`reference/payments.md` 2.6 row 5).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest description, in characters (S3's recorded limit).
pub const MAX_DESCRIPTION: usize = 255;
/// Longest reference of a merchant, in characters.
pub const MAX_REFERENCE: usize = 100;
/// Longest reason of a void or refund, in characters.
pub const MAX_REASON: usize = 255;
/// Most metadata pairs on one object.
pub const MAX_PAIRS: usize = 20;
/// Longest metadata key, in characters.
pub const MAX_KEY: usize = 40;
/// Longest metadata value, in characters.
pub const MAX_VALUE: usize = 500;

/// How keys begin that JSON libraries keep for themselves: the first key of an object, seen by one of them, changes how the rest is read.
const RESERVED: &str = "$serde_json::";

/// Key-value pairs of the merchant, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

/// Text that cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextRefusal {
    /// Empty where something must stand.
    #[error("{field} must not be empty")]
    Empty {
        /// Which text.
        field: &'static str,
    },
    /// More characters than its limit.
    #[error("{field} must have at most {limit} characters")]
    TooLong {
        /// Which text.
        field: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A control character.
    #[error("{field} must not hold control characters")]
    Control {
        /// Which text.
        field: &'static str,
    },
    /// A metadata key that does not come back as it went in.
    #[error("metadata key must not begin with {RESERVED}")]
    Reserved,
    /// More pairs than [`MAX_PAIRS`].
    #[error("metadata must have at most {MAX_PAIRS} keys")]
    TooManyPairs,
}

/// Checks one text of a merchant.
///
/// # Errors
/// One refusal a cause.
pub fn text(field: &'static str, text: &str, limit: usize) -> Result<String, TextRefusal> {
    if text.trim().is_empty() {
        return Err(TextRefusal::Empty { field });
    }
    bounded(field, text, limit)
}

fn bounded(field: &'static str, text: &str, limit: usize) -> Result<String, TextRefusal> {
    if text.chars().count() > limit {
        return Err(TextRefusal::TooLong { field, limit });
    }
    if text.chars().any(char::is_control) {
        return Err(TextRefusal::Control { field });
    }
    Ok(text.to_owned())
}

impl Metadata {
    /// Checks and keeps `pairs`.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, TextRefusal> {
        let mut kept = BTreeMap::new();
        for (key, value) in pairs {
            let key = text("metadata key", &key, MAX_KEY)?;
            if key.starts_with(RESERVED) {
                return Err(TextRefusal::Reserved);
            }
            kept.insert(key, bounded("metadata value", &value, MAX_VALUE)?);
            if kept.len() > MAX_PAIRS {
                return Err(TextRefusal::TooManyPairs);
            }
        }
        Ok(Self(kept))
    }

    /// The same with notes of our own, which do not count against the merchant's.
    #[must_use]
    pub fn with(mut self, notes: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.extend(notes);
        self
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The pairs in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_characters() {
        let arabic = "م".repeat(MAX_DESCRIPTION);
        assert_eq!(text("description", &arabic, MAX_DESCRIPTION), Ok(arabic.clone()));
        assert!(text("description", &format!("{arabic}م"), MAX_DESCRIPTION).is_err());
        assert_eq!(
            text("reason", " ", 10),
            Err(TextRefusal::Empty { field: "reason" })
        );
        assert_eq!(
            text("reason", "a\u{0}b", 10),
            Err(TextRefusal::Control { field: "reason" })
        );
    }

    #[test]
    fn metadata_is_bounded() {
        let pairs = |n: usize| (0..n).map(|i| (format!("k{i}"), String::new()));
        assert!(Metadata::new(pairs(MAX_PAIRS)).is_ok());
        assert_eq!(
            Metadata::new(pairs(MAX_PAIRS + 1)),
            Err(TextRefusal::TooManyPairs)
        );
    }

    #[test]
    fn a_key_that_json_libraries_keep_for_themselves_is_refused() {
        let pair = |key: &str| [(key.to_owned(), "1".to_owned())];
        assert_eq!(
            Metadata::new(pair("$serde_json::private::RawValue")),
            Err(TextRefusal::Reserved)
        );
        assert!(Metadata::new(pair("$serde_json")).is_ok());
    }
}
