//! Somebody who follows the events of a merchant and mode.
//!
//! Invariant: what a follower gets has sequences that follow one another, from the place where it began; it comes from memory where it can
//! and from the log where it must, and the seam shows nowhere.

use super::feed::{Feed, Found, News};
use domain::merchant::Tenant;
use service::Error;
use service::event::{Event, of_tenant};
use std::sync::Arc;
use tokio::sync::watch;

/// Most events that it gets at once.
const PAGE: usize = 256;

/// Why a follower gets no further.
#[derive(Debug, thiserror::Error)]
pub enum LostPlace {
    /// What follows was deleted.
    #[error("what follows this place is deleted")]
    Deleted,
    /// It could not be read.
    #[error(transparent)]
    Log(#[from] Error),
}

/// A place in the events of a merchant and mode, and what follows it.
pub struct Follower {
    feed: Feed,
    tenant: Tenant,
    seq: i64,
    news: watch::Receiver<News>,
    /// How often the reading had begun when the log was last looked at to its end; none before it was.
    looked: Option<u64>,
}

impl Follower {
    pub(super) fn new(feed: Feed, tenant: Tenant, seq: i64, news: watch::Receiver<News>) -> Self {
        Self {
            feed,
            tenant,
            seq,
            news,
            looked: None,
        }
    }

    /// The last sequence that it got.
    #[must_use]
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The events that follow, at least one; waits for them. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn next(&mut self) -> Result<Vec<Arc<Event>>, LostPlace> {
        loop {
            let events = self.at_hand().await?;
            if !events.is_empty() {
                return Ok(events);
            }
            let (seq, looked) = (self.seq, self.looked);
            let news = self
                .news
                .wait_for(|news| news.newest > seq || Some(news.begun) != looked)
                .await;
            if news.is_err() {
                // The feed was forgotten and begins anew with its followers, of whom this is one.
                return Err(LostPlace::Log(Error::Unavailable(
                    "the node stops following events",
                )));
            }
        }
    }

    /// The events that follow and are there already; none when it is up to date.
    ///
    /// # Errors
    /// Why it gets no further.
    pub async fn at_hand(&mut self) -> Result<Vec<Arc<Event>>, LostPlace> {
        // Looked at before the log is: what is told while it is read is not missed.
        let news = *self.news.borrow();
        let events = match self.feed.find(self.tenant, self.seq, PAGE) {
            Found::Events(events) => events,
            Found::UpToDate if self.looked == Some(news.begun) => Vec::new(),
            Found::UpToDate | Found::InTheLog => {
                let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
                let read = of_tenant(self.feed.app(), self.tenant, self.seq, limit).await?;
                if read.is_empty() {
                    if news.newest > self.seq {
                        return Err(LostPlace::Deleted);
                    }
                    self.looked = Some(news.begun);
                }
                read.into_iter().map(Arc::new).collect()
            }
        };
        if let Some(first) = events.first()
            && first.seq != self.seq.saturating_add(1)
        {
            return Err(LostPlace::Deleted);
        }
        if let Some(last) = events.last() {
            self.seq = last.seq;
        }
        Ok(events)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.feed.left(self.tenant);
    }
}
