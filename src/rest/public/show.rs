//! What anybody who knows its id may see of an intent.

use super::refusals::OfShowing;
use crate::rest::asked::Asked;
use crate::rest::door::{Call, Door, PathId};
use crate::rest::fault::Fault;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{hundredths, intent_of, time};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use service::intent;
use std::sync::Arc;
use utoipa::ToSchema;

/// An intent, as its page shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicPaymentIntent {
    /// Its id.
    #[schema(example = "pi_01KYEXAMPLE0000000000000000")]
    id: String,
    /// `created`, `processing`, `requires_capture`, `succeeded`, `failed`, `canceled` or `expired`.
    #[schema(example = "created")]
    status: &'static str,
    /// What is to be paid, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// Where the payer goes when it is paid.
    success_url: Option<String>,
    /// Where the payer goes who gives up.
    cancel_url: Option<String>,
    /// When it runs out.
    #[schema(example = "2026-01-24T11:00:00Z")]
    expires_at: String,
}

/// Get payment intent (public): nothing that only merchant or payer may know.
#[utoipa::path(
    get, path = "/api/public/payment-intents/{id}", tag = "public", operation_id = "getPublicPaymentIntent",
    params(("id" = String, Path, description = "The payment intent, `pi_…`.")), security(()),
    responses((status = 200, description = "The intent.", body = Envelope<PublicPaymentIntent>), OfShowing)
)]
pub async fn show(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = shown(&mut asked, &id).await;
    asked.answer(said)
}

async fn shown(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    asked.admit_anybody()?;
    let (intent, _) = intent::public(asked.app(), intent_of(id)?).await?;
    let success_url = intent.success_url.as_ref().map(ToString::to_string);
    Said::enveloped(
        StatusCode::OK,
        PublicPaymentIntent {
            id: intent.id.to_string(),
            status: intent.status_at(asked.now()).as_str(),
            amount: hundredths(intent.amount)?,
            currency: intent.amount.currency().code(),
            cancel_url: intent
                .cancel_url
                .as_ref()
                .map(ToString::to_string)
                .or_else(|| success_url.clone()),
            success_url,
            expires_at: time(intent.expires_at),
        },
    )
}
