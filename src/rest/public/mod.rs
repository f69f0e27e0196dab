//! The public door of S2: `/api/public/payment-intents`, for the payer's browser.
//!
//! Invariant: nobody shows a key here. An intent is shown to whoever knows its id, and little of it; to pay it takes its client secret.
//! Paths, keys, statuses and codes are S2's, the same in every version: nothing pins one here.

mod confirm;
mod refusals;
mod show;

pub use refusals::shape;

use super::asked::{IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, print};
use super::door::Door;
use super::fault::Fault;
use crate::http::request_id::RequestId;
use axum::Router;
use axum::extract::Extension;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, Method};
use axum::response::Response;
use axum::routing::{get, post};
use domain::api_version::ApiVersion;
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer};
use utoipa::OpenApi;

/// Header that carries the client secret.
const X_CLIENT_SECRET: HeaderName = HeaderName::from_static("x-client-secret");
/// How long a browser may remember that it may ask.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);

/// What this door adds to the document.
#[derive(OpenApi)]
#[openapi(
    paths(show::show, confirm::confirm),
    components(schemas(refusals::PublicRefusal)),
    tags((name = "public", description = "For the payer's browser: no key, the client secret of the intent to pay it."))
)]
pub struct Api;

/// The routes. Pages of any origin may ask: no cookie counts here.
pub fn router<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    let cross_origin = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            CONTENT_TYPE,
            X_CLIENT_SECRET,
            HeaderName::from_static(IDEMPOTENCY_KEY),
        ])
        .expose_headers([
            RETRY_AFTER,
            IDEMPOTENT_REPLAYED,
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
        .max_age(PREFLIGHT_AGE);
    Router::new()
        .route("/api/public/payment-intents/{id}", get(show::show))
        .route("/api/public/payment-intents/{id}/confirm", post(confirm::confirm))
        .method_not_allowed_fallback(other_method)
        .with_state(Arc::new(door))
        .layer(cross_origin)
}

async fn other_method(Extension(id): Extension<RequestId>) -> Response {
    print(shape, &Fault::method(), ApiVersion::NEWEST, &id.0)
}
