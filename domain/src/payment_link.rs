//! Payment links: a reusable template that makes intents.
//!
//! Invariant: a link never takes more payments than it may; one that is under way counts. Source: design.md 2, S0 and S3.

use crate::gateways::Gateways;
use crate::id::PaymentLinkId;
use crate::intent::Collect;
use crate::merchant::Tenant;
use crate::metadata::Metadata;
use crate::web_url::ReturnUrl;
use crate::word::words;
use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// The highest limit that a link can have.
pub const MAX_PAYMENTS: u32 = 1_000_000_000;

words! {
    /// Whether a link takes payments.
    PaymentLinkStatus, "payment link status" {
        /// It does.
        Active = "active",
        /// The merchant ended it.
        Deactivated = "deactivated",
        /// Its time is over.
        Expired = "expired",
        /// It took as many payments as it may.
        UsedUp = "used_up",
    }
}

/// A payment link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentLink {
    /// Its id.
    pub id: PaymentLinkId,
    /// Whose it is.
    pub tenant: Tenant,
    /// What each payer pays.
    pub amount: Money,
    /// What it is for, in a few words.
    pub title: String,
    /// The same at length.
    pub description: Option<String>,
    /// The merchant's own number for it; each payment carries it.
    pub merchant_reference: Option<String>,
    /// The merchant's own notes; each payment carries them.
    pub metadata: Metadata,
    /// How a payer may pay.
    pub gateways: Gateways,
    /// What payers are asked for, and what is put on top.
    pub collect: Collect,
    /// Where payers go when they have paid; our own receipt if not given.
    pub success_url: Option<ReturnUrl>,
    /// How many payments it takes; without limit if not given.
    pub max_payments: Option<u32>,
    /// How many it took, those under way included.
    pub payments: u32,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When the merchant ended it.
    pub deactivated_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a link cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewLinkRefusal {
    /// A limit of zero, or one beyond [`MAX_PAYMENTS`].
    #[error("a payment link takes 1 to {MAX_PAYMENTS} payments")]
    MaxPayments,
    /// An end that is over.
    #[error("the expiry must lie in the future")]
    Expiry,
}

impl PaymentLink {
    /// Whether it takes payments now.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> PaymentLinkStatus {
        if self.deactivated_at.is_some() {
            PaymentLinkStatus::Deactivated
        } else if self.expires_at.is_some_and(|end| end <= now) {
            PaymentLinkStatus::Expired
        } else if self.is_used_up() {
            PaymentLinkStatus::UsedUp
        } else {
            PaymentLinkStatus::Active
        }
    }
    /// Whether it took as many payments as it may, whatever else has ended it.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.max_payments.is_some_and(|most| self.payments >= most)
    }
}
