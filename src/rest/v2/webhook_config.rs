//! The configuration of webhooks: read, set, remove.
//!
//! Invariant: a secret comes in and never goes out; what is shown is whether there is one.

use crate::graphql::{UserErrorCode, user_errors};
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door};
use crate::rest::fault::Fault;
use crate::rest::openapi::VersionHeader;
use crate::rest::problems::Problems;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{Done, OfSettingUp, OfShowing, time};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::webhook::{Endpoint, EndpointRefusal, EventPatterns, Standing, WebhookSecret, WebhookUrl};
use serde::{Deserialize, Deserializer, Serialize};
use service::App;
use service::webhook::{self, NewConfig, SecretChange};
use std::fmt::Display;
use std::sync::Arc;
use utoipa::ToSchema;

/// How webhooks are set up.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookConfig {
    /// Where events go.
    #[schema(example = "https://yourapp.com/webhooks/incoming")]
    url: String,
    /// Whether deliveries are signed in `X-Webhook-Signature`. The secret itself is never shown.
    #[schema(example = true)]
    secret_set: bool,
    /// Which events; all if there are none.
    #[schema(example = json!(["card_transaction"]))]
    event_types: Vec<String>,
    /// Whether deliveries go out.
    #[schema(example = true)]
    enabled: bool,
    /// `enabled`; `paused` when you hold deliveries back; `disabled` when we do, since your server fails or wants no more.
    #[schema(example = "enabled")]
    status: &'static str,
    /// When it was first set.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
    /// When it was last set.
    #[schema(example = "2026-01-24T10:00:00Z")]
    updated_at: String,
}

impl From<Endpoint> for WebhookConfig {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            url: endpoint
                .settings
                .url
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            secret_set: endpoint.signs,
            event_types: endpoint.settings.events.as_slice().to_vec(),
            enabled: endpoint.standing == Standing::Enabled,
            status: endpoint.standing.as_str(),
            created_at: time(endpoint.created_at),
            updated_at: time(endpoint.updated_at),
        }
    }
}

/// How webhooks are to be set up.
#[derive(Deserialize, ToSchema)]
#[schema(as = WebhookConfigRequest)]
pub struct NewWebhookConfig {
    /// Where events go: https, publicly reachable, port 443.
    #[schema(max_length = 2048, example = "https://yourapp.com/webhooks/incoming")]
    url: String,
    /// With it each delivery is signed in `X-Webhook-Signature`: 16 to 256 printable characters. Left out, it stays as it is; null or empty,
    /// deliveries are not signed there any more.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 256, example = "correct-horse-battery")]
    secret: Option<Option<String>>,
    /// Which events: names such as `card_transaction`, `*` standing for any characters. All if left out or empty.
    #[schema(max_items = 50, example = json!(["card_transaction", "account_transaction"]))]
    event_types: Option<Vec<String>>,
    /// Whether deliveries go out; true if left out. With false they wait until they expire.
    #[schema(example = true)]
    enabled: Option<bool>,
}

/// Null is something that was given.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// The code of a refusal.
fn code(refusal: EndpointRefusal) -> UserErrorCode {
    let errors = user_errors(&refusal.into());
    errors
        .first()
        .map_or(UserErrorCode::WebhookSettingInvalid, |error| error.code)
}

/// The value, or nothing and its problem noted, with the field before the words.
fn take<T, E>(problems: &mut Problems, field: &str, read: Result<T, E>) -> Option<T>
where
    E: Into<EndpointRefusal> + Display,
{
    read.map_err(|refusal| {
        let words = format!("{field} {refusal}");
        problems.add(code(refusal.into()), words);
    })
    .ok()
}

impl NewWebhookConfig {
    /// The command, or everything that is wrong with it.
    fn read(self, app: &App) -> Result<NewConfig, Fault> {
        let mut problems = Problems::default();
        let url = self.url.parse::<WebhookUrl>().and_then(|url| {
            app.webhook_targets().vet_url(&url)?;
            Ok(url)
        });
        let url = take(&mut problems, "url", url);
        let events = EventPatterns::new(self.event_types.unwrap_or_default());
        let events = take(&mut problems, "event_types:", events);
        let secret = match self.secret {
            None => Some(SecretChange::Keep),
            Some(None) => Some(SecretChange::Remove),
            Some(Some(text)) if text.is_empty() => Some(SecretChange::Remove),
            Some(Some(text)) => {
                take(&mut problems, "secret:", WebhookSecret::given(&text)).map(SecretChange::Set)
            }
        };
        let read = url
            .zip(events)
            .zip(secret)
            .map(|((url, events), secret)| NewConfig {
                url,
                secret,
                events,
                enabled: self.enabled.unwrap_or(true),
            });
        problems.finish(read)
    }
}

/// Read the webhook config.
///
/// Takes the scope `webhooks:manage`.
#[utoipa::path(
    get, path = "/api/v2/webhooks/config", tag = "webhooks", operation_id = "getWebhookConfig",
    params(VersionHeader),
    responses((status = 200, description = "The config.", body = Envelope<WebhookConfig>), OfShowing)
)]
pub async fn show(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = shown(&mut asked).await;
    asked.answer(said)
}

async fn shown(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Question).await?;
    let config = webhook::config(asked.app(), &who).await?;
    let config = config.ok_or_else(|| Fault::not_found("webhook config"))?;
    Said::enveloped(StatusCode::OK, WebhookConfig::from(config))
}

/// Set or update the webhook config.
///
/// Takes the scope `webhooks:manage`, and whoever has it sees what events carry. Setting it twice is setting it once.
#[utoipa::path(
    put, path = "/api/v2/webhooks/config", tag = "webhooks", operation_id = "setWebhookConfig",
    params(VersionHeader), request_body = NewWebhookConfig,
    responses((status = 200, description = "The config as it is now.", body = Envelope<WebhookConfig>), OfSettingUp)
)]
pub async fn set(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = was_set(&mut asked).await;
    asked.answer(said)
}

fn made(endpoint: &Endpoint) -> Vec<String> {
    vec![endpoint.id.to_string()]
}

async fn was_set(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let body: NewWebhookConfig = asked.json().await?;
    let app = asked.app().clone();
    let new = body.read(&app)?;
    let command = Box::pin(async move { webhook::set_config(&app, &who, new).await });
    let config = asked.command(command, made).await?;
    Said::enveloped(StatusCode::OK, WebhookConfig::from(config))
}

/// Remove the webhook config.
///
/// What waits to be delivered is given up. Takes the scope `webhooks:manage`.
#[utoipa::path(
    delete, path = "/api/v2/webhooks/config", tag = "webhooks", operation_id = "removeWebhookConfig",
    params(VersionHeader),
    responses((status = 200, description = "It is removed.", body = Done), OfShowing)
)]
pub async fn remove(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = removed(&mut asked).await;
    asked.answer(said)
}

async fn removed(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let app = asked.app().clone();
    let command = Box::pin(async move { webhook::remove_config(&app, &who).await });
    asked.command(command, made).await?;
    Said::json(StatusCode::OK, &Done::new("webhook config removed"))
}
