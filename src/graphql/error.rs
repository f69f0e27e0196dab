//! What went wrong, mapped once: `service::Error` to a code of the closed list, a refusal to a user error.
//!
//! Nothing of a cause that lies on our side reaches the client; it stands in the log under the request id.

use super::user_error::{UserError, user_errors};
use async_graphql::ErrorExtensions;
use service::{Error, Refusal};

/// The closed list of `errors[].extensions.code` (`reference/graphql.md` 2.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body or its parts are not what GraphQL over HTTP asks for.
    BadRequest,
    /// An argument that no value of this kind can be.
    BadUserInput,
    /// The document cannot be read or does not fit the schema.
    GraphqlValidationFailed,
    /// It took too long.
    Timeout,
    /// No key, or one that opens nothing.
    Unauthenticated,
    /// The key may not do this.
    Forbidden,
    /// Somebody else is changing the same thing.
    Conflict,
    /// A part of the installation is missing or does not answer; asking again later may help.
    Unavailable,
    /// A defect on our side.
    Internal,
}

impl Code {
    /// The word in `extensions.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::Timeout => "TIMEOUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::Conflict => "CONFLICT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// A top-level error with a code.
pub fn failure(code: Code, message: impl Into<String>) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
}

/// How an error of a use case leaves: as something the caller can mend, or as a failure of the request.
pub enum Reply {
    /// A business "no".
    UserErrors(Vec<UserError>),
    /// Everything else.
    Failure(async_graphql::Error),
}

/// Sorts an error of a use case.
pub fn reply(error: Error) -> Reply {
    match error {
        Error::Refused(Refusal::Forbidden(forbidden)) => {
            Reply::Failure(failure(Code::Forbidden, forbidden.to_string()))
        }
        Error::Refused(refusal) => Reply::UserErrors(user_errors(&refusal)),
        Error::NotFound(thing) => Reply::UserErrors(vec![UserError::not_found(thing)]),
        Error::Conflict => Reply::Failure(failure(Code::Conflict, error.to_string())),
        Error::Unavailable(what) => Reply::Failure(failure(Code::Unavailable, what)),
        Error::Storage(cause) => {
            tracing::error!(%cause, "storage failed");
            let unreachable = matches!(
                cause,
                sea_orm::DbErr::ConnectionAcquire(_) | sea_orm::DbErr::Conn(_)
            );
            Reply::Failure(if unreachable {
                failure(Code::Unavailable, "the database does not answer; try again")
            } else {
                failure(Code::Internal, "something went wrong on our side")
            })
        }
        Error::Inconsistent(inconsistency) => {
            tracing::error!(%inconsistency, "a row contradicts the rules");
            Reply::Failure(failure(Code::Internal, "something went wrong on our side"))
        }
    }
}

/// An error of a question, which has no place for user errors.
pub fn query_failure(error: Error) -> async_graphql::Error {
    match reply(error) {
        Reply::Failure(error) => error,
        Reply::UserErrors(errors) => {
            let words: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            failure(Code::BadUserInput, words.join("; "))
        }
    }
}
