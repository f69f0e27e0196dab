//! Names of intent states, and words that intents are made of.

use crate::word::words;
use serde::{Deserialize, Serialize};

words! {
    /// The name of an intent's state.
    IntentStatus, "intent status" {
        /// Waits for the payer.
        Created = "created",
        /// A charge is at the provider.
        Processing = "processing",
        /// Money is held; the merchant captures it.
        RequiresCapture = "requires_capture",
        /// Paid.
        Succeeded = "succeeded",
        /// The last attempt was declined.
        Failed = "failed",
        /// Given up by the merchant or the payer.
        Canceled = "canceled",
        /// Nobody paid in time.
        Expired = "expired",
    }
}

/// When money that was authorized is taken (S2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMethod {
    /// At once.
    Automatic,
    /// When the merchant says so, within seven days.
    Manual,
}

impl CaptureMethod {
    /// The word in tables and on the REST doors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }
}

impl std::str::FromStr for CaptureMethod {
    type Err = crate::word::UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "automatic" => Ok(Self::Automatic),
            "manual" => Ok(Self::Manual),
            _ => Err(crate::word::UnknownWord("capture method")),
        }
    }
}

/// Who gave an intent up, or what did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanceledBy {
    /// The merchant canceled it.
    Merchant,
    /// The payer canceled it on the page.
    Payer,
    /// The merchant voided the authorization.
    Void,
    /// The authorization ran out after seven days.
    AuthorizationExpired,
}

impl CanceledBy {
    /// Every cause.
    pub const ALL: [Self; 4] = [
        Self::Merchant,
        Self::Payer,
        Self::Void,
        Self::AuthorizationExpired,
    ];

    /// The word in tables and on the doors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Payer => "payer",
            Self::Void => "void",
            Self::AuthorizationExpired => "authorization_expired",
        }
    }
}

impl std::str::FromStr for CanceledBy {
    type Err = crate::word::UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|cause| cause.as_str() == word)
            .ok_or(crate::word::UnknownWord("cause of a cancellation"))
    }
}
