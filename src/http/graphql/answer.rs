//! Answers on the wire (GraphQL over HTTP, section 6).
//!
//! Invariant: `data` stands in an answer if and only if execution began; every error has a code and names its request.

use super::accept::MediaType;
use crate::graphql::Code;
use crate::graphql::document::Rejected;
use crate::http::limit::Points;
use async_graphql::{ErrorExtensionValues, Pos, Response as Answer, ServerError, Value, value};
use async_graphql_axum::GraphQLResponse;
use axum::body::{Body, HttpBody};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;

/// Longest answer of a question, in bytes. A command's answer is given whatever its length: it has happened.
pub const MOST_BYTES: u64 = 4 * 1024 * 1024;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Why an operation is not executed, or not to its end.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Status with `application/json`.
    pub json: StatusCode,
    /// Status with `application/graphql-response+json`.
    pub graphql_response: StatusCode,
    /// The word for machines.
    pub code: Code,
    /// The words for people.
    pub message: Cow<'static, str>,
    /// Where in the document.
    pub at: Option<Pos>,
    /// After how long the same may succeed.
    pub retry_after: Option<chrono::Duration>,
}

impl Refused {
    /// With one status for both media types.
    pub fn new(status: StatusCode, code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            json: status,
            graphql_response: status,
            code,
            message: message.into(),
            at: None,
            retry_after: None,
        }
    }

    /// The document is at fault, in the sense of GraphQL itself: plain JSON has no status for that.
    pub fn document(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            json: StatusCode::OK,
            ..Self::new(StatusCode::BAD_REQUEST, code, message)
        }
    }

    /// Too much at once.
    pub fn throttled(exceeded: domain::limit::Exceeded) -> Self {
        Self {
            retry_after: Some(exceeded.retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                Code::Throttled,
                exceeded.to_string(),
            )
        }
    }

    const fn status(&self, media_type: MediaType) -> StatusCode {
        match media_type {
            MediaType::Json => self.json,
            MediaType::GraphqlResponse => self.graphql_response,
        }
    }

    /// The same as an error of GraphQL.
    pub fn error(&self, request_id: &str) -> ServerError {
        let mut error = ServerError::new(self.message.as_ref(), self.at);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", self.code.as_str());
        extensions.set("requestId", request_id);
        if let Some(wait) = self.retry_after {
            extensions.set("retryAfterMs", milliseconds(wait));
        }
        error.extensions = Some(extensions);
        error
    }
}

impl From<Rejected> for Refused {
    fn from(rejected: Rejected) -> Self {
        let (code, message) = (rejected.code(), rejected.to_string());
        match rejected {
            Rejected::Syntax { at, .. } => Self {
                at,
                ..Self::document(code, message)
            },
            Rejected::NotFound | Rejected::Misfit(_) => Self::document(code, message),
            _ => Self::new(StatusCode::BAD_REQUEST, code, message),
        }
    }
}

/// What an operation costs, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Charged {
    /// At most.
    pub requested: u64,
    /// In the end.
    pub actual: Option<u64>,
    /// What is left.
    pub points: Points,
}

impl Charged {
    /// `extensions.cost`.
    fn value(self) -> Value {
        value!({
            "requestedQueryCost": self.requested,
            "actualQueryCost": self.actual,
            "throttleStatus": {
                "maximumAvailable": self.points.limit.capacity(),
                "currentlyAvailable": self.points.left,
                "restoreRate": self.points.limit.restored_per_second(),
            },
        })
    }
}

/// Whether execution began: there is data, or an error that has a place in it.
pub fn began(answer: &Answer) -> bool {
    answer.data != Value::Null
        || answer.errors.is_empty()
        || answer.errors.iter().any(|error| !error.path.is_empty())
}

/// Prints what execution gave. `limited` answers are refused when they are too long.
pub fn executed(
    mut answer: Answer,
    charged: Charged,
    request_id: &str,
    media_type: MediaType,
    limited: bool,
) -> Response {
    // The library serialises `data: null` for errors before execution too; there it must be absent.
    if !began(&answer) {
        let status = match media_type {
            MediaType::Json => StatusCode::OK,
            MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        };
        return errors(status, &answer.errors, Some(charged), media_type);
    }
    answer.extensions.insert("cost".to_owned(), charged.value());
    let mut response = GraphQLResponse::from(answer).into_response();
    let length = response.body().size_hint().exact().unwrap_or(u64::MAX);
    if limited && length > MOST_BYTES {
        let message = format!("the answer is longer than {MOST_BYTES} bytes: ask for fewer rows or fields");
        let refused = Refused::new(StatusCode::BAD_REQUEST, Code::OperationTooComplex, message);
        return self::refused(&refused, Some(charged), request_id, media_type);
    }
    finish(&mut response, Some(charged), media_type);
    response
}

/// Prints a refusal.
pub fn refused(
    refused: &Refused,
    charged: Option<Charged>,
    request_id: &str,
    media_type: MediaType,
) -> Response {
    let error = refused.error(request_id);
    let mut response = errors(refused.status(media_type), &[error], charged, media_type);
    if let Some(wait) = refused.retry_after {
        let seconds = milliseconds(wait).div_ceil(1_000).max(1);
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if refused.json == StatusCode::METHOD_NOT_ALLOWED {
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn errors(
    status: StatusCode,
    errors: &[ServerError],
    charged: Option<Charged>,
    media_type: MediaType,
) -> Response {
    #[derive(serde::Serialize)]
    struct Printed<'a> {
        errors: &'a [ServerError],
        #[serde(skip_serializing_if = "Option::is_none")]
        extensions: Option<Value>,
    }
    let extensions = charged.map(|charged| value!({ "cost": charged.value() }));
    let body = serde_json::to_vec(&Printed { errors, extensions }).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    finish(&mut response, charged, media_type);
    response
}

/// What every answer carries.
fn finish(response: &mut Response, charged: Option<Charged>, media_type: MediaType) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type.content_type());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("accept"));
    let Some(Charged { points, .. }) = charged else {
        return;
    };
    // draft-ietf-httpapi-ratelimit-headers: the quota, its window, what is left of it, and when it is whole again.
    let (quota, rate) = (points.limit.capacity(), points.limit.restored_per_second().max(1));
    let missing = quota.saturating_sub(points.left);
    let policy = format!("\"cost\";q={quota};w={}", quota.div_ceil(rate));
    let left = format!("\"cost\";r={};t={}", points.left, missing.div_ceil(rate));
    for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

fn milliseconds(wait: chrono::Duration) -> u64 {
    let micros = wait.num_microseconds().unwrap_or(i64::MAX);
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000)
}
