//! What commands answer, with the keys of S2's examples.
//!
//! Invariant: an answer is made from the objects that the command left behind and nothing that changes later, so a repeat under the same
//! idempotency key gets the same body.

use super::outcome::{APPROVED, Card, approval, decision, parts, settled_at};
use super::{hundredths, time};
use crate::rest::fault::Fault;
use domain::payment::{Payment, Taken};
use serde::Serialize;
use service::payment::Answer;
use utoipa::ToSchema;

/// A payment that was authorized.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizedPayment {
    /// Its id.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    id: String,
    /// What became of it; `processing` while the provider's answer is not known.
    #[schema(example = "authorized")]
    status: &'static str,
    /// What was asked for, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// Scheme of the card: visa, mastercard, amex or other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "visa")]
    card_brand: Option<&'static str>,
    /// Last four digits of the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "4242")]
    card_last4: Option<String>,
    /// The issuer's authorization code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "123456")]
    auth_code: Option<String>,
    /// Fraud score: 0 (no risk) to 100; above 70 is declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 15)]
    fraud_score: Option<u8>,
    /// What the fraud check decided: approve or decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "approve")]
    fraud_decision: Option<&'static str>,
    /// The issuer's response code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "00")]
    response_code: Option<&'static str>,
    /// The issuer's response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Approved")]
    response_message: Option<&'static str>,
    /// What was tried on it.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
    /// When it was asked for.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
    /// When the authorization ends by itself: after seven days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-31T10:00:00Z")]
    expires_at: Option<String>,
}

/// A payment that was sold.
#[derive(Debug, Serialize, ToSchema)]
pub struct SoldPayment {
    /// Its id.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    id: String,
    /// What became of it; `processing` while the provider's answer is not known.
    #[schema(example = "captured")]
    status: &'static str,
    /// What was asked for, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// Scheme of the card: visa, mastercard, amex or other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "visa")]
    card_brand: Option<&'static str>,
    /// Last four digits of the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "4242")]
    card_last4: Option<String>,
    /// The issuer's authorization code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "123456")]
    auth_code: Option<String>,
    /// The issuer's response code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "00")]
    response_code: Option<&'static str>,
    /// The issuer's response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Approved")]
    response_message: Option<&'static str>,
    /// What was tried on it.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
    /// When it was asked for.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
    /// When the money was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-24T10:00:01Z")]
    captured_at: Option<String>,
}

/// A payment that was captured. The card is left out where the key may not read payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct CapturedPayment {
    /// Its id.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    id: String,
    /// What became of it; `processing` while the provider's answer is not known.
    #[schema(example = "captured")]
    status: &'static str,
    /// What was asked for, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// What was taken altogether.
    #[schema(example = 9999)]
    captured_amount: i64,
    /// Scheme of the card: visa, mastercard, amex or other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "visa")]
    card_brand: Option<&'static str>,
    /// Last four digits of the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "4242")]
    card_last4: Option<String>,
    /// When this capture took money.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-24T15:30:00Z")]
    captured_at: Option<String>,
    /// What was tried on it.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
}

/// A payment that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidedPayment {
    /// Its id.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    id: String,
    /// What became of it; `processing` while the provider's answer is not known.
    #[schema(example = "voided")]
    status: &'static str,
    /// What was asked for, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-24T12:00:00Z")]
    voided_at: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Customer requested order cancellation")]
    void_reason: Option<String>,
    /// What was tried on it.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
}

/// A payment of which money went back.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundedPayment {
    /// Its id.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    id: String,
    /// What became of it; `processing` while the provider's answer is not known.
    #[schema(example = "partially_refunded")]
    status: &'static str,
    /// What was asked for, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// What went back altogether.
    #[schema(example = 2500)]
    refunded_amount: i64,
    /// What can still be refunded: captured, less what went back and what is promised to.
    #[schema(example = 7499)]
    remaining_amount: i64,
    /// When this refund went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-24T16:00:00Z")]
    refunded_at: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Product damaged - partial refund")]
    refund_reason: Option<String>,
    /// The refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "re_01KYEXAMPLE0000000000000000")]
    refund_id: Option<String>,
    /// What was tried on it.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
}

impl AuthorizedPayment {
    /// The payment of an authorization that was approved, or has no answer yet.
    pub fn new(answer: &Answer, status: &'static str, card: Option<Card>) -> Result<Self, Fault> {
        let Answer {
            payment, operation, ..
        } = answer;
        let approval = approval(operation);
        let fraud = approval.and_then(|approval| approval.fraud);
        let (card_brand, card_last4) = parts(card);
        let (response_code, response_message) = approval.map(|_| APPROVED).unzip();
        Ok(Self {
            id: payment.id.to_string(),
            status,
            amount: hundredths(payment.amount)?,
            currency: payment.amount.currency().code(),
            card_brand,
            card_last4,
            auth_code: approval.and_then(|approval| approval.auth_code.clone()),
            fraud_score: fraud.map(|fraud| fraud.score),
            fraud_decision: fraud.map(decision),
            response_code,
            response_message,
            transaction_id: operation.id.to_string(),
            created_at: time(payment.created_at),
            expires_at: payment.state.hold().map(|hold| time(hold.expires_at)),
        })
    }
}

impl SoldPayment {
    /// The payment of a sale that was approved, or has no answer yet.
    pub fn new(answer: &Answer, status: &'static str, card: Option<Card>) -> Result<Self, Fault> {
        let Answer {
            payment, operation, ..
        } = answer;
        let approval = approval(operation);
        let (card_brand, card_last4) = parts(card);
        let (response_code, response_message) = approval.map(|_| APPROVED).unzip();
        Ok(Self {
            id: payment.id.to_string(),
            status,
            amount: hundredths(payment.amount)?,
            currency: payment.amount.currency().code(),
            card_brand,
            card_last4,
            auth_code: approval.and_then(|approval| approval.auth_code.clone()),
            response_code,
            response_message,
            transaction_id: operation.id.to_string(),
            created_at: time(payment.created_at),
            captured_at: settled_at(operation).map(time),
        })
    }
}

impl CapturedPayment {
    /// The payment after a capture that was approved, or has no answer yet.
    pub fn new(answer: &Answer, status: &'static str, card: Option<Card>) -> Result<Self, Fault> {
        let Answer {
            payment, operation, ..
        } = answer;
        let (card_brand, card_last4) = parts(card);
        Ok(Self {
            id: payment.id.to_string(),
            status,
            amount: hundredths(payment.amount)?,
            currency: payment.amount.currency().code(),
            captured_amount: taken(payment, Taken::captured)?,
            card_brand,
            card_last4,
            captured_at: settled_at(operation).map(time),
            transaction_id: operation.id.to_string(),
        })
    }
}

impl VoidedPayment {
    /// The payment after a void that was approved, or has no answer yet.
    pub fn new(answer: &Answer, status: &'static str) -> Result<Self, Fault> {
        let Answer {
            payment, operation, ..
        } = answer;
        Ok(Self {
            id: payment.id.to_string(),
            status,
            amount: hundredths(payment.amount)?,
            currency: payment.amount.currency().code(),
            voided_at: settled_at(operation).map(time),
            void_reason: operation.reason.clone(),
            transaction_id: operation.id.to_string(),
        })
    }
}

impl RefundedPayment {
    /// The payment after a refund that was approved, or has no answer yet.
    pub fn new(answer: &Answer, status: &'static str) -> Result<Self, Fault> {
        let Answer {
            payment,
            operation,
            refund,
            ..
        } = answer;
        Ok(Self {
            id: payment.id.to_string(),
            status,
            amount: hundredths(payment.amount)?,
            currency: payment.amount.currency().code(),
            refunded_amount: taken(payment, Taken::refunded)?,
            remaining_amount: hundredths(payment.refundable())?,
            refunded_at: settled_at(operation).map(time),
            refund_reason: refund.as_ref().and_then(|refund| refund.reason.clone()),
            refund_id: refund.as_ref().map(|refund| refund.id.to_string()),
            transaction_id: operation.id.to_string(),
        })
    }
}

/// A part of what was taken, in hundredths; nothing while nothing is.
fn taken(payment: &Payment, part: fn(&Taken) -> domain::Money) -> Result<i64, Fault> {
    payment
        .state
        .taken()
        .map_or(Ok(0), |taken| hundredths(part(taken)))
}
