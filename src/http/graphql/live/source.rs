//! Where what is told comes from.
//!
//! Invariant: a source gives what is wanted after its place, in the order of its log, each entry once; what is not wanted moves its place.

use crate::graphql::{Told, Wanted, What};
use jobs::event::{Feed, Follower, LostPlace};
use jobs::{RequestFollower, RequestTail};
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
    Events(Follower, EventFilter),
    /// Requests.
    Requests(RequestFollower),
}

impl Logs {
    /// What is wanted after a place.
    pub fn follow(&self, wanted: &Wanted, place: Place) -> Source {
        match &wanted.what {
            What::Events(tenant, filter) => {
                Source::Events(self.events.follow(*tenant, place.0), filter.clone())
            }
            What::Requests(tenant, filter) => {
                Source::Requests(self.requests.follow(*tenant, filter.as_ref().clone(), place.0))
            }
        }
    }
}

impl Source {
    /// The last place that it has passed.
    pub const fn place(&self) -> Place {
        match self {
            Self::Events(follower, _) => Place(follower.seq()),
            Self::Requests(follower) => Place(follower.place()),
        }
    }

    /// What comes next; waits until the log goes on, though perhaps with nothing that is wanted. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn next(&mut self) -> Result<Vec<Told>, Lost> {
        Ok(match self {
            Self::Events(follower, filter) => wanted(filter, follower.next().await?)?,
            Self::Requests(follower) => logged(follower.next().await?),
        })
    }

    /// What comes next and is there already; `None` when it has come to the end of the log.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn at_hand(&mut self) -> Result<Option<Vec<Told>>, Lost> {
        Ok(match self {
            Self::Events(follower, filter) => {
                let events = follower.at_hand().await?;
                if events.is_empty() {
                    return Ok(None);
                }
                Some(wanted(filter, events)?)
            }
            Self::Requests(follower) => {
                let requests = follower.at_hand().await?;
                (!requests.is_empty()).then(|| logged(requests))
            }
        })
    }
}

fn wanted(filter: &EventFilter, events: Vec<Arc<Event>>) -> Result<Vec<Told>, Lost> {
    if events.iter().any(|event| filter.is_beyond(event)) {
        return Err(Lost::Newer);
    }
    let wanted = events.into_iter().filter(|event| filter.takes(event));
    Ok(wanted.map(Told::Event).collect())
}

fn logged(requests: Vec<service::api_request::Logged>) -> Vec<Told> {
    requests
        .into_iter()
        .map(|logged| Told::Request(Arc::new(logged)))
        .collect()
}
