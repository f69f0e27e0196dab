//! An endpoint: where a merchant is told of events, how, and how it stands.
//!
//! Invariant: what is kept is within the limits here, and an endpoint that was deleted or switched off is told nothing, but loses nothing
//! either: its deliveries wait until they expire. Sources: S1, S2, S4; `reference/webhooks.md` 6.2.

use super::header::HeaderRefusal;
use super::naming::{EventPatterns, Naming, PatternRefusal};
use super::schedule::{RetrySchedule, ScheduleRefusal};
use super::secret::SecretRefusal;
use super::target_refusal::TargetRefusal;
use super::target_url::WebhookUrl;
use super::{Dialect, SuccessRule};
use crate::Timestamp;
use crate::api_version::ApiVersion;
use crate::id::WebhookEndpointId;
use crate::merchant::Tenant;
use crate::word::words;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Most endpoints of a merchant in a mode.
pub const MOST_ENDPOINTS: usize = 20;
/// Most characters of a description.
const LONGEST_DESCRIPTION: usize = 200;
/// How long one request may take, in milliseconds.
const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 500..=30_000;
/// Most requests at once to one endpoint.
const MOST_IN_FLIGHT: u32 = 100;
/// Most requests a second to one endpoint that asks for a limit.
const MOST_A_SECOND: u32 = 1_000;
/// Most fields that S1's hash covers.
const MOST_FIELDS: usize = 20;
/// Longest time in which two secrets sign.
pub const LONGEST_OVERLAP: chrono::Duration = chrono::Duration::days(30);
/// Longest path to a field.
const LONGEST_FIELD: usize = 64;

words! {
    /// What the body of a delivery is.
    PayloadForm, "payload form" {
        /// S2: `{event, timestamp, id, data}`, with the object under `data`.
        Event = "event",
        /// S4: the object alone, as the REST door shows it.
        Resource = "resource",
        /// As `event`, with nothing of the object but its id: who gets it asks for the rest.
        Thin = "thin",
    }
}

words! {
    /// What waits for what.
    DeliveryOrder, "order of deliveries" {
        /// Nothing: each is sent as soon as it can be.
        None = "none",
        /// Deliveries about one object wait for those about it before them.
        Object = "object",
        /// Each waits for all before it.
        Endpoint = "endpoint",
    }
}

words! {
    /// An endpoint that has a place of its own among those of a merchant and mode.
    Slot, "slot" {
        /// The one that S4's door sets up.
        Default = "default",
        /// Stands for the addresses that payments themselves carry (S3).
        Callback = "callback",
    }
}

words! {
    /// Why an endpoint was switched off.
    DisabledReason, "reason" {
        /// It has failed for too long.
        Failing = "failing",
        /// It answered 410: it wants no more.
        Gone = "gone",
    }
}

/// Why an endpoint is refused, or a change to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointRefusal {
    /// There are as many as there can be.
    #[error("a merchant has at most {MOST_ENDPOINTS} webhook endpoints in each mode")]
    TooMany,
    /// Its description is too long or holds control characters.
    #[error("a description has at most {LONGEST_DESCRIPTION} characters and no control characters")]
    Description,
    /// Its time-out is too short or too long.
    #[error("a time-out is {} to {} milliseconds", TIMEOUT_MS.start(), TIMEOUT_MS.end())]
    Timeout,
    /// Too many requests at once, or none.
    #[error("1 to {MOST_IN_FLIGHT} requests at once")]
    InFlight,
    /// Too many requests a second, or none.
    #[error("1 to {MOST_A_SECOND} requests a second")]
    Rate,
    /// The fields of S1's hash.
    #[error(
        "1 to {MOST_FIELDS} security fields, each a path of letters, digits, _ and dots of at most {LONGEST_FIELD} characters"
    )]
    SecurityFields,
    /// The callback dialect belongs to payments that carry an address.
    #[error("the callback dialect is for addresses that payments carry")]
    CallbackDialect,
    /// Where it leads.
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    /// Which events.
    #[error(transparent)]
    Events(#[from] PatternRefusal),
    /// When it is tried again.
    #[error(transparent)]
    Schedule(#[from] ScheduleRefusal),
    /// The headers that go with each request.
    #[error(transparent)]
    Header(#[from] HeaderRefusal),
    /// The secret that was given.
    #[error(transparent)]
    Secret(#[from] SecretRefusal),
    /// The time in which two secrets sign.
    #[error("two secrets sign for at most {} days", LONGEST_OVERLAP.num_days())]
    Overlap,
    /// Its events have no word for what is to be tried.
    #[error("this endpoint is told no event of this type under its names")]
    NoName,
    /// It was set up by a payment's own address and has nothing to change.
    #[error("this endpoint stands for the callback addresses of payments and cannot be changed")]
    NotYours,
}

/// How a merchant wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSettings {
    /// Where; `None` where each delivery has an address of its own.
    pub url: Option<WebhookUrl>,
    /// What people call it.
    pub description: String,
    /// How deliveries are signed.
    pub dialect: Dialect,
    /// Whose names events have.
    pub naming: Naming,
    /// What the body is.
    pub payload: PayloadForm,
    /// What S1's hash covers; a delivery whose body lacks one of them leaves it out.
    pub security_fields: Vec<String>,
    /// Which events.
    pub events: EventPatterns,
    /// Which answers count.
    pub success: SuccessRule,
    /// How long one request may take, in milliseconds.
    pub timeout_ms: u32,
    /// When it is tried again.
    pub schedule: RetrySchedule,
    /// Most requests a second.
    pub rate_per_second: Option<u32>,
    /// Most requests at once.
    pub max_in_flight: u32,
    /// What waits for what.
    pub order: DeliveryOrder,
    /// By which version objects are shown.
    pub api_version: ApiVersion,
}

impl EndpointSettings {
    /// What the source of `dialect` says (S1, S2, S3; for the others, Standard Webhooks).
    #[must_use]
    pub fn preset(dialect: Dialect, url: Option<WebhookUrl>) -> Self {
        let success = match dialect {
            Dialect::Hmac | Dialect::Callback => SuccessRule::Only200,
            Dialect::SecurityFields | Dialect::Standard | Dialect::Timestamped => SuccessRule::Any2xx,
        };
        let (naming, payload) = match dialect {
            Dialect::SecurityFields => (Naming::Business, PayloadForm::Resource),
            _ => (Naming::Dotted, PayloadForm::Event),
        };
        Self {
            url,
            description: String::new(),
            dialect,
            naming,
            payload,
            security_fields: vec!["id".to_owned(), "status".to_owned()],
            events: EventPatterns::default(),
            success,
            timeout_ms: if dialect == Dialect::Callback {
                5_000
            } else {
                10_000
            },
            schedule: RetrySchedule::default(),
            rate_per_second: None,
            max_in_flight: 20,
            order: DeliveryOrder::None,
            api_version: ApiVersion::NEWEST,
        }
    }

    /// What S4 says: the object alone, by the names of its categories, any 2xx within ten seconds.
    #[must_use]
    pub fn of_default_slot(url: WebhookUrl) -> Self {
        Self {
            naming: Naming::Category,
            payload: PayloadForm::Resource,
            success: SuccessRule::Any2xx,
            ..Self::preset(Dialect::Hmac, Some(url))
        }
    }

    /// Whether all of it is within limits. Parts that have types of their own were checked by these.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn check(&self) -> Result<(), EndpointRefusal> {
        if (self.dialect == Dialect::Callback) != self.url.is_none() {
            return Err(EndpointRefusal::CallbackDialect);
        }
        let words = self.description.as_str();
        if words.chars().count() > LONGEST_DESCRIPTION || words.chars().any(char::is_control) {
            return Err(EndpointRefusal::Description);
        }
        if !TIMEOUT_MS.contains(&self.timeout_ms) {
            return Err(EndpointRefusal::Timeout);
        }
        if !(1..=MOST_IN_FLIGHT).contains(&self.max_in_flight) {
            return Err(EndpointRefusal::InFlight);
        }
        if self
            .rate_per_second
            .is_some_and(|rate| !(1..=MOST_A_SECOND).contains(&rate))
        {
            return Err(EndpointRefusal::Rate);
        }
        let fields = &self.security_fields;
        if !(1..=MOST_FIELDS).contains(&fields.len()) || !fields.iter().all(|field| is_path(field)) {
            return Err(EndpointRefusal::SecurityFields);
        }
        Ok(())
    }

    /// How long one request may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }
}

fn is_path(field: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    field.len() <= LONGEST_FIELD && field.split('.').all(is_name)
}

/// Whether deliveries go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// They do.
    Enabled,
    /// The merchant holds them back.
    Paused {
        /// Since when.
        at: Timestamp,
    },
    /// We do.
    Disabled {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: DisabledReason,
    },
}

impl Standing {
    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Paused { .. } => "paused",
            Self::Disabled { .. } => "disabled",
        }
    }
}

/// A secret as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// Encrypted under the master key.
    pub sealed: String,
    /// A keyed hash, by which people compare secrets; 64 hexadecimal characters.
    pub fingerprint: String,
}

/// The secrets of an endpoint: one, or two while one takes the place of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSecrets {
    /// The one in force.
    pub current: SealedSecret,
    /// The one that takes its place, and when.
    pub next: Option<(SealedSecret, Timestamp)>,
}

impl EndpointSecrets {
    /// Those that sign at `now`: the one for headers that hold one signature, then the other, if there are two.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> (&SealedSecret, Option<&SealedSecret>) {
        match &self.next {
            Some((next, from)) if now >= *from => (next, None),
            Some((next, _)) => (&self.current, Some(next)),
            None => (&self.current, None),
        }
    }
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Whose it is.
    pub tenant: Tenant,
    /// Its place, if it has one.
    pub slot: Option<Slot>,
    /// How the merchant wants to be told.
    pub settings: EndpointSettings,
    /// Headers that go with each request: their names in the order that they have, and all of it sealed.
    pub headers: Option<SealedHeaders>,
    /// Whether deliveries go out.
    pub standing: Standing,
    /// What signs.
    pub secrets: EndpointSecrets,
    /// Whether the merchant asked for signatures in the header of its dialect (S4: the secret is optional).
    pub signs: bool,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Headers that go with each request of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedHeaders {
    /// Their names.
    pub names: Vec<String>,
    /// Names and values, as JSON, encrypted under the master key.
    pub sealed: String,
}

impl Endpoint {
    /// Whether deliveries go out.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.deleted_at.is_none() && matches!(self.standing, Standing::Enabled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> EndpointSettings {
        let url = "https://school.example.iq/hook".parse().unwrap();
        EndpointSettings::preset(Dialect::Hmac, Some(url))
    }

    #[test]
    fn presets_are_within_limits_and_say_what_their_sources_say() {
        let url: WebhookUrl = "https://school.example.iq/hook".parse().unwrap();
        for dialect in Dialect::ALL.iter().copied() {
            let at = (dialect != Dialect::Callback).then(|| url.clone());
            EndpointSettings::preset(dialect, at).check().unwrap();
        }
        let s2 = settings();
        assert_eq!((s2.success, s2.timeout_ms), (SuccessRule::Only200, 10_000));
        let s3 = EndpointSettings::preset(Dialect::Callback, None);
        assert_eq!((s3.success, s3.timeout_ms), (SuccessRule::Only200, 5_000));
        let s4 = EndpointSettings::of_default_slot(url);
        assert_eq!(
            (s4.success, s4.payload),
            (SuccessRule::Any2xx, PayloadForm::Resource)
        );
        s4.check().unwrap();
    }

    #[test]
    fn what_is_out_of_limits_is_refused_by_its_name() {
        type Change = fn(&mut EndpointSettings);
        let cases: [(Change, EndpointRefusal); 11] = [
            (|it| it.url = None, EndpointRefusal::CallbackDialect),
            (
                |it| it.dialect = Dialect::Callback,
                EndpointRefusal::CallbackDialect,
            ),
            (
                |it| it.description = "x".repeat(201),
                EndpointRefusal::Description,
            ),
            (|it| it.description = "a\nb".into(), EndpointRefusal::Description),
            (|it| it.timeout_ms = 499, EndpointRefusal::Timeout),
            (|it| it.timeout_ms = 30_001, EndpointRefusal::Timeout),
            (|it| it.max_in_flight = 0, EndpointRefusal::InFlight),
            (|it| it.rate_per_second = Some(0), EndpointRefusal::Rate),
            (
                |it| it.security_fields = Vec::new(),
                EndpointRefusal::SecurityFields,
            ),
            (
                |it| it.security_fields = vec!["a..b".into()],
                EndpointRefusal::SecurityFields,
            ),
            (
                |it| it.security_fields = vec!["id,status".into()],
                EndpointRefusal::SecurityFields,
            ),
        ];
        for (change, refusal) in cases {
            let mut changed = settings();
            change(&mut changed);
            assert_eq!(changed.check(), Err(refusal));
        }
    }

    #[test]
    fn two_secrets_sign_until_the_new_one_takes_over() {
        let secret = |text: &str| SealedSecret {
            sealed: text.into(),
            fingerprint: text.into(),
        };
        let from: Timestamp = "2026-06-16T12:00:00Z".parse().unwrap();
        let secrets = EndpointSecrets {
            current: secret("old"),
            next: Some((secret("new"), from)),
        };
        let before = from - chrono::Duration::seconds(1);
        assert_eq!(secrets.at(before), (&secret("old"), Some(&secret("new"))));
        assert_eq!(secrets.at(from), (&secret("new"), None));
    }
}
