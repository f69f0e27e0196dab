//! Questions about events.

use super::connection::PageArguments;
use super::context::ContextExt;
use super::error::{Code, failure, query_failure};
use super::event::{Event, EventCursor, EventType};
use super::event_subscription::place;
use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::{Context, ErrorExtensions, Object, Result};
use domain::merchant::Tenant;
use service::event::{EventFilter, Expired, Place, head, resume, tenant};
use service::page::Way;

/// How far events had come before anything else of a request was read: the door looks first, so that no list beside the cursor can
/// lack an effect from before it.
#[derive(Clone, Copy)]
pub struct EventHead(pub Place);

/// A page of events.
pub type Events = Connection<String, Event, EmptyFields>;

/// Events after this place are deleted, or have never been.
pub fn expired(ctx: &Context<'_>, tenant: Tenant, expired: Expired) -> Result<async_graphql::Error> {
    let oldest = expired.oldest.cursor(ctx.app()?, tenant);
    let message = "events after this cursor are deleted: load your lists anew, and follow from the eventCursor beside them";
    Ok(
        failure(Code::CursorExpired, message).extend_with(|_, extensions| {
            extensions.set("code", Code::CursorExpired.as_str());
            extensions.set("oldestCursor", oldest);
        }),
    )
}

#[derive(Default)]
pub struct EventQuery;

#[Object]
impl EventQuery {
    /// The place after the last event so far. Lists in the same request show everything that has happened until here: load them with it,
    /// then follow `after` it.
    async fn event_cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let tenant = tenant(actor).map_err(|forbidden| query_failure(forbidden.into()))?;
        let place = match ctx.data_opt::<EventHead>() {
            Some(head) => head.0,
            None => head(app, actor).await.map_err(query_failure)?,
        };
        Ok(EventCursor::of(app, tenant, place))
    }

    /// Events, oldest first, by the cursors of subscriptions. They are kept for a while (`event_days`).
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the place after which the page begins.")] after: Option<EventCursor>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the place before which the page ends.")] before: Option<EventCursor>,
        #[graphql(desc = "Only these types.")] types: Option<Vec<EventType>>,
    ) -> Result<Events> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let forbidden = |forbidden: domain::actor::Forbidden| query_failure(forbidden.into());
        let tenant = tenant(actor).map_err(forbidden)?;
        let types: Option<Vec<domain::event::EventType>> =
            types.map(|types| types.into_iter().map(Into::into).collect());
        let filter = EventFilter::of(actor, types.as_deref()).map_err(forbidden)?;
        let arguments = PageArguments {
            first,
            after: after.map(|cursor| cursor.0),
            last,
            before: before.map(|cursor| cursor.0),
        };
        let request = arguments.read(|cursor| Ok(place(ctx, tenant, &EventCursor(cursor.to_owned()))?.0))?;
        if let (Some(edge), Way::Forward) = (request.edge, request.way) {
            let there = resume(app, actor, Place(edge)).await.map_err(query_failure)?;
            if let Err(gone) = there {
                return Err(expired(ctx, tenant, gone)?);
            }
        }
        let page = service::event::page(app, actor, &filter, &request)
            .await
            .map_err(query_failure)?;
        let mut connection = Connection::new(page.has_previous, page.has_next);
        connection.edges = Event::page(ctx, page.items)
            .await?
            .into_iter()
            .map(|event| Edge::new(event.place().cursor(app, tenant), event))
            .collect();
        Ok(connection)
    }
}
