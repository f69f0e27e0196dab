//! Payments: begin, follow up, look at.

use super::outcome::{Card, outcome};
use super::payment_answer::{
    AuthorizedPayment, CapturedPayment, RefundedPayment, SoldPayment, VoidedPayment,
};
use super::payment_input::{Capture, NewPayment, Refund, Void, amount_of};
use super::refusals::{OfBeginning, OfFollowing, OfShowing};
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door, PathId};
use crate::rest::fault::Fault;
use crate::rest::openapi::{CommandHeaders, VersionHeader};
use crate::rest::said::{Envelope, Said};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::PaymentId;
use domain::payment::{Finality, Intake};
use futures_util::future::BoxFuture;
use service::App;
use service::event::resource::Payment;
use service::payment::{self, Answer, NewRefund, Outcome, Relations, Run};
use std::sync::Arc;

/// The payment of a path. What is no id of ours is nothing that there could be.
pub fn payment_of(id: &str) -> Result<PaymentId, Fault> {
    id.parse().map_err(|_| Fault::not_found("payment"))
}

/// What a command made or changed.
pub fn made(done: &Outcome) -> Vec<String> {
    let Answer {
        payment,
        operation,
        refund,
        ..
    } = &done.answer;
    let mut ids = vec![payment.id.to_string(), operation.id.to_string()];
    ids.extend(refund.as_ref().map(|refund| refund.id.to_string()));
    ids
}

/// Runs a command and says whether it is a repeat.
async fn done(
    asked: &mut Asked,
    command: BoxFuture<'static, service::Result<Outcome>>,
) -> Result<Answer, Fault> {
    let done = asked.command(command, made).await?;
    asked.replays(done.run == Run::Replayed);
    Ok(done.answer)
}

/// Authorize: hold money for seven days.
///
/// Takes the scope `payments:create`.
#[utoipa::path(
    post, path = "/api/v1/payments/authorize", tag = "payments", operation_id = "authorizePayment",
    params(CommandHeaders), request_body = NewPayment,
    responses(
        (status = 200, description = "The money is held.", body = Envelope<AuthorizedPayment>),
        (status = 202, description = "The provider has not answered: status `processing`. Ask for the payment later, or repeat the request with its `Idempotency-Key`.", body = Envelope<AuthorizedPayment>),
        OfBeginning
    )
)]
pub async fn authorize(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = begin(&mut asked, Intake::Authorize).await;
    asked.answer(said)
}

/// Sale: hold and take money in one step.
///
/// Takes the scope `payments:create`.
#[utoipa::path(
    post, path = "/api/v1/payments/sale", tag = "payments", operation_id = "salePayment",
    params(CommandHeaders), request_body = NewPayment,
    responses(
        (status = 200, description = "The money is taken.", body = Envelope<SoldPayment>),
        (status = 202, description = "The provider has not answered: status `processing`. Ask for the payment later, or repeat the request with its `Idempotency-Key`.", body = Envelope<SoldPayment>),
        OfBeginning
    )
)]
pub async fn sale(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = begin(&mut asked, Intake::Sale).await;
    asked.answer(said)
}

async fn begin(asked: &mut Asked, intake: Intake) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let key = asked.idempotency_key()?;
    let body: NewPayment = asked.json().await?;
    let command = body.read(key, asked.version(), asked.now())?;
    let card = command.card.as_ref().map(Card::from);
    let app = asked.app().clone();
    let command = Box::pin(async move {
        match intake {
            Intake::Authorize => payment::authorize(&app, &who, command).await,
            Intake::Sale => payment::sale(&app, &who, command).await,
        }
    });
    let answer = done(asked, command).await?;
    let (status, word) = outcome(&answer)?;
    match intake {
        Intake::Authorize => Said::enveloped(status, AuthorizedPayment::new(&answer, word, card)?),
        Intake::Sale => Said::enveloped(status, SoldPayment::new(&answer, word, card)?),
    }
}

/// Capture: take money that an authorization holds.
///
/// A capture is final: what it does not take is released at once. Takes the scope `payments:capture`.
#[utoipa::path(
    post, path = "/api/v1/payments/{id}/capture", tag = "payments", operation_id = "capturePayment",
    params(("id" = String, Path, description = "The payment, `pay_…`."), CommandHeaders), request_body = Capture,
    responses(
        (status = 200, description = "The money is taken.", body = Envelope<CapturedPayment>),
        (status = 202, description = "The provider has not answered: status `processing`.", body = Envelope<CapturedPayment>),
        OfFollowing
    )
)]
pub async fn capture(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = captured(&mut asked, &id).await;
    asked.answer(said)
}

async fn captured(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let idempotency_key = asked.idempotency_key()?;
    let payment = payment_of(id)?;
    let body: Capture = asked.json().await?;
    let app = asked.app().clone();
    let currency = service::operation::currency(&app, &who, Scope::PaymentsCapture, payment).await?;
    let command = payment::Capture {
        idempotency_key,
        payment,
        expected_version: None,
        amount: Some(amount_of(body.amount, currency)?),
        finality: Finality::Final,
        simulate: false,
    };
    let (at, asker) = (app.clone(), who.clone());
    let command = Box::pin(async move { payment::capture(&at, &asker, command).await });
    let answer = done(asked, command).await?;
    let (status, word) = outcome(&answer)?;
    let card = card_of(&app, &who, &answer).await;
    Said::enveloped(status, CapturedPayment::new(&answer, word, card)?)
}

/// The card of a payment, for whoever may read payments. The money is taken by now, so what cannot be read is left out.
async fn card_of(app: &App, who: &Actor, answer: &Answer) -> Option<Card> {
    let id = answer.payment.card?;
    who.may(Scope::PaymentsRead).ok()?;
    let cards = service::card::get_many(app, who, &[id]).await;
    let cards = cards.inspect_err(|error| tracing::warn!(%error, "the card of a capture could not be read"));
    cards.ok()?.first().map(Card::from)
}

/// Void: give up what an authorization holds.
///
/// A partly captured payment keeps what was captured and closes. Takes the scope `payments:capture`.
#[utoipa::path(
    post, path = "/api/v1/payments/{id}/void", tag = "payments", operation_id = "voidPayment",
    params(("id" = String, Path, description = "The payment, `pay_…`."), CommandHeaders), request_body = Void,
    responses(
        (status = 200, description = "The money is released.", body = Envelope<VoidedPayment>),
        (status = 202, description = "The provider has not answered: status `processing`.", body = Envelope<VoidedPayment>),
        OfFollowing
    )
)]
pub async fn void(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = voided(&mut asked, &id).await;
    asked.answer(said)
}

async fn voided(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let idempotency_key = asked.idempotency_key()?;
    let payment = payment_of(id)?;
    let body: Void = asked.json().await?;
    let command = payment::Void {
        idempotency_key,
        payment,
        expected_version: None,
        reason: Some(body.reason()?),
        simulate: false,
    };
    let app = asked.app().clone();
    let command = Box::pin(async move { payment::void(&app, &who, command).await });
    let answer = done(asked, command).await?;
    let (status, word) = outcome(&answer)?;
    Said::enveloped(status, VoidedPayment::new(&answer, word)?)
}

/// Refund: give taken money back, all or part of it, in one or several refunds.
///
/// Takes the scope `refunds:create`.
#[utoipa::path(
    post, path = "/api/v1/payments/{id}/refund", tag = "payments", operation_id = "refundPayment",
    params(("id" = String, Path, description = "The payment, `pay_…`."), CommandHeaders), request_body = Refund,
    responses(
        (status = 200, description = "The money went back.", body = Envelope<RefundedPayment>),
        (status = 202, description = "The provider has not answered: status `processing`.", body = Envelope<RefundedPayment>),
        OfFollowing
    )
)]
pub async fn refund(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = refunded(&mut asked, &id).await;
    asked.answer(said)
}

async fn refunded(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let idempotency_key = asked.idempotency_key()?;
    let payment = payment_of(id)?;
    let body: Refund = asked.json().await?;
    let app = asked.app().clone();
    let currency = service::operation::currency(&app, &who, Scope::RefundsCreate, payment).await?;
    let command = NewRefund {
        idempotency_key,
        payment,
        expected_version: None,
        amount: Some(amount_of(body.amount, currency)?),
        reason: Some(body.reason()?),
        simulate: false,
    };
    let command = Box::pin(async move { payment::refund(&app, &who, command).await });
    let answer = done(asked, command).await?;
    let (status, word) = outcome(&answer)?;
    Said::enveloped(status, RefundedPayment::new(&answer, word)?)
}

/// One payment, as it is now.
///
/// Takes the scope `payments:read`.
#[utoipa::path(
    get, path = "/api/v1/payments/{id}", tag = "payments", operation_id = "getPayment",
    params(("id" = String, Path, description = "The payment, `pay_…`."), VersionHeader),
    responses((status = 200, description = "The payment.", body = Envelope<Payment>), OfShowing)
)]
pub async fn show(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = shown(&mut asked, &id).await;
    asked.answer(said)
}

async fn shown(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Question).await?;
    let id = payment_of(id)?;
    let app = asked.app().clone();
    let with_card = Relations {
        card: true,
        ..Relations::default()
    };
    let found = payment::get_many_whole(&app, &who, &[id], with_card).await?;
    let whole = found
        .into_iter()
        .next()
        .ok_or_else(|| Fault::not_found("payment"))?;
    let first = service::operation::first(&app, &who, id).await?;
    let card = whole.card.flatten();
    let payment = Payment::new(&whole.payment, card.as_ref(), first.as_ref(), app.now());
    let payment = payment.map_err(|error| Fault::defect(&error))?;
    Said::enveloped(StatusCode::OK, payment)
}
