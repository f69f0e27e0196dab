//! The request log.

use super::api_request_filter::ApiRequestFilter;
use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::{Mode, RateLimitState, RequestOutcome, RequestReason, RequestWay};
use super::error::query_failure;
use super::plain::plain;
use super::shown::Shown;
use super::time::DateTime;
use super::written::Written;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Description, ID, Object, Result};
use domain::id::{CredentialId, MerchantId, OperatorId, RequestId, SessionId};

/// One API request: who asked what, and what came of it. No body, signature or secret is in it.
#[derive(Description, Clone)]
pub struct ApiRequest {
    request: domain::api_request::ApiRequest,
    body_hash: Option<String>,
}

/// How much of a body's hash people compare by eye.
const SHORT_HASH: usize = 16;

impl ApiRequest {
    fn short_hash(&self) -> Option<&str> {
        self.body_hash.as_deref()?.get(..SHORT_HASH)
    }

    fn milliseconds(&self) -> i32 {
        let rounded = self.request.duration_micros.saturating_add(500) / 1_000;
        i32::try_from(rounded).unwrap_or(i32::MAX)
    }

    fn drift(&self) -> Option<i32> {
        let seconds = self.request.drift_seconds?;
        Some(i32::try_from(seconds).unwrap_or(i32::MAX))
    }
}

impl From<domain::api_request::ApiRequest> for ApiRequest {
    fn from(request: domain::api_request::ApiRequest) -> Self {
        Self {
            body_hash: request.body_sha256.map(hex::encode),
            request,
        }
    }
}

plain! {
    ApiRequest as this {
        /// Its id, `req_…`, the same as in `X-Request-Id` of its answer.
        pub id: Shown<ID, RequestId> = Shown::new(this.request.id);
        /// When it came.
        created_at: DateTime = this.request.at.into();
        /// The HTTP method.
        method: &str = &this.request.method;
        /// The path, without its query.
        path: &str = &this.request.path;
        /// The name of the GraphQL operation, if it has one.
        operation: Option<&str> = this.request.operation.as_deref();
        /// Whether it was let in.
        outcome: RequestOutcome = this.request.outcome().into();
        /// Why it was not let in, for programs.
        reason: Option<RequestReason> = this.request.denial.map(RequestReason::from);
        /// Why it was not let in, for people.
        reason_text: Option<&str> = this.request.denial.map(domain::credential::Denial::meaning);
        /// What the rate limits said.
        rate_limit: RateLimitState = this.request.rate_limit.into();
        /// Seconds between the time in the signature and ours; null when nothing was signed with a time. Up to 300 are allowed.
        drift_seconds: Option<i32> = this.drift();
        /// SHA-256 of the body, in hex; null when there was none, or when it may hold a card number.
        body_hash: Option<&str> = this.body_hash.as_deref();
        /// The first 16 digits of that.
        body_hash_short: Option<&str> = this.short_hash();
        /// The idempotency key that came with it.
        idempotency_key: Option<&str> = this.request.idempotency_key.as_deref();
        /// The version of the API by which it was answered.
        api_version: &str = this.request.api_version.as_str();
        /// The merchant whose key was shown; null when the key was not known, or is an operator's.
        merchant_id: Option<Shown<ID, MerchantId>> = this.request.tenant.map(|tenant| Shown::new(tenant.merchant));
        /// Real money or rehearsal; null when the key was not known, or is an operator's.
        mode: Option<Mode> = this.request.tenant.map(|tenant| tenant.mode.into());
        /// The credential that was named, whether or not it was proved, `cred_…`.
        credential_id: Option<Shown<ID, CredentialId>> = this.request.credential.map(Shown::new);
        /// The operator that asked, `op_…`.
        operator_id: Option<Shown<ID, OperatorId>> = this.request.operator.map(Shown::new);
        /// The dashboard session that asked, `ses_…`.
        session_id: Option<Shown<ID, SessionId>> = this.request.session.map(Shown::new);
        /// How the asker showed who it is.
        way: RequestWay = this.request.way.into();
        /// Where it came from.
        ip: Shown<String, std::net::IpAddr> = Shown::new(this.request.address);
        /// What the client calls itself.
        user_agent: Option<&str> = this.request.user_agent.as_deref();
        /// HTTP status of the answer.
        status: i32 = i32::from(this.request.status);
        /// The first error in the answer, by its code.
        error_code: Option<&str> = this.request.error_code.as_deref();
        /// Milliseconds until the answer was ready.
        duration_ms: i32 = this.milliseconds();
        /// Ids of what it made or changed, at most 32.
        made: Vec<ID> = this.request.made.iter().map(ID::from).collect();
    }
}

#[derive(Default)]
pub struct ApiRequestQuery;

#[Object]
impl ApiRequestQuery {
    /// The request log, newest first. A live key sees both modes of its merchant, a test key rehearsal only; operators see all.
    async fn api_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
        #[graphql(desc = "Which requests.")] filter: Option<ApiRequestFilter>,
    ) -> Result<Written<Connection<Cursor<RequestId>, ApiRequest, EmptyFields>>> {
        let filter = filter.unwrap_or_default().read()?;
        let list = List::new(("apiRequests", &filter));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let page = service::api_request::page(ctx.app()?, ctx.actor()?, &filter, &request)
            .await
            .map_err(query_failure)?;
        Ok(Written(list.connection(
            page,
            EmptyFields,
            |request| request.id,
            ApiRequest::from,
        )))
    }
}
