//! Cards: what a payer types, and the little of it that is kept.
//!
//! Invariant: the number and the verification value exist only in [`CardDetails`], which prints nothing and is wiped when
//! dropped. What is kept is [`Card`]: brand, last four digits, expiry, holder and a keyed fingerprint.

mod details;
mod trace;

pub use details::{CardDetails, CardRefusal, Expiry};
pub use trace::may_hold_card_number;

use crate::Timestamp;
use crate::id::CardId;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A vaulted card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// The scheme.
    pub brand: CardBrand,
    /// Last four digits of the number.
    pub last4: String,
    /// Last month in which it works.
    pub expiry: Expiry,
    /// The name on it, as typed the first time.
    pub holder: Option<String>,
    /// Keyed hash of the number: equal for the same card of the same merchant and mode, meaningless elsewhere.
    pub fingerprint: String,
    /// When it was first seen.
    pub created_at: Timestamp,
}

/// The scheme of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardBrand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    Amex,
    /// Any other scheme.
    Other,
}

impl CardBrand {
    const ALL: [Self; 4] = [Self::Visa, Self::Mastercard, Self::Amex, Self::Other];

    /// The word used in tables and on the REST doors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Amex => "amex",
            Self::Other => "other",
        }
    }

    /// The scheme that issues numbers beginning with `digits`.
    #[must_use]
    pub fn of(digits: &str) -> Self {
        let prefix = |n: usize| {
            digits
                .get(..n)
                .and_then(|head| head.parse::<u32>().ok())
                .unwrap_or_default()
        };
        match (prefix(1), prefix(2), prefix(4)) {
            (4, ..) => Self::Visa,
            (_, 51..=55, _) | (_, _, 2221..=2720) => Self::Mastercard,
            (_, 34 | 37, _) => Self::Amex,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for CardBrand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not a card brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected visa, mastercard, amex or other")]
pub struct UnknownCardBrand;

impl FromStr for CardBrand {
    type Err = UnknownCardBrand;

    fn from_str(word: &str) -> Result<Self, UnknownCardBrand> {
        Self::ALL
            .into_iter()
            .find(|brand| brand.as_str() == word)
            .ok_or(UnknownCardBrand)
    }
}
