//! A delivery, its attempts, and by what its body is found.
//!
//! Invariant: a delivery says all that its receiver may tell it by: the message id is the same for each attempt and replay. Its life is in
//! `state`.

use super::endpoint::PayloadForm;
use super::failure::FailureClass;
use super::schedule::RetrySchedule;
use super::state::DeliveryState;
use super::target_url::WebhookUrl;
use crate::Timestamp;
use crate::api_version::ApiVersion;
use crate::event::EventType;
use crate::id::{EventId, WebhookAttemptId, WebhookDeliveryId, WebhookEndpointId};
use crate::merchant::Tenant;
use crate::word::words;
use std::net::SocketAddr;

words! {
    /// Where a delivery comes from.
    Cause, "cause of a delivery" {
        /// Something happened.
        Event = "event",
        /// Somebody wants an earlier delivery again.
        Replay = "replay",
        /// Somebody tries an endpoint out.
        Test = "test",
    }
}

words! {
    /// What the body of a delivery is: a form that an endpoint chooses, or the callback of a payment.
    Body, "body of a delivery" {
        /// S2: `{event, timestamp, id, data}`.
        Event = "event",
        /// S4: the object alone.
        Resource = "resource",
        /// The object's id alone.
        Thin = "thin",
        /// S3: `{referenceCode, status, payoutAmount, keyId, content}`.
        Callback = "callback",
    }
}

impl From<PayloadForm> for Body {
    fn from(form: PayloadForm) -> Self {
        match form {
            PayloadForm::Event => Self::Event,
            PayloadForm::Resource => Self::Resource,
            PayloadForm::Thin => Self::Thin,
        }
    }
}

/// By what the bytes of a body are found: deliveries with the same key carry the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BodyKey {
    /// The event.
    pub event: EventId,
    /// What the body is.
    pub body: Body,
    /// By which version the object is shown.
    pub api_version: ApiVersion,
    /// What the event is called.
    pub name: String,
}

/// One event to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// Whose it is.
    pub tenant: Tenant,
    /// Where it goes.
    pub endpoint: WebhookEndpointId,
    /// What is told, and as which bytes.
    pub key: BodyKey,
    /// The type of the event as it is told; `None` is one that a newer version of this program tells.
    pub event_type: Option<EventType>,
    /// Whether the event is told under another name beside its own.
    pub is_alias: bool,
    /// Id of the object that it is about.
    pub subject: String,
    /// 0, or the number of the replay.
    pub run: u32,
    /// Where it comes from.
    pub cause: Cause,
    /// Where to, if not to the address of the endpoint.
    pub url: Option<WebhookUrl>,
    /// How it stands.
    pub state: DeliveryState,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// HTTP status of the last attempt that got one.
    pub last_status: Option<u16>,
    /// Why the last attempt got none.
    pub last_failure: Option<FailureClass>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Delivery {
    /// What its receiver tells it by: the same for each attempt and each replay. An event that is told under two names is two messages.
    #[must_use]
    pub fn message_id(&self) -> String {
        message_id(self.key.event, self.is_alias.then_some(self.key.name.as_str()))
    }

    /// When it is tried again, where its endpoint says `usual`. A test is tried once: whoever makes one is there to see it.
    #[must_use]
    pub fn schedule(&self, usual: &RetrySchedule) -> RetrySchedule {
        match self.cause {
            Cause::Test => RetrySchedule::once(),
            Cause::Event | Cause::Replay => usual.clone(),
        }
    }

    /// How it stands at `now`: what waits longer than its time has expired, whether or not somebody has written that down.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> DeliveryState {
        match self.state {
            DeliveryState::Waiting { attempts, .. } if now >= self.expires_at => DeliveryState::Expired {
                attempts,
                at: self.expires_at,
            },
            ref state => state.clone(),
        }
    }
}

/// What receivers tell the message about `event` by, under its own name or under `alias`.
#[must_use]
pub fn message_id(event: EventId, alias: Option<&str>) -> String {
    // Standard Webhooks: an id holds no full stop.
    match alias {
        None => event.to_string(),
        Some(alias) => format!("{event}_{}", alias.replace('.', "_")),
    }
}

/// One HTTP request of a delivery, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: WebhookAttemptId,
    /// Whose it is.
    pub tenant: Tenant,
    /// Where it went.
    pub endpoint: WebhookEndpointId,
    /// What it belongs to.
    pub delivery: WebhookDeliveryId,
    /// Its number, from 1.
    pub number: u32,
    /// The address.
    pub url: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in microseconds.
    pub duration_micros: i64,
    /// Whether the server took it.
    pub is_success: bool,
    /// What the server answered, if it did.
    pub status: Option<u16>,
    /// Why it did not.
    pub failure: Option<FailureClass>,
    /// Which rule stands against an address that is not called.
    pub detail: Option<String>,
    /// Who answered.
    pub remote_address: Option<SocketAddr>,
    /// The headers that were sent, those with the merchant's own values without these.
    pub request_headers: Vec<(String, String)>,
    /// The headers that came, the first of them.
    pub response_headers: Vec<(String, String)>,
    /// The beginning of the body that came.
    pub response_body: Vec<u8>,
    /// Whether more came than is kept.
    pub is_truncated: bool,
    /// SHA-256 of the body that was sent; hexadecimal. Not known of an attempt that was interrupted.
    pub body_sha256: Option<String>,
    /// By what people know the secret that signed.
    pub secret_fingerprint: Option<String>,
}
