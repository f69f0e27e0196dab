//! What every use case has at hand.

use crate::api_request::RequestLog;
use crate::credential::KnownKeys;
use crate::db::Db;
use crate::keys::Keys;
use crate::ledger::Accounts;
use crate::provider::Providers;
use crate::{Error, Result};
use domain::id::new_id;
use domain::webhook::TargetPolicy;
use domain::{Clock, IdGenerator, Timestamp};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// The parts of a running installation; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    accounts: Accounts,
    known_keys: KnownKeys,
    request_log: RequestLog,
    running: TaskTracker,
}

/// What an installation is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn IdGenerator>,
    /// Keys that are not in the database.
    pub keys: Keys,
    /// Who moves the money.
    pub providers: Providers,
    /// How long a provider may take before its answer counts as lost.
    pub provider_timeout: Duration,
    /// Where webhooks may go.
    pub webhook_targets: TargetPolicy,
    /// Most plain questions that the request log takes in a second.
    pub questions_logged_per_second: u32,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            request_log: RequestLog::new(
                parts.db.clone(),
                Arc::clone(&parts.clock),
                parts.questions_logged_per_second,
            ),
            parts,
            accounts: Accounts::default(),
            known_keys: KnownKeys::default(),
            running: TaskTracker::new(),
        }))
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.parts.db
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// A new id, born at `now`.
    pub fn id<I: From<uuid::Uuid>>(&self, now: Timestamp) -> I {
        new_id(self.0.parts.ids.as_ref(), now)
    }

    /// What was asked of this installation, by whom, and what came of it.
    #[must_use]
    pub fn request_log(&self) -> &RequestLog {
        &self.0.request_log
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.parts.keys
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.0.parts.providers
    }

    pub(crate) fn provider_timeout(&self) -> Duration {
        self.0.parts.provider_timeout
    }

    /// Where webhooks may go.
    #[must_use]
    pub fn webhook_targets(&self) -> &TargetPolicy {
        &self.0.parts.webhook_targets
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    pub(crate) fn known_keys(&self) -> &KnownKeys {
        &self.0.known_keys
    }

    /// Runs something to its end even if nobody waits for it any more; `None` when it panicked, which is logged.
    pub async fn even_if_given_up<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        use tracing::Instrument;
        match self.0.running.spawn(work.in_current_span()).await {
            Ok(result) => Some(result),
            Err(panic) => {
                tracing::error!(%panic, "a command panicked");
                None
            }
        }
    }

    /// Runs something for which nobody waits but the end of a graceful stop.
    pub fn afterwards(&self, work: impl Future<Output = ()> + Send + 'static) {
        use tracing::Instrument;
        // Without a runtime there is nobody to run it, and nothing under way either.
        if tokio::runtime::Handle::try_current().is_ok() {
            self.0.running.spawn(work.in_current_span());
        }
    }

    /// Runs a command to its end even if nobody waits for it any more: a client that hangs up must not leave a payment between
    /// its two transactions.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        command: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let stopped = || Error::Unavailable("the command stopped unexpectedly; ask what became of it");
        self.even_if_given_up(command)
            .await
            .unwrap_or_else(|| Err(stopped()))
    }

    /// Waits until every command that was begun has ended and every request is in the log: the last step of a graceful stop.
    pub async fn drain(&self) {
        self.0.running.close();
        self.0.running.wait().await;
        self.0.request_log.stop().await;
    }
}
