//! A refund, as the signed door shows it, with how it ended.

use super::{Decline, Money, time};
use domain::refund::{Refund as Value, RefundState};
use serde::Serialize;
use utoipa::ToSchema;

/// A refund. What does not apply to it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refund {
    /// Its id.
    #[schema(example = "re_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The payment.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    payment_id: String,
    /// `pending`, `succeeded`, `failed`, `canceled`, `reversed`, or `pending_approval` while a second person has to agree.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// What goes back.
    amount: Money,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// What was tried.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
    /// When it was asked for.
    #[schema(example = "2026-06-15T13:42:00Z")]
    created_at: String,
    /// When it ended, one way or another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-06-15T13:42:01Z")]
    settled_at: Option<String>,
    /// Why it did not happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failure: Option<Decline>,
}

impl From<&Value> for Refund {
    fn from(refund: &Value) -> Self {
        let (settled_at, failure) = match &refund.state {
            RefundState::PendingApproval | RefundState::Pending => (None, None),
            RefundState::Succeeded { at } | RefundState::Canceled { at } | RefundState::Reversed { at } => {
                (Some(*at), None)
            }
            RefundState::Failed { at, decline } => (Some(*at), Some(decline.into())),
        };
        Self {
            id: refund.id.to_string(),
            payment_id: refund.payment.to_string(),
            status: refund.state.status().as_str(),
            amount: refund.amount.into(),
            reason: refund.reason.clone(),
            transaction_id: refund.operation.to_string(),
            created_at: time(refund.created_at),
            settled_at: settled_at.map(time),
            failure,
        }
    }
}
