//! Subscriptions: who follows what, over which connection.
//!
//! Invariant: the event log is read once for a node (`source`, `jobs::event::Feed`), a selection is run once for all who are alike (`cohort`), and a
//! connection holds no more than its queue (`queue`). A subscription that names a place misses nothing after it and gets nothing twice
//! (`following`). What carries it, a WebSocket (`socket`) or server-sent events (`sse`), knows nothing of that.

mod cohort;
mod end;
mod following;
mod message;
mod prepare;
mod print;
mod queue;
mod session;
mod socket;
mod source;
mod sse;

pub use prepare::with_heads;
pub use socket::{is_upgrade, upgrade};
pub use source::Logs;
pub use sse::router as sse_router;

use super::Door;
use crate::config::Live as Limits;
use crate::graphql::Schema;
use axum::http::HeaderValue;
use cohort::Cohorts;
use domain::merchant::Tenant;
use service::App;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Most operations of a node that are prepared at once.
const MOST_PREPARING: usize = 64;
/// Most connections of a node that have not said who they are.
const MOST_STRANGERS: usize = 2_000;

/// What live connections of a node share; cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    app: App,
    schema: Schema,
    logs: Logs,
    limits: Limits,
    origins: Vec<HeaderValue>,
    cohorts: Cohorts,
    connections: Mutex<HashMap<Option<Tenant>, usize>>,
    strangers: Arc<Semaphore>,
    preparing: Semaphore,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Live {
    /// Nobody follows. Web pages from `origins` may.
    #[must_use]
    pub fn new(
        app: App,
        schema: Schema,
        logs: Logs,
        limits: Limits,
        origins: Vec<HeaderValue>,
        stopping: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            app,
            schema,
            logs,
            limits,
            origins,
            cohorts: Cohorts::default(),
            connections: Mutex::default(),
            strangers: Arc::new(Semaphore::new(MOST_STRANGERS)),
            preparing: Semaphore::new(MOST_PREPARING),
            tasks: TaskTracker::new(),
            stopping,
        }))
    }

    fn app(&self) -> &App {
        &self.0.app
    }

    fn schema(&self) -> &Schema {
        &self.0.schema
    }

    fn logs(&self) -> &Logs {
        &self.0.logs
    }

    fn limits(&self) -> &Limits {
        &self.0.limits
    }

    fn cohorts(&self) -> &Cohorts {
        &self.0.cohorts
    }

    fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Runs a task until the node stops.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let stopping = self.0.stopping.clone();
        let task = async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = task => {}
            }
        };
        self.0.tasks.spawn(task).abort_handle()
    }

    /// Runs a connection, which ends by itself when the node stops, after it has said so.
    fn spawn_connection(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(connection);
    }

    /// Waits until connections have said goodbye, for as long as one message may take at most.
    pub async fn drain(&self) {
        self.0.tasks.close();
        if tokio::time::timeout(self.0.limits.write, self.0.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some live connections did not end in time");
        }
    }

    /// How many connections, cohorts of subscriptions, and tasks there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let connections = self.0.connections.lock().unwrap_or_else(PoisonError::into_inner);
        (connections.values().sum(), self.cohorts().count())
    }

    /// A place for a connection that has not said who it is; `None` when there are too many.
    fn stranger(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.strangers).try_acquire_owned().ok()
    }

    /// A turn to prepare an operation; waits for it.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.0.preparing.acquire().await.ok()
    }

    /// Counts a connection of `tenant` (of an operator: none) for as long as the place is kept; `None` when there are too many.
    fn admit(&self, tenant: Option<Tenant>) -> Option<Counted> {
        let mut connections = self.0.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let count = connections.entry(tenant).or_default();
        if *count >= self.limits().connections {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Counted {
            live: self.clone(),
            tenant,
        })
    }
}

/// A connection that counts.
struct Counted {
    live: Live,
    tenant: Option<Tenant>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut connections = self
            .live
            .0
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = connections.get_mut(&self.tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                connections.remove(&self.tenant);
            }
        }
    }
}

impl Door {
    fn live(&self) -> &Live {
        &self.live
    }
}
