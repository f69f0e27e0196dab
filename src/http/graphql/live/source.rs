//! Where what is told comes from.
//!
//! Invariant: a source gives what is wanted after its place, in the order of its log, each entry once; what is not wanted moves its place.

use crate::graphql::{Told, Wanted, What};
use jobs::event::{Feed, Follower, LostPlace};
use jobs::{RequestFollower, RequestTail};
use service::App;
use service::event::{Event, EventFilter};
use service::followed::Place;
use std::sync::Arc;

/// Why nothing more is told.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// What follows was deleted.
    #[error("what follows this place is deleted")]
    Deleted,
    /// What follows was written by a newer version, and this one cannot tell it.
    #[error("what follows is of a type that this version does not know")]
    Newer,
    /// It could not be read.
    #[error(transparent)]
    Log(service::Error),
}

impl From<LostPlace> for Lost {
    fn from(lost: LostPlace) -> Self {
        match lost {
            LostPlace::Deleted => Self::Deleted,
            LostPlace::Log(error) => Self::Log(error),
        }
    }
}

/// The logs of this node; cheap to clone.
#[derive(Clone)]
pub struct Logs {
    /// Events.
    pub events: Feed,
    /// Requests.
    pub requests: RequestTail,
}

/// A place in a log, and what follows it.
pub enum Source {
    /// Events of a merchant and mode, of which some are wanted.
    Events(Events),
    /// Requests.
    Requests(RequestFollower),
}

/// Events of a merchant and mode, of which some are wanted.
pub struct Events {
    app: App,
    follower: Follower,
    filter: EventFilter,
    /// The last sequence that it has passed: not that of the follower, if what comes next is beyond this version.
    passed: i64,
    is_beyond: bool,
}

impl Logs {
    /// What is wanted after a place.
    pub fn follow(&self, app: &App, wanted: &Wanted, place: Place) -> Source {
        match &wanted.what {
            What::Events(tenant, filter) => Source::Events(Events {
                app: app.clone(),
                follower: self.events.follow(*tenant, place.0),
                filter: filter.clone(),
                passed: place.0,
                is_beyond: false,
            }),
            What::Requests(tenant, filter) => {
                let filter = filter.as_ref().clone();
                Source::Requests(self.requests.follow(*tenant, filter, place.0))
            }
        }
    }
}

impl Source {
    /// The last place that it has passed.
    pub const fn place(&self) -> Place {
        match self {
            Self::Events(events) => Place(events.passed),
            Self::Requests(follower) => Place(follower.place()),
        }
    }

    /// What comes next, perhaps nothing that is wanted up to its new place; waits until the log goes on. Dropping the future loses
    /// nothing.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn next(&mut self) -> Result<Vec<Told>, Lost> {
        match self {
            Self::Events(events) => {
                events.is_known()?;
                let next = events.follower.next().await?;
                Ok(events.wanted(next))
            }
            Self::Requests(follower) => Ok(logged(follower.next().await?)),
        }
    }

    /// What comes next and is there already; `None` when it has come to the end of the log.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn at_hand(&mut self) -> Result<Option<Vec<Told>>, Lost> {
        match self {
            Self::Events(events) => {
                events.is_known()?;
                let next = events.follower.at_hand().await?;
                Ok((!next.is_empty()).then(|| events.wanted(next)))
            }
            Self::Requests(follower) => Ok(follower.at_hand().await?.map(logged)),
        }
    }
}

impl Events {
    const fn is_known(&self) -> Result<(), Lost> {
        if self.is_beyond { Err(Lost::Newer) } else { Ok(()) }
    }

    /// Those that are wanted, up to the first that this version cannot tell.
    fn wanted(&mut self, events: Vec<Arc<Event>>) -> Vec<Told> {
        let now = self.app.now();
        let mut wanted = Vec::new();
        for event in events {
            if self.filter.is_beyond(&event, now) {
                self.is_beyond = true;
                break;
            }
            self.passed = event.seq;
            if self.filter.takes(&event) {
                wanted.push(Told::Event(event));
            }
        }
        wanted
    }
}

fn logged(requests: Vec<service::api_request::Logged>) -> Vec<Told> {
    requests
        .into_iter()
        .map(|logged| Told::Request(Arc::new(logged)))
        .collect()
}
