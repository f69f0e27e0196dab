//! Subscriptions to events.

use super::context::ContextExt;
use super::cursor::EventCursor;
use super::error::query_failure;
use super::event::{Event, EventType};
use super::follow::{Told, Wanted, What, run};
use super::intent::Intent;
use super::node::Node;
use super::payment::Payment;
use async_graphql::{Context, ID, Object, Result, Subscription};
use domain::event::Subject;
use domain::merchant::Tenant;
use futures_util::stream::{self, Stream};
use service::event::{EventFilter, tenant};
use service::followed::{Followed, Place};
use std::sync::Arc;

/// An event of yours, or word that nothing happened, with the place up to which you have heard everything.
pub struct EventEnvelope {
    tenant: Tenant,
    place: Place,
    event: Option<Event>,
}

/// An event of yours, or word that nothing happened, with the place up to which you have heard everything.
#[Object]
impl EventEnvelope {
    /// Keep the last one: a new subscription goes on `after` it, and misses nothing.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        Ok(EventCursor::of(
            ctx.app()?,
            Followed::Events(self.tenant),
            self.place,
        ))
    }

    /// What happened; null in a heartbeat.
    async fn event(&self) -> Option<&Event> {
        self.event.as_ref()
    }
}

/// Something happened to a payment, or to a refund of it.
pub struct PaymentUpdate(Event);

/// Something happened to a payment, or to a refund of it.
#[Object]
impl PaymentUpdate {
    /// Keep the last one: a new subscription goes on `after` it, and misses nothing.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        self.0.cursor(ctx)
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
        self.0.cursor(ctx)
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
        let (tenant, told) = told(ctx, filter, after, heartbeats)?;
        let events: Vec<_> = told.iter().filter_map(Told::event).cloned().collect();
        let with_data = ctx.look_ahead().field("event").field("data").exists();
        let shown = match Event::all(ctx, events.clone(), with_data).await {
            // What cannot be read together is read one by one, and fails alone.
            Err(_) => Event::all(ctx, events, false).await?,
            Ok(shown) => shown,
        };
        let mut shown = shown.into_iter();
        let envelopes: Vec<EventEnvelope> = told
            .into_iter()
            .map(|told| EventEnvelope {
                tenant,
                place: told.place(),
                event: told.event().and_then(|_| shown.next()),
            })
            .collect();
        Ok(stream::iter(envelopes))
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
    let filter = filter(ctx, Some(&types))?.about(id.to_string()).and_later_types();
    let (_, told) = told(ctx, filter, after, false)?;
    Ok(told
        .into_iter()
        .filter_map(|told| Event::new(Arc::clone(told.event()?)))
        .collect())
}

fn filter(ctx: &Context<'_>, types: Option<&[domain::event::EventType]>) -> Result<EventFilter> {
    EventFilter::of(ctx.actor()?, types).map_err(|forbidden| query_failure(forbidden.into()))
}

/// Says what is wanted, or gives what there is to print, and whose it is.
fn told(
    ctx: &Context<'_>,
    filter: EventFilter,
    after: Option<EventCursor>,
    heartbeats: bool,
) -> Result<(Tenant, Vec<Told>)> {
    let tenant = tenant(ctx.actor()?).map_err(|forbidden| query_failure(forbidden.into()))?;
    let wanted = Wanted {
        what: What::Events(tenant, filter),
        heartbeats,
    };
    let after = after.map(|cursor| cursor.0);
    Ok((tenant, run(ctx, wanted, after.as_deref())?))
}
