//! What the owner of a simulated wallet answered.
//!
//! Invariant: a "no" of the owner goes through the provider like any other, as a fault of the sandbox, so it is counted, stored and
//! told as a decline is.

use super::Pages;
use super::halt::Halt;
use super::pay::{attempt, is_over};
use super::typed::Typed;
use super::visit::{Reply, Visit};
use crate::provider::sandbox::{Fault, fault_key};
use axum::extract::State;
use axum::response::Response;
use domain::operation::OperationKind;
use domain::provider::Gateway;
use std::sync::Arc;

/// `POST …/wallet`.
pub async fn answer(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = answered(&visit).await;
    visit.answer(reply)
}

async fn answered(visit: &Visit) -> Result<Reply, Halt> {
    let (payer, shown) = visit.shown().await?;
    let fields = visit.fields()?;
    let typed = Typed::of(&fields);
    let wallet = typed.gateway.filter(|gateway| *gateway != Gateway::CreditCard);
    let fault = match fields.get("outcome").map(String::as_str) {
        Some("approve") => None,
        Some("decline") => Some(Fault::Decline),
        Some("insufficient_funds") => Some(Fault::InsufficientFunds),
        _ => return Ok(Reply::See(visit.here(""))),
    };
    if wallet.is_none() || is_over(visit, &shown, &fields) {
        return Ok(Reply::See(visit.here("")));
    }
    let note = |fault: Fault| {
        (
            fault_key(OperationKind::Sale).to_owned(),
            fault.as_str().to_owned(),
        )
    };
    let notes = fault.map(note).into_iter().collect();
    Box::pin(attempt(visit, payer, shown, typed, &fields, None, notes)).await
}
