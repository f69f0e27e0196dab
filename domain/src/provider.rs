//! What can be asked of whoever moves the money, and what can come back.
//!
//! Invariant: there are four answers, and only three of them are proof. "Unknown" never becomes "failed" by waiting.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How the payer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Gateway {
    /// A card.
    CreditCard,
    /// FastPay wallet.
    FastPay,
    /// First Iraqi Bank.
    Fib,
    /// ZainCash wallet.
    Zain,
    /// AsiaPay wallet.
    AsiaPay,
    /// Nass wallet.
    NassWallet,
}

/// What a gateway can do besides taking money at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Money can be held and captured later.
    pub holds: bool,
    /// One hold can be captured in several parts.
    pub several_captures: bool,
    /// What can be given back.
    pub refunds: RefundSupport,
}

/// How much of a capture a gateway gives back through its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundSupport {
    /// Any part, several times.
    Partial,
    /// The whole amount at once.
    FullOnly,
    /// Nothing.
    None,
}

impl Gateway {
    /// Every gateway, in the order in which documents list them.
    pub const ALL: [Self; 6] = [
        Self::CreditCard,
        Self::FastPay,
        Self::Fib,
        Self::Zain,
        Self::AsiaPay,
        Self::NassWallet,
    ];

    /// The word used in tables and by S3.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreditCard => "CREDIT_CARD",
            Self::FastPay => "FAST_PAY",
            Self::Fib => "FIB",
            Self::Zain => "ZAIN",
            Self::AsiaPay => "ASIA_PAY",
            Self::NassWallet => "NASS_WALLET",
        }
    }

    /// What the gateway can do. Source: `reference/payments.md` 2.3 (holds) and 2.4 (refunds).
    #[must_use]
    pub const fn capabilities(self) -> Capabilities {
        let refunds = match self {
            Self::CreditCard | Self::FastPay | Self::AsiaPay => RefundSupport::Partial,
            Self::Fib | Self::Zain => RefundSupport::FullOnly,
            Self::NassWallet => RefundSupport::None,
        };
        let card = matches!(self, Self::CreditCard);
        Capabilities {
            holds: card,
            several_captures: card,
            refunds,
        }
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a gateway such as CREDIT_CARD or FIB")]
pub struct UnknownGateway;

impl FromStr for Gateway {
    type Err = UnknownGateway;

    fn from_str(word: &str) -> Result<Self, UnknownGateway> {
        Self::ALL
            .into_iter()
            .find(|gateway| gateway.as_str() == word)
            .ok_or(UnknownGateway)
    }
}

/// The provider's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The provider's own id of the operation.
    pub provider_reference: String,
    /// Authorization code of the issuer, for authorize and sale on cards.
    pub auth_code: Option<String>,
    /// What the fraud check said, for authorize and sale.
    pub fraud: Option<FraudCheck>,
}

/// Result of the fraud check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FraudCheck {
    /// 0 (no risk) to 100.
    pub score: u8,
}

impl FraudCheck {
    /// Highest score that is still let through (S2: "Declined (fraud score > 70)").
    pub const HIGHEST_APPROVED: u8 = 70;

    /// Whether the score is low enough.
    #[must_use]
    pub const fn passes(self) -> bool {
        self.score <= Self::HIGHEST_APPROVED
    }
}

/// The provider's no, or ours where the fraud check said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// Why, in the closed list of causes.
    pub reason: DeclineReason,
    /// The issuer's response code (`05`, `51`, …), where there is one.
    pub response_code: Option<String>,
    /// What S2 says about it: `insufficient funds`.
    pub message: String,
    /// The provider's own id of the operation, if it gave one.
    pub provider_reference: Option<String>,
    /// What the fraud check said, if it ran.
    pub fraud: Option<FraudCheck>,
}

/// Causes of a decline; a new cause may be added, clients treat an unknown one as [`DeclineReason::DoNotHonor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// The issuer gives no reason (05).
    DoNotHonor,
    /// Not enough money (51).
    InsufficientFunds,
    /// The card has expired (54).
    ExpiredCard,
    /// The card verification value is wrong (N7).
    CvvMismatch,
    /// The provider could not process it (96).
    ProcessingError,
    /// The fraud score is above [`FraudCheck::HIGHEST_APPROVED`].
    FraudRisk,
    /// Nothing was sent: the provider could not be reached, so nothing was charged.
    NotSent,
}

impl DeclineReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::DoNotHonor,
        Self::InsufficientFunds,
        Self::ExpiredCard,
        Self::CvvMismatch,
        Self::ProcessingError,
        Self::FraudRisk,
        Self::NotSent,
    ];

    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DoNotHonor => "do_not_honor",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ExpiredCard => "expired_card",
            Self::CvvMismatch => "cvv_mismatch",
            Self::ProcessingError => "processing_error",
            Self::FraudRisk => "fraud_risk",
            Self::NotSent => "not_sent",
        }
    }
}

/// A word that is not a decline reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a decline reason such as do_not_honor")]
pub struct UnknownDeclineReason;

impl FromStr for DeclineReason {
    type Err = UnknownDeclineReason;

    fn from_str(word: &str) -> Result<Self, UnknownDeclineReason> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == word)
            .ok_or(UnknownDeclineReason)
    }
}

/// What became of an operation that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It happened.
    Approved(Approval),
    /// It did not happen, for this reason.
    Declined(Decline),
    /// Nobody knows: a time-out, a broken connection. Ask again, never guess.
    Unknown,
}

impl Answer {
    /// The answer when the provider provably never got the request.
    #[must_use]
    pub fn not_sent(message: impl Into<String>) -> Self {
        Self::Declined(Decline {
            reason: DeclineReason::NotSent,
            response_code: None,
            message: message.into(),
            provider_reference: None,
            fraud: None,
        })
    }
}

/// When an answer was given and what it was: the record that settles an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// When it arrived.
    pub at: Timestamp,
    /// What it said.
    pub answer: Answer,
}
