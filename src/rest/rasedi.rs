//! The door of S3: `/v1/payment/rest/{live,test}/…`, with `x-id` and `x-signature`.
//!
//! Invariant: nothing behind it is said to anybody whose secret, signature, mode and address do not fit. The signature covers method,
//! secret and path only, so it is taken here and nowhere else; see `docs/signing.md` for what bounds the damage.

use crate::http::admission::{Gate, Head, Stop};
use crate::http::client_address::Peer;
use crate::http::entry::Entry;
use crate::http::limit::Asker;
use crate::http::request_id::RequestId;
use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::credential::Denial;
use domain::merchant::Mode;
use serde_json::json;
use service::credential::{Admitted, Legacy};
use std::sync::Arc;

/// Why a request gets no answer of its own, in the words of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    InvalidCredentials,
    InvalidSignature,
    RateLimitExceeded { retry_after_seconds: i64 },
    NotFound,
    InternalError,
}

impl Refused {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::InvalidCredentials => (
                StatusCode::UNAUTHORIZED,
                "INVALID_CREDENTIALS",
                "x-id or API key is invalid",
            ),
            Self::InvalidSignature => (
                StatusCode::UNAUTHORIZED,
                "INVALID_SIGNATURE",
                "x-signature verification failed",
            ),
            Self::RateLimitExceeded { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMIT_EXCEEDED",
                "Too many requests in short period",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND", "not found"),
            Self::InternalError => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL_ERROR",
                "Server error occurred",
            ),
        }
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Denied(
                Denial::SignatureMalformed | Denial::SignatureInvalid | Denial::SigningKeyMissing,
            ) => Self::InvalidSignature,
            Stop::Denied(_) => Self::InvalidCredentials,
            Stop::Throttled(exceeded) => Self::RateLimitExceeded {
                retry_after_seconds: exceeded.retry_after.num_seconds().saturating_add(1),
            },
            Stop::Unavailable => Self::InternalError,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, code, message) = self.parts();
        let body = json!({ "statusCode": status.as_u16(), "messages": [message], "code": code });
        let mut response = (status, Json(body)).into_response();
        if let Self::RateLimitExceeded { retry_after_seconds } = self {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(retry_after_seconds));
        }
        response
    }
}

/// The routes.
pub fn router<S: Clone + Send + Sync + 'static>(gate: Gate) -> Router<S> {
    Router::new()
        .route("/v1/payment/rest/{mode}/{*rest}", any(answer))
        .with_state(Arc::new(gate))
}

async fn answer(
    State(gate): State<Arc<Gate>>,
    Extension(request_id): Extension<RequestId>,
    Path((mode, _)): Path<(String, String)>,
    peer: Peer,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let head = Head::new(&gate, peer, &method, &uri, &headers);
    let mut entry = Entry::new(&gate.app, &request_id.0, &head);
    let response = match admit(&gate, &head, &mode, &mut entry).await {
        // Whoever was let in learns that there is nothing by this path.
        Ok(_) => refuse(Refused::NotFound, &mut entry),
        Err(refused) => refuse(refused, &mut entry),
    };
    entry.close(response.status());
    response
}

fn refuse(refused: Refused, entry: &mut Entry) -> Response {
    entry.error(refused.parts().1);
    refused.into_response()
}

async fn admit(gate: &Gate, head: &Head<'_>, mode: &str, entry: &mut Entry) -> Result<Admitted, Refused> {
    let secret = head.header("x-id").filter(|secret| !secret.is_empty());
    let (Ok(mode), Some(secret)) = (mode.parse::<Mode>(), secret) else {
        gate.throttle.public(head.address, head.now).map_err(|exceeded| {
            entry.denied(Denial::RateLimited);
            Stop::Throttled(exceeded)
        })?;
        entry.denied(Denial::KeyMissing);
        return Err(Refused::InvalidCredentials);
    };
    let signature = head
        .header("x-signature")
        .and_then(|text| STANDARD.decode(text).ok());
    let legacy = Legacy {
        secret,
        signature: signature.as_deref(),
        method: head.method.as_str(),
        path: head.uri.path(),
        mode,
    };
    let admitted = gate.admit_legacy(head, legacy, entry).await?;
    gate.version(head, Some(&admitted), entry)?;
    if let Err(exceeded) = gate.throttle.question(Asker::Known(&admitted.actor), head.now) {
        entry.denied(Denial::RateLimited);
        return Err(Stop::Throttled(exceeded).into());
    }
    Ok(admitted)
}
