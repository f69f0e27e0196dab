//! The log of webhooks: deliveries and their attempts.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::Mode;
use super::error::query_failure;
use super::event::EventType;
use super::load::{AttemptsOfDelivery, BodyOf};
use super::payment::shared;
use super::time::DateTime;
use super::webhook_delivery_filter::{WebhookAttemptFilter, WebhookDeliveryFilter};
use super::webhook_endpoint::whole;
use super::webhook_enums::{WebhookCause, WebhookDeliveryStatus, WebhookFailure};
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use domain::id::{WebhookAttemptId, WebhookDeliveryId};
use domain::webhook::{Attempt, Delivery, DeliveryState};
use service::webhook;
use std::sync::Arc;

/// One event to one endpoint.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct WebhookDelivery {
    #[graphql(skip)]
    delivery: Arc<Delivery>,
    /// The mode it belongs to.
    pub mode: Mode,
    /// The endpoint, `whend_…`.
    pub endpoint_id: ID,
    /// The event, `evt_…`.
    pub event_id: ID,
    /// The type of the event as it is told; null for one that a newer version of this program tells.
    pub event_type: Option<EventType>,
    /// What the event is called there.
    pub event_name: String,
    /// By what its receiver tells it: the header `webhook-id`. The same for each attempt and each replay.
    pub message_id: String,
    /// The object that it is about, by its id.
    pub subject_id: ID,
    /// Where to, if not to the address of the endpoint.
    pub url: Option<String>,
    /// Where it comes from.
    pub cause: WebhookCause,
    /// 0, or the number of the replay.
    pub run: i32,
    /// How it stands.
    pub status: WebhookDeliveryStatus,
    /// How many attempts were begun.
    pub attempt_count: i32,
    /// When the next attempt is made.
    pub next_attempt_at: Option<DateTime>,
    /// When it was taken or given up.
    pub ended_at: Option<DateTime>,
    /// When its time is over.
    pub expires_at: DateTime,
    /// HTTP status of the last attempt that got one.
    pub last_status: Option<i32>,
    /// Why the last attempt got none.
    pub last_failure: Option<WebhookFailure>,
    /// When it was made.
    pub created_at: DateTime,
}

impl WebhookDelivery {
    /// A delivery as of `now`.
    pub fn new(delivery: Delivery, now: Timestamp) -> Self {
        let state = delivery.state_at(now);
        let next = match state {
            DeliveryState::Waiting { at, .. } => Some(DateTime(at)),
            _ => None,
        };
        let ended = match state {
            DeliveryState::Waiting { .. } | DeliveryState::Sending { .. } => None,
            DeliveryState::Delivered { at, .. }
            | DeliveryState::Failed { at, .. }
            | DeliveryState::Expired { at, .. }
            | DeliveryState::Canceled { at, .. } => Some(DateTime(at)),
        };
        Self {
            mode: delivery.tenant.mode.into(),
            endpoint_id: delivery.endpoint.to_string().into(),
            event_id: delivery.key.event.to_string().into(),
            event_type: delivery.event_type.map(Into::into),
            event_name: delivery.key.name.clone(),
            message_id: delivery.message_id(),
            subject_id: delivery.subject.clone().into(),
            url: delivery.url.as_ref().map(ToString::to_string),
            cause: delivery.cause.into(),
            run: whole(delivery.run),
            status: state.status().into(),
            attempt_count: whole(state.attempts()),
            next_attempt_at: next,
            ended_at: ended,
            expires_at: delivery.expires_at.into(),
            last_status: delivery.last_status.map(i32::from),
            last_failure: delivery.last_failure.map(Into::into),
            created_at: delivery.created_at.into(),
            delivery: Arc::new(delivery),
        }
    }
}

#[ComplexObject]
impl WebhookDelivery {
    /// Its id, `whd_…`.
    pub async fn id(&self) -> ID {
        self.delivery.id.to_string().into()
    }

    /// What is sent, byte for byte, on each attempt; null when it cannot be read any more.
    pub async fn body(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let body = ctx.loaders()?.load_one(BodyOf(Arc::clone(&self.delivery))).await;
        Ok(body.map_err(shared)?.map(|body| body.text.to_string()))
    }

    /// Its attempts, in the order of their numbers.
    pub async fn attempts(&self, ctx: &Context<'_>) -> Result<Vec<WebhookAttempt>> {
        let attempts = ctx
            .loaders()?
            .load_one(AttemptsOfDelivery(self.delivery.id))
            .await;
        let attempts = attempts.map_err(shared)?.unwrap_or_default();
        Ok(attempts.into_iter().map(WebhookAttempt::from).collect())
    }
}

/// A header.
#[derive(SimpleObject, Clone, Debug)]
pub struct WebhookHeader {
    /// Its name.
    pub name: String,
    /// Its value; `***` for a value of your own.
    pub value: String,
}

impl From<(String, String)> for WebhookHeader {
    fn from((name, value): (String, String)) -> Self {
        Self { name, value }
    }
}

/// One HTTP request of a delivery, and what came of it.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct WebhookAttempt {
    #[graphql(skip)]
    key: WebhookAttemptId,
    /// The mode it belongs to.
    pub mode: Mode,
    /// The endpoint, `whend_…`.
    pub endpoint_id: ID,
    /// The delivery, `whd_…`.
    pub delivery_id: ID,
    /// The UUID of the request: the header `X-Webhook-Request-UUID`.
    pub request_uuid: String,
    /// Its number, from 1.
    pub number: i32,
    /// The address.
    pub url: String,
    /// When it began.
    pub started_at: DateTime,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
    /// Whether the server took it.
    pub success: bool,
    /// HTTP status of the answer, if one came.
    pub status: Option<i32>,
    /// Why none came.
    pub failure: Option<WebhookFailure>,
    /// The rule that stands against an address that is not called.
    pub failure_rule: Option<String>,
    /// The address and port that answered.
    pub remote_address: Option<String>,
    /// The headers that were sent.
    pub request_headers: Vec<WebhookHeader>,
    /// The headers that came, the first 50 of them.
    pub response_headers: Vec<WebhookHeader>,
    /// The beginning of the body that came, 16 KiB at most; null when there was none, or when it is no text.
    pub response_body: Option<String>,
    /// The same in base64, when it is no text.
    pub response_body_base64: Option<String>,
    /// Whether more came than is kept.
    pub response_truncated: bool,
    /// SHA-256 of the body that was sent, hexadecimal; null for an attempt that was interrupted.
    pub body_hash: Option<String>,
    /// By what people know the secret that signed; null for an attempt that was interrupted.
    pub secret_fingerprint: Option<String>,
}

impl From<Attempt> for WebhookAttempt {
    fn from(attempt: Attempt) -> Self {
        let (text, base64) = match String::from_utf8(attempt.response_body) {
            Ok(text) => (Some(text).filter(|text| !text.is_empty()), None),
            Err(bytes) => (None, Some(STANDARD.encode(bytes.as_bytes()))),
        };
        Self {
            key: attempt.id,
            mode: attempt.tenant.mode.into(),
            endpoint_id: attempt.endpoint.to_string().into(),
            delivery_id: attempt.delivery.to_string().into(),
            request_uuid: attempt.id.request_uuid().hyphenated().to_string(),
            number: whole(attempt.number),
            url: attempt.url,
            started_at: attempt.started_at.into(),
            duration_ms: i32::try_from(attempt.duration_micros / 1_000).unwrap_or(i32::MAX),
            success: attempt.is_success,
            status: attempt.status.map(i32::from),
            failure: attempt.failure.map(Into::into),
            failure_rule: attempt.detail,
            remote_address: attempt.remote_address.map(|address| address.to_string()),
            request_headers: attempt.request_headers.into_iter().map(Into::into).collect(),
            response_headers: attempt.response_headers.into_iter().map(Into::into).collect(),
            response_body: text,
            response_body_base64: base64,
            response_truncated: attempt.is_truncated,
            body_hash: attempt.body_sha256,
            secret_fingerprint: attempt.secret_fingerprint,
        }
    }
}

#[ComplexObject]
impl WebhookAttempt {
    /// Its id, `wha_…`.
    pub async fn id(&self) -> ID {
        self.key.to_string().into()
    }
}

#[derive(Default)]
pub struct WebhookDeliveryQuery;

#[Object]
impl WebhookDeliveryQuery {
    /// The log of deliveries, newest first. Takes the scope `webhooks:manage`.
    async fn webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
        #[graphql(desc = "Which deliveries.")] filter: Option<WebhookDeliveryFilter>,
    ) -> Result<Connection<Cursor<WebhookDeliveryId>, WebhookDelivery, EmptyFields>> {
        let filter = filter.unwrap_or_default().read()?;
        let list = List::new(("webhookDeliveries", &filter));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let app = ctx.app()?;
        let page = webhook::deliveries(app, ctx.actor()?, &filter, &request)
            .await
            .map_err(query_failure)?;
        let now = app.now();
        let node = |delivery| WebhookDelivery::new(delivery, now);
        Ok(list.connection(page, EmptyFields, |delivery| delivery.id, node))
    }

    /// The log of attempts, newest first. Takes the scope `webhooks:manage`.
    async fn webhook_attempts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
        #[graphql(desc = "Which attempts.")] filter: Option<WebhookAttemptFilter>,
    ) -> Result<Connection<Cursor<WebhookAttemptId>, WebhookAttempt, EmptyFields>> {
        let filter = filter.unwrap_or_default().read()?;
        let list = List::new(("webhookAttempts", &filter));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let page = webhook::attempts(ctx.app()?, ctx.actor()?, &filter, &request)
            .await
            .map_err(query_failure)?;
        Ok(list.connection(page, EmptyFields, |attempt| attempt.id, WebhookAttempt::from))
    }
}
