//! What can be followed as it happens.
//!
//! Invariant: a resolver here says what is wanted and prints what it is given; it waits for nothing. Who follows, from which place, and when
//! this runs is the matter of the door (`src/http/graphql/live`), which runs it once for all that want the same.

use super::context::ContextExt;
use super::error::{Code, failure, query_failure};
use super::event::{Event, EventCursor, EventType};
use super::intent::Intent;
use super::node::Node;
use super::payment::Payment;
use async_graphql::{Context, ID, Object, Result, Subscription};
use domain::event::Subject;
use domain::merchant::Tenant;
use futures_util::stream::{self, Stream};
use service::event::{EventFilter, Place, tenant};
use std::sync::{Arc, Mutex, PoisonError};

/// What a subscription wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Whose events.
    pub tenant: Tenant,
    /// Which of them.
    pub filter: EventFilter,
    /// Whether it is told now and then how far it has come, when nothing happens for it.
    pub heartbeats: bool,
}

/// What there is to print.
#[derive(Clone)]
pub enum Told {
    /// An event that is wanted.
    Event(Arc<service::event::Event>),
    /// Nothing happened up to this place.
    Heartbeat(Place),
}

impl Told {
    /// Up to where it tells.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Event(event) => Place(event.seq),
            Self::Heartbeat(place) => *place,
        }
    }
}

/// Why the door runs a subscription.
pub enum Purpose {
    /// To learn what is wanted, and from which place on.
    Ask(Mutex<Option<(Wanted, Option<Place>)>>),
    /// To print.
    Print(Vec<Told>),
}

impl Purpose {
    /// To learn what is wanted.
    #[must_use]
    pub const fn ask() -> Self {
        Self::Ask(Mutex::new(None))
    }

    /// What was learnt.
    #[must_use]
    pub fn answer(&self) -> Option<(Wanted, Option<Place>)> {
        match self {
            Self::Ask(wanted) => wanted.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Self::Print(_) => None,
        }
    }
}

/// An event of yours, or word that nothing happened, with the place up to which you have heard everything.
pub struct EventEnvelope {
    tenant: Tenant,
    told: Told,
}

/// An event of yours, or word that nothing happened, with the place up to which you have heard everything.
#[Object]
impl EventEnvelope {
    /// Keep the last one: a new subscription goes on `after` it, and misses nothing.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        Ok(EventCursor::of(ctx.app()?, self.tenant, self.told.place()))
    }

    /// What happened; null in a heartbeat.
    async fn event(&self) -> Option<Event> {
        match &self.told {
            Told::Event(event) => Event::new(Arc::clone(event)),
            Told::Heartbeat(_) => None,
        }
    }
}

/// Something happened to a payment, or to a refund of it.
pub struct PaymentUpdate(Event);

/// Something happened to a payment, or to a refund of it.
#[Object]
impl PaymentUpdate {
    /// Keep the last one: a new subscription goes on `after` it, and misses nothing.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        Ok(EventCursor::of(ctx.app()?, self.0.tenant(), self.0.place()))
    }

    /// What happened.
    async fn event(&self) -> &Event {
        &self.0
    }

    /// The payment, as it is now.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>> {
        super::node::payment_of(ctx, self.0.told()).await
    }
}

/// Something happened to an intent.
pub struct IntentUpdate(Event);

/// Something happened to an intent.
#[Object]
impl IntentUpdate {
    /// Keep the last one: a new subscription goes on `after` it, and misses nothing.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        Ok(EventCursor::of(ctx.app()?, self.0.tenant(), self.0.place()))
    }

    /// What happened.
    async fn event(&self) -> &Event {
        &self.0
    }

    /// The intent, as it is now.
    async fn intent(&self, ctx: &Context<'_>) -> Result<Option<Intent>> {
        let found = super::node::related(ctx, Subject::Intent, &self.0.told().subject).await?;
        Ok(match found {
            Some(Node::Intent(intent)) => Some(intent),
            _ => None,
        })
    }
}

#[derive(Default)]
pub struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// Your events, in order and without a gap. Without `after`, those that happen from now on; with it, first those that have happened
    /// since that place. Goes on until you end it.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A cursor: the place after which it begins.")] after: Option<EventCursor>,
        #[graphql(desc = "Only these types.")] types: Option<Vec<EventType>>,
        #[graphql(desc = "Only events about the object with this id; of a payment, also about its refunds.")]
        subject: Option<ID>,
        #[graphql(
            desc = "When nothing happens for you for about 25 seconds, tell how far it has come, without an event.",
            default = false
        )]
        heartbeats: bool,
    ) -> Result<impl Stream<Item = EventEnvelope> + use<>> {
        let types: Option<Vec<domain::event::EventType>> =
            types.map(|types| types.into_iter().map(Into::into).collect());
        let mut filter = filter(ctx, types.as_deref())?;
        if let Some(id) = subject {
            filter = filter.about(id.to_string());
        }
        let (tenant, told) = run(ctx, filter, after, heartbeats)?;
        Ok(stream::iter(
            told.into_iter().map(move |told| EventEnvelope { tenant, told }),
        ))
    }

    /// What happens to one payment and its refunds.
    async fn payment_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The payment, `pay_…`.")] id: ID,
        #[graphql(desc = "A cursor: the place after which it begins.")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = PaymentUpdate> + use<>> {
        let updates = about(ctx, &[Subject::Payment, Subject::Refund], &id, after)?;
        Ok(stream::iter(updates.into_iter().map(PaymentUpdate)))
    }

    /// What happens to one intent.
    async fn intent_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The intent, `pi_…`.")] id: ID,
        #[graphql(desc = "A cursor: the place after which it begins.")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = IntentUpdate> + use<>> {
        let updates = about(ctx, &[Subject::Intent], &id, after)?;
        Ok(stream::iter(updates.into_iter().map(IntentUpdate)))
    }
}

/// What happens to one object.
fn about(ctx: &Context<'_>, subjects: &[Subject], id: &ID, after: Option<EventCursor>) -> Result<Vec<Event>> {
    let types: Vec<domain::event::EventType> = domain::event::EventType::ALL
        .iter()
        .copied()
        .filter(|event_type| subjects.contains(&event_type.subject()))
        .collect();
    let filter = filter(ctx, Some(&types))?.about(id.to_string());
    let (_, told) = run(ctx, filter, after, false)?;
    Ok(told
        .into_iter()
        .filter_map(|told| match told {
            Told::Event(event) => Event::new(event),
            Told::Heartbeat(_) => None,
        })
        .collect())
}

fn filter(ctx: &Context<'_>, types: Option<&[domain::event::EventType]>) -> Result<EventFilter> {
    EventFilter::of(ctx.actor()?, types).map_err(|forbidden| query_failure(forbidden.into()))
}

/// Says what is wanted, or gives what there is to print.
fn run(
    ctx: &Context<'_>,
    filter: EventFilter,
    after: Option<EventCursor>,
    heartbeats: bool,
) -> Result<(Tenant, Vec<Told>)> {
    let tenant = tenant(ctx.actor()?).map_err(|forbidden| query_failure(forbidden.into()))?;
    let Some(purpose) = ctx.data_opt::<Arc<Purpose>>() else {
        return Err(failure(
            Code::BadRequest,
            "follow events over a WebSocket (graphql-transport-ws) or over SSE at /graphql/stream",
        ));
    };
    match purpose.as_ref() {
        Purpose::Ask(answer) => {
            let after = after.map(|cursor| place(ctx, tenant, &cursor)).transpose()?;
            let wanted = Wanted {
                tenant,
                filter,
                heartbeats,
            };
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some((wanted, after));
            Ok((tenant, Vec::new()))
        }
        Purpose::Print(told) => Ok((tenant, told.clone())),
    }
}

/// The place that a cursor names.
pub(super) fn place(ctx: &Context<'_>, tenant: Tenant, cursor: &EventCursor) -> Result<Place> {
    Place::read(ctx.app()?, tenant, &cursor.0)
        .map_err(|unknown| failure(Code::BadUserInput, unknown.to_string()))
}
