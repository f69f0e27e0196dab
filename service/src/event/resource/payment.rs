//! A payment, with the keys of S2's example and those that tell what has happened since.

use super::{hundredths, notes, time};
use domain::Timestamp;
use domain::card::Card;
use domain::money::NotHundredths;
use domain::operation::{Operation, OperationState};
use domain::payment::{Payment as Value, PaymentState, Taken};
use domain::provider::Decline;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Who pays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShownCustomer)]
pub struct Customer {
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "john@example.com")]
    email: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "John Doe")]
    name: Option<String>,
}

/// A payment. What does not apply to it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Payment {
    /// Its id.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    id: String,
    /// `processing`, `authorized`, `partially_captured`, `captured`, `partially_refunded`, `refunded`, `voided`, `expired` or `failed`.
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
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Order #12345 - Premium Plan")]
    description: Option<String>,
    /// Your own number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    merchant_reference: Option<String>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    customer: Option<Customer>,
    /// Your own notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!({ "order_id": "12345", "plan": "premium" }))]
    metadata: Option<BTreeMap<String, String>>,
    /// When it was asked for.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
    /// When the authorization ends or ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-31T10:00:00Z")]
    expires_at: Option<String>,
    /// What was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    captured_amount: Option<i64>,
    /// When money was first taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    captured_at: Option<String>,
    /// What went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_amount: Option<i64>,
    /// What can still be refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    remaining_amount: Option<i64>,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    voided_at: Option<String>,
    /// Why it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    void_reason: Option<String>,
    /// Why it failed, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decline_reason: Option<&'static str>,
    /// The issuer's response code, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response_code: Option<String>,
    /// The issuer's response, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response_message: Option<String>,
}

impl Payment {
    /// The payment as of `now`, with its card and the operation that began it. Both may be newer than the payment: what they say is left
    /// out while the payment as it stands here had no answer.
    ///
    /// # Errors
    /// When an amount has no hundredths; none that was charged is so.
    pub fn new(
        payment: &Value,
        card: Option<&Card>,
        first: Option<&Operation>,
        now: Timestamp,
    ) -> Result<Self, NotHundredths> {
        let state = &payment.state;
        let is_answered = !matches!(state, PaymentState::Processing { .. });
        let customer = Customer {
            email: payment.customer.email.clone(),
            name: payment.customer.name.clone(),
        };
        let (release, decline) = match state {
            PaymentState::Voided { release, .. } => (Some(release), None),
            PaymentState::Failed { decline, .. } => (None, Some(decline)),
            _ => (None, None),
        };
        let money = |part: fn(&Taken) -> domain::Money| {
            let part = state.taken().map(part);
            part.map(hundredths).transpose()
        };
        Ok(Self {
            id: payment.id.to_string(),
            status: payment.status_at(now).as_str(),
            amount: hundredths(payment.amount)?,
            currency: payment.amount.currency().code(),
            card_brand: card.map(|card| card.brand.as_str()),
            card_last4: card.map(|card| card.last4.clone()),
            auth_code: first.filter(|_| is_answered).and_then(auth_code),
            description: payment.description.clone(),
            merchant_reference: payment.merchant_reference.clone(),
            customer: (customer.email.is_some() || customer.name.is_some()).then_some(customer),
            metadata: notes(&payment.metadata),
            created_at: time(payment.created_at),
            expires_at: hold_end(state).map(time),
            captured_amount: money(Taken::captured)?,
            captured_at: state.taken().map(|taken| time(taken.at())),
            refunded_amount: money(Taken::refunded)?,
            remaining_amount: money(Taken::remaining)?,
            voided_at: release.map(|release| time(release.at)),
            void_reason: release.and_then(|release| release.reason.clone()),
            decline_reason: decline.map(|decline| decline.reason.as_str()),
            response_code: decline.and_then(|decline: &Decline| decline.response_code.clone()),
            response_message: decline.map(|decline| decline.message.clone()),
        })
    }
}

fn auth_code(first: &Operation) -> Option<String> {
    match &first.state {
        OperationState::Succeeded { approval, .. } => approval.auth_code.clone(),
        _ => None,
    }
}

const fn hold_end(state: &PaymentState) -> Option<Timestamp> {
    match state {
        PaymentState::Authorized { hold }
        | PaymentState::PartiallyCaptured { hold, .. }
        | PaymentState::Voided { hold, .. }
        | PaymentState::Expired { hold } => Some(hold.expires_at),
        PaymentState::Processing { .. } | PaymentState::Captured { .. } | PaymentState::Failed { .. } => None,
    }
}
