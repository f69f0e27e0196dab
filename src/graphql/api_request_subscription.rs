//! The request log as it is written.

use super::api_request::ApiRequest;
use super::api_request_filter::ApiRequestFilter;
use super::context::ContextExt;
use super::cursor::ApiRequestCursor;
use super::error::query_failure;
use super::follow::{Told, Wanted, What, head, run};
use async_graphql::{Context, Object, Result, Subscription};
use domain::merchant::Tenant;
use futures_util::stream::{self, Stream};
use service::followed::Followed;

/// A request of the log, or word that there was none, with the place up to which you have heard everything.
pub struct ApiRequestEnvelope {
    tenant: Tenant,
    told: Told,
}

/// A request of the log, or word that there was none, with the place up to which you have heard everything.
#[Object]
impl ApiRequestEnvelope {
    /// Keep the last one: a new subscription goes on `after` it, and misses nothing.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<ApiRequestCursor> {
        let followed = Followed::Requests(self.tenant);
        Ok(ApiRequestCursor::of(ctx.app()?, followed, self.told.place()))
    }

    /// The request; null in a heartbeat.
    async fn request(&self) -> Option<ApiRequest> {
        match &self.told {
            Told::Request(logged) => Some(logged.request.clone().into()),
            Told::Event(_) | Told::Heartbeat(_) => None,
        }
    }
}

#[derive(Default)]
pub struct ApiRequestSubscription;

#[Subscription]
impl ApiRequestSubscription {
    /// Requests as they are logged, within a second or two, in the order of the log and each once. Without `after`, those from now on; with
    /// it, first those that were logged since that place. A live key follows both modes of its merchant, a test key rehearsal only. Operators
    /// look requests up in `apiRequests`.
    async fn api_request_logged(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A cursor: the place after which it begins.")] after: Option<ApiRequestCursor>,
        #[graphql(desc = "Which requests.")] filter: Option<ApiRequestFilter>,
        #[graphql(
            desc = "When nothing comes for you for about 25 seconds, tell how far it has come, without a request.",
            default = false
        )]
        heartbeats: bool,
    ) -> Result<impl Stream<Item = ApiRequestEnvelope> + use<>> {
        let filter = filter.unwrap_or_default().read()?;
        let tenant = tenant(ctx)?;
        let wanted = Wanted {
            what: What::Requests(tenant, Box::new(filter)),
            heartbeats,
        };
        let after = after.map(|cursor| cursor.0);
        let told = run(ctx, wanted, after.as_deref())?;
        Ok(stream::iter(
            told.into_iter()
                .map(move |told| ApiRequestEnvelope { tenant, told }),
        ))
    }
}

fn tenant(ctx: &Context<'_>) -> Result<Tenant> {
    service::api_request::tenant(ctx.actor()?).map_err(|forbidden| query_failure(forbidden.into()))
}

#[derive(Default)]
pub struct ApiRequestCursorQuery;

#[Object]
impl ApiRequestCursorQuery {
    /// The place after the last request that is in the log so far. `apiRequests` in the same request shows everything until here: load it
    /// with this, then follow `after` it.
    async fn api_request_cursor(&self, ctx: &Context<'_>) -> Result<ApiRequestCursor> {
        let followed = Followed::Requests(tenant(ctx)?);
        Ok(ApiRequestCursor::of(
            ctx.app()?,
            followed,
            head(ctx, followed).await?,
        ))
    }
}
