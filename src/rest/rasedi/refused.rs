//! Why a request comes to nothing, in the words and the shape of S3: `{"statusCode":…,"messages":[…],"code":"…"}`.
//!
//! Nothing of a cause that lies on our side reaches the client; it stands in the log under the request id.

use crate::http::admission::{Stop, words};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use domain::credential::Denial;
use domain::idempotency::IdempotencyRefusal;
use domain::intent::{CancelRefusal, IntentRefusal, IntentStatus};
use serde::Serialize;
use service::{Error, Refusal};
use utoipa::ToSchema;

/// The amount cannot be charged, in the words of the recorded answer.
pub const NO_PRICE: &str = "amount must be a valid price.";

/// The closed list of `code`. S3 lists those up to [`Code::InternalError`]; it has no words for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The amount cannot be charged.
    InvalidAmount,
    /// There is no such gateway.
    InvalidGateway,
    /// A field that must be there is not.
    MissingRequiredField,
    /// The signature does not fit.
    InvalidSignature,
    /// The secret opens nothing here.
    InvalidCredentials,
    /// The merchant may not use this gateway.
    GatewayNotEnabled,
    /// The key lacks the scope.
    InsufficientPermissions,
    /// An address cannot be used.
    InvalidUrl,
    /// Too much at once.
    RateLimitExceeded,
    /// It is our fault.
    InternalError,
    /// Something else is wrong with the request.
    InvalidRequest,
    /// It is too late to cancel.
    PaymentNotCancelable,
    /// There is nothing by this path or reference code.
    NotFound,
    /// Somebody else is changing the same thing.
    Conflict,
    /// The idempotency key stands for another request.
    IdempotencyMismatch,
    /// The first request with this idempotency key has no answer yet.
    IdempotencyInProgress,
    /// The body is too long.
    PayloadTooLarge,
    /// The body did not come in time.
    RequestTimeout,
}

impl Code {
    /// The word in `code`, and in the request log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidAmount => "INVALID_AMOUNT",
            Self::InvalidGateway => "INVALID_GATEWAY",
            Self::MissingRequiredField => "MISSING_REQUIRED_FIELD",
            Self::InvalidSignature => "INVALID_SIGNATURE",
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::GatewayNotEnabled => "GATEWAY_NOT_ENABLED",
            Self::InsufficientPermissions => "INSUFFICIENT_PERMISSIONS",
            Self::InvalidUrl => "INVALID_URL",
            Self::RateLimitExceeded => "RATE_LIMIT_EXCEEDED",
            Self::InternalError => "INTERNAL_ERROR",
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::PaymentNotCancelable => "PAYMENT_NOT_CANCELABLE",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Self::IdempotencyInProgress => "IDEMPOTENCY_IN_PROGRESS",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
        }
    }

    /// The status that it comes with. An address that is none is one more of the 400s; only a readable one that is refused is a 422.
    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidAmount
            | Self::InvalidGateway
            | Self::MissingRequiredField
            | Self::InvalidRequest
            | Self::PaymentNotCancelable
            | Self::InvalidUrl => StatusCode::BAD_REQUEST,
            Self::InvalidSignature | Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            Self::GatewayNotEnabled | Self::InsufficientPermissions => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict | Self::IdempotencyMismatch | Self::IdempotencyInProgress => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::RateLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    /// Why, for programs.
    pub code: Code,
    /// Why, for people: one message a cause.
    messages: Vec<String>,
    retry_after_seconds: Option<i64>,
}

impl Refused {
    /// A refusal with one cause.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::all(code, vec![message.into()])
    }

    /// A refusal with several.
    pub const fn all(code: Code, messages: Vec<String>) -> Self {
        Self {
            status: code.status(),
            code,
            messages,
            retry_after_seconds: None,
        }
    }

    /// Addresses that can be read and not used.
    pub fn addresses(messages: Vec<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            ..Self::all(Code::InvalidUrl, messages)
        }
    }

    /// Nothing by this path or reference code.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, what)
    }

    /// It is our fault.
    pub fn internal() -> Self {
        Self::new(Code::InternalError, "Server error occurred")
    }

    const fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Denied(
                Denial::SignatureMalformed | Denial::SignatureInvalid | Denial::SigningKeyMissing,
            ) => Self::new(Code::InvalidSignature, "x-signature verification failed"),
            Stop::Denied(Denial::VersionUnknown) => {
                Self::new(Code::InvalidRequest, words(Denial::VersionUnknown))
            }
            Stop::Denied(_) => Self::new(Code::InvalidCredentials, "x-id or API key is invalid"),
            Stop::Throttled(exceeded) => {
                Self::new(Code::RateLimitExceeded, "Too many requests in short period")
                    .retry_after(exceeded.retry_after.num_seconds().saturating_add(1))
            }
            Stop::Unavailable => Self::internal(),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::from(refusal),
            Error::NotFound(_) => Self::not_found("payment not found"),
            Error::Conflict => Self::new(Code::Conflict, error.to_string()).retry_after(1),
            Error::Inconsistent(_) | Error::Storage(_) | Error::Unavailable(_) => {
                tracing::error!(%error, "a request of S3 failed");
                Self::internal()
            }
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Forbidden(forbidden) => Self::new(Code::InsufficientPermissions, forbidden.to_string()),
            Refusal::Amount(_) => Self::new(Code::InvalidAmount, NO_PRICE),
            Refusal::Intent(refusal) => Self::new(intent(&refusal), refusal.to_string()),
            Refusal::Cancel(refusal) => Self::new(Code::PaymentNotCancelable, not_cancelable(refusal)),
            Refusal::Idempotency(refusal) => match refusal {
                IdempotencyRefusal::Reused => Self::new(Code::IdempotencyMismatch, refusal.to_string()),
                IdempotencyRefusal::InProgress => {
                    Self::new(Code::IdempotencyInProgress, refusal.to_string()).retry_after(1)
                }
            },
            other => Self::new(Code::InvalidRequest, other.to_string()),
        }
    }
}

const fn intent(refusal: &IntentRefusal) -> Code {
    match refusal {
        IntentRefusal::GatewayNotEnabled { .. }
        | IntentRefusal::NoGateway { .. }
        | IntentRefusal::GatewayCurrency { .. } => Code::GatewayNotEnabled,
        IntentRefusal::Surcharge(_) => Code::InvalidAmount,
        IntentRefusal::Url { .. } | IntentRefusal::Callback(_) => Code::InvalidUrl,
        IntentRefusal::LifeOutOfBounds => Code::InvalidRequest,
    }
}

const fn not_cancelable(refusal: CancelRefusal) -> &'static str {
    match refusal {
        CancelRefusal::Completed { .. } => "payment cannot be cancelled: it is already completed",
        CancelRefusal::AttemptInProgress => "payment cannot be cancelled: the customer is paying it",
        CancelRefusal::Ended {
            status: IntentStatus::Expired,
        } => "payment cannot be cancelled: it has timed out",
        CancelRefusal::Ended { .. } => "payment cannot be cancelled: it has failed",
    }
}

/// Why a request comes to nothing: the recorded shape, in the recorded order, and `code` after it.
#[derive(Serialize, ToSchema)]
#[schema(as = RasediRefusal)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// The status of the answer.
    #[schema(example = 400)]
    status_code: u16,
    /// Why, for people: one message a cause.
    #[schema(example = json!(["amount must be a valid price."]))]
    messages: Vec<String>,
    /// Why, for programs.
    #[schema(example = "INVALID_AMOUNT")]
    code: &'static str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Body {
            status_code: self.status.as_u16(),
            messages: self.messages,
            code: self.code.as_str(),
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
