//! What can be followed as it happens.
//!
//! Invariant: a resolver of a subscription says what is wanted and prints what it is given; it waits for nothing. Who follows, from which
//! place, and when this runs is the matter of the door (`src/http/graphql/live`), which runs it once for all that want the same.

use super::context::ContextExt;
use super::error::{Code, failure, query_failure};
use async_graphql::{Context, ErrorExtensionValues, Result, ServerError};
use domain::merchant::Tenant;
use service::event::EventFilter;
use service::followed::{Expired, Followed, Place};
use service::{App, api_request};
use std::sync::{Arc, Mutex, PoisonError};

/// Which log, and which of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Events of a merchant and mode.
    Events(Tenant, EventFilter),
    /// Requests within reach of a key of a merchant and mode.
    Requests(Tenant, Box<api_request::Filter>),
}

/// What a subscription wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// What it is told of.
    pub what: What,
    /// Whether it is told now and then how far it has come, when nothing happens for it.
    pub heartbeats: bool,
}

impl Wanted {
    /// Where its places are.
    #[must_use]
    pub const fn followed(&self) -> Followed {
        match &self.what {
            What::Events(tenant, _) => Followed::Events(*tenant),
            What::Requests(tenant, _) => Followed::Requests(*tenant),
        }
    }
}

/// What there is to print.
#[derive(Clone)]
pub enum Told {
    /// An event that is wanted.
    Event(Arc<service::event::Event>),
    /// A request that is wanted.
    Request(Arc<api_request::Logged>),
    /// Nothing happened up to this place.
    Heartbeat(Place),
}

impl Told {
    /// Up to where it tells.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Event(event) => Place(event.seq),
            Self::Request(logged) => Place(logged.pos),
            Self::Heartbeat(place) => *place,
        }
    }

    /// The event, if it is one.
    #[must_use]
    pub const fn event(&self) -> Option<&Arc<service::event::Event>> {
        match self {
            Self::Event(event) => Some(event),
            Self::Request(_) | Self::Heartbeat(_) => None,
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

/// How far logs had come before anything else of a request was read: the door looks first, so that no list beside a cursor can lack an
/// effect from before it.
#[derive(Clone, Copy, Default)]
pub struct Heads {
    /// Events.
    pub events: Option<Place>,
    /// Requests.
    pub requests: Option<Place>,
}

impl Heads {
    /// Of this log.
    #[must_use]
    pub const fn of(self, followed: Followed) -> Option<Place> {
        match followed {
            Followed::Events(_) => self.events,
            Followed::Requests(_) => self.requests,
        }
    }
}

/// Says what is wanted, or gives what there is to print.
pub fn run(ctx: &Context<'_>, wanted: Wanted, after: Option<&str>) -> Result<Vec<Told>> {
    let Some(purpose) = ctx.data_opt::<Arc<Purpose>>() else {
        return Err(failure(
            Code::BadRequest,
            "follow over a WebSocket (graphql-transport-ws) or over SSE at /graphql/stream",
        ));
    };
    match purpose.as_ref() {
        Purpose::Ask(answer) => {
            let after = after
                .map(|cursor| place(ctx, wanted.followed(), cursor))
                .transpose()?;
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some((wanted, after));
            Ok(Vec::new())
        }
        Purpose::Print(told) => Ok(told.clone()),
    }
}

/// How far a log had come before anything else of this request was read.
pub async fn head(ctx: &Context<'_>, followed: Followed) -> Result<Place> {
    match ctx.data_opt::<Heads>().and_then(|heads| heads.of(followed)) {
        Some(head) => Ok(head),
        None => followed.head(ctx.app()?).await.map_err(query_failure),
    }
}

/// The place that a cursor names.
pub fn place(ctx: &Context<'_>, followed: Followed, cursor: &str) -> Result<Place> {
    let place = followed.place(ctx.app()?, cursor);
    place.map_err(|unknown| failure(Code::BadUserInput, unknown.to_string()))
}

/// What follows a place is deleted, or has never been; with the cursor of the oldest place of which that is not so.
#[must_use]
pub fn cursor_expired(app: &App, followed: Followed, expired: Expired) -> ServerError {
    let message = match followed {
        Followed::Events(_) => {
            "events after this cursor are deleted: load your lists anew, and follow from the eventCursor beside them"
        }
        Followed::Requests(_) => {
            "requests after this cursor are deleted: load your list anew, and follow from the apiRequestCursor beside it"
        }
    };
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", Code::CursorExpired.as_str());
    extensions.set("oldestCursor", followed.cursor(app, expired.oldest));
    error.extensions = Some(extensions);
    error
}
