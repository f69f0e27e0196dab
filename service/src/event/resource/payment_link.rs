//! A payment link, as the signed door shows it, without its address.

use super::{Collect, Money, notes, time, words};
use domain::Timestamp;
use domain::payment_link::PaymentLink as Value;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A payment link. What does not apply to it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentLink {
    /// Its id.
    #[schema(example = "plink_01KYEXAMPLE0000000000000000")]
    id: String,
    /// `active`, `deactivated`, `expired` or `used_up`.
    #[schema(example = "active")]
    status: &'static str,
    /// What each payer pays.
    amount: Money,
    /// What it is for.
    title: String,
    /// The same at length.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// Your own number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    merchant_reference: Option<String>,
    /// Your own notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, String>>,
    /// How payers may pay.
    gateways: Vec<&'static str>,
    /// What payers are asked for.
    collect: Collect,
    /// How many payments it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_payments: Option<u32>,
    /// How many it took, those under way included.
    payments: u32,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<String>,
    /// When it was ended by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deactivated_at: Option<String>,
    /// When it was made.
    #[schema(example = "2026-06-15T13:21:00Z")]
    created_at: String,
}

impl PaymentLink {
    /// The link as of `now`.
    #[must_use]
    pub fn new(link: &Value, now: Timestamp) -> Self {
        Self {
            id: link.id.to_string(),
            status: link.status_at(now).as_str(),
            amount: link.amount.into(),
            title: link.title.clone(),
            description: link.description.clone(),
            merchant_reference: link.merchant_reference.clone(),
            metadata: notes(&link.metadata),
            gateways: words(link.gateways.iter()),
            collect: link.collect.into(),
            max_payments: link.max_payments,
            payments: link.payments,
            expires_at: link.expires_at.map(time),
            deactivated_at: link.deactivated_at.map(time),
            created_at: time(link.created_at),
        }
    }
}
