//! What became of an intent, as the page that says it.

use super::Pages;
use super::halt::Halt;
use super::place::{Place, keep};
use super::typed::{Typed, said};
use super::visit::{Reply, Visit, order, see};
use crate::checkout::destination::Destination;
use crate::checkout::text::Text;
use crate::checkout::view::{
    AttemptsUsedPage, CanceledPage, CheckoutPage, Contact, Discount, ExpiredPage, Form, Forward, Hidden,
    Notice, Offer, PaidCard, ProcessingPage, Promo, Receipt, ReceiptPage, SuccessPage, Taken,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use domain::Money;
use domain::intent::{Intent, IntentStatus};
use domain::payment::{Payment, PaymentStatus};
use domain::provider::Gateway;
use serde_json::json;
use service::intent::{Shown, by_secret, show};
use std::sync::Arc;

/// After how many seconds the browser goes back to the merchant by itself.
const FORWARD_SECONDS: u32 = 6;
/// How long an answer is awaited before the page says that it takes longer, in seconds.
const SLOW_SECONDS: i64 = 30;

/// `GET` of a page: takes a secret out of the address, then says how things are.
pub async fn page(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = match (visit.place, visit.query("client_secret")) {
        (Place::Checkout(intent), Some(secret)) => opened(&visit, intent, &secret).await,
        _ => now(&visit).await,
    };
    visit.answer(reply)
}

/// The secret goes into the cookie of this page, and the browser asks again without it.
async fn opened(visit: &Visit, intent: domain::id::IntentId, secret: &str) -> Result<Reply, Halt> {
    visit.admit()?;
    let payer = by_secret(visit.app(), intent, secret).await?;
    let shown = show(visit.app(), payer).await?;
    let mut response = see(&visit.here(""));
    let (name, value) =
        keep(&shown.intent, secret, visit.root(), visit.is_https(), visit.now).ok_or(Halt::WentWrong)?;
    response.headers_mut().append(name, value);
    Ok(Reply::Raw(response))
}

/// `GET` of what only forms lead to: somebody reloads, or follows the history.
pub async fn back(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = match visit.place {
        Place::Nowhere => Err(Halt::NotFound),
        _ => Ok(Reply::See(visit.here(""))),
    };
    visit.answer(reply)
}

async fn now(visit: &Visit) -> Result<Reply, Halt> {
    let (_, shown) = visit.shown().await?;
    reply(visit, shown, Typed::default(), None)
}

/// The page that says how `shown` stands; what was typed and what happened stand on the page that pays only.
pub fn reply(visit: &Visit, shown: Shown, typed: Typed, notice: Option<Notice>) -> Result<Reply, Halt> {
    let intent = &shown.intent;
    let frame = visit.frame(&shown.merchant, intent.tenant.mode);
    let back = intent.cancel_redirect().and_then(|url| Destination::parse(&url));
    let order = order(intent);
    Ok(match intent.status_at(visit.now) {
        IntentStatus::Created => Reply::page(checkout(visit, &shown, typed, notice)?),
        IntentStatus::Processing => Reply::page(ProcessingPage {
            frame,
            amount: shown
                .payment
                .as_ref()
                .map_or(intent.amount, |payment| payment.amount),
            status_path: visit.here("/status"),
            next_path: visit.here(""),
            slow: (visit.now - intent.updated_at).num_seconds() > SLOW_SECONDS,
        }),
        IntentStatus::RequiresCapture | IntentStatus::Succeeded => {
            let payment = shown.payment.as_ref().ok_or(Halt::WentWrong)?;
            let forward = intent.success_redirect().and_then(|url| Destination::parse(&url));
            Reply::page(SuccessPage {
                receipt: receipt_of(&shown, payment),
                frame,
                receipt_path: visit.here("/receipt"),
                forward: forward.map(|to| Forward {
                    to,
                    after_seconds: Some(FORWARD_SECONDS),
                }),
            })
        }
        IntentStatus::Failed => Reply::page(AttemptsUsedPage { frame, order, back }),
        IntentStatus::Canceled => Reply::page(CanceledPage { frame, order, back }),
        IntentStatus::Expired => Reply::page(ExpiredPage { frame, order, back }),
    })
}

/// The page on which it is paid.
fn checkout(
    visit: &Visit,
    shown: &Shown,
    typed: Typed,
    notice: Option<Notice>,
) -> Result<CheckoutPage, Halt> {
    let intent = &shown.intent;
    let offers = offers(shown)?;
    let form = |below: &str, hidden: Vec<Hidden>| Form {
        action: visit.here(below),
        hidden,
    };
    let mut hidden = vec![Hidden {
        name: "attempt",
        value: intent.attempts.to_string(),
    }];
    hidden.extend(offers.iter().map(|offer| Hidden {
        name: said(offer.gateway),
        value: offer.total.minor().to_string(),
    }));
    // What the merchant has written is filled in. Since the first attempt it may be what a payer typed, and that is shown to nobody but in
    // the answer to their own form: whoever knows the address of a page may not be they.
    let tried = intent.state.last_decline().is_some();
    let contact = |wanted: bool, typed: Option<String>, known: &Option<String>| {
        wanted.then(|| Contact {
            value: typed
                .or_else(|| known.clone().filter(|_| !tried))
                .unwrap_or_default(),
        })
    };
    let declined = intent
        .state
        .last_decline()
        .map(|decline| Notice::Declined(decline.reason));
    Ok(CheckoutPage {
        frame: visit.frame(&shown.merchant, intent.tenant.mode),
        order: order(intent),
        subtotal: intent.amount,
        discount: discount(intent),
        offers,
        chosen: typed.gateway,
        now: visit.now,
        expires_at: intent.expires_at,
        attempts_left: intent.remaining_attempts().into(),
        // What is wrong with the form is nearer than what happened before.
        notice: notice.or(declined.filter(|_| typed.is_untouched())),
        problems: typed.problems,
        email: contact(intent.collect.email, typed.email, &intent.customer.email),
        phone: contact(intent.collect.phone, typed.phone, &intent.customer.phone),
        promo: intent.collect.promo_code.then(|| Promo {
            apply: form("/promo", Vec::new()),
            remove: form("/promo/remove", Vec::new()),
            typed: typed.promo_code.unwrap_or_default(),
            problem: typed.promo_problem,
        }),
        card: typed.card,
        pay: form("", hidden),
        cancel: Some(form("/cancel", Vec::new())),
    })
}

/// The ways to pay that the merchant still has, each with its price.
pub fn offers(shown: &Shown) -> Result<Vec<Offer>, Halt> {
    let enabled = shown.merchant.checkout.gateways;
    let offered = shown
        .intent
        .gateways
        .iter()
        .filter(|gateway| enabled.contains(*gateway));
    let offers: Vec<Offer> = offered.filter_map(|gateway| offer(shown, gateway)).collect();
    // An intent that nobody can pay any more is away until the merchant has a way again.
    if offers.is_empty() {
        Err(Halt::Away)
    } else {
        Ok(offers)
    }
}

fn offer(shown: &Shown, gateway: Gateway) -> Option<Offer> {
    let bill = shown.intent.bill(&shown.merchant, gateway).ok()?;
    Some(Offer {
        gateway,
        fee: Some(bill.surcharge).filter(|fee| !fee.is_zero()),
        total: bill.total,
    })
}

fn discount(intent: &Intent) -> Option<Discount> {
    let promo = intent.promo.as_ref()?;
    Some(Discount {
        code: Text::new(&promo.code.to_string()),
        amount: promo.discount,
    })
    .filter(|discount| !discount.amount.is_zero())
}

/// What was paid. A capture of less than was held is what was paid, and its lines no longer add up to it.
fn receipt_of(shown: &Shown, payment: &Payment) -> Receipt {
    let intent = &shown.intent;
    let nothing = Money::zero(payment.amount.currency());
    let captured = payment.state.taken().map(|taken| taken.captured());
    let refunded = payment.state.taken().map_or(nothing, |taken| taken.refunded());
    let total = captured.unwrap_or(payment.amount);
    let whole = total == payment.amount;
    let price = intent
        .amount
        .checked_sub(intent.promo.as_ref().map_or(nothing, |promo| promo.discount))
        .unwrap_or(intent.amount);
    let fee = total
        .checked_sub(price)
        .ok()
        .filter(|fee| whole && fee.is_positive());
    let held = payment.state.status() == PaymentStatus::Authorized;
    Receipt {
        payment: payment.id.to_string(),
        order: order(intent),
        subtotal: if whole { intent.amount } else { total },
        discount: discount(intent).filter(|_| whole),
        fee,
        total,
        via: payment.gateway,
        card: shown.card.as_ref().map(|card| PaidCard {
            brand: card.brand,
            last4: Text::new(&card.last4),
        }),
        at: intent.state.paid().map_or(payment.created_at, |paid| paid.at),
        taken: match (held, refunded.is_positive()) {
            (true, _) => Taken::Held,
            (false, true) => Taken::Refunded(refunded),
            (false, false) => Taken::Paid,
        },
    }
}

/// `GET …/status`: whether there is a result. For the script of the page that waits.
pub async fn status(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = match visit.shown().await {
        Ok((_, shown)) => {
            let settled = shown.intent.status_at(visit.now) != IntentStatus::Processing;
            Ok(Reply::Raw(Json(json!({ "settled": settled })).into_response()))
        }
        Err(Halt::TooMany { .. }) => Ok(Reply::Raw(StatusCode::TOO_MANY_REQUESTS.into_response())),
        Err(halt) => Err(halt),
    };
    visit.answer(reply)
}

/// `GET …/receipt`: the receipt by itself.
pub async fn receipt(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = printed(&visit).await;
    visit.answer(reply)
}

async fn printed(visit: &Visit) -> Result<Reply, Halt> {
    let (_, shown) = visit.shown().await?;
    let paid = matches!(
        shown.intent.status_at(visit.now),
        IntentStatus::RequiresCapture | IntentStatus::Succeeded
    );
    match shown.payment.as_ref().filter(|_| paid) {
        None => Ok(Reply::See(visit.here(""))),
        Some(payment) => Ok(Reply::page(ReceiptPage {
            receipt: receipt_of(&shown, payment),
            frame: crate::checkout::view::Frame {
                here: visit.here("/receipt"),
                ..visit.frame(&shown.merchant, shown.intent.tenant.mode)
            },
            back_path: Some(visit.here("")),
        })),
    }
}
