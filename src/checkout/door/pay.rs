//! Paying, and giving up.

use super::Pages;
use super::halt::Halt;
use super::show::{offers, reply};
use super::typed::{Typed, seen_total};
use super::visit::{Fields, Reply, Visit, order};
use crate::checkout::view::{Form, Frame, Hidden, LinkOverPage, Notice, Problem, PromoProblem, WalletPage};
use axum::extract::State;
use axum::response::Response;
use domain::card::CardDetails;
use domain::intent::{Collect, ConfirmRefusal, Intent, IntentRefusal, IntentStatus};
use domain::operation::OperationState;
use domain::payment::Customer;
use domain::promo_code::PromoRefusal;
use domain::provider::Gateway;
use service::intent::{Confirm, Payer, Shown, cancel_as_payer, confirm_as_payer, remove_promo_code, show};
use service::{Error, Refusal};
use std::sync::Arc;

/// `POST` of a page: pays with what was chosen. A wallet asks its owner first.
pub async fn pay(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = paid(&visit).await;
    visit.answer(reply)
}

async fn paid(visit: &Visit) -> Result<Reply, Halt> {
    let (payer, shown) = visit.shown().await?;
    let fields = visit.fields()?;
    if is_over(visit, &shown, &fields) {
        return Ok(Reply::See(visit.here("")));
    }
    let mut typed = Typed::of(&fields);
    let enabled = offers(&shown)?;
    let chosen = typed
        .gateway
        .filter(|chosen| enabled.iter().any(|offer| offer.gateway == *chosen));
    let Some(gateway) = chosen else {
        // The merchant has lost it since the page was shown.
        let away = typed
            .gateway
            .is_some_and(|gateway| shown.intent.gateways.contains(gateway));
        if !away {
            typed.problems.push(Problem::GatewayMissing);
        }
        return reply(visit, shown, typed, away.then_some(Notice::GatewayAway));
    };
    check_contact(&shown.intent, &mut typed)?;
    let card = match gateway {
        Gateway::CreditCard => typed.card(&fields, visit.now),
        _ => None,
    };
    if !typed.problems.is_empty() {
        return reply(visit, shown, typed, None);
    }
    match gateway {
        Gateway::CreditCard => Box::pin(attempt(visit, payer, shown, typed, &fields, card, Vec::new())).await,
        wallet => ask_wallet(visit, shown, typed, wallet, &fields),
    }
}

/// Whether this form belongs to an attempt that was made already, or to an intent that is not open any more: a page that is sent
/// again charges nobody.
pub fn is_over(visit: &Visit, shown: &Shown, fields: &Fields) -> bool {
    let open = shown.intent.status_at(visit.now) == IntentStatus::Created;
    let made = shown.intent.attempts.to_string();
    !open || fields.get("attempt").is_some_and(|attempt| *attempt != made)
}

/// What the payer says of themselves, as far as they were asked: a form that says more is not ours.
fn customer(intent: &Intent, typed: &Typed) -> Customer {
    let by_card = typed.gateway == Some(Gateway::CreditCard);
    Customer {
        email: typed.email.clone().filter(|_| intent.collect.email),
        phone: typed.phone.clone().filter(|_| intent.collect.phone),
        name: Some(typed.card.holder.clone()).filter(|name| by_card && !name.is_empty()),
    }
}

/// Notes what is wrong with what the payer says of themselves: of each field by itself, so that all is told at once.
fn check_contact(intent: &Intent, typed: &mut Typed) -> Result<(), Halt> {
    let customer = customer(intent, typed);
    let only = |email: bool, phone: bool| Intent {
        collect: Collect {
            email: email && intent.collect.email,
            phone: phone && intent.collect.phone,
            ..intent.collect
        },
        ..intent.clone()
    };
    for one in [only(true, false), only(false, true)] {
        if let Err(refusal) = service::intent::check_contact(&one, &customer) {
            typed.refused(&refusal).ok_or(Halt::WentWrong)?;
        }
    }
    Ok(())
}

/// The page of the wallet, which carries what was typed so far.
fn ask_wallet(
    visit: &Visit,
    shown: Shown,
    typed: Typed,
    gateway: Gateway,
    fields: &Fields,
) -> Result<Reply, Halt> {
    let intent = &shown.intent;
    let bill = intent.bill(&shown.merchant, gateway).map_err(|_| Halt::Away)?;
    if seen_total(fields, gateway, intent.amount).is_some_and(|seen| seen != bill.total) {
        return reply(visit, shown, typed, Some(Notice::PriceChanged));
    }
    let mut hidden = vec![
        Hidden {
            name: "gateway",
            value: gateway.to_string(),
        },
        Hidden {
            name: "attempt",
            value: intent.attempts.to_string(),
        },
        Hidden {
            name: super::typed::said(gateway),
            value: bill.total.minor().to_string(),
        },
    ];
    let said = customer(intent, &typed);
    let more = [("email", said.email), ("phone", said.phone)];
    hidden.extend(
        more.into_iter()
            .filter_map(|(name, value)| Some(Hidden { name, value: value? })),
    );
    Ok(Reply::page(WalletPage {
        frame: visit.frame(&shown.merchant, intent.tenant.mode),
        gateway,
        amount: bill.total,
        order: order(intent),
        answer: Form {
            action: visit.here("/wallet"),
            hidden,
        },
    }))
}

/// An attempt, and the page that says what came of it.
pub async fn attempt(
    visit: &Visit,
    payer: Payer,
    shown: Shown,
    mut typed: Typed,
    fields: &Fields,
    card: Option<CardDetails>,
    notes: Vec<(String, String)>,
) -> Result<Reply, Halt> {
    let gateway = typed.gateway.ok_or(Halt::WentWrong)?;
    let with = Confirm {
        gateway,
        card,
        customer: customer(&shown.intent, &typed),
        expected_total: seen_total(fields, gateway, shown.intent.amount),
        notes,
    };
    let refusal = match confirm_as_payer(visit.app(), payer, None, with).await {
        Ok(outcome) => {
            // A page that was just paid is asked for, so that sending it again sends nothing.
            let declined = matches!(outcome.answer.operation.state, OperationState::Failed { .. });
            return if declined {
                let shown = show(visit.app(), payer).await?;
                typed.problems.clear();
                reply(visit, shown, typed, None)
            } else {
                Ok(Reply::See(visit.here("")))
            };
        }
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => return Err(error.into()),
    };
    match refusal {
        Refusal::Confirm(ConfirmRefusal::LinkUsedUp) => Ok(Reply::page(LinkOverPage {
            frame: Frame {
                here: visit.here(""),
                ..visit.frame(&shown.merchant, shown.intent.tenant.mode)
            },
            order: order(&shown.intent),
        })),
        Refusal::Confirm(ConfirmRefusal::TotalChanged { .. }) => {
            let shown = show(visit.app(), payer).await?;
            reply(visit, shown, typed, Some(Notice::PriceChanged))
        }
        Refusal::Confirm(refusal) => match typed.refused(&refusal) {
            Some(()) => reply(visit, shown, typed, None),
            // In progress, over, paid: the page says so.
            None => Ok(Reply::See(visit.here(""))),
        },
        Refusal::Intent(IntentRefusal::GatewayNotEnabled { .. }) => {
            reply(visit, shown, typed, Some(Notice::GatewayAway))
        }
        Refusal::Promo(refusal) => {
            tracing::info!(%refusal, "a promo code ended before it was used");
            remove_promo_code(visit.app(), payer).await?;
            typed.promo_code = shown.intent.promo.as_ref().map(|promo| promo.code.to_string());
            typed.promo_problem = Some(problem(refusal));
            let shown = show(visit.app(), payer).await?;
            reply(visit, shown, typed, None)
        }
        other => Err(Error::Refused(other).into()),
    }
}

/// Why a code does nothing, as the page says it.
pub const fn problem(refusal: PromoRefusal) -> PromoProblem {
    match refusal {
        PromoRefusal::Expired | PromoRefusal::UsedUp => PromoProblem::Over,
        PromoRefusal::Unknown
        | PromoRefusal::NotAllowed
        | PromoRefusal::WrongCurrency { .. }
        | PromoRefusal::NothingLeft
        | PromoRefusal::TakesNothing
        | PromoRefusal::BelowFee => PromoProblem::Unknown,
    }
}

/// `POST …/cancel`: the payer gives up.
pub async fn cancel(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = canceled(&visit).await;
    visit.answer(reply)
}

async fn canceled(visit: &Visit) -> Result<Reply, Halt> {
    let payer = visit.payer().await?;
    match cancel_as_payer(visit.app(), payer).await {
        // What cannot be canceled any more says on its page why.
        Ok(_) | Err(Error::Refused(Refusal::Cancel(_))) => Ok(Reply::See(visit.here(""))),
        Err(error) => Err(error.into()),
    }
}
