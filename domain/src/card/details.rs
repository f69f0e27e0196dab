//! A card as it is typed, checked before anything is sent.

use super::CardBrand;
use crate::Timestamp;
use crate::idempotency::KEY_LIVES_HOURS;
use crate::metadata::{self, TextRefusal};
use chrono::{Datelike, Duration};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Longest cardholder name, in characters (EMV's own limit is 26; pages accept more).
const MAX_HOLDER: usize = 100;
/// How far ahead an expiry year may lie.
const MAX_YEARS_AHEAD: i32 = 20;

/// The last month in which a card works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Expiry {
    /// Four digits.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

/// What a payer types. Wiped when dropped; prints brand and last four digits only.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CardDetails {
    number: String,
    cvv: String,
    #[zeroize(skip)]
    holder: Option<String>,
    #[zeroize(skip)]
    expiry: Expiry,
}

/// Why a card cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardRefusal {
    /// Not 12 to 19 digits that pass the Luhn check.
    #[error("card number is invalid")]
    InvalidNumber,
    /// A month that does not exist, or a year that is no four-digit year within reach.
    #[error("card expiry is invalid: month 1 to 12, year with four digits")]
    InvalidExpiry,
    /// The month is over, for longer than an idempotency key lives.
    #[error("card has expired")]
    Expired,
    /// Not three digits, or four for American Express.
    #[error("card verification value must have {digits} digits")]
    InvalidCvv {
        /// How many this brand has.
        digits: usize,
    },
    /// A holder name that cannot be kept.
    #[error(transparent)]
    InvalidHolder(TextRefusal),
}

impl CardDetails {
    /// Checks a card; the number may be grouped with spaces or dashes.
    ///
    /// # Errors
    /// Every cause that applies, so that a form can mark each field.
    pub fn new(
        number: &str,
        holder: Option<&str>,
        expiry: Expiry,
        cvv: &str,
        now: Timestamp,
    ) -> Result<Self, Vec<CardRefusal>> {
        let mut refusals = Vec::new();
        let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if !is_card_number(&digits) {
            refusals.push(CardRefusal::InvalidNumber);
        }
        // Sent in time, a request may be repeated as long as its idempotency key lives; the issuer has the last word anyway.
        let lately = now - Duration::hours(KEY_LIVES_HOURS);
        let (year, month) = (lately.year(), lately.month());
        if !(1..=12).contains(&expiry.month) || !(1000..=year + MAX_YEARS_AHEAD).contains(&expiry.year) {
            refusals.push(CardRefusal::InvalidExpiry);
        } else if (expiry.year, expiry.month) < (year, month) {
            refusals.push(CardRefusal::Expired);
        }
        let wanted = if CardBrand::of(&digits) == CardBrand::Amex {
            4
        } else {
            3
        };
        if cvv.len() != wanted || !cvv.bytes().all(|byte| byte.is_ascii_digit()) {
            refusals.push(CardRefusal::InvalidCvv { digits: wanted });
        }
        let holder = match holder
            .map(|name| metadata::text("cardholder name", name, MAX_HOLDER))
            .transpose()
        {
            Ok(holder) => holder,
            Err(refusal) => {
                refusals.push(CardRefusal::InvalidHolder(refusal));
                None
            }
        };
        if refusals.is_empty() {
            Ok(Self {
                number: digits,
                cvv: cvv.to_owned(),
                holder,
                expiry,
            })
        } else {
            Err(refusals)
        }
    }

    /// The number, for the provider and the fingerprint only.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The verification value, for the provider only; it is never kept.
    #[must_use]
    pub fn cvv(&self) -> &str {
        &self.cvv
    }

    /// The name on the card.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        self.holder.as_deref()
    }

    /// The last month in which it works.
    #[must_use]
    pub const fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// The scheme.
    #[must_use]
    pub fn brand(&self) -> CardBrand {
        CardBrand::of(&self.number)
    }

    /// Last four digits.
    #[must_use]
    pub fn last4(&self) -> &str {
        self.number
            .get(self.number.len().saturating_sub(4)..)
            .unwrap_or_default()
    }
}

impl fmt::Debug for CardDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardDetails({} …{})", self.brand(), self.last4())
    }
}

pub(super) fn is_card_number(digits: &str) -> bool {
    (12..=19).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.bytes().any(|byte| byte != b'0')
        && luhn_sum(digits).is_multiple_of(10)
}

/// Every second digit from the right is doubled; ISO/IEC 7812-1.
fn luhn_sum(digits: &str) -> u32 {
    digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "4242 4242 4242 4242";

    fn now() -> Timestamp {
        "2026-06-30T23:59:59Z".parse().unwrap()
    }

    fn refusals(number: &str, month: u32, year: i32, cvv: &str) -> Vec<CardRefusal> {
        CardDetails::new(number, None, Expiry { year, month }, cvv, now())
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn the_cards_of_s2_are_valid() {
        for number in [
            "4242424242424242",
            "5555555555554444",
            "4000000000000002",
            "4000000000009995",
            "4000000000000069",
            "4000000000000127",
            "4000000000000119",
            "4000000000000259",
        ] {
            assert_eq!(refusals(number, 12, 2027, "123"), [], "{number}");
        }
    }

    #[test]
    fn each_bad_field_has_its_own_refusal() {
        assert_eq!(
            refusals("4242424242424241", 12, 2027, "123"),
            [CardRefusal::InvalidNumber]
        );
        for number in [
            "",
            "4242",
            "0000000000000000",
            "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
            "42424242424242424242",
        ] {
            assert_eq!(
                refusals(number, 12, 2027, "123"),
                [CardRefusal::InvalidNumber],
                "{number}"
            );
        }
        assert_eq!(refusals(NUMBER, 5, 2026, "123"), [CardRefusal::Expired]);
        assert_eq!(refusals(NUMBER, 6, 2026, "123"), []);
        for (month, year) in [
            (0, 2027),
            (13, 2027),
            (12, 27),
            (12, 2047),
            (1, i32::MAX),
            (1, i32::MIN),
        ] {
            assert_eq!(
                refusals(NUMBER, month, year, "123"),
                [CardRefusal::InvalidExpiry],
                "{month}/{year}"
            );
        }
        for cvv in ["", "12", "1234", "12a", "١٢٣"] {
            assert_eq!(
                refusals(NUMBER, 12, 2027, cvv),
                [CardRefusal::InvalidCvv { digits: 3 }],
                "{cvv}"
            );
        }
        assert_eq!(
            refusals("378282246310005", 12, 2027, "123"),
            [CardRefusal::InvalidCvv { digits: 4 }]
        );
        assert_eq!(refusals("1", 0, 0, "").len(), 3);
    }

    #[test]
    fn nothing_secret_is_printed() {
        let card = CardDetails::new(
            NUMBER,
            Some("Jane"),
            Expiry {
                year: 2027,
                month: 12,
            },
            "987",
            now(),
        )
        .unwrap();
        assert_eq!(format!("{card:?}"), "CardDetails(visa …4242)");
    }
}
