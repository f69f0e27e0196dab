//! A payment as S3 shows it: an intent in seven keys.

use super::amount;
use super::refused::Refused;
use crate::config::PublicUrl;
use axum::response::{IntoResponse, Json, Response};
use chrono::SecondsFormat;
use domain::Timestamp;
use domain::intent::Intent;
use domain::provider::Gateway;
use serde::Serialize;
use service::webhook::callback_status;
use utoipa::ToSchema;

/// The answer to create, status and cancel. The order of the keys is the recorded one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RasediPayment)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// By which you ask for it.
    #[schema(example = "7676c702-a2a7-4996-baf3-09a8d012ed09")]
    reference_code: String,
    /// Hundredths of a dinar.
    #[schema(example = "150000")]
    amount: String,
    /// Through which gateway; null until it is paid.
    #[schema(required = true, example = "FIB")]
    paid_via: Option<&'static str>,
    /// When; null until it is paid.
    #[schema(required = true, example = "2026-06-15T10:03:00.000Z")]
    paid_at: Option<String>,
    /// The page to send the customer to.
    #[schema(example = "https://pay.example.iq/pay/live/7676c702-a2a7-4996-baf3-09a8d012ed09")]
    redirect_url: String,
    /// `PENDING`, `PAID`, `FAILED`, `CANCELED` or `TIMED_OUT`.
    #[schema(example = "PENDING")]
    status: &'static str,
    /// What you are paid out, after the fee; null until it is paid.
    #[schema(required = true, example = "147000")]
    payout_amount: Option<String>,
}

impl Shown {
    /// The intent as of `now`; its page is below `public_url`.
    pub fn of(intent: &Intent, public_url: &PublicUrl, now: Timestamp) -> Result<Self, Refused> {
        let hundredths = |money| {
            amount::print(money).ok_or_else(|| {
                tracing::error!(intent = %intent.id, "hundredths cannot say an amount of this intent");
                Refused::internal()
            })
        };
        let paid = intent.state.paid();
        let reference_code = intent.id.reference().to_string();
        Ok(Self {
            amount: hundredths(intent.amount)?,
            paid_via: paid.map(|paid| paid.via).map(Gateway::as_str),
            paid_at: paid.map(|paid| paid.at.to_rfc3339_opts(SecondsFormat::Millis, true)),
            redirect_url: public_url.link(&format!("/pay/{}/{reference_code}", intent.tenant.mode)),
            status: callback_status(intent, now),
            payout_amount: paid.map(|paid| hundredths(paid.payout)).transpose()?,
            reference_code,
        })
    }
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}
