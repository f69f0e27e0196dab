//! Captures.

use super::Money;
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door, PathId};
use crate::rest::fault::Fault;
use crate::rest::openapi::CommandHeaders;
use crate::rest::problems::Problems;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{OfFollowing, made, outcome, payment_of};
use axum::extract::State;
use axum::response::Response;
use domain::payment::{Finality, Taken};
use serde::{Deserialize, Serialize};
use service::payment::{self, Run};
use std::sync::Arc;
use utoipa::ToSchema;

/// How much to take.
#[derive(Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SignedCaptureRequest)]
pub struct NewCapture {
    /// How much; all that is held if not given.
    amount: Option<Money>,
    /// Whether the rest is released, as it is if not said; false keeps it held for another capture.
    #[schema(example = true)]
    final_capture: bool,
}

impl Default for NewCapture {
    fn default() -> Self {
        Self {
            amount: None,
            final_capture: true,
        }
    }
}

/// A payment after its capture.
#[derive(Debug, Serialize, ToSchema)]
pub struct Captured {
    /// The payment.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    id: String,
    /// `captured`, or `partially_captured` while the rest is held; `processing` while the provider's answer is not known.
    #[schema(example = "captured")]
    status: &'static str,
    /// What was asked for.
    amount: Money,
    /// What was taken, all captures together.
    captured_amount: Money,
    /// What can still be captured.
    capturable_amount: Money,
    /// What was tried.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
}

/// Capture: take money that an authorization holds.
///
/// Takes the scope `payments:capture`, and a signature.
#[utoipa::path(
    post, path = "/v1/payments/{id}/capture", tag = "signed", operation_id = "capturePaymentSigned",
    params(("id" = String, Path, description = "The payment, `pay_…`."), CommandHeaders), request_body = NewCapture,
    security(("signed_key" = [], "signed_timestamp" = [], "signed_nonce" = [], "signature" = [])),
    responses(
        (status = 200, description = "The money is taken.", body = Envelope<Captured>),
        (status = 202, description = "The provider has not answered: status `processing`.", body = Envelope<Captured>),
        OfFollowing
    )
)]
pub async fn capture(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = captured(&mut asked, &id).await;
    asked.answer(said)
}

async fn captured(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    let who = asked.admit_signed(Rate::Command).await?;
    let idempotency_key = asked.idempotency_key()?;
    let payment = payment_of(id)?;
    let body: NewCapture = asked.json().await?;
    let mut problems = Problems::default();
    let amount = body.amount.as_ref().map(|amount| amount.read(&mut problems));
    let command = payment::Capture {
        idempotency_key,
        payment,
        expected_version: None,
        amount: problems.finish(Some(amount.flatten()))?,
        finality: if body.final_capture {
            Finality::Final
        } else {
            Finality::KeepRest
        },
        simulate: false,
    };
    let app = asked.app().clone();
    let command = Box::pin(async move { payment::capture(&app, &who, command).await });
    let done = asked.command(command, made).await?;
    asked.replays(done.run == Run::Replayed);
    let (status, word) = outcome(&done.answer)?;
    let payment = done.answer.payment;
    let nothing = domain::Money::zero(payment.amount.currency());
    Said::enveloped(
        status,
        Captured {
            id: payment.id.to_string(),
            status: word,
            amount: payment.amount.into(),
            captured_amount: payment.state.taken().map_or(nothing, Taken::captured).into(),
            capturable_amount: payment.capturable().into(),
            transaction_id: done.answer.operation.id.to_string(),
        },
    )
}
