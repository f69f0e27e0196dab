//! `POST /graphql`.
//!
//! Invariant: a request gets a JSON answer with a code whatever it holds; who asks is known before its body is read; and a
//! command that was begun goes on to its end although its request is given up.

use super::expansion::is_too_much;
use super::nesting::is_too_deep;
use super::request_id::RequestId;
use crate::graphql::{self, Code, Schema};
use async_graphql::{ErrorExtensionValues, Request as Operation, Response as Answer};
use async_graphql_axum::GraphQLResponse;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use domain::actor::Actor;
use serde_json::json;
use service::App;
use service::credential::authenticate;
use std::sync::Arc;
use std::time::Duration;

/// Media type of GraphQL over HTTP.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// Header that carries an API key.
const X_API_KEY: &str = "x-api-key";

/// What the door needs.
pub struct Door {
    /// The installation.
    pub app: App,
    /// The schema over it.
    pub schema: Schema,
    /// Longest body, in bytes.
    pub max_body_bytes: usize,
    /// Longest execution.
    pub timeout: Duration,
    /// Whether the schema may be read without a key: on where the editor is served.
    pub open_schema: bool,
}

/// The route.
pub fn router<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    Router::new()
        .route("/graphql", post(answer).fallback(not_by_post))
        .with_state(Arc::new(door))
}

/// Why a request is not executed.
struct Refused {
    status: StatusCode,
    code: Code,
    message: &'static str,
}

const fn refused(status: StatusCode, code: Code, message: &'static str) -> Refused {
    Refused {
        status,
        code,
        message,
    }
}

async fn answer(
    State(door): State<Arc<Door>>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let response = match execute(&door, &request_id, &headers, body).await {
        Ok(answer) => print(&headers, answer),
        Err(refused) => refusal(&request_id, &refused),
    };
    never_stored(response)
}

/// A read by GET would be an operation that a link can carry; there is none.
async fn not_by_post(Extension(request_id): Extension<RequestId>) -> Response {
    let message = "send the operation by POST";
    let refused = refused(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message);
    never_stored(refusal(&request_id, &refused))
}

fn refusal(request_id: &RequestId, refused: &Refused) -> Response {
    let extensions = json!({ "code": refused.code.as_str(), "requestId": request_id.0 });
    let body = json!({ "errors": [{ "message": refused.message, "extensions": extensions }] });
    (refused.status, Json(body)).into_response()
}

fn never_stored(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn execute(
    door: &Door,
    request_id: &RequestId,
    headers: &HeaderMap,
    body: Body,
) -> Result<Answer, Refused> {
    let json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(is_json);
    if !json {
        let message = "send the operation as JSON, with Content-Type: application/json";
        return Err(refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest,
            message,
        ));
    }
    let actor = who(door, headers).await?;
    let too_long = |_| {
        refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::BadRequest,
            "the body is too long",
        )
    };
    let body = to_bytes(body, door.max_body_bytes).await.map_err(too_long)?;
    let bad = |message| refused(StatusCode::BAD_REQUEST, Code::BadRequest, message);
    let malformed = "the body must be a JSON object with a query, and optionally variables and operationName";
    // An array would be read too, as the fields of one operation in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad(malformed));
    }
    let mut operation: Operation = serde_json::from_slice(&body).map_err(|_| bad(malformed))?;
    if is_too_deep(&operation.query) {
        return Err(bad("the document nests too deep"));
    }
    // One that cannot be parsed is told so, with its place, by the schema.
    if operation.parsed_query().is_ok_and(is_too_much) {
        return Err(bad("the document selects too much"));
    }
    operation = match actor {
        Some(actor) => operation
            .data(graphql::load::loaders(door.app.clone(), actor.clone()))
            .data(actor),
        None => operation.only_introspection(),
    };
    let Ok(mut answer) = tokio::time::timeout(door.timeout, door.schema.execute(operation)).await else {
        let message = "the operation took too long; a command goes on, ask what became of it";
        return Err(refused(StatusCode::GATEWAY_TIMEOUT, Code::Timeout, message));
    };
    for error in &mut answer.errors {
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        if extensions.get("code").is_none() {
            extensions.set("code", Code::GraphqlValidationFailed.as_str());
        }
        extensions.set("requestId", request_id.0.clone());
    }
    Ok(answer)
}

/// Who shows which key. `None` is somebody without a key who may read the schema.
async fn who(door: &Door, headers: &HeaderMap) -> Result<Option<Actor>, Refused> {
    let unauthenticated = |message| refused(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message);
    let Some(secret) = secret(headers) else {
        return match door.open_schema {
            true => Ok(None),
            false => Err(unauthenticated(
                "show an API key: X-API-Key or Authorization: Bearer",
            )),
        };
    };
    match authenticate(&door.app, secret).await {
        Ok(Ok(actor)) => Ok(Some(actor)),
        Ok(Err(denied)) => {
            tracing::info!(%denied, "a key was refused");
            Err(unauthenticated("this API key opens nothing"))
        }
        Err(error) => {
            tracing::error!(%error, "a key could not be checked");
            let message = "the key cannot be checked now; try again";
            Err(refused(
                StatusCode::SERVICE_UNAVAILABLE,
                Code::Unavailable,
                message,
            ))
        }
    }
}

/// The key that was shown, if it is not empty.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    // The name of the scheme may be written in any case (RFC 9110, 11.1).
    let bearer = || {
        let (scheme, key) = header(AUTHORIZATION.as_str())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    };
    header(X_API_KEY)
        .filter(|key| !key.is_empty())
        .or_else(|| bearer().map(str::trim))
        .filter(|key| !key.is_empty())
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

fn print(headers: &HeaderMap, answer: Answer) -> Response {
    let accepts = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    if accepts.into_iter().any(|value| value.contains(GRAPHQL_RESPONSE)) {
        GraphQLResponse::from(answer).into_response()
    } else {
        Json(answer).into_response()
    }
}
