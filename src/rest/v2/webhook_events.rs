//! The history of deliveries to the configured endpoint.

use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door};
use crate::rest::fault::Fault;
use crate::rest::openapi::VersionHeader;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{DEFAULT_LIMIT, MAX_LIMIT, OfListing, number, time};
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::Timestamp;
use domain::webhook::{Delivery, DeliveryState, DeliveryStatus, EventPatterns};
use serde::Serialize;
use serde_json::value::RawValue;
use service::operation::MAX_OFFSET;
use service::webhook::{self, DeliveryFilter, DeliveryList, StoredBody};
use std::sync::Arc;
use utoipa::ToSchema;

/// One event on its way to your server.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEvent {
    /// Its id.
    #[schema(example = "whd_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The event that is told.
    #[schema(example = "evt_01KYEXAMPLE0000000000000000")]
    event_id: String,
    /// What the event is called.
    #[schema(example = "card_transaction")]
    event_type: String,
    /// `pending`, `sending`, `retry_scheduled`, `delivered`, `failed`, `expired` or `canceled`.
    #[schema(example = "delivered")]
    status: &'static str,
    /// How many attempts were begun.
    #[schema(example = 1)]
    attempts: u32,
    /// HTTP status of the last attempt that got one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 200)]
    last_status: Option<u16>,
    /// Why the last attempt got none: `timeout` or `connect`, for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "timeout")]
    last_error: Option<&'static str>,
    /// What is sent, on each attempt the same: the object as it was then, as its own path shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    payload: Option<Box<RawValue>>,
    /// When it was made.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
    /// When the next attempt is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-24T10:05:00Z")]
    next_attempt_at: Option<String>,
    /// When your server took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-01-24T10:00:00Z")]
    delivered_at: Option<String>,
}

/// Part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEventList {
    /// The deliveries of this part, newest first.
    events: Vec<WebhookEvent>,
    /// How many there are altogether.
    #[schema(example = 47)]
    total: u64,
    /// At most so many in a part, as asked for.
    #[schema(example = 20)]
    limit: u64,
    /// So many newer ones were passed over, as asked for.
    #[schema(example = 0)]
    offset: u64,
}

impl WebhookEvent {
    /// A delivery as of `now`. A body that cannot be read any more is left out.
    fn new(delivery: &Delivery, body: Option<&StoredBody>, now: Timestamp) -> Result<Self, Fault> {
        let state = delivery.state_at(now);
        let payload = body.map(|body| RawValue::from_string(body.text.to_string()));
        Ok(Self {
            id: delivery.id.to_string(),
            event_id: delivery.key.event.to_string(),
            event_type: delivery.key.name.clone(),
            status: state.status().as_str(),
            attempts: state.attempts(),
            last_status: delivery.last_status,
            last_error: delivery.last_failure.map(|failure| failure.as_str()),
            payload: payload.transpose().map_err(|error| Fault::defect(&error))?,
            created_at: time(delivery.created_at),
            next_attempt_at: match state {
                DeliveryState::Waiting { at, .. } => Some(time(at)),
                _ => None,
            },
            delivered_at: match state {
                DeliveryState::Delivered { at, .. } => Some(time(at)),
                _ => None,
            },
        })
    }
}

/// What a list is asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what `Part` reads")]
pub struct ListQuery {
    /// Only those that stand so: `pending`, `sending`, `retry_scheduled`, `delivered`, `failed`, `expired` or `canceled`.
    #[param(nullable = false)]
    status: Option<String>,
    /// Only those of events that are called so: `card_transaction`, `account_transaction`, `account_topup` or `card_state`.
    #[param(nullable = false)]
    event_type: Option<String>,
    /// How many at most; 10 if not given.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// How many newer ones to pass over; 0 if not given.
    #[param(nullable = false, minimum = 0, maximum = 10_000)]
    offset: Option<u64>,
}

/// Which part of the list.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    filter: DeliveryFilter,
    limit: u64,
    offset: u64,
}

impl Part {
    /// Reads the query; what nobody asks for is ignored.
    fn read(uri: &Uri) -> Result<Self, Fault> {
        let mut part = Self {
            filter: DeliveryFilter::default(),
            limit: DEFAULT_LIMIT,
            offset: 0,
        };
        let pairs: Query<Vec<(String, String)>> =
            Query::try_from_uri(uri).map_err(|_| Fault::invalid("the query cannot be read"))?;
        for (name, value) in pairs.0 {
            match name.as_str() {
                "status" => part.filter.status = Some(status(&value)?),
                "event_type" => part.filter.name = Some(event_type(value)?),
                "limit" => part.limit = number("limit", &value, 1, MAX_LIMIT)?,
                "offset" => part.offset = number("offset", &value, 0, MAX_OFFSET)?,
                _ => {}
            }
        }
        Ok(part)
    }
}

fn status(word: &str) -> Result<DeliveryStatus, Fault> {
    word.parse().map_err(|_| {
        Fault::invalid(
            "status must be pending, sending, retry_scheduled, delivered, failed, expired or canceled",
        )
    })
}

/// A name of any list: the endpoint may have been given other names than S4's.
fn event_type(name: String) -> Result<String, Fault> {
    let is_known = !name.contains('*') && EventPatterns::new([name.clone()]).is_ok();
    is_known.then_some(name).ok_or_else(|| {
        Fault::invalid(
            "event_type must be card_transaction, account_transaction, account_topup or card_state",
        )
    })
}

/// Delivery history of the webhook config, newest first.
///
/// Of other endpoints, and of configs that were removed, the GraphQL API tells. Takes the scope `webhooks:manage`.
#[utoipa::path(
    get, path = "/api/v2/webhooks/events", tag = "webhooks", operation_id = "listWebhookEvents",
    params(ListQuery, VersionHeader),
    responses((status = 200, description = "Part of the list.", body = Envelope<WebhookEventList>), OfListing)
)]
pub async fn list(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = listed(&mut asked).await;
    asked.answer(said)
}

async fn listed(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Question).await?;
    let Part {
        mut filter,
        limit,
        offset,
    } = Part::read(asked.uri())?;
    let app = asked.app();
    let listed = match webhook::config(app, &who).await? {
        None => DeliveryList::default(),
        Some(config) => {
            filter.endpoint = Some(config.id);
            webhook::deliveries_by_offset(app, &who, &filter, limit, offset).await?
        }
    };
    let (bodies, now) = (webhook::bodies(app, &listed.items).await?, app.now());
    let events = listed
        .items
        .iter()
        .map(|delivery| WebhookEvent::new(delivery, bodies.get(&delivery.key), now));
    let list = WebhookEventList {
        events: events.collect::<Result<_, _>>()?,
        total: listed.total,
        limit,
        offset,
    };
    Said::enveloped(StatusCode::OK, list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(query: &str) -> Result<Part, String> {
        let uri: Uri = format!("/api/v2/webhooks/events?{query}").parse().unwrap();
        Part::read(&uri).map_err(|fault| fault.words.into_owned())
    }

    #[test]
    fn a_part_is_read_as_that_of_transactions() {
        let asked =
            part("status=retry_scheduled&event_type=card_transaction&limit=20&offset=40&page=7").unwrap();
        assert_eq!(asked.filter.status, Some(DeliveryStatus::RetryScheduled));
        assert_eq!(asked.filter.name.as_deref(), Some("card_transaction"));
        assert_eq!((asked.limit, asked.offset), (20, 40));
        assert_eq!(part("").map(|part| (part.limit, part.offset)), Ok((10, 0)));
        for (query, words) in [
            ("limit=0", "limit must be 1 to 100"),
            ("offset=10001", "offset must be 0 to 10000"),
            (
                "status=DELIVERED",
                "status must be pending, sending, retry_scheduled, delivered, failed, expired or canceled",
            ),
            (
                "event_type=card_*",
                "event_type must be card_transaction, account_transaction, account_topup or card_state",
            ),
            (
                "event_type=",
                "event_type must be card_transaction, account_transaction, account_topup or card_state",
            ),
        ] {
            assert_eq!(part(query), Err(format!("invalid request: {words}")), "{query}");
        }
    }
}
