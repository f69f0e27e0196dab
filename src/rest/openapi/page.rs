//! The page that reads the document, carried in the binary.
//!
//! Invariant: the page works without the internet and talks to this server only; its policy allows scripts and styles from files alone.

use super::json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use utoipa_swagger_ui::{Config, serve};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What every answer carries.
const GUARDS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];

/// `GET /openapi.json`, and with `page` the page at `/openapi/` with its files.
pub fn router<S: Clone + Send + Sync + 'static>(page: bool) -> Router<S> {
    let document = Router::new().route("/openapi.json", get(json));
    if !page {
        return document;
    }
    // No validator: it would send the address of the document to somebody else. No bar: it reads other documents, and styles itself inline.
    let config = Config::from("/openapi.json")
        .validator_url("none")
        .use_base_layout();
    let files = Router::new()
        .route("/openapi", get(|| async { Redirect::permanent("/openapi/") }))
        .route("/openapi/", get(index))
        .route("/openapi/{*file}", get(file))
        .with_state(Arc::new(config));
    document.merge(files)
}

async fn index(state: State<Arc<Config<'static>>>, headers: HeaderMap) -> Response {
    file(state, Path(String::new()), headers).await
}

async fn file(
    State(config): State<Arc<Config<'static>>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match serve(&name, config) {
        Ok(Some(file)) => {
            let tag = format!("\"{}\"", hex::encode(Sha256::digest(&file.bytes)));
            let known = headers
                .get(header::IF_NONE_MATCH)
                .and_then(|tags| tags.to_str().ok());
            if known.is_some_and(|tags| tags.contains(&tag)) {
                return (StatusCode::NOT_MODIFIED, GUARDS, [(header::ETAG, tag)]).into_response();
            }
            let content = [(header::CONTENT_TYPE, file.content_type), (header::ETAG, tag)];
            (GUARDS, content, file.bytes.into_owned()).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a file of the page of the OpenAPI document cannot be given");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
