//! Promo codes on a page.

use super::Pages;
use super::halt::Halt;
use super::pay::problem;
use super::show::reply;
use super::typed::Typed;
use super::visit::{Reply, Visit};
use crate::checkout::view::Notice;
use axum::extract::State;
use axum::response::Response;
use service::intent::{apply_promo_code, remove_promo_code, show};
use service::{Error, Refusal};
use std::sync::Arc;

/// `POST …/promo`: puts a code on the intent.
pub async fn apply(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = applied(&visit).await;
    visit.answer(reply)
}

async fn applied(visit: &Visit) -> Result<Reply, Halt> {
    let payer = visit.payer().await?;
    let code = visit.fields()?.remove("promo_code").unwrap_or_default();
    match apply_promo_code(visit.app(), payer, code.clone()).await {
        Ok(_) => {
            let shown = show(visit.app(), payer).await?;
            reply(visit, shown, Typed::default(), Some(Notice::PromoApplied))
        }
        Err(Error::Refused(Refusal::Promo(refusal))) => {
            let typed = Typed {
                promo_code: Some(code),
                promo_problem: Some(problem(refusal)),
                ..Typed::default()
            };
            let shown = show(visit.app(), payer).await?;
            reply(visit, shown, typed, None)
        }
        // Paid, canceled, over: the page says so.
        Err(Error::Refused(Refusal::Confirm(_))) => Ok(Reply::See(visit.here(""))),
        Err(error) => Err(error.into()),
    }
}

/// `POST …/promo/remove`: takes the code off.
pub async fn remove(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = removed(&visit).await;
    visit.answer(reply)
}

async fn removed(visit: &Visit) -> Result<Reply, Halt> {
    let payer = visit.payer().await?;
    match remove_promo_code(visit.app(), payer).await {
        Ok(_) => {
            let shown = show(visit.app(), payer).await?;
            reply(visit, shown, Typed::default(), Some(Notice::PromoRemoved))
        }
        Err(Error::Refused(Refusal::Confirm(_) | Refusal::Promo(_))) => Ok(Reply::See(visit.here(""))),
        Err(error) => Err(error.into()),
    }
}
