//! Promo codes on a page.
//!
//! What else was typed stays: the script sends it along, but for number and security code of a card; without it, what was carried stays.

use super::Pages;
use super::carried::{carried, carry};
use super::halt::Halt;
use super::pay::problem;
use super::show::reply;
use super::typed::Typed;
use super::visit::{Fields, Reply, Visit};
use crate::checkout::view::Notice;
use axum::extract::State;
use axum::response::Response;
use domain::intent::Intent;
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
    let mut fields = visit.fields()?;
    let code = fields.remove("promo_code").unwrap_or_default();
    match apply_promo_code(visit.app(), payer, code.clone()).await {
        Ok(intent) => carry(visit, &typed(visit, &intent, &fields), Some(Notice::PromoApplied)),
        Err(Error::Refused(Refusal::Promo(refusal))) => {
            let shown = show(visit.app(), payer).await?;
            let typed = Typed {
                promo_code: Some(code),
                promo_problem: Some(problem(refusal)),
                ..typed(visit, &shown.intent, &fields)
            };
            reply(visit, shown, typed, None)
        }
        // Paid, canceled, over: the page says so.
        Err(Error::Refused(Refusal::Confirm(_))) => Ok(Reply::See(visit.here(""))),
        Err(error) => Err(error.into()),
    }
}

/// What the payer has typed into the form that pays.
fn typed(visit: &Visit, intent: &Intent, fields: &Fields) -> Typed {
    let (before, _) = carried(visit, intent);
    Typed::of(fields).or(before)
}

/// `POST …/promo/remove`: takes the code off.
pub async fn remove(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = removed(&visit).await;
    visit.answer(reply)
}

async fn removed(visit: &Visit) -> Result<Reply, Halt> {
    let payer = visit.payer().await?;
    let fields = visit.fields()?;
    match remove_promo_code(visit.app(), payer).await {
        Ok(intent) => carry(visit, &typed(visit, &intent, &fields), Some(Notice::PromoRemoved)),
        Err(Error::Refused(Refusal::Confirm(_) | Refusal::Promo(_))) => Ok(Reply::See(visit.here(""))),
        Err(error) => Err(error.into()),
    }
}
