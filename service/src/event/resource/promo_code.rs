//! A promo code.

use super::{Money, time};
use domain::promo_code::{Discount, PromoCode as Value};
use serde::Serialize;
use utoipa::ToSchema;

/// A promo code. It takes off either a share or an amount; what does not apply to it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromoCode {
    /// Its id.
    #[schema(example = "promo_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The word that a payer types.
    #[schema(example = "EID-2026")]
    code: String,
    /// What it takes off, in basis points of the price: 1000 are ten per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1000)]
    share_bps: Option<u32>,
    /// What it takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    amount: Option<Money>,
    /// How often it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_uses: Option<u32>,
    /// How often it was used, payments under way included.
    uses: u32,
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

impl From<&Value> for PromoCode {
    fn from(promo: &Value) -> Self {
        let (share_bps, amount) = match promo.discount {
            Discount::Share { bps } => (Some(bps), None),
            Discount::Fixed { amount } => (None, Some(amount.into())),
        };
        Self {
            id: promo.id.to_string(),
            code: promo.code.to_string(),
            share_bps,
            amount,
            max_uses: promo.max_uses,
            uses: promo.uses,
            expires_at: promo.expires_at.map(time),
            deactivated_at: promo.deactivated_at.map(time),
            created_at: time(promo.created_at),
        }
    }
}
