//! Merchants and modes: who owns what.

use crate::fee::FeeTerms;
use crate::gateways::Gateways;
use crate::id::MerchantId;
use crate::word::words;
use crate::{Currency, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Real money or rehearsal. Every object belongs to one mode and is invisible in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real money.
    Live,
    /// Rehearsal: no money moves.
    Test,
}

impl Mode {
    /// The word used in tables, keys and paths.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected live or test")]
pub struct UnknownMode;

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(word: &str) -> Result<Self, UnknownMode> {
        match word {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err(UnknownMode),
        }
    }
}

/// Whose data, in which mode: the key of every query on tenant data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tenant {
    /// The merchant.
    pub merchant: MerchantId,
    /// The mode.
    pub mode: Mode,
}

impl Tenant {
    /// A merchant in each mode.
    #[must_use]
    pub const fn both(merchant: MerchantId) -> [Self; 2] {
        let live = Self {
            merchant,
            mode: Mode::Live,
        };
        let test = Self {
            merchant,
            mode: Mode::Test,
        };
        [live, test]
    }

    /// The tenants whose records a key of this one may look after: a live key both modes, a test key rehearsal only.
    #[must_use]
    pub fn reach(self) -> Vec<Self> {
        match self.mode {
            Mode::Live => Self::both(self.merchant).to_vec(),
            Mode::Test => vec![self],
        }
    }
}

/// A merchant: a business that takes payments through this installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// The name that payers and finance read; 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// The currency it is settled in.
    pub currency: Currency,
    /// What a payment costs it.
    pub fees: FeeTerms,
    /// How its payers pay.
    pub checkout: Checkout,
    /// When it was created.
    pub created_at: Timestamp,
}

/// How the payers of a merchant pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// The gateways that it may use.
    pub gateways: Gateways,
    /// Whether a fee may be put on top of a card payment in dinars. Off unless an operator allows it: in Iraq the receiver
    /// bears the commission of electronic payments (`reference/payments.md` 2.6 row 20).
    pub card_surcharge: bool,
    /// What becomes of money that arrives after its intent has run out.
    pub late_success: LateSuccess,
    /// The name on its pages; its own name if not given.
    pub brand_name: Option<String>,
    /// The colour of its pages.
    pub brand_color: Option<BrandColor>,
}

impl Default for Checkout {
    fn default() -> Self {
        Self {
            gateways: Gateways::all(),
            card_surcharge: false,
            late_success: LateSuccess::Accept,
            brand_name: None,
            brand_color: None,
        }
    }
}

words! {
    /// What becomes of money that arrives after its intent has run out (`reference/payments.md` 2.5).
    LateSuccess, "policy for late success" {
        /// The intent counts as paid.
        Accept = "accept",
        /// The money goes back to the payer.
        GiveBack = "give_back",
    }
}

/// A colour: `#` and six lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BrandColor(String);

/// Text that is not a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour is # and six hex digits, such as #0b6e4f")]
pub struct MalformedColor;

impl FromStr for BrandColor {
    type Err = MalformedColor;

    fn from_str(text: &str) -> Result<Self, MalformedColor> {
        let digits = text.strip_prefix('#').ok_or(MalformedColor)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(MalformedColor);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl BrandColor {
    /// `#0b6e4f`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<BrandColor> for String {
    fn from(color: BrandColor) -> Self {
        color.0
    }
}

impl TryFrom<String> for BrandColor {
    type Error = MalformedColor;

    fn try_from(text: String) -> Result<Self, MalformedColor> {
        text.parse()
    }
}

/// Longest merchant, operator or credential name, in characters.
pub const MAX_NAME: usize = 100;

/// A name that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name must have 1 to {MAX_NAME} characters, none of them control characters")]
pub struct NameRefused;

/// Trims and checks the name of a merchant, operator or credential.
///
/// # Errors
/// When it is empty, too long or holds control characters.
pub fn name(text: &str) -> Result<String, NameRefused> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(NameRefused);
    }
    Ok(text.to_owned())
}
