//! What can be said about a webhook endpoint.

use super::reading::Reading;
use super::user_error::UserErrorCode;
use super::user_error::{UserError, user_errors};
use super::webhook_enums::{
    WebhookDialect, WebhookNaming, WebhookOrdering, WebhookPayload, WebhookSuccessRule,
};
use async_graphql::{ID, InputObject, MaybeUndefined};
use chrono::Duration;
use domain::api_version::ApiVersion;
use domain::id::WebhookEndpointId;
use domain::webhook::{
    EndpointRefusal, EventPatterns, RetrySchedule, ScheduleRefusal, StaticHeader, StaticHeaders,
    WebhookSecret, WebhookUrl,
};
use service::webhook::{EndpointChange, NewEndpoint, Overlap};

/// Longest time in which two secrets sign that anybody asks for without saying so: a day, in minutes.
const OVERLAP_MINUTES: i32 = 24 * 60;

/// When a delivery is tried again.
#[derive(InputObject, Clone, Debug)]
pub struct WebhookRetryScheduleInput {
    /// The pause before each attempt in seconds, the first among them: 1 to 20 of them, each 3 days at most.
    pub delays_seconds: Vec<i32>,
    /// How long a delivery lives, in seconds: 1 minute to 30 days.
    pub lifetime_seconds: i32,
}

/// A header of your own.
#[derive(InputObject, Clone)]
pub struct WebhookHeaderInput {
    /// Its name.
    pub name: String,
    /// Its value, which is kept encrypted and shown nowhere.
    pub value: String,
}

/// How an endpoint is told. What is left out is as the dialect has it, or as it was.
#[derive(InputObject, Clone, Default)]
pub struct WebhookSettingsInput {
    /// What you call it, at most 200 characters.
    pub description: Option<String>,
    /// Whose names events have.
    pub naming: Option<WebhookNaming>,
    /// What the body is.
    pub payload: Option<WebhookPayload>,
    /// What the hash of the dialect `SECURITY_FIELDS` covers: 1 to 20 paths such as `id` or `customer.email`.
    pub security_fields: Option<Vec<String>>,
    /// Names of events by any list, `*` standing for any characters; all if empty.
    pub event_types: Option<Vec<String>>,
    /// Which answers count as taken.
    pub success_rule: Option<WebhookSuccessRule>,
    /// How long one request may take: 500 to 30,000 milliseconds.
    pub timeout_ms: Option<i32>,
    /// When a delivery is tried again.
    pub retry_schedule: Option<WebhookRetryScheduleInput>,
    /// Most requests a second, 1 to 1,000; null is without limit.
    pub rate_per_second: MaybeUndefined<i32>,
    /// Most requests at once, 1 to 100.
    pub max_in_flight: Option<i32>,
    /// What waits for what.
    pub ordering: Option<WebhookOrdering>,
    /// By which version objects are shown.
    pub api_version: Option<String>,
    /// Headers of your own, at most 20, in place of those there are.
    pub headers: Option<Vec<WebhookHeaderInput>>,
}

/// Set up an endpoint.
#[derive(InputObject)]
pub struct WebhookEndpointCreateInput {
    /// Where events go: https, publicly reachable, port 443, unless the operator allows more.
    pub url: String,
    /// How deliveries are signed; `HMAC` if left out.
    pub dialect: Option<WebhookDialect>,
    /// How it is told.
    pub settings: Option<WebhookSettingsInput>,
    /// Your own secret: 16 to 256 printable characters. One is made if left out.
    pub secret: Option<String>,
}

/// Change an endpoint.
#[derive(InputObject)]
pub struct WebhookEndpointUpdateInput {
    /// The endpoint, `whend_…`.
    pub id: ID,
    /// Where events go.
    pub url: Option<String>,
    /// How it is told.
    pub settings: Option<WebhookSettingsInput>,
    /// Whether deliveries go out. One that was switched off begins afresh.
    pub enabled: Option<bool>,
    /// Give up what waits, rather than send it when deliveries go out again.
    #[graphql(default)]
    pub drop_backlog: bool,
}

/// Delete an endpoint.
#[derive(InputObject)]
pub struct WebhookEndpointDeleteInput {
    /// The endpoint, `whend_…`.
    pub id: ID,
}

/// Show the secrets of an endpoint.
#[derive(InputObject)]
pub struct WebhookEndpointRevealSecretInput {
    /// The endpoint, `whend_…`.
    pub id: ID,
}

/// Give an endpoint a new secret.
#[derive(InputObject)]
pub struct WebhookEndpointRotateSecretInput {
    /// The endpoint, `whend_…`.
    pub id: ID,
    /// Your own new secret: 16 to 256 printable characters. One is made if left out.
    pub secret: Option<String>,
    /// For how many minutes both secrets sign, 0 to 30 days: a day if left out. With 0 the old one signs nothing any more.
    pub overlap_minutes: Option<i32>,
}

fn refused(refusal: impl Into<EndpointRefusal>) -> UserError {
    let refusal: EndpointRefusal = refusal.into();
    let mut errors = user_errors(&refusal.into());
    errors
        .pop()
        .unwrap_or_else(|| UserError::new(UserErrorCode::WebhookSettingInvalid, "this cannot be used"))
}

/// A count; what is below zero is as wrong as zero.
fn count(count: i32) -> u32 {
    u32::try_from(count).unwrap_or_default()
}

fn seconds(seconds: i32) -> Duration {
    Duration::seconds(seconds.into())
}

impl WebhookSettingsInput {
    fn read(self, reading: &mut Reading) -> EndpointChange {
        let rate = match self.rate_per_second {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(rate) => Some(Some(count(rate))),
        };
        let schedule = self.retry_schedule.map(|schedule| {
            let delays = schedule.delays_seconds.into_iter().map(seconds).collect();
            RetrySchedule::new(delays, seconds(schedule.lifetime_seconds))
                .map_err(|refusal: ScheduleRefusal| refused(refusal))
        });
        let headers = self.headers.map(|headers| {
            let each = headers
                .into_iter()
                .map(|header| StaticHeader::new(header.name, header.value));
            let headers = each.collect::<Result<Vec<_>, _>>().and_then(StaticHeaders::new);
            headers.map_err(refused)
        });
        let version = self.api_version.map(|word| {
            let unknown = |refusal| UserError::at(UserErrorCode::ApiVersionUnknown, refusal, "apiVersion");
            word.parse::<ApiVersion>().map_err(unknown)
        });
        let events = self
            .event_types
            .map(|patterns| EventPatterns::new(patterns).map_err(refused));
        EndpointChange {
            description: self.description,
            naming: self.naming.map(Into::into),
            payload: self.payload.map(Into::into),
            security_fields: self.security_fields,
            events: events.and_then(|events| reading.take(events)),
            success: self.success_rule.map(Into::into),
            timeout_ms: self.timeout_ms.map(count),
            schedule: schedule.and_then(|schedule| reading.take(schedule)),
            rate_per_second: rate,
            max_in_flight: self.max_in_flight.map(count),
            order: self.ordering.map(Into::into),
            api_version: version.and_then(|version| reading.take(version)),
            headers: headers.and_then(|headers| reading.take(headers)),
            ..EndpointChange::default()
        }
    }
}

fn url(reading: &mut Reading, text: &str) -> Option<WebhookUrl> {
    reading.take(
        text.parse()
            .map_err(|refusal: domain::webhook::TargetRefusal| refused(refusal)),
    )
}

fn secret(reading: &mut Reading, text: Option<&str>) -> Option<WebhookSecret> {
    reading.take(WebhookSecret::given(text?).map_err(refused))
}

impl WebhookEndpointCreateInput {
    pub fn read(self) -> Result<NewEndpoint, Vec<UserError>> {
        let mut reading = Reading::default();
        let url = url(&mut reading, &self.url);
        let change = self.settings.unwrap_or_default().read(&mut reading);
        let secret = secret(&mut reading, self.secret.as_deref());
        reading.finish(url.map(|url| NewEndpoint {
            url,
            dialect: self.dialect.unwrap_or(WebhookDialect::Hmac).into(),
            change,
            secret,
        }))
    }
}

impl WebhookEndpointUpdateInput {
    pub fn read(self) -> Result<(WebhookEndpointId, EndpointChange), Vec<UserError>> {
        let mut reading = Reading::default();
        let id = reading.id(&self.id, "id");
        let url = self.url.and_then(|text| url(&mut reading, &text));
        let change = EndpointChange {
            url,
            enabled: self.enabled,
            drops_backlog: self.drop_backlog,
            ..self.settings.unwrap_or_default().read(&mut reading)
        };
        reading.finish(id.map(|id| (id, change)))
    }
}

impl WebhookEndpointRotateSecretInput {
    pub fn read(self) -> Result<(WebhookEndpointId, Option<WebhookSecret>, Overlap), Vec<UserError>> {
        let mut reading = Reading::default();
        let id = reading.id(&self.id, "id");
        let secret = secret(&mut reading, self.secret.as_deref());
        let overlap = match self.overlap_minutes.unwrap_or(OVERLAP_MINUTES) {
            0 => Overlap::None,
            minutes => Overlap::For(Duration::minutes(minutes.into())),
        };
        reading.finish(id.map(|id| (id, secret, overlap)))
    }
}
