//! The public shapes of what events are about: those of the REST doors.
//!
//! Invariant: an object looks in an event as its door shows it, from the same type where the door prints the whole of it, so that who reads
//! both writes one reader. No secret has a place in any of these. A shape grows; what is there keeps its meaning.

mod credential;
mod intent;
mod merchant;
mod payment;
mod payment_link;
mod promo_code;
mod refund;

pub use credential::Credential;
pub use intent::PaymentIntent;
pub use merchant::Merchant;
pub use payment::Payment;
pub use payment_link::PaymentLink;
pub use promo_code::PromoCode;
pub use refund::Refund;

use domain::Timestamp;
use domain::metadata::Metadata;
use domain::money::NotHundredths;
use domain::provider::Gateway;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An amount as decimal text.
#[derive(Debug, Serialize, ToSchema)]
pub struct Money {
    /// Decimal text in major units: `"125000"`, `"12.50"`.
    #[schema(pattern = "^[0-9]{1,13}([.][0-9]{1,3})?$", example = "125000")]
    amount: String,
    /// ISO 4217.
    #[schema(min_length = 3, max_length = 3, example = "IQD")]
    currency: &'static str,
}

impl From<domain::Money> for Money {
    fn from(money: domain::Money) -> Self {
        Self {
            amount: money.decimal().to_string(),
            currency: money.currency().code(),
        }
    }
}

/// Why somebody said no.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decline {
    /// Why, for programs.
    #[schema(example = "insufficient_funds")]
    reason: &'static str,
    /// The issuer's response code, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "51")]
    response_code: Option<String>,
    /// The same in words.
    #[schema(example = "insufficient funds")]
    message: String,
}

impl From<&domain::provider::Decline> for Decline {
    fn from(decline: &domain::provider::Decline) -> Self {
        Self {
            reason: decline.reason.as_str(),
            response_code: decline.response_code.clone(),
            message: decline.message.clone(),
        }
    }
}

/// What payers are asked for, and what is put on top.
#[derive(Debug, Serialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches that do not depend on each other"
)]
pub struct Collect {
    /// The gateway's fee is put on top of the amount.
    fee: bool,
    /// The payer must give an e-mail address.
    email: bool,
    /// The payer must give a phone number.
    phone: bool,
    /// The payer may use a promo code.
    promo_code: bool,
}

impl From<domain::intent::Collect> for Collect {
    fn from(collect: domain::intent::Collect) -> Self {
        Self {
            fee: collect.fee,
            email: collect.email,
            phone: collect.phone,
            promo_code: collect.promo_code,
        }
    }
}

/// An amount in hundredths of the major unit.
fn hundredths(money: domain::Money) -> Result<i64, NotHundredths> {
    money.hundredths()
}

/// An instant: `2026-01-24T10:00:00Z`.
fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The merchant's own notes, if there are any.
fn notes(metadata: &Metadata) -> Option<BTreeMap<String, String>> {
    let notes: BTreeMap<String, String> = metadata
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    (!notes.is_empty()).then_some(notes)
}

/// The words of gateways.
fn words(gateways: impl Iterator<Item = Gateway>) -> Vec<&'static str> {
    gateways.map(Gateway::as_str).collect()
}
