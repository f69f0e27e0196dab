//! The signed door of S0: `/v1/checkout/sessions`, `/v1/payments/:id/capture`, `/v1/payment_links`, `/v1/refunds`.
//!
//! Invariant: every request here is signed, body and all, so that what was asked can be proved to whoever asked it. Amounts are decimal
//! text in major units with their currency, as on the GraphQL door; errors are those of the Payment API.

mod captures;
mod links;
mod refunds;
mod sessions;

use super::asked::print;
use super::door::Door;
use super::fault::Fault;
use super::openapi::CurrencyCode;
use super::problems::Problems;
use super::v1::shape;
use crate::graphql::UserErrorCode;
use crate::http::request_id::RequestId;
use axum::Router;
use axum::extract::Extension;
use axum::response::Response;
use axum::routing::post;
use domain::api_version::ApiVersion;
use domain::intent::Collect;
use domain::money::{AmountRefusal, parse_charge};
use domain::{Currency, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{OpenApi, ToSchema};

/// What this door adds to the document.
#[derive(OpenApi)]
#[openapi(
    paths(sessions::create, captures::capture, links::create, refunds::create),
    tags((name = "signed", description = "Signed requests: checkout sessions, captures, payment links and refunds. Amounts are decimal text."))
)]
pub struct Api;

/// The routes.
pub fn router<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    Router::new()
        .route("/v1/checkout/sessions", post(sessions::create))
        .route("/v1/payments/{id}/capture", post(captures::capture))
        .route("/v1/payment_links", post(links::create))
        .route("/v1/refunds", post(refunds::create))
        .method_not_allowed_fallback(other_method)
        .with_state(Arc::new(door))
}

async fn other_method(Extension(id): Extension<RequestId>) -> Response {
    print(shape, &Fault::method(), ApiVersion::NEWEST, &id.0)
}

/// An amount.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// Decimal text in major units: `"125000"`, `"12.50"`.
    #[schema(pattern = "^[0-9]{1,13}([.][0-9]{1,3})?$", example = "125000")]
    amount: String,
    /// ISO 4217.
    #[schema(value_type = CurrencyCode, example = "IQD")]
    currency: String,
}

impl From<domain::Money> for Money {
    fn from(money: domain::Money) -> Self {
        Self {
            amount: money.decimal().to_string(),
            currency: money.currency().code().to_owned(),
        }
    }
}

impl Money {
    /// The amount, or what is wrong with it.
    fn read(&self, problems: &mut Problems) -> Option<domain::Money> {
        let currency: Result<Currency, _> = self.currency.parse();
        let currency = problems.take(UserErrorCode::CurrencyUnsupported, currency)?;
        let read = parse_charge(&self.amount, currency);
        read.map_err(|refusal| problems.add(code(&refusal), refusal)).ok()
    }
}

const fn code(refusal: &AmountRefusal) -> UserErrorCode {
    match refusal {
        AmountRefusal::Malformed => UserErrorCode::AmountMalformed,
        AmountRefusal::NotPositive { .. } => UserErrorCode::AmountNotPositive,
        AmountRefusal::TooPrecise { .. } => UserErrorCode::AmountTooPrecise,
        AmountRefusal::TooLarge { .. } => UserErrorCode::AmountTooLarge,
    }
}

/// What payers are asked for, and what is put on top.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches that do not depend on each other"
)]
pub struct CollectBody {
    /// The gateway's fee is put on top of the amount.
    fee: bool,
    /// The payer must give an e-mail address.
    email: bool,
    /// The payer must give a phone number.
    phone: bool,
    /// The payer may use a promo code.
    promo_code: bool,
}

impl From<CollectBody> for Collect {
    fn from(body: CollectBody) -> Self {
        Self {
            fee: body.fee,
            email: body.email,
            phone: body.phone,
            promo_code: body.promo_code,
        }
    }
}

impl From<Collect> for CollectBody {
    fn from(collect: Collect) -> Self {
        Self {
            fee: collect.fee,
            email: collect.email,
            phone: collect.phone,
            promo_code: collect.promo_code,
        }
    }
}

/// An instant of a body, RFC 3339.
fn instant(problems: &mut Problems, name: &'static str, text: Option<&str>) -> Option<Timestamp> {
    let read = text?
        .parse::<Timestamp>()
        .map_err(|_| format!("{name} must be an instant such as 2026-06-15T10:00:00Z"));
    problems.take(UserErrorCode::ExpiryInvalid, read)
}
