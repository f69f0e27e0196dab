//! What readers get of an event: the object as it was then, in its public shape.
//!
//! Invariant: an event looks the same whenever and by whomever it is read. What is stored is the object at that moment; what its shape takes
//! beside that, a card and the answer to the first operation, is written once and never changes. Both are loaded for all events together.

use super::read::Event;
use super::resource;
use crate::{App, Error, Result};
use domain::api_version::ApiVersion;
use domain::card::Card;
use domain::event::Subject;
use domain::id::{CardId, PaymentId};
use domain::intent::Intent;
use domain::merchant::Merchant;
use domain::operation::{Operation, OperationKind};
use domain::payment::Payment;
use domain::payment_link::PaymentLink;
use domain::promo_code::PromoCode;
use domain::refund::Refund;
use entity::inconsistency::At as _;
use entity::{card, operation};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// An object as it is stored in an event.
enum Stored {
    Payment(Box<Payment>),
    Refund(Box<Refund>),
    Intent(Box<Intent>),
    Link(Box<PaymentLink>),
    Promo(Box<PromoCode>),
    Credential(Box<domain::credential::Credential>),
    Merchant(Box<Merchant>),
    /// Something that a newer version of this program tells.
    Unknown,
}

/// What the shapes of payments take beside them.
#[derive(Default)]
struct Beside {
    cards: HashMap<CardId, Card>,
    first: HashMap<PaymentId, Operation>,
}

/// The objects of events as they were then, in the order of the events, as `version` shows them. Null for an event that this program does
/// not know. Who may see an event is decided before; this asks nobody.
///
/// However many events there are, they take two statements at most.
///
/// # Errors
/// Storage errors, or an event that cannot be read.
pub async fn render(app: &App, events: &[Arc<Event>], version: ApiVersion) -> Result<Vec<Value>> {
    let stored = events
        .iter()
        .map(|event| Stored::of(event))
        .collect::<Result<Vec<_>>>()?;
    let beside = Beside::load(app, &stored).await?;
    let each = stored.iter().zip(events);
    match version {
        // No version shows an object otherwise than another.
        ApiVersion::Tigris | ApiVersion::Basra => {
            each.map(|(stored, event)| stored.print(&beside, event)).collect()
        }
    }
}

fn read<T: DeserializeOwned>(event: &Event) -> Result<Box<T>> {
    let read = serde_json::from_str(&event.data);
    Ok(read.at("outbox_events", "data", &event.id.to_string())?)
}

fn value(shape: impl Serialize) -> Result<Value> {
    serde_json::to_value(shape).map_err(|_| Error::Unavailable("the event cannot be printed"))
}

impl Stored {
    fn of(event: &Event) -> Result<Self> {
        let Some(event_type) = event.event_type else {
            return Ok(Self::Unknown);
        };
        Ok(match event_type.subject() {
            Subject::Payment => Self::Payment(read(event)?),
            Subject::Refund => Self::Refund(read(event)?),
            Subject::Intent => Self::Intent(read(event)?),
            Subject::PaymentLink => Self::Link(read(event)?),
            Subject::PromoCode => Self::Promo(read(event)?),
            Subject::Credential => Self::Credential(read(event)?),
            Subject::Merchant => Self::Merchant(read(event)?),
        })
    }

    fn print(&self, beside: &Beside, event: &Event) -> Result<Value> {
        let then = event.occurred_at;
        let id = || event.id.to_string();
        match self {
            Self::Payment(payment) => {
                let card = payment.card.and_then(|card| beside.cards.get(&card));
                let first = beside.first.get(&payment.id);
                let shape = resource::Payment::new(payment, card, first, then);
                value(shape.at("outbox_events", "data", &id())?)
            }
            Self::Refund(refund) => value(resource::Refund::from(refund.as_ref())),
            Self::Intent(intent) => {
                let shape = resource::PaymentIntent::new(intent, then);
                value(shape.at("outbox_events", "data", &id())?)
            }
            Self::Link(link) => value(resource::PaymentLink::new(link, then)),
            Self::Promo(promo) => value(resource::PromoCode::from(promo.as_ref())),
            Self::Credential(credential) => value(resource::Credential::new(credential, then)),
            Self::Merchant(merchant) => value(resource::Merchant::from(merchant.as_ref())),
            Self::Unknown => Ok(Value::Null),
        }
    }
}

impl Beside {
    /// The cards and first operations of all payments among these. Their ids come from rows of the merchants that they belong to.
    async fn load(app: &App, stored: &[Stored]) -> Result<Self> {
        let payments: Vec<&Payment> = stored
            .iter()
            .filter_map(|stored| match stored {
                Stored::Payment(payment) => Some(payment.as_ref()),
                _ => None,
            })
            .collect();
        let mut beside = Self::default();
        let cards: BTreeSet<String> = payments
            .iter()
            .filter_map(|payment| payment.card)
            .map(|card| card.to_string())
            .collect();
        if !cards.is_empty() {
            let rows = card::Entity::find()
                .filter(card::Column::Id.is_in(cards))
                .all(app.db().reads())
                .await?;
            for row in rows {
                let card: Card = row.try_into()?;
                beside.cards.insert(card.id, card);
            }
        }
        let ids: BTreeSet<String> = payments.iter().map(|payment| payment.id.to_string()).collect();
        if !ids.is_empty() {
            let kinds = [OperationKind::Authorize.as_str(), OperationKind::Sale.as_str()];
            let rows = operation::Entity::find()
                .filter(operation::Column::PaymentId.is_in(ids))
                .filter(operation::Column::Kind.is_in(kinds))
                .all(app.db().reads())
                .await?;
            for row in rows {
                let first: Operation = row.try_into()?;
                beside.first.insert(first.payment, first);
            }
        }
        Ok(beside)
    }
}
