//! A merchant: the settings that it sees.

use super::{Money, time, words};
use domain::merchant::{BrandColor, Merchant as Value};
use serde::Serialize;
use utoipa::ToSchema;

/// A merchant. What does not apply to it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Merchant {
    /// Its id.
    #[schema(example = "mer_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The name that payers and finance read.
    name: String,
    /// The currency it is settled in.
    #[schema(example = "IQD")]
    currency: &'static str,
    /// Share of each capture that the platform keeps, in basis points: 200 are two per cent.
    #[schema(example = 200)]
    fee_bps: u32,
    /// Fixed part of the fee, once per payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fee_fixed: Option<Money>,
    /// Share of each capture that is held back as reserve, in basis points.
    #[schema(example = 500)]
    reserve_bps: u32,
    /// The gateways that it may use.
    gateways: Vec<&'static str>,
    /// Whether a fee may be put on top of card payments in dinars.
    card_surcharge: bool,
    /// What becomes of money that arrives after its intent has run out: `accept` or `give_back`.
    #[schema(example = "accept")]
    late_success: &'static str,
    /// The name on its pages, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    brand_name: Option<String>,
    /// The colour of its pages, if it has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "#0b6e4f")]
    brand_color: Option<String>,
    /// When it was created.
    #[schema(example = "2026-06-15T13:21:00Z")]
    created_at: String,
}

impl From<&Value> for Merchant {
    fn from(merchant: &Value) -> Self {
        let checkout = &merchant.checkout;
        Self {
            id: merchant.id.to_string(),
            name: merchant.name.clone(),
            currency: merchant.currency.code(),
            fee_bps: merchant.fees.fee_bps,
            fee_fixed: merchant.fees.fixed.map(Into::into),
            reserve_bps: merchant.fees.reserve_bps,
            gateways: words(checkout.gateways.iter()),
            card_surcharge: checkout.card_surcharge,
            late_success: checkout.late_success.as_str(),
            brand_name: checkout.brand_name.clone(),
            brand_color: checkout
                .brand_color
                .as_ref()
                .map(BrandColor::as_str)
                .map(str::to_owned),
            created_at: time(merchant.created_at),
        }
    }
}
