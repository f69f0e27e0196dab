//! Names of payment states, as tables, clients and S2 know them.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name of what a payment's amounts and operations add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The first operation is at the provider.
    Processing,
    /// Money is held.
    Authorized,
    /// Part of the hold is taken, the rest is still held.
    PartiallyCaptured,
    /// Money is taken.
    Captured,
    /// Part of what was taken went back.
    PartiallyRefunded,
    /// All that was taken went back.
    Refunded,
    /// The hold was given up.
    Voided,
    /// The hold ran out after seven days.
    Expired,
    /// Declined by issuer, provider or fraud check.
    Failed,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Processing,
        Self::Authorized,
        Self::PartiallyCaptured,
        Self::Captured,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Voided,
        Self::Expired,
        Self::Failed,
    ];

    /// The word used in tables and on the REST doors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::PartiallyCaptured => "partially_captured",
            Self::Captured => "captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not a payment status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a payment status such as authorized or captured")]
pub struct UnknownPaymentStatus;

impl FromStr for PaymentStatus {
    type Err = UnknownPaymentStatus;

    fn from_str(word: &str) -> Result<Self, UnknownPaymentStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(UnknownPaymentStatus)
    }
}
