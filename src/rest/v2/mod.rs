//! The webhooks of S4: `/api/v2/webhooks/config`, `/api/v2/webhooks/events`.
//!
//! Invariant: S4 knows one configuration, which is the endpoint in the slot `default`; other endpoints have no place here. Envelope, refusals
//! and pages are those of [`v1`](super::v1), since S4 says of its answers that there is no other scheme to learn.

mod webhook_config;
mod webhook_events;

use super::door::Door;
use super::v1::other_method;
use axum::Router;
use axum::routing::{delete, get, put};
use std::sync::Arc;
use utoipa::OpenApi;

/// What this door adds to the document.
#[derive(OpenApi)]
#[openapi(
    paths(
        webhook_config::show,
        webhook_config::set,
        webhook_config::remove,
        webhook_events::list
    ),
    tags((name = "webhooks", description = "Where we tell your server what happens, and the log of telling it."))
)]
pub struct Api;

/// The routes.
pub fn router<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    Router::new()
        .route("/api/v2/webhooks/config", get(webhook_config::show))
        .route("/api/v2/webhooks/config", put(webhook_config::set))
        .route("/api/v2/webhooks/config", delete(webhook_config::remove))
        .route("/api/v2/webhooks/events", get(webhook_events::list))
        .method_not_allowed_fallback(other_method)
        .with_state(Arc::new(door))
}
