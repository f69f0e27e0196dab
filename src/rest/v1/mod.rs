//! The Payment API of S2: `/api/v1/payments`, `/api/v1/payment-intents`, `/api/v1/transactions`.
//!
//! Invariant: paths, methods, keys, types and words are S2's to the letter; what we add stands in `docs/api.md`. Amounts are hundredths of
//! the major unit in every currency, exact both ways; times are RFC 3339 in UTC, to the second.

mod intents;
mod outcome;
mod payment_answer;
mod payment_input;
mod payments;
mod refusals;
mod transactions;

pub use intents::{Done, capture_method, gateways, intent_of, url};
pub use outcome::outcome;
pub use payment_input::{CardInput, Metadata, gateway, read_card, texts};
pub use payments::{made, payment_of};
pub use refusals::{
    OfCreating, OfFollowing, OfListing, OfSettingUp, OfShowing, Refusal, responses_in, shape,
};
pub use transactions::{DEFAULT_LIMIT, MAX_LIMIT, number};

use super::asked::print;
use super::door::Door;
use super::fault::Fault;
use crate::http::request_id::RequestId;
use axum::Router;
use axum::extract::Extension;
use axum::response::Response;
use axum::routing::{get, post};
use domain::api_version::ApiVersion;
use domain::{Money, Timestamp};
use std::sync::Arc;
use utoipa::OpenApi;

/// What this door adds to the document.
#[derive(OpenApi)]
#[openapi(
    paths(
        intents::create,
        intents::cancel,
        payments::authorize,
        payments::sale,
        payments::capture,
        payments::void,
        payments::refund,
        payments::show,
        transactions::show,
        transactions::list
    ),
    components(schemas(Refusal)),
    tags(
        (name = "payment intents", description = "A page of ours on which your customer pays."),
        (name = "payments", description = "Hold, take, release and give back money."),
        (name = "transactions", description = "What was tried on payments: one transaction for each authorize, sale, capture, void and refund.")
    )
)]
pub struct Api;

/// The routes.
pub fn router<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    Router::new()
        .route("/api/v1/payment-intents", post(intents::create))
        .route("/api/v1/payment-intents/{id}/cancel", post(intents::cancel))
        .route("/api/v1/payments/authorize", post(payments::authorize))
        .route("/api/v1/payments/sale", post(payments::sale))
        .route("/api/v1/payments/{id}", get(payments::show))
        .route("/api/v1/payments/{id}/capture", post(payments::capture))
        .route("/api/v1/payments/{id}/void", post(payments::void))
        .route("/api/v1/payments/{id}/refund", post(payments::refund))
        .route("/api/v1/transactions", get(transactions::list))
        .route("/api/v1/transactions/{id}", get(transactions::show))
        .method_not_allowed_fallback(other_method)
        .with_state(Arc::new(door))
}

/// What a path says to another method.
pub async fn other_method(Extension(id): Extension<RequestId>) -> Response {
    print(shape, &Fault::method(), ApiVersion::NEWEST, &id.0)
}

/// An amount as this door writes it.
pub fn hundredths(money: Money) -> Result<i64, Fault> {
    money.hundredths().map_err(|error| Fault::defect(&error))
}

/// An instant as this door writes it: `2026-01-24T10:00:00Z`.
pub fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
