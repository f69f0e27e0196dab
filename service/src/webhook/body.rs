//! The bytes that are sent.
//!
//! Invariant: they are made from the event as it was written and nothing that changes later, and kept with the first attempt that was made
//! with them; every later attempt and every replay sends those.

use super::callback;
use crate::db::sql;
use crate::event::{Event, by_ids, render};
use crate::{App, Error, Result};
use chrono::SecondsFormat;
use domain::event::Subject;
use domain::webhook::{Body, BodyKey, Delivery, message_id, stable_json};
use entity::inconsistency::At as _;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A body and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBody {
    /// The bytes, which are text.
    pub text: Arc<str>,
    /// SHA-256 of it, hexadecimal.
    pub sha256: Arc<str>,
    /// Whether the database has it.
    pub is_kept: bool,
}

impl StoredBody {
    /// A body that is not kept yet.
    pub(super) fn new(text: String) -> Self {
        Self {
            sha256: hex::encode(Sha256::digest(&text)).into(),
            text: text.into(),
            is_kept: false,
        }
    }
}

/// Bodies by their keys; one that cannot be made is not among them.
pub type Bodies = HashMap<BodyKey, StoredBody>;

/// Uses the primary key.
const KEPT: &str =
    "SELECT event_id, payload, api_version, name, body, sha256 FROM webhook_payloads WHERE event_id IN ";

/// The bodies of these deliveries: those that are kept, and the others made. However many there are, they take few statements.
///
/// # Errors
/// Storage errors. What cannot be read any more is left out.
pub async fn bodies(app: &App, deliveries: &[Delivery]) -> Result<Bodies> {
    let mut bodies = Bodies::new();
    let ids: BTreeSet<String> = deliveries.iter().map(|it| it.key.event.to_string()).collect();
    if ids.is_empty() {
        return Ok(bodies);
    }
    let postgres = app.db().is_postgres();
    let places = format!("{KEPT}({})", vec!["?"; ids.len()].join(", "));
    let kept = ids
        .iter()
        .fold(sql(postgres, &places), |sql, id| sql.bind(id.clone()));
    for row in kept.all(app.db().reads()).await? {
        match stored(&row) {
            Ok((key, body)) => drop(bodies.insert(key, body)),
            Err(Error::Storage(error)) => return Err(error.into()),
            // Of a newer version, which sends it.
            Err(error) => tracing::error!(%error, "a kept webhook body cannot be read"),
        }
    }
    let missing: Vec<&Delivery> = deliveries
        .iter()
        .filter(|it| !bodies.contains_key(&it.key))
        .collect();
    let ids: BTreeSet<String> = missing.iter().map(|it| it.key.event.to_string()).collect();
    let events: HashMap<String, Arc<Event>> = by_ids(app, ids)
        .await?
        .into_iter()
        .map(|event| (event.id.to_string(), Arc::new(event)))
        .collect();
    make(app, &missing, &events, &mut bodies).await?;
    Ok(bodies)
}

fn stored(row: &sea_orm::QueryResult) -> Result<(BodyKey, StoredBody)> {
    const TABLE: &str = "webhook_payloads";
    let text = |column: &str| row.try_get_by::<String, _>(column);
    let event = text("event_id")?;
    let key = BodyKey {
        event: event.parse().at(TABLE, "event_id", &event)?,
        body: text("payload")?.parse().at(TABLE, "payload", &event)?,
        api_version: text("api_version")?.parse().at(TABLE, "api_version", &event)?,
        name: text("name")?,
    };
    let body = StoredBody {
        text: text("body")?.into(),
        sha256: text("sha256")?.into(),
        is_kept: true,
    };
    Ok((key, body))
}

/// Makes the bodies that are not kept.
async fn make(
    app: &App,
    missing: &[&Delivery],
    events: &HashMap<String, Arc<Event>>,
    bodies: &mut Bodies,
) -> Result<()> {
    let mut shown: HashMap<_, Vec<(&Delivery, Arc<Event>)>> = HashMap::new();
    for delivery in missing {
        let Some(event) = events.get(&delivery.key.event.to_string()) else {
            tracing::error!(delivery = %delivery.id, event = %delivery.key.event, "a delivery outlived its event");
            continue;
        };
        if delivery.key.body == Body::Callback {
            match callback::body(app, event).await {
                Ok(text) => drop(bodies.insert(delivery.key.clone(), StoredBody::new(text))),
                Err(Error::Storage(error)) => return Err(error.into()),
                Err(error) => tracing::error!(%error, delivery = %delivery.id, "a callback cannot be made"),
            }
        } else {
            let of_version = shown.entry(delivery.key.api_version).or_default();
            of_version.push((delivery, Arc::clone(event)));
        }
    }
    for (version, deliveries) in shown {
        let events: Vec<Arc<Event>> = deliveries.iter().map(|(_, event)| Arc::clone(event)).collect();
        let objects = match render(app, &events, version).await {
            Ok(objects) => objects,
            Err(Error::Storage(error)) => return Err(error.into()),
            // One of them is damaged: the others are not to wait for it.
            Err(_) => one_by_one(app, &events, version).await?,
        };
        for ((delivery, event), object) in deliveries.into_iter().zip(objects) {
            // What a newer version of this program tells, only that can say.
            if !object.is_null() {
                bodies.insert(
                    delivery.key.clone(),
                    StoredBody::new(text(delivery, &event, object)),
                );
            }
        }
    }
    Ok(())
}

async fn one_by_one(
    app: &App,
    events: &[Arc<Event>],
    version: domain::api_version::ApiVersion,
) -> Result<Vec<Value>> {
    let mut objects = Vec::with_capacity(events.len());
    for event in events {
        match render(app, std::slice::from_ref(event), version).await {
            Ok(mut object) => objects.push(object.pop().unwrap_or_default()),
            Err(Error::Storage(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(%error, event = %event.id, "an event cannot be told");
                objects.push(Value::Null);
            }
        }
    }
    Ok(objects)
}

/// What `delivery` says about `object`, which is what `event` is about.
pub(super) fn text(delivery: &Delivery, event: &Event, object: Value) -> String {
    let subject = event.event_type.map(domain::event::EventType::subject);
    match delivery.key.body {
        Body::Resource => stable_json(&object),
        Body::Thin => {
            let kind = subject.map(Subject::as_str);
            envelope(delivery, event, &json!({ "id": event.subject, "object": kind }))
        }
        Body::Event | Body::Callback => envelope(delivery, event, &with_ids(object, event, subject)),
    }
}

/// S2: whose object it is, and its id under the name of its kind, beside what the object has itself.
fn with_ids(object: Value, event: &Event, subject: Option<Subject>) -> Value {
    let Value::Object(keys) = object else {
        return object;
    };
    let mut data = Map::new();
    if let Some(subject) = subject {
        data.insert(format!("{subject}_id"), event.subject.clone().into());
    }
    data.insert("merchant_id".to_owned(), event.tenant.merchant.to_string().into());
    data.extend(keys);
    Value::Object(data)
}

fn envelope(delivery: &Delivery, event: &Event, data: &Value) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let id = message_id(event.id, delivery.is_alias.then_some(delivery.key.name.as_str()));
    format!(
        r#"{{"event":{},"timestamp":{},"id":{},"mode":{},"api_version":{},"data":{}}}"#,
        quoted(&delivery.key.name),
        quoted(&event.occurred_at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        quoted(&id),
        quoted(event.tenant.mode.as_str()),
        quoted(delivery.key.api_version.as_str()),
        stable_json(data),
    )
}
