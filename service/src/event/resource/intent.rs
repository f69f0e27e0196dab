//! A payment intent, as the Payment API shows it, with how far it has come.
//!
//! Invariant: what opens its page, the client secret and the address that carries it, is not here.

use super::{Decline, hundredths, notes, time, words};
use domain::Timestamp;
use domain::intent::{Intent, IntentState};
use domain::money::NotHundredths;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A payment intent. What does not apply to it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentIntent {
    /// Its id.
    #[schema(example = "pi_01KYEXAMPLE0000000000000000")]
    id: String,
    /// `created`, `processing`, `requires_capture`, `succeeded`, `failed`, `canceled` or `expired`.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// What is to be paid, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// When the money is taken: `automatic` or `manual`.
    #[schema(example = "automatic")]
    capture_method: &'static str,
    /// How the payer may pay.
    #[schema(example = json!(["CREDIT_CARD", "FIB"]))]
    gateways: Vec<&'static str>,
    /// Your own number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order_id: Option<String>,
    /// What it is for, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// Your own notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, String>>,
    /// Where the payer goes when it is paid, as you wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    success_url: Option<String>,
    /// Where the payer goes who gives up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cancel_url: Option<String>,
    /// The payment link that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "plink_01KYEXAMPLE0000000000000000")]
    payment_link_id: Option<String>,
    /// The payment that is under way or has the money.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "pay_01KYEXAMPLE0000000000000000")]
    payment_id: Option<String>,
    /// How many attempts are left.
    #[schema(example = 5)]
    remaining_attempts: u8,
    /// Why the last attempt was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_decline: Option<Decline>,
    /// When the money was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-24T10:05:00Z")]
    paid_at: Option<String>,
    /// Through which gateway it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "CREDIT_CARD")]
    paid_via: Option<&'static str>,
    /// Whether the money arrived after it had run out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    late: bool,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    canceled_at: Option<String>,
    /// Who gave it up, or what did: `merchant`, `payer`, `void` or `authorization_expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    canceled_by: Option<&'static str>,
    /// When it runs out.
    #[schema(example = "2026-01-24T11:00:00Z")]
    expires_at: String,
    /// When it was made.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
}

impl PaymentIntent {
    /// The intent as of `now`.
    ///
    /// # Errors
    /// When its amount has no hundredths; none that can be paid is so.
    pub fn new(intent: &Intent, now: Timestamp) -> Result<Self, NotHundredths> {
        let state = &intent.state;
        let paid = state.paid();
        let canceled_at = match state {
            IntentState::Canceled { at, .. } => Some(*at),
            IntentState::RequiresCapture { lapses_at, .. } if state.has_lapsed(now) => *lapses_at,
            _ => None,
        };
        let link = match intent.source {
            domain::intent::Source::Link(link) => Some(link),
            _ => None,
        };
        Ok(Self {
            id: intent.id.to_string(),
            status: intent.status_at(now).as_str(),
            amount: hundredths(intent.amount)?,
            currency: intent.amount.currency().code(),
            capture_method: intent.capture_method.as_str(),
            gateways: words(intent.gateways.iter()),
            order_id: intent.merchant_reference.clone(),
            title: intent.title.clone(),
            description: intent.description.clone(),
            metadata: notes(&intent.metadata),
            success_url: intent.success_url.as_ref().map(ToString::to_string),
            cancel_url: intent.cancel_url.as_ref().map(ToString::to_string),
            payment_link_id: link.map(|link| link.to_string()),
            payment_id: state.payment().map(|payment| payment.to_string()),
            remaining_attempts: intent.remaining_attempts(),
            last_decline: state.last_decline().map(Into::into),
            paid_at: paid.map(|paid| time(paid.at)),
            paid_via: paid.map(|paid| paid.via.as_str()),
            late: state.is_late(),
            canceled_at: canceled_at.map(time),
            canceled_by: state.canceled_by(now).map(domain::intent::CanceledBy::as_str),
            expires_at: time(intent.expires_at),
            created_at: time(intent.created_at),
        })
    }
}
