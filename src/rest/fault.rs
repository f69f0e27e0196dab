//! What went wrong, mapped once for all REST doors: a cause to its code, its words and, by the version of the request, its status.
//!
//! Invariant: one cause has one code on every door, the GraphQL door included: refusals take theirs from its list. Nothing of a cause
//! that lies on our side reaches the client; it stands in the log under the request id.
//! Source: S2's examples and code table, `reference/payments.md` 2.6 rows 1, 2, 3 and 19.

use crate::graphql::{Code, UserError, UserErrorCode, user_errors};
use crate::http::admission::{Stop, words};
use crate::http::limit::Quota;
use axum::http::StatusCode;
use chrono::Duration;
use domain::api_version::ApiVersion;
use domain::credential::Denial;
use domain::id::{OperationId, PaymentId};
use domain::limit::Exceeded;
use domain::provider::DeclineReason;
use service::db::{Trouble, trouble};
use service::{Error, Refusal};
use std::borrow::Cow;
use std::fmt::Display;

/// The code of a missing scope.
pub const INSUFFICIENT_PERMISSIONS: &str = "INSUFFICIENT_PERMISSIONS";
/// The code of a decline.
pub const PAYMENT_DECLINED: &str = "PAYMENT_DECLINED";
/// What a malformed request begins with, in S2's words.
const INVALID: &str = "invalid request: ";
/// After how long it is worth asking again for what is under way.
const UNDER_WAY: Duration = Duration::seconds(1);

/// What kind of fault it is, which decides its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request can never succeed as it is.
    Invalid,
    /// No key, or one that opens nothing.
    Unauthenticated,
    /// The payer's bank or the fraud check said no.
    Declined,
    /// The key may not do this.
    Forbidden,
    /// The merchant may not use this.
    NotEnabled,
    /// Nothing by that id or path.
    NotFound,
    /// Not by this method.
    Method,
    /// The object is in a state that does not allow it.
    WrongState,
    /// Its time is over.
    Gone,
    /// It collides with another request.
    Conflict,
    /// The body is too long.
    TooLong,
    /// The body did not come in time.
    TooSlow,
    /// Too much at once.
    Throttled,
    /// A defect on our side.
    Internal,
    /// A part of the installation does not answer.
    Unavailable,
    /// It took too long.
    Timeout,
}

impl Class {
    /// The status, by the version of the request: where S2's examples and its table of codes disagree, the older version keeps to the
    /// examples and the newer to the table.
    #[must_use]
    pub const fn status(self, version: ApiVersion) -> StatusCode {
        match (self, version) {
            (Self::Invalid, _) | (Self::WrongState | Self::Gone, ApiVersion::Tigris) => {
                StatusCode::BAD_REQUEST
            }
            (Self::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
            (Self::Declined, _) => StatusCode::PAYMENT_REQUIRED,
            (Self::Forbidden | Self::NotEnabled, _) => StatusCode::FORBIDDEN,
            (Self::NotFound, _) => StatusCode::NOT_FOUND,
            (Self::Method, _) => StatusCode::METHOD_NOT_ALLOWED,
            (Self::Conflict, _) | (Self::WrongState, ApiVersion::Basra) => StatusCode::CONFLICT,
            (Self::Gone, ApiVersion::Basra) => StatusCode::GONE,
            (Self::TooLong, _) => StatusCode::PAYLOAD_TOO_LARGE,
            (Self::TooSlow, _) => StatusCode::REQUEST_TIMEOUT,
            (Self::Throttled, _) => StatusCode::TOO_MANY_REQUESTS,
            (Self::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
            (Self::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
            (Self::Timeout, _) => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    const fn of(code: UserErrorCode) -> Self {
        match code {
            UserErrorCode::PaymentAlreadyCaptured
            | UserErrorCode::IntentCompleted
            | UserErrorCode::PaymentWrongState
            | UserErrorCode::PaymentCapturedUseRefund
            | UserErrorCode::PaymentAlreadyVoided
            | UserErrorCode::PaymentNotCaptured
            | UserErrorCode::PaymentAlreadyRefunded => Self::WrongState,
            UserErrorCode::AuthorizationExpired
            | UserErrorCode::IntentExpired
            | UserErrorCode::IntentCanceled
            | UserErrorCode::MaxAttemptsReached
            | UserErrorCode::PaymentLinkOver => Self::Gone,
            UserErrorCode::InvalidClientSecret => Self::Unauthenticated,
            UserErrorCode::GatewayNotEnabled => Self::NotEnabled,
            UserErrorCode::OperationInProgress
            | UserErrorCode::AttemptInProgress
            | UserErrorCode::TotalChanged
            | UserErrorCode::PromoCodeTaken
            | UserErrorCode::StaleVersion
            | UserErrorCode::IdempotencyKeyReused
            | UserErrorCode::IdempotencyInProgress => Self::Conflict,
            UserErrorCode::PaymentNotFound | UserErrorCode::NotFound => Self::NotFound,
            _ => Self::Invalid,
        }
    }
}

/// Whether S2 puts `invalid request: ` before the words: before what is wrong with the request itself, not before what is wrong with
/// asking it of this payment or this currency.
const fn is_about_the_request(code: UserErrorCode) -> bool {
    !matches!(
        code,
        UserErrorCode::CaptureExceedsAuthorized
            | UserErrorCode::RefundExceedsAvailable
            | UserErrorCode::CurrencyUnsupported
            | UserErrorCode::CaptureMethodNotSupported
            | UserErrorCode::SeveralCapturesNotSupported
            | UserErrorCode::RefundNotSupported
            | UserErrorCode::RefundFullOnly
            | UserErrorCode::GatewayCurrencyNotSupported
            | UserErrorCode::GatewayNotOffered
            | UserErrorCode::SurchargeImpossible
    )
}

/// The payment that a decline leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// The payment.
    pub payment: PaymentId,
    /// What was tried on it.
    pub operation: OperationId,
    /// Why not, for programs.
    pub reason: DeclineReason,
    /// How many attempts its intent has left, of an attempt.
    pub remaining_attempts: Option<u8>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault.
    pub class: Class,
    /// Why, for programs.
    pub code: &'static str,
    /// Why, for people.
    pub words: Cow<'static, str>,
    /// After how long the same may succeed.
    pub retry_after: Option<Duration>,
    /// What was declined, of a decline.
    pub declined: Option<Box<Declined>>,
}

impl Fault {
    /// A fault of `class`.
    pub fn new(class: Class, code: &'static str, words: impl Into<Cow<'static, str>>) -> Self {
        Self {
            class,
            code,
            words: words.into(),
            retry_after: None,
            declined: None,
        }
    }

    /// The request is not what this door takes.
    #[must_use]
    pub fn invalid(what: impl Display) -> Self {
        Self::new(
            Class::Invalid,
            Code::BadRequest.as_str(),
            format!("{INVALID}{what}"),
        )
    }

    /// Something in the request is wrong, for a cause that has a code.
    #[must_use]
    pub fn because(code: UserErrorCode, what: impl Display) -> Self {
        let class = Class::of(code);
        let words = if class == Class::Invalid && is_about_the_request(code) {
            format!("{INVALID}{what}")
        } else {
            what.to_string()
        };
        let under_way = matches!(
            code,
            UserErrorCode::IdempotencyInProgress
                | UserErrorCode::OperationInProgress
                | UserErrorCode::AttemptInProgress
        );
        Self {
            retry_after: under_way.then_some(UNDER_WAY),
            ..Self::new(class, code.word(), words)
        }
    }

    /// Nothing by that id, in this merchant and mode.
    #[must_use]
    pub fn not_found(thing: &str) -> Self {
        let UserError { code, message, .. } = UserError::not_found(thing);
        Self::because(code, message)
    }

    /// Not by this method.
    #[must_use]
    pub fn method() -> Self {
        let words = "this path does not take this method";
        Self::new(Class::Method, Code::BadRequest.as_str(), words)
    }

    /// This path takes signed requests only.
    #[must_use]
    pub fn unsigned() -> Self {
        let words = "this path takes signed requests only: sign it with X-Tahsil-Signature or an HTTP Message Signature";
        Self::new(Class::Unauthenticated, Code::Unauthenticated.as_str(), words)
    }

    /// A rate has no more.
    #[must_use]
    pub fn throttled(exceeded: Exceeded, quota: Option<Quota>) -> Self {
        let words = match quota {
            Some(quota) => format!("rate limit exceeded: {quota}"),
            None => format!("rate limit exceeded: {exceeded}"),
        };
        Self {
            retry_after: Some(exceeded.retry_after),
            ..Self::new(Class::Throttled, Code::Throttled.as_str(), words)
        }
    }

    /// It took too long.
    #[must_use]
    pub fn too_slow() -> Self {
        let words = "the request took too long; a command goes on, ask what became of it";
        Self::new(Class::Timeout, Code::Timeout.as_str(), words)
    }

    /// A defect on our side, of which the log says more.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            Class::Internal,
            Code::Internal.as_str(),
            "something went wrong on our side",
        )
    }

    /// A defect that is logged here.
    #[must_use]
    pub fn defect(cause: &dyn Display) -> Self {
        tracing::error!(%cause, "an answer could not be given");
        Self::internal()
    }

    /// The status, by the version of the request.
    #[must_use]
    pub const fn status(&self, version: ApiVersion) -> StatusCode {
        self.class.status(version)
    }

    /// The check that it did not pass, for the request log.
    #[must_use]
    pub const fn denial(&self) -> Option<Denial> {
        match self.class {
            Class::Forbidden => Some(Denial::ScopeMissing),
            Class::Throttled => Some(Denial::RateLimited),
            _ => None,
        }
    }
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Denied(Denial::VersionUnknown) => Self::invalid(words(Denial::VersionUnknown)),
            Stop::Denied(denial) => Self::new(
                Class::Unauthenticated,
                Code::Unauthenticated.as_str(),
                words(denial),
            ),
            Stop::Throttled(exceeded) => Self::throttled(exceeded, None),
            Stop::Unavailable => Self::new(
                Class::Unavailable,
                Code::Unavailable.as_str(),
                "the key cannot be checked now; try again",
            ),
        }
    }
}

impl From<&Refusal> for Fault {
    fn from(refusal: &Refusal) -> Self {
        if let Refusal::Forbidden(forbidden) = refusal {
            return Self::new(Class::Forbidden, INSUFFICIENT_PERMISSIONS, forbidden.to_string());
        }
        let errors = user_errors(refusal);
        let Some(first) = errors.first() else {
            return Self::defect(refusal);
        };
        let all: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        Self::because(first.code, all.join("; "))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match &error {
            Error::Refused(refusal) => refusal.into(),
            Error::NotFound(thing) => Self::not_found(thing),
            Error::Conflict => Self {
                retry_after: Some(UNDER_WAY),
                ..Self::new(Class::Conflict, Code::Conflict.as_str(), error.to_string())
            },
            Error::Unavailable(what) => Self::new(Class::Unavailable, Code::Unavailable.as_str(), *what),
            Error::Storage(cause) => {
                tracing::error!(%cause, "storage failed");
                match trouble(cause) {
                    Trouble::Unreachable => {
                        let words = "the database does not answer; try again";
                        Self::new(Class::Unavailable, Code::Unavailable.as_str(), words)
                    }
                    Trouble::TooSlow => Self::too_slow(),
                    Trouble::Defect => Self::internal(),
                }
            }
            Error::Inconsistent(inconsistency) => {
                tracing::error!(%inconsistency, "a row contradicts the rules");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApiVersion::{Basra, Tigris};
    use domain::payment::{CaptureRefusal, RefundRefusal, VoidRefusal};

    #[test]
    fn the_versions_differ_in_wrong_states_and_what_ran_out_only() {
        for (refusal, tigris, basra, words) in [
            (
                Refusal::Capture(CaptureRefusal::AlreadyCaptured),
                400,
                409,
                "payment already captured",
            ),
            (
                Refusal::Capture(CaptureRefusal::Expired),
                400,
                410,
                "authorization expired (valid for 7 days)",
            ),
            (
                Refusal::Void(VoidRefusal::Captured),
                400,
                409,
                "cannot void captured payment (use refund instead)",
            ),
            (
                Refusal::Refund(RefundRefusal::NotCaptured),
                400,
                409,
                "can only refund captured payments",
            ),
            (
                Refusal::Idempotency(domain::idempotency::IdempotencyRefusal::Reused),
                409,
                409,
                "idempotency key already used with different request data",
            ),
            (
                Refusal::CardRequired,
                400,
                400,
                "invalid request: a card payment needs a card",
            ),
        ] {
            let fault = Fault::from(&refusal);
            let statuses = (fault.status(Tigris).as_u16(), fault.status(Basra).as_u16());
            assert_eq!(statuses, (tigris, basra), "{refusal}");
            assert_eq!(fault.words, words);
        }
    }

    #[test]
    fn what_is_under_way_says_when_to_ask_again() {
        let in_progress = Refusal::Idempotency(domain::idempotency::IdempotencyRefusal::InProgress);
        let fault = Fault::from(&in_progress);
        assert_eq!(
            (fault.code, fault.retry_after),
            ("IDEMPOTENCY_IN_PROGRESS", Some(UNDER_WAY))
        );
        assert_eq!(fault.class, Class::Conflict);
    }

    #[test]
    fn a_cause_on_our_side_stays_on_our_side() {
        let error = Error::Storage(sea_orm::DbErr::Custom("password=hunter2".to_owned()));
        let fault = Fault::from(error);
        assert_eq!(fault.words, "something went wrong on our side");
        assert_eq!(fault.status(Basra), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
