//! What went wrong, mapped once: `service::Error` to a code of the closed list, a refusal to a user error.
//!
//! Nothing of a cause that lies on our side reaches the client; it stands in the log under the request id.

use super::user_error::{UserError, user_errors};
use async_graphql::ErrorExtensions;
use service::db::{Trouble, trouble};
use service::{Error, Refusal};

/// Declares the codes: the variant, the word, the HTTP statuses it comes with, and what it means.
macro_rules! codes {
    ($($name:ident = $word:literal, $status:literal, $meaning:literal;)+) => {
        /// The closed list of `errors[].extensions.code` (`reference/graphql.md` 2.11).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code, in the order in which people read them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in `extensions.code`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// HTTP statuses that it comes with, for `docs/api.md`.
            #[must_use]
            pub const fn statuses(self) -> &'static str {
                match self {
                    $(Self::$name => $status,)+
                }
            }

            /// What it means, for `docs/api.md`.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)+
                }
            }
        }
    };
}

codes! {
    GraphqlParseFailed = "GRAPHQL_PARSE_FAILED", "200, 400",
        "the document cannot be read";
    GraphqlValidationFailed = "GRAPHQL_VALIDATION_FAILED", "200, 400",
        "the document or its variables do not fit the schema";
    BadUserInput = "BAD_USER_INPUT", "200",
        "an argument that no value of its kind can be; a cursor of another list";
    CursorExpired = "CURSOR_EXPIRED", "200",
        "events after this cursor are deleted, or it is of another database: load your lists anew, and follow from the `eventCursor` beside them";
    BadRequest = "BAD_REQUEST", "400, 405, 406, 413, 415",
        "the request is not what this door takes";
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND", "200, 400",
        "no text is known by this hash: send it once with the text";
    PersistedQueryNotAllowed = "PERSISTED_QUERY_NOT_ALLOWED", "400",
        "this server executes only the operations of its list";
    OperationTooComplex = "OPERATION_TOO_COMPLEX", "400",
        "the document or what it asks for passes a limit";
    OperationTooDeep = "OPERATION_TOO_DEEP", "400",
        "the document nests or selects too deep";
    Unauthenticated = "UNAUTHENTICATED", "401",
        "no key, or one that opens nothing";
    Forbidden = "FORBIDDEN", "200, 403",
        "the key may not do this";
    Throttled = "THROTTLED", "429",
        "too much at once: ask again after `Retry-After` seconds or `retryAfterMs`";
    Timeout = "TIMEOUT", "200, 408, 504",
        "it took too long, or the body did not come; a command goes on, ask what became of it";
    Conflict = "CONFLICT", "200",
        "somebody else is changing the same thing; ask again";
    Unavailable = "UNAVAILABLE", "200, 503",
        "a part of the installation is missing or does not answer; asking again later may help";
    Internal = "INTERNAL", "200, 500",
        "a defect on our side; the cause is in the log under the request id";
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
    sorted(&error)
}

fn sorted(error: &Error) -> Reply {
    match error {
        Error::Refused(Refusal::Forbidden(forbidden)) => {
            Reply::Failure(failure(Code::Forbidden, forbidden.to_string()))
        }
        Error::Refused(refusal) => Reply::UserErrors(user_errors(refusal)),
        Error::NotFound(thing) => Reply::UserErrors(vec![UserError::not_found(thing)]),
        Error::Conflict => Reply::Failure(failure(Code::Conflict, error.to_string())),
        Error::Unavailable(what) => Reply::Failure(failure(Code::Unavailable, *what)),
        Error::Storage(cause) => {
            tracing::error!(%cause, "storage failed");
            Reply::Failure(match trouble(cause) {
                Trouble::Unreachable => failure(Code::Unavailable, "the database does not answer; try again"),
                Trouble::TooSlow => failure(Code::Timeout, "the database took too long; ask for less"),
                Trouble::Defect => failure(Code::Internal, "something went wrong on our side"),
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
    shared_failure(&error)
}

/// The same for several questions that failed together, for one reason.
pub fn shared_failure(error: &Error) -> async_graphql::Error {
    match sorted(error) {
        Reply::Failure(error) => error,
        Reply::UserErrors(errors) => {
            let words: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            failure(Code::BadUserInput, words.join("; "))
        }
    }
}
