//! Refunds.

use super::Money;
use crate::graphql::UserErrorCode;
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door};
use crate::rest::fault::Fault;
use crate::rest::openapi::CommandHeaders;
use crate::rest::problems::Problems;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{OfFollowing, made, outcome, texts, time};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::metadata::MAX_REASON;
use domain::payment::Taken;
use serde::{Deserialize, Serialize};
use service::payment::{self, Run};
use std::sync::Arc;
use utoipa::ToSchema;

/// What to give back, and why.
#[derive(Deserialize, ToSchema)]
#[schema(as = SignedRefundRequest)]
pub struct NewRefund {
    /// The payment.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    payment_id: String,
    /// How much; all that can be refunded if not given.
    amount: Option<Money>,
    /// Why, for the audit log.
    #[schema(max_length = 255)]
    reason: Option<String>,
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refunded {
    /// Its id.
    #[schema(example = "re_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The payment.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    payment_id: String,
    /// `succeeded`, or `pending` while the provider's answer is not known.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// What goes back.
    amount: Money,
    /// What can still be refunded of the payment.
    refundable_amount: Money,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// What was tried.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    transaction_id: String,
    /// When it was asked for.
    #[schema(example = "2026-06-15T13:42:00Z")]
    created_at: String,
}

/// Refund: give taken money back, all or part of it.
///
/// Takes the scope `refunds:create`, and a signature.
#[utoipa::path(
    post, path = "/v1/refunds", tag = "signed", operation_id = "createRefund",
    params(CommandHeaders), request_body = NewRefund,
    security(("signed_key" = [], "signed_timestamp" = [], "signed_nonce" = [], "signature" = [])),
    responses(
        (status = 201, description = "The money went back.", body = Envelope<Refunded>),
        (status = 202, description = "The provider has not answered: status `pending`.", body = Envelope<Refunded>),
        OfFollowing
    )
)]
pub async fn create(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = refunded(&mut asked).await;
    asked.answer(said)
}

async fn refunded(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit_signed(Rate::Command).await?;
    let idempotency_key = asked.idempotency_key()?;
    let body: NewRefund = asked.json().await?;
    let mut problems = Problems::default();
    let payment = body.payment_id.parse();
    let payment = problems.take(
        UserErrorCode::IdMalformed,
        payment.map_err(|malformed: domain::id::MalformedId| format!("payment_id: {malformed}")),
    );
    let amount = body.amount.as_ref().map(|amount| amount.read(&mut problems));
    let reason = texts(&mut problems, "reason", body.reason.as_deref(), MAX_REASON);
    let command = problems.finish(payment.map(|payment| payment::NewRefund {
        idempotency_key,
        payment,
        expected_version: None,
        amount: amount.flatten(),
        reason,
        simulate: false,
    }))?;
    let app = asked.app().clone();
    let command = Box::pin(async move { payment::refund(&app, &who, command).await });
    let done = asked.command(command, made).await?;
    asked.replays(done.run == Run::Replayed);
    let (status, _) = outcome(&done.answer)?;
    let refund = done.answer.refund.ok_or_else(Fault::internal)?;
    let payment = done.answer.payment;
    let nothing = domain::Money::zero(refund.amount.currency());
    Said::enveloped(
        if status == StatusCode::OK {
            StatusCode::CREATED
        } else {
            status
        },
        Refunded {
            id: refund.id.to_string(),
            payment_id: payment.id.to_string(),
            status: refund.state.status().as_str(),
            amount: refund.amount.into(),
            refundable_amount: payment.state.taken().map_or(nothing, Taken::remaining).into(),
            reason: refund.reason,
            transaction_id: done.answer.operation.id.to_string(),
            created_at: time(refund.created_at),
        },
    )
}
