//! The currencies that can be charged, with their ISO 4217 exponents.
//!
//! The table is ours because libraries disagree on the Iraqi dinar (0, 2 or 3 digits); ISO 4217 says 3.
//! Source: `reference/payments.md` 2.6 row 21 and section 3.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A currency that merchants can charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Iraqi dinar.
    Iqd,
    /// United States dollar.
    Usd,
    /// Euro.
    Eur,
    /// Moroccan dirham.
    Mad,
    /// United Arab Emirates dirham.
    Aed,
    /// Saudi riyal.
    Sar,
    /// Kuwaiti dinar.
    Kwd,
    /// Bahraini dinar.
    Bhd,
    /// Jordanian dinar.
    Jod,
    /// Qatari riyal.
    Qar,
    /// Omani rial.
    Omr,
    /// Egyptian pound.
    Egp,
}

/// A code that is not in the table of chargeable currencies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unsupported currency (supported: {supported})", supported = Currency::listed())]
pub struct UnknownCurrency;

impl Currency {
    /// Every currency, in the order in which documents list them.
    pub const ALL: [Self; 12] = [
        Self::Iqd,
        Self::Usd,
        Self::Eur,
        Self::Mad,
        Self::Aed,
        Self::Sar,
        Self::Kwd,
        Self::Bhd,
        Self::Jod,
        Self::Qar,
        Self::Omr,
        Self::Egp,
    ];

    /// The ISO 4217 alphabetic code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Iqd => "IQD",
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Mad => "MAD",
            Self::Aed => "AED",
            Self::Sar => "SAR",
            Self::Kwd => "KWD",
            Self::Bhd => "BHD",
            Self::Jod => "JOD",
            Self::Qar => "QAR",
            Self::Omr => "OMR",
            Self::Egp => "EGP",
        }
    }

    /// How many decimal digits the minor unit has.
    #[must_use]
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Iqd | Self::Kwd | Self::Bhd | Self::Jod | Self::Omr => 3,
            Self::Usd | Self::Eur | Self::Mad | Self::Aed | Self::Sar | Self::Qar | Self::Egp => 2,
        }
    }

    /// Minor units in one major unit (IQD: 1000 fils in a dinar).
    #[must_use]
    pub const fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent())
    }

    /// The smallest chargeable step in minor units.
    ///
    /// Fils are out of use, so dinars of Iraq are charged whole. The other three-decimal currencies take hundredths of the
    /// major unit, because both REST doors write amounts that way and must stay exact.
    #[must_use]
    pub const fn step(self) -> i64 {
        match self {
            Self::Iqd => 1_000,
            Self::Kwd | Self::Bhd | Self::Jod | Self::Omr => 10,
            _ => 1,
        }
    }

    fn listed() -> String {
        Self::ALL.map(Self::code).join(", ")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == code)
            .ok_or(UnknownCurrency)
    }
}
