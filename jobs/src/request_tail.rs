//! The request log for all who follow it on this node.
//!
//! Invariant: the node asks once how far the log has come, however many follow, and not at all while nobody does; each reads what is its own
//! from there. Who follows gets each request once and in the order of the log.

use crate::event::LostPlace;
use domain::merchant::Tenant;
use service::api_request::{Filter, Logged, Positions, after, positions};
use service::{App, Error};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often it is looked for what other nodes wrote.
const LOOK: Duration = Duration::from_secs(1);
/// What comes within this time is read together.
const GATHER: Duration = Duration::from_millis(250);
/// Most requests that somebody gets at once.
const PAGE: u64 = 256;

/// How far the log has come, as this node knows; cheap to clone.
#[derive(Clone)]
pub struct RequestTail {
    app: App,
    last: Arc<watch::Sender<i64>>,
}

impl RequestTail {
    /// The log of `app`; it is looked at while [`Self::run`] runs.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            app,
            last: Arc::default(),
        }
    }

    /// Follows the requests that a key of `tenant` may look at, from the place after `place` on.
    #[must_use]
    pub fn follow(&self, tenant: Tenant, filter: Filter, place: i64) -> RequestFollower {
        RequestFollower {
            app: self.app.clone(),
            tenant,
            filter,
            place,
            last: self.last.subscribe(),
        }
    }

    /// Looks how far the log has come, until `stopping`.
    pub async fn run(&self, stopping: CancellationToken) {
        let mut written = self.app.request_log().written();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                changed = written.changed() => {
                    if changed.is_err() {
                        look.tick().await;
                    }
                }
                _ = look.tick() => {}
            }
            if self.last.receiver_count() == 0 {
                continue;
            }
            match positions(&self.app).await {
                Ok(Positions { last, .. }) => {
                    self.last.send_if_modified(|known| {
                        let is_news = last > *known;
                        *known = last.max(*known);
                        is_news
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the request log could not be read for those who follow it")
                }
            }
            tokio::time::sleep(GATHER).await;
        }
    }
}

/// Somebody who follows the request log.
pub struct RequestFollower {
    app: App,
    tenant: Tenant,
    filter: Filter,
    place: i64,
    last: watch::Receiver<i64>,
}

impl RequestFollower {
    /// The last place that it has passed.
    #[must_use]
    pub const fn place(&self) -> i64 {
        self.place
    }

    /// The requests that follow, at least one; waits for them. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn next(&mut self) -> Result<Vec<Logged>, LostPlace> {
        loop {
            let logged = self.at_hand().await?;
            if !logged.is_empty() {
                return Ok(logged);
            }
            let place = self.place;
            if self.last.wait_for(|last| *last > place).await.is_err() {
                return Err(LostPlace::Log(Error::Unavailable(
                    "the node stops following requests",
                )));
            }
        }
    }

    /// The requests that follow and are there already; none when it is up to date.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn at_hand(&mut self) -> Result<Vec<Logged>, LostPlace> {
        // Looked at before the log is: what is written while it is read is not passed over.
        let last = *self.last.borrow();
        let logged = after(&self.app, self.tenant, &self.filter, self.place, PAGE).await?;
        match logged.last() {
            Some(newest) => self.place = newest.pos,
            None => {
                if positions(&self.app).await?.purged > self.place {
                    return Err(LostPlace::Deleted);
                }
                self.place = self.place.max(last);
            }
        }
        Ok(logged)
    }
}
