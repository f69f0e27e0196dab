//! Connections that are kept for the next request.
//!
//! Invariant: a kept connection leads to an address that was vetted, and is used for one scheme, host and port only. It is closed after a
//! short time without use and, used or not, a minute after it was opened: then the name is resolved and vetted anew, wherever it leads by
//! then.

use super::connection::Connection;
use domain::webhook::WebhookUrl;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// Most of one host.
const MOST_OF_A_HOST: usize = 8;
/// Most of all: each is an open file.
const MOST: usize = 1_024;
/// How old a connection gets.
const OLDEST: Duration = Duration::from_secs(60);

/// What a connection is for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

impl Origin {
    pub(super) fn of(url: &WebhookUrl) -> Self {
        Self {
            is_https: url.is_https(),
            host: url.host().to_owned(),
            port: url.port(),
        }
    }
}

struct Idle {
    connection: Connection,
    since: Instant,
}

#[derive(Default)]
struct Kept {
    by_origin: HashMap<Origin, Vec<Idle>>,
    count: usize,
    is_swept: bool,
}

/// The connections that wait for work.
pub(super) struct Pool {
    kept: Mutex<Kept>,
    idle_timeout: Duration,
}

impl Pool {
    pub(super) fn new(idle_timeout: Duration) -> Self {
        Self {
            kept: Mutex::default(),
            idle_timeout,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_usable(&self, idle: &Idle) -> bool {
        idle.since.elapsed() < self.idle_timeout && idle.connection.is_fresh(OLDEST)
    }

    /// A connection for `origin`: the one that was used last, which is the likeliest to stand.
    pub(super) fn take(&self, origin: &Origin) -> Option<Connection> {
        let mut kept = self.kept();
        let kept = &mut *kept;
        let idle = kept.by_origin.get_mut(origin)?;
        while let Some(last) = idle.pop() {
            kept.count = kept.count.saturating_sub(1);
            if self.is_usable(&last) {
                return Some(last.connection);
            }
        }
        None
    }

    /// Keeps a connection whose answer was read to its end.
    pub(super) fn park(self: &Arc<Self>, origin: &Origin, connection: Connection) {
        let mut kept = self.kept();
        let kept = &mut *kept;
        if kept.count >= MOST || !connection.is_fresh(OLDEST) {
            return;
        }
        let idle = kept.by_origin.entry(origin.clone()).or_default();
        if idle.len() >= MOST_OF_A_HOST {
            return;
        }
        let since = Instant::now();
        idle.push(Idle { connection, since });
        kept.count = kept.count.saturating_add(1);
        if !std::mem::replace(&mut kept.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self), self.idle_timeout));
        }
    }

    /// Closes what is kept for too long; whether anything is left.
    fn close_old(&self) -> bool {
        let mut kept = self.kept();
        kept.by_origin.retain(|_, idle| {
            idle.retain(|idle| self.is_usable(idle));
            !idle.is_empty()
        });
        kept.count = kept.by_origin.values().map(Vec::len).sum();
        kept.is_swept = kept.count > 0;
        kept.is_swept
    }
}

/// Closes old connections until there is none, or the pool is gone.
async fn sweep(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout / 4).await;
        if !pool.upgrade().is_some_and(|pool| pool.close_old()) {
            return;
        }
    }
}
