//! A refund: its own object with its own status.
//!
//! Invariant: money promised to a payer is reserved from the moment the refund is accepted, and comes back to the merchant
//! only on proof that the refund did not happen. Source: `reference/payments.md` 2.4.

mod state;

pub use state::{Approvals, RefundState, RefundStatus, WrongRefundState};

use crate::id::{OperationId, PaymentId, RefundId};
use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// One refund of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// The payment whose money goes back.
    pub payment: PaymentId,
    /// The operation that carries it to the provider.
    pub operation: OperationId,
    /// How much goes back.
    pub amount: Money,
    /// Why, for the audit log.
    pub reason: Option<String>,
    /// How far it has come.
    pub state: RefundState,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// What a list shows of a refund; enough to know how much goes back to whom, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Its id.
    pub id: RefundId,
    /// The payment whose money goes back.
    pub payment: PaymentId,
    /// How much goes back.
    pub amount: Money,
    /// How far it has come.
    pub status: RefundStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended, one way or another.
    pub settled_at: Option<Timestamp>,
}
