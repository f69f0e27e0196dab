//! How a command went: the HTTP status and the word of its answer, and what is said of cards and approvals.
//!
//! Invariant: without an answer of the provider the status is 202 and the word `processing`; a no is a fault, never an answer.

use crate::rest::fault::{Class, Declined, Fault, PAYMENT_DECLINED};
use axum::http::StatusCode;
use domain::Timestamp;
use domain::operation::{Operation, OperationKind, OperationState};
use domain::payment::PaymentStatus;
use domain::provider::{Approval, FraudCheck};
use service::payment::Answer;

/// What is shown of a card.
#[derive(Clone, Debug)]
pub struct Card {
    brand: &'static str,
    last4: String,
}

impl From<&domain::card::CardDetails> for Card {
    fn from(card: &domain::card::CardDetails) -> Self {
        Self {
            brand: card.brand().as_str(),
            last4: card.last4().to_owned(),
        }
    }
}

impl From<&domain::card::Card> for Card {
    fn from(card: &domain::card::Card) -> Self {
        Self {
            brand: card.brand.as_str(),
            last4: card.last4.clone(),
        }
    }
}

/// Brand and last four digits, as two fields.
pub fn parts(card: Option<Card>) -> (Option<&'static str>, Option<String>) {
    card.map(|card| (card.brand, card.last4)).unzip()
}

/// What the provider said yes with.
pub const fn approval(operation: &Operation) -> Option<&Approval> {
    match &operation.state {
        OperationState::Succeeded { approval, .. } => Some(approval),
        _ => None,
    }
}

/// When the answer arrived.
pub const fn settled_at(operation: &Operation) -> Option<Timestamp> {
    match &operation.state {
        OperationState::Succeeded { at, .. } | OperationState::Failed { at, .. } => Some(*at),
        OperationState::Sent | OperationState::OutcomeUnknown { .. } => None,
    }
}

/// The status of an answer, and the word in it.
///
/// # Errors
/// When the provider said no.
pub fn outcome(answer: &Answer) -> Result<(StatusCode, &'static str), Fault> {
    let Answer {
        payment, operation, ..
    } = answer;
    match &operation.state {
        OperationState::Sent | OperationState::OutcomeUnknown { .. } => {
            Ok((StatusCode::ACCEPTED, PaymentStatus::Processing.as_str()))
        }
        OperationState::Succeeded { .. } => {
            Ok((StatusCode::OK, payment.status_at(payment.updated_at).as_str()))
        }
        OperationState::Failed { decline, .. } => {
            let what = match operation.kind {
                OperationKind::Authorize | OperationKind::Sale => "payment",
                other => other.as_str(),
            };
            let code = decline.response_code.as_ref();
            let code = code.map(|code| format!(" (code: {code})")).unwrap_or_default();
            let words = format!("{what} declined: {}{code}", decline.message);
            Err(Fault {
                declined: Some(Box::new(Declined {
                    payment: payment.id,
                    operation: operation.id,
                    reason: decline.reason,
                    remaining_attempts: None,
                })),
                ..Fault::new(Class::Declined, PAYMENT_DECLINED, words)
            })
        }
    }
}

/// What S2 calls the decision of the fraud check.
pub fn decision(check: FraudCheck) -> &'static str {
    if check.passes() { "approve" } else { "decline" }
}

/// What S2 says of an approval: the issuer's code 00.
pub const APPROVED: (&str, &str) = ("00", "Approved");
