//! The chart of accounts.

use crate::Currency;
use crate::id::MerchantId;
use crate::merchant::Mode;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// On which side an account grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountType {
    /// Grows by debits.
    Asset,
    /// Grows by credits.
    Liability,
    /// Grows by credits.
    Income,
}

impl AccountType {
    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Liability => "liability",
            Self::Income => "income",
        }
    }
}

/// A line of the chart. Payout, bank and dispute accounts join it with the features that post to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A100: what a provider owes us.
    ProviderReceivable,
    /// L200: what we owe a merchant, not yet available for payout.
    MerchantPending,
    /// L210: what we owe a merchant, available for payout.
    MerchantAvailable,
    /// L220: what we hold back for a merchant.
    MerchantReserve,
    /// L240: promised to payers, at a provider.
    RefundClearing,
    /// R300: what we earn.
    PlatformFee,
}

impl AccountKind {
    /// Every kind, in chart order.
    pub const ALL: [Self; 6] = [
        Self::ProviderReceivable,
        Self::MerchantPending,
        Self::MerchantAvailable,
        Self::MerchantReserve,
        Self::RefundClearing,
        Self::PlatformFee,
    ];

    /// The number in the chart.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::ProviderReceivable => "A100",
            Self::MerchantPending => "L200",
            Self::MerchantAvailable => "L210",
            Self::MerchantReserve => "L220",
            Self::RefundClearing => "L240",
            Self::PlatformFee => "R300",
        }
    }

    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderReceivable => "provider_receivable",
            Self::MerchantPending => "merchant_pending",
            Self::MerchantAvailable => "merchant_available",
            Self::MerchantReserve => "merchant_reserve",
            Self::RefundClearing => "refund_clearing",
            Self::PlatformFee => "platform_fee",
        }
    }

    /// On which side it grows.
    #[must_use]
    pub const fn account_type(self) -> AccountType {
        match self {
            Self::ProviderReceivable => AccountType::Asset,
            Self::PlatformFee => AccountType::Income,
            _ => AccountType::Liability,
        }
    }
}

/// A word that is not an account kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an account kind such as merchant_pending")]
pub struct UnknownAccountKind;

impl FromStr for AccountKind {
    type Err = UnknownAccountKind;

    fn from_str(word: &str) -> Result<Self, UnknownAccountKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(UnknownAccountKind)
    }
}

/// Whose account it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A merchant's.
    Merchant(MerchantId),
    /// Ours with a provider, by its name.
    Provider(String),
    /// Ours.
    Platform,
}

/// What identifies an account. Modes have books of their own: rehearsals never touch real figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey {
    /// The line of the chart.
    pub kind: AccountKind,
    /// The books it stands in.
    pub mode: Mode,
    /// Its currency.
    pub currency: Currency,
    /// Whose it is.
    pub owner: Owner,
}

impl fmt::Display for AccountKey {
    /// The unique code of the account: `L200:live:IQD:mer_…`, `A100:live:IQD:sandbox`, `R300:live:IQD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.kind.number(), self.mode, self.currency)?;
        match &self.owner {
            Owner::Merchant(merchant) => write!(f, ":{merchant}"),
            Owner::Provider(provider) => write!(f, ":{provider}"),
            Owner::Platform => Ok(()),
        }
    }
}
