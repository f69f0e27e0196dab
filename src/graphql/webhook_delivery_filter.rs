//! Selecting from the log of webhooks.

use super::error::{Code, failure};
use super::event::EventType;
use super::time::DateTime;
use super::webhook_enums::WebhookDeliveryStatus;
use async_graphql::{ID, InputObject, Result};
use domain::id::{MalformedId, WebhookAttemptId};
use service::webhook::{AttemptFilter, DeliveryFilter};
use std::str::FromStr;

/// Which deliveries; every part that is given must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct WebhookDeliveryFilter {
    /// To this endpoint, `whend_…`.
    pub endpoint: Option<ID>,
    /// Of this event, `evt_…`.
    pub event: Option<ID>,
    /// About this object, by its id.
    pub subject: Option<String>,
    /// That stand so.
    pub status: Option<WebhookDeliveryStatus>,
    /// Of these types.
    pub types: Option<Vec<EventType>>,
    /// Whose last attempt was answered with this HTTP status.
    pub last_status: Option<i32>,
    /// Made at this instant or later.
    pub created_from: Option<DateTime>,
    /// Made before this instant.
    pub created_before: Option<DateTime>,
}

/// Which attempts; every part that is given must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct WebhookAttemptFilter {
    /// To this endpoint, `whend_…`.
    pub endpoint: Option<ID>,
    /// Of this delivery, `whd_…`.
    pub delivery: Option<ID>,
    /// With this UUID in the header `X-Webhook-Request-UUID`.
    pub request_uuid: Option<String>,
    /// Answered with this HTTP status.
    pub status: Option<i32>,
    /// Taken, or not.
    pub success: Option<bool>,
    /// Begun at this instant or later.
    pub started_from: Option<DateTime>,
    /// Begun before this instant.
    pub started_before: Option<DateTime>,
}

impl WebhookDeliveryFilter {
    /// The filter as the use case takes it.
    pub fn read(self) -> Result<DeliveryFilter> {
        // No row holds such a text, and PostgreSQL cannot even be asked for one with a NUL.
        if self
            .subject
            .as_ref()
            .is_some_and(|text| text.chars().any(char::is_control))
        {
            return Err(failure(
                Code::BadUserInput,
                "filter must not hold control characters",
            ));
        }
        Ok(DeliveryFilter {
            endpoint: id(self.endpoint)?,
            event: id(self.event)?,
            subject: self.subject,
            status: self.status.map(Into::into),
            types: self
                .types
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            name: None,
            last_status: status(self.last_status)?,
            from: self.created_from.map(|instant| instant.0),
            until: self.created_before.map(|instant| instant.0),
        })
    }
}

impl WebhookAttemptFilter {
    /// The filter as the use case takes it.
    pub fn read(self) -> Result<AttemptFilter> {
        let uuid = self.request_uuid.map(|text| {
            WebhookAttemptId::from_request_uuid(&text)
                .ok_or_else(|| failure(Code::BadUserInput, "requestUuid is a UUID"))
        });
        Ok(AttemptFilter {
            endpoint: id(self.endpoint)?,
            delivery: id(self.delivery)?,
            request_uuid: uuid.transpose()?,
            status: status(self.status)?,
            is_success: self.success,
            from: self.started_from.map(|instant| instant.0),
            until: self.started_before.map(|instant| instant.0),
        })
    }
}

fn id<T: FromStr<Err = MalformedId>>(id: Option<ID>) -> Result<Option<T>> {
    let id = id.map(|id| id.parse()).transpose();
    id.map_err(|refusal: MalformedId| failure(Code::BadUserInput, refusal.to_string()))
}

fn status(status: Option<i32>) -> Result<Option<u16>> {
    let read = |status: i32| {
        u16::try_from(status)
            .ok()
            .filter(|status| (100..1_000).contains(status))
    };
    status
        .map(|status| read(status).ok_or_else(|| failure(Code::BadUserInput, "status is 100 to 999")))
        .transpose()
}
