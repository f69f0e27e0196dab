//! Selecting requests of the log.

use super::enums::{Mode, RequestOutcome, RequestReason};
use super::error::{Code, failure};
use super::time::DateTime;
use async_graphql::{ID, InputObject, Result};
use domain::id::MalformedId;
use service::api_request::{Filter, PathFilter, StatusFilter};
use std::str::FromStr;

/// Which requests; every part that is given must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct ApiRequestFilter {
    /// Let in or not.
    pub outcome: Option<RequestOutcome>,
    /// Not let in for this reason.
    pub reason: Option<RequestReason>,
    /// In this mode.
    pub mode: Option<Mode>,
    /// Naming this credential, `cred_…`.
    pub credential: Option<ID>,
    /// Of this merchant, `mer_…`: for operators; merchants see their own in any case.
    pub merchant: Option<ID>,
    /// To exactly this path.
    pub path: Option<String>,
    /// To a path that begins so; not together with `path`.
    pub path_prefix: Option<String>,
    /// With this GraphQL operation name.
    pub operation: Option<String>,
    /// By this HTTP method.
    pub method: Option<String>,
    /// Answered with this HTTP status.
    pub status: Option<i32>,
    /// Answered with a status of this class, 1 to 5: 4 is 400 to 499. Not together with `status`.
    pub status_class: Option<i32>,
    /// At this instant or later.
    pub created_from: Option<DateTime>,
    /// Before this instant.
    pub created_before: Option<DateTime>,
    /// With this idempotency key.
    pub idempotency_key: Option<String>,
}

impl ApiRequestFilter {
    /// The filter as the use case takes it.
    pub fn read(self) -> Result<Filter> {
        // No row holds such a text, and PostgreSQL cannot even be asked for one with a NUL.
        let texts = [
            &self.path,
            &self.path_prefix,
            &self.operation,
            &self.method,
            &self.idempotency_key,
        ];
        if texts
            .into_iter()
            .flatten()
            .any(|text| text.chars().any(char::is_control))
        {
            return Err(refused("filter must not hold control characters"));
        }
        let path = match (self.path, self.path_prefix) {
            (None, None) => None,
            (Some(path), None) => Some(PathFilter::Exactly(path)),
            (None, Some(start)) => Some(PathFilter::BeginsWith(start)),
            (Some(_), Some(_)) => return Err(refused("give either path or pathPrefix")),
        };
        Ok(Filter {
            merchant: id(self.merchant)?,
            mode: self.mode.map(Into::into),
            outcome: self.outcome.map(Into::into),
            denial: self.reason.map(Into::into),
            credential: id(self.credential)?,
            path,
            operation: self.operation,
            method: self.method.map(|method| method.to_ascii_uppercase()),
            status: status(self.status, self.status_class)?,
            from: self.created_from.map(|instant| instant.0),
            until: self.created_before.map(|instant| instant.0),
            idempotency_key: self.idempotency_key,
        })
    }
}

fn refused(words: &'static str) -> async_graphql::Error {
    failure(Code::BadUserInput, words)
}

fn id<T: FromStr<Err = MalformedId>>(id: Option<ID>) -> Result<Option<T>> {
    let id = id.map(|id| id.parse()).transpose();
    id.map_err(|refusal: MalformedId| failure(Code::BadUserInput, refusal.to_string()))
}

fn status(exact: Option<i32>, class: Option<i32>) -> Result<Option<StatusFilter>> {
    match (exact, class) {
        (None, None) => Ok(None),
        (Some(status), None) => {
            let status = u16::try_from(status)
                .ok()
                .filter(|status| (100..1_000).contains(status));
            let status = status.ok_or_else(|| refused("status is 100 to 999"))?;
            Ok(Some(StatusFilter::Exactly(status)))
        }
        (None, Some(class)) => {
            let class = u8::try_from(class).ok().filter(|class| (1..=5).contains(class));
            let class = class.ok_or_else(|| refused("statusClass is 1 to 5"))?;
            Ok(Some(StatusFilter::Class(class)))
        }
        (Some(_), Some(_)) => Err(refused("give either status or statusClass")),
    }
}
