//! One subscription of one connection.
//!
//! Invariant: its place only goes forward, and everything wanted up to it is in the queue of its connection or was written. It is either a
//! member of its cohort, or catching up by itself at the pace of its reader, or over; never two of these.

use super::Live;
use super::cohort::{Cohort, Cohorts, Key, Pace, RETRY, print};
use super::print::{Template, json};
use super::queue::{Item, Queue};
use super::source::Lost;
use crate::graphql::cursor_expired;
use domain::actor::Actor;
use domain::credential::Scopes;
use service::followed::{Expired, Place};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;

/// How long to wait for what others have read already.
const SHORTLY: Duration = Duration::from_millis(5);
/// How many events cost a point.
const EVENTS_A_POINT: u32 = 100;

enum State {
    /// Told with others.
    Member(Arc<Cohort>),
    /// Catching up.
    Behind(AbortHandle),
    /// Neither yet.
    Beginning,
    /// Ended.
    Over,
}

/// One subscription of one connection.
pub struct Following {
    operation: Arc<str>,
    queue: Arc<Queue>,
    key: Key,
    template: Template,
    place: AtomicI64,
    events: AtomicU32,
    state: Mutex<State>,
}

impl Following {
    /// Begins to follow from `place` on, as `operation` of the connection behind `queue`.
    pub fn begin(
        live: &Live,
        operation: Arc<str>,
        queue: Arc<Queue>,
        key: Key,
        template: Template,
        place: Place,
    ) -> Arc<Self> {
        let following = Arc::new(Self {
            operation,
            queue,
            key,
            template,
            place: AtomicI64::new(place.0),
            events: AtomicU32::new(0),
            state: Mutex::new(State::Beginning),
        });
        following.fall_behind(live);
        following
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it follows.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// How it is printed.
    pub const fn template(&self) -> &Template {
        &self.template
    }

    /// Its name on its connection.
    pub const fn operation(&self) -> &Arc<str> {
        &self.operation
    }

    /// Where its messages go.
    pub const fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Up to where it has been told everything.
    pub fn place(&self) -> Place {
        Place(self.place.load(Ordering::Relaxed))
    }

    /// It was told of an event.
    pub fn told(&self, place: Place) {
        self.reached(place);
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// There was nothing more for it up to `place`.
    pub fn reached(&self, place: Place) {
        self.place.fetch_max(place.0, Ordering::Relaxed);
    }

    /// Points that it owes for what it was told, counted once.
    pub fn owes(&self) -> u32 {
        let events = self.events.load(Ordering::Relaxed);
        let points = events / EVENTS_A_POINT;
        self.events
            .fetch_sub(points.saturating_mul(EVENTS_A_POINT), Ordering::Relaxed);
        points
    }

    /// It is in no cohort: it joins its own if it can at once, or reads by itself until it can.
    pub fn fall_behind(self: &Arc<Self>, live: &Live) {
        let mut state = self.state();
        if matches!(*state, State::Over) {
            return;
        }
        if let Ok(cohort) = Cohorts::join(live, self, Pace::Behind) {
            *state = State::Member(cohort);
            return;
        }
        let catching_up = live.spawn(catch_up(live.clone(), Arc::clone(self)));
        *state = State::Behind(catching_up);
    }

    /// Joins its cohort, if it has been told as much; true as well when it is over.
    fn has_caught_up(self: &Arc<Self>, live: &Live) -> bool {
        let mut state = self.state();
        if matches!(*state, State::Over) {
            return true;
        }
        match Cohorts::join(live, self, Pace::UpToDate) {
            Ok(cohort) => {
                *state = State::Member(cohort);
                true
            }
            Err(_) => false,
        }
    }

    /// Ends it: when this returns, nothing more of it is written.
    pub fn end(self: &Arc<Self>, live: &Live) {
        let was = std::mem::replace(&mut *self.state(), State::Over);
        match was {
            State::Member(cohort) => cohort.leave(live, self),
            State::Behind(catching_up) => catching_up.abort(),
            State::Beginning | State::Over => {}
        }
        self.queue.forget(&self.operation);
    }

    /// Whether it goes on.
    fn is_over(&self) -> bool {
        matches!(*self.state(), State::Over)
    }

    /// Whoever could be told the same of it.
    pub fn scopes(actor: &Actor) -> Option<Scopes> {
        match actor {
            Actor::Merchant(merchant) => Some(merchant.scopes),
            Actor::Operator(_) => None,
        }
    }
}

/// Reads on from where it was, at the pace of its reader, until it is where its cohort is.
async fn catch_up(live: Live, who: Arc<Following>) {
    let mut source = live.logs().follow(live.app(), &who.key.wanted, who.place());
    loop {
        let told = match source.at_hand().await {
            Ok(told) => told,
            Err(Lost::Newer) => {
                tracing::debug!("somebody who follows all events is sent to a newer node");
                let elsewhere = Item::Elsewhere {
                    operation: Arc::clone(&who.operation),
                };
                let _gone = who.queue.send(elsewhere).await;
                *who.state() = State::Over;
                return;
            }
            Err(Lost::Deleted) => {
                let gone = Item::Error {
                    operation: Arc::clone(&who.operation),
                    errors: overtaken(&live, &who).await,
                };
                // A connection that is gone has ended everything.
                let _gone = who.queue.send(gone).await;
                *who.state() = State::Over;
                return;
            }
            Err(Lost::Log(error)) => {
                tracing::warn!(%error, "a log could not be read for somebody who catches up");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        let Some(told) = told else {
            // What is not wanted has been passed over.
            who.reached(source.place());
            if who.has_caught_up(&live) {
                return;
            }
            // Its cohort was told of something that was not there a moment ago.
            tokio::time::sleep(SHORTLY).await;
            continue;
        };
        for chunk in print(&live, &who.template, &told).await {
            for printed in chunk {
                let item = Item::Next {
                    operation: Arc::clone(&who.operation),
                    payload: printed.payload,
                    place: Some(printed.place),
                };
                if who.queue.send(item).await.is_err() || who.is_over() {
                    return;
                }
                who.told(printed.place);
            }
        }
        who.reached(source.place());
    }
}

/// That it was overtaken by the deletion of old events, and from where it may go on.
async fn overtaken(live: &Live, who: &Following) -> axum::body::Bytes {
    let (app, followed) = (live.app(), who.key.wanted.followed());
    let expired = match followed.resume(app, who.place()).await {
        Ok(Err(expired)) => expired,
        // It cannot be looked up, or is there again: it may try from where it was.
        _ => Expired { oldest: who.place() },
    };
    json(&[cursor_expired(app, followed, expired)])
}
