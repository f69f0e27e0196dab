//! Webhook endpoints: the type and the questions.

use super::context::ContextExt;
use super::enums::Mode;
use super::error::query_failure;
use super::time::DateTime;
use super::webhook_enums::{
    WebhookDialect, WebhookDisabledReason, WebhookEndpointStatus, WebhookNaming, WebhookOrdering,
    WebhookPayload, WebhookSlot, WebhookSuccessRule,
};
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use domain::id::WebhookEndpointId;
use domain::webhook::{Endpoint, RetrySchedule, Standing, WebhookUrl};

/// Where events go, and how.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct WebhookEndpoint {
    #[graphql(skip)]
    key: WebhookEndpointId,
    /// The mode whose events it is told.
    pub mode: Mode,
    /// Its place, if it has one of its own.
    pub slot: Option<WebhookSlot>,
    /// Where events go; null where each payment carries an address of its own.
    pub url: Option<String>,
    /// What you call it.
    pub description: String,
    /// How deliveries are signed.
    pub dialect: WebhookDialect,
    /// Whose names events have.
    pub naming: WebhookNaming,
    /// What the body is.
    pub payload: WebhookPayload,
    /// What the hash of the dialect `SECURITY_FIELDS` covers.
    pub security_fields: Vec<String>,
    /// Names and patterns of the events that it is told; all if there are none.
    pub event_types: Vec<String>,
    /// Which answers count as taken.
    pub success_rule: WebhookSuccessRule,
    /// How long one request may take, in milliseconds.
    pub timeout_ms: i32,
    /// When a delivery is tried again.
    pub retry_schedule: WebhookRetrySchedule,
    /// Most requests a second; without limit if null.
    pub rate_per_second: Option<i32>,
    /// Most requests at once.
    pub max_in_flight: i32,
    /// What waits for what.
    pub ordering: WebhookOrdering,
    /// By which version objects are shown.
    pub api_version: String,
    /// Names of your own headers that go with each request; their values are not shown.
    pub header_names: Vec<String>,
    /// Whether deliveries go out.
    pub status: WebhookEndpointStatus,
    /// Since when they do not.
    pub held_since: Option<DateTime>,
    /// Why it was switched off.
    pub disabled_reason: Option<WebhookDisabledReason>,
    /// By what people know the secret in force: a keyed hash, hexadecimal.
    pub secret_fingerprint: String,
    /// The same of the secret that takes its place.
    pub next_secret_fingerprint: Option<String>,
    /// When it does.
    pub next_secret_from: Option<DateTime>,
    /// When it was made.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
}

/// When a delivery is tried again.
#[derive(SimpleObject, Clone, Debug)]
pub struct WebhookRetrySchedule {
    /// The pause before each attempt in seconds, the first among them.
    pub delays_seconds: Vec<i32>,
    /// How long a delivery lives, in seconds.
    pub lifetime_seconds: i32,
}

impl From<&RetrySchedule> for WebhookRetrySchedule {
    fn from(schedule: &RetrySchedule) -> Self {
        let seconds = |time: &chrono::Duration| i32::try_from(time.num_seconds()).unwrap_or(i32::MAX);
        Self {
            delays_seconds: schedule.delays().iter().map(seconds).collect(),
            lifetime_seconds: seconds(&schedule.lives()),
        }
    }
}

pub(super) fn whole(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl WebhookEndpoint {
    /// An endpoint as of `now`.
    pub fn new(endpoint: Endpoint, now: domain::Timestamp) -> Self {
        let (current, next) = endpoint.secrets.at(now);
        let from = endpoint.secrets.next.as_ref().map(|(_, from)| DateTime(*from));
        let (status, held_since, disabled_reason) = match endpoint.standing {
            Standing::Enabled => (WebhookEndpointStatus::Enabled, None, None),
            Standing::Paused { at } => (WebhookEndpointStatus::Paused, Some(at), None),
            Standing::Disabled { at, reason } => {
                (WebhookEndpointStatus::Disabled, Some(at), Some(reason.into()))
            }
        };
        Self {
            key: endpoint.id,
            mode: endpoint.tenant.mode.into(),
            slot: endpoint.slot.map(Into::into),
            secret_fingerprint: current.fingerprint.clone(),
            next_secret_fingerprint: next.map(|next| next.fingerprint.clone()),
            next_secret_from: next.and(from),
            header_names: endpoint.headers.map(|headers| headers.names).unwrap_or_default(),
            status,
            held_since: held_since.map(DateTime),
            disabled_reason,
            created_at: endpoint.created_at.into(),
            updated_at: endpoint.updated_at.into(),
            url: endpoint.settings.url.as_ref().map(WebhookUrl::to_string),
            dialect: endpoint.settings.dialect.into(),
            naming: endpoint.settings.naming.into(),
            payload: endpoint.settings.payload.into(),
            event_types: endpoint.settings.events.as_slice().to_vec(),
            success_rule: endpoint.settings.success.into(),
            timeout_ms: whole(endpoint.settings.timeout_ms),
            retry_schedule: (&endpoint.settings.schedule).into(),
            rate_per_second: endpoint.settings.rate_per_second.map(whole),
            max_in_flight: whole(endpoint.settings.max_in_flight),
            ordering: endpoint.settings.order.into(),
            api_version: endpoint.settings.api_version.to_string(),
            security_fields: endpoint.settings.security_fields,
            description: endpoint.settings.description,
        }
    }
}

#[ComplexObject]
impl WebhookEndpoint {
    /// Its id, `whend_…`.
    pub async fn id(&self) -> ID {
        self.key.to_string().into()
    }
}

#[derive(Default)]
pub struct WebhookEndpointQuery;

#[Object]
impl WebhookEndpointQuery {
    /// All webhook endpoints, oldest first; there are 20 at most and the one that stands for callbacks. Takes the scope `webhooks:manage`.
    async fn webhook_endpoints(&self, ctx: &Context<'_>) -> Result<Vec<WebhookEndpoint>> {
        let app = ctx.app()?;
        let endpoints = service::webhook::list(app, ctx.actor()?)
            .await
            .map_err(query_failure)?;
        let now = app.now();
        Ok(endpoints
            .into_iter()
            .map(|endpoint| WebhookEndpoint::new(endpoint, now))
            .collect())
    }
}
