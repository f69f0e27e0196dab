//! API requests as the request log keeps them: evidence of who asked what, and what came of it.
//!
//! Invariant: no secret, no signature, no card number and no body is in it, only names, hashes and ids. A request of nobody we
//! know has no tenant and is shown to operators only. Source: S0 request log.

use crate::Timestamp;
use crate::api_version::ApiVersion;
use crate::credential::Denial;
use crate::id::{CredentialId, OperatorId, RequestId, SessionId};
use crate::merchant::Tenant;
use crate::word::words;
use std::net::IpAddr;

words! {
    /// How the asker showed who it is.
    Way, "way in" {
        /// It did not.
        None = "none",
        /// A secret in a header.
        Secret = "secret",
        /// Our own signed request (design.md 8).
        SignedRequest = "signed_request",
        /// HTTP Message Signatures (RFC 9421).
        HttpSignature = "http_signature",
        /// S3's `x-id` and `x-signature`, which cover neither body nor time.
        LegacySignature = "legacy_signature",
        /// The cookie of a dashboard session.
        Session = "session",
    }
}

words! {
    /// Whether it was let in.
    RequestOutcome, "outcome" {
        /// Every check was passed.
        Passed = "passed",
        /// A check was not passed; [`ApiRequest::denial`] says which.
        Denied = "denied",
    }
}

words! {
    /// What the rate limits said. A request that is denied for another reason is blocked too: it gets no share.
    RateLimitState, "state of the rate limit" {
        /// There was room.
        Allowed = "allowed",
        /// There was none.
        Blocked = "blocked",
    }
}

/// Longest path, operation name, idempotency key or user agent that is kept, in characters; the rest is cut.
pub const MAX_TEXT: usize = 256;
/// Most ids of things that one request made.
pub const MAX_MADE: usize = 32;

/// One API request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// Its id, the same as in its answer and in the process log.
    pub id: RequestId,
    /// When it came.
    pub at: Timestamp,
    /// Whose it is; `None` when the key was not known, or is an operator's.
    pub tenant: Option<Tenant>,
    /// The credential that was named, whether or not it was proved.
    pub credential: Option<CredentialId>,
    /// The operator that asked.
    pub operator: Option<OperatorId>,
    /// The session that asked.
    pub session: Option<SessionId>,
    /// How the asker showed who it is.
    pub way: Way,
    /// The HTTP method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The name of the GraphQL operation, if it has one.
    pub operation: Option<String>,
    /// Why it was not let in; `None` when it was.
    pub denial: Option<Denial>,
    /// What the rate limits said.
    pub rate_limit: RateLimitState,
    /// Seconds from the time in the signature to ours, rounded to whole ones, never negative; `None` when nothing was signed with a time.
    pub drift_seconds: Option<i64>,
    /// SHA-256 of the body; `None` when there was none, or when it may hold a card number.
    pub body_sha256: Option<[u8; 32]>,
    /// The idempotency key that came with it.
    pub idempotency_key: Option<String>,
    /// The version by which it was answered.
    pub api_version: ApiVersion,
    /// Where it came from.
    pub address: IpAddr,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// HTTP status of the answer.
    pub status: u16,
    /// The first error in the answer, by its code.
    pub error_code: Option<String>,
    /// Microseconds until the head of the answer was ready.
    pub duration_micros: i64,
    /// Ids of what it made or changed, at most [`MAX_MADE`].
    pub made: Vec<String>,
}

impl ApiRequest {
    /// Whether it was let in.
    #[must_use]
    pub const fn outcome(&self) -> RequestOutcome {
        match self.denial {
            None => RequestOutcome::Passed,
            Some(_) => RequestOutcome::Denied,
        }
    }

    /// Whether it is worth more than others when not all can be kept: it changed something, or was denied for another reason than
    /// that there were too many of it.
    #[must_use]
    pub fn matters_most(&self) -> bool {
        !self.is_of_a_stranger()
            && (self.denial.is_some_and(|denial| denial != Denial::RateLimited)
                || !self.made.is_empty()
                || self.idempotency_key.is_some())
    }

    /// Whether it named nobody we know. Anybody can send such requests, as many as they like.
    #[must_use]
    pub const fn is_of_a_stranger(&self) -> bool {
        self.tenant.is_none() && self.operator.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_as_they_are_written() {
        for way in Way::ALL {
            assert_eq!(way.as_str().parse(), Ok(*way));
        }
        for outcome in RequestOutcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(*outcome));
        }
        for state in RateLimitState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert_eq!("maybe".parse::<Way>().unwrap_err().to_string(), "unknown way in");
    }
}
