//! Giving up: the payer is asked once more, for it cannot be undone.

use super::Pages;
use super::carried::forget;
use super::halt::Halt;
use super::visit::{Reply, Visit, order, price};
use crate::checkout::view::{CancelPage, Form, Frame};
use axum::extract::State;
use axum::response::Response;
use domain::intent::IntentStatus;
use service::intent::cancel_as_payer;
use service::{Error, Refusal};
use std::sync::Arc;

/// `GET …/cancel`: whether the payer means it.
pub async fn ask(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = asked(&visit).await;
    visit.answer(reply)
}

async fn asked(visit: &Visit) -> Result<Reply, Halt> {
    let (_, shown) = visit.shown().await?;
    let intent = &shown.intent;
    // What cannot be canceled any more says on its page why.
    if intent.status_at(visit.now) != IntentStatus::Created {
        return Ok(Reply::See(visit.here("")));
    }
    Ok(Reply::page(CancelPage {
        frame: Frame {
            here: visit.here("/cancel"),
            ..visit.frame(&shown.merchant, intent.tenant.mode)
        },
        order: order(intent),
        amount: price(intent),
        cancel: Form {
            action: visit.here("/cancel"),
            hidden: Vec::new(),
        },
        back_path: visit.here(""),
    }))
}

/// `POST …/cancel`: the payer gives up.
pub async fn cancel(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = canceled(&visit).await;
    visit.answer(reply)
}

async fn canceled(visit: &Visit) -> Result<Reply, Halt> {
    let payer = visit.payer().await?;
    match cancel_as_payer(visit.app(), payer).await {
        Ok(_) | Err(Error::Refused(Refusal::Cancel(_))) => forget(visit),
        Err(error) => Err(error.into()),
    }
}
