//! Questions about events.

use super::connection::PageArguments;
use super::context::ContextExt;
use super::cursor::EventCursor;
use super::error::query_failure;
use super::event::{Event, EventType};
use super::follow::{cursor_expired, head, place};
use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::{Context, Object, Result};
use service::event::{EventFilter, tenant};
use service::followed::{Followed, Place};
use service::page::Way;
use std::sync::Arc;

/// A page of events.
pub type Events = Connection<String, Event, EmptyFields>;

#[derive(Default)]
pub struct EventQuery;

#[Object]
impl EventQuery {
    /// The place after the last event so far. Lists in the same request show everything that has happened until here: load them with it,
    /// then follow `after` it.
    async fn event_cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let tenant = tenant(actor).map_err(|forbidden| query_failure(forbidden.into()))?;
        let followed = Followed::Events(tenant);
        Ok(EventCursor::of(app, followed, head(ctx, followed).await?))
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
        let followed = Followed::Events(tenant(actor).map_err(forbidden)?);
        let types: Option<Vec<domain::event::EventType>> =
            types.map(|types| types.into_iter().map(Into::into).collect());
        let filter = EventFilter::of(actor, types.as_deref()).map_err(forbidden)?;
        let arguments = PageArguments {
            first,
            after: after.map(|cursor| cursor.0),
            last,
            before: before.map(|cursor| cursor.0),
        };
        let request = arguments.read(|cursor| Ok(place(ctx, followed, cursor)?.0))?;
        if let (Some(edge), Way::Forward) = (request.edge, request.way) {
            let there = followed.resume(app, Place(edge)).await.map_err(query_failure)?;
            if let Err(expired) = there {
                let gone = cursor_expired(app, followed, expired);
                return Err(async_graphql::Error {
                    message: gone.message,
                    source: None,
                    extensions: gone.extensions,
                });
            }
        }
        let page = service::event::page(app, actor, &filter, &request)
            .await
            .map_err(query_failure)?;
        let mut connection = Connection::new(page.has_previous, page.has_next);
        let look = ctx.look_ahead();
        let nodes = [look.field("nodes"), look.field("edges").field("node")];
        let with_data = nodes.iter().any(|node| node.field("data").exists());
        let told = page.items.into_iter().map(Arc::new).collect();
        connection.edges = Event::all(ctx, told, with_data)
            .await?
            .into_iter()
            .map(|event| Edge::new(followed.cursor(app, event.place()), event))
            .collect();
        Ok(connection)
    }
}
