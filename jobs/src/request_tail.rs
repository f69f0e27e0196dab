//! The request log for all who follow it on this node.
//!
//! Invariant: the node asks once how far the log has come, however many follow, and not at all while nobody does; each reads what is its own
//! from there. Who follows gets each request once and in the order of the log.

use crate::event::LostPlace;
use domain::merchant::Tenant;
use service::api_request::{Filter, Logged, Look, Positions, after, positions};
use service::{App, Error};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// How often it is looked for what other nodes wrote.
const LOOK: Duration = Duration::from_secs(1);
/// What comes within this time is read together.
const GATHER: Duration = Duration::from_millis(250);
/// Most requests that somebody gets at once.
const PAGE: u64 = 256;
/// Most looks at once, so that however many follow, payments get the database.
const LOOKS: usize = 4;

/// How far the log has come, as this node knows; cheap to clone.
#[derive(Clone)]
pub struct RequestTail {
    app: App,
    last: Arc<watch::Sender<i64>>,
    looks: Arc<Semaphore>,
}

impl RequestTail {
    /// The log of `app`; it is looked at while [`Self::run`] runs.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            app,
            last: Arc::default(),
            looks: Arc::new(Semaphore::new(LOOKS)),
        }
    }

    /// Follows the requests that a key of `tenant` may look at, from the place after `place` on.
    #[must_use]
    pub fn follow(&self, tenant: Tenant, filter: Filter, place: i64) -> RequestFollower {
        RequestFollower {
            app: self.app.clone(),
            looks: Arc::clone(&self.looks),
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
        let looking = async {
            loop {
                tokio::select! {
                    // The sender lives as long as the installation.
                    Ok(()) = written.changed() => {}
                    _ = look.tick() => {}
                }
                if self.last.receiver_count() > 0 {
                    self.look().await;
                    tokio::time::sleep(GATHER).await;
                }
            }
        };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = looking => {}
        }
    }

    async fn look(&self) {
        match positions(&self.app).await {
            // Lower than before is a database that was put back to an earlier state: who follows finds out.
            Ok(Positions { last, .. }) => {
                self.last.send_if_modified(|known| {
                    let is_news = last != *known;
                    *known = last;
                    is_news
                });
            }
            Err(error) => tracing::warn!(%error, "the request log could not be read for those who follow it"),
        }
    }
}

/// Somebody who follows the request log.
pub struct RequestFollower {
    app: App,
    looks: Arc<Semaphore>,
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

    /// The requests that follow, perhaps none up to its new place; waits until the log goes on. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn next(&mut self) -> Result<Vec<Logged>, LostPlace> {
        loop {
            // Before the log is looked at: what the node hears of meanwhile is looked for again. How far it has heard says nothing else, for
            // a look of one's own can be ahead of it.
            self.last.mark_unchanged();
            if let Some(logged) = self.at_hand().await? {
                return Ok(logged);
            }
            if self.last.changed().await.is_err() {
                return Err(LostPlace::Log(Error::Unavailable(
                    "the node stops following requests",
                )));
            }
        }
    }

    /// The requests that follow and are there already, perhaps none up to its new place; `None` when it is up to date.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn at_hand(&mut self) -> Result<Option<Vec<Logged>>, LostPlace> {
        let _turn = self.looks.acquire().await;
        match after(&self.app, self.tenant, &self.filter, self.place, PAGE).await? {
            Look::Found(logged, upto) => {
                self.place = upto;
                Ok(Some(logged))
            }
            Look::End => Ok(None),
            Look::Gone => Err(LostPlace::Deleted),
        }
    }
}
