//! What a worker looks for again and again, until there is a scheduler for it.
//!
//! Invariant: each sweep has a task of its own, so that one that waits (for a provider that does not answer, above all) holds up no
//! other. Nothing that readers see depends on a sweep being on time, so one that fails is logged and tried again, and one that is
//! under way when the server stops is left: whatever it began to write is carried to its end, and the rest is found again.

use crate::config::Config;
use futures_util::future::BoxFuture;
use service::{App, Error, api_request, credential, event, intent, payment, webhook};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How long a sweep rests.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// Most operations that one sweep asks about, and most holds that it closes.
const SWEEP_LIMIT: u64 = 200;
/// Most requests that one sweep deletes from the log: as many as are written in that time.
const PURGE_LIMIT: u64 = 10_000;

/// One sweep; it says how much it has done.
struct Sweep {
    /// What is done, as the log calls it.
    name: &'static str,
    run: fn(App, Kept) -> BoxFuture<'static, Result<u64, Error>>,
}

/// How long what is kept.
#[derive(Clone, Copy)]
struct Kept {
    requests: chrono::Duration,
    events: chrono::Duration,
    webhooks: chrono::Duration,
    test_webhooks: chrono::Duration,
}

const SWEEPS: [Sweep; 8] = [
    Sweep {
        name: "open operations resolved",
        run: |app, _| {
            Box::pin(async move {
                let resolved = payment::resolve_unknown_outcomes(&app, SWEEP_LIMIT).await?;
                Ok(resolved.settled)
            })
        },
    },
    Sweep {
        name: "authorizations expired",
        run: |app, _| Box::pin(async move { payment::expire_due(&app, SWEEP_LIMIT).await }),
    },
    Sweep {
        name: "intents expired",
        run: |app, _| Box::pin(async move { intent::expire_due(&app, SWEEP_LIMIT).await }),
    },
    Sweep {
        name: "late money given back",
        run: |app, _| Box::pin(async move { intent::give_back_late_money(&app, SWEEP_LIMIT).await }),
    },
    Sweep {
        name: "old requests deleted from the log",
        run: |app, kept| {
            Box::pin(async move { api_request::purge(&app, app.now() - kept.requests, PURGE_LIMIT).await })
        },
    },
    Sweep {
        name: "old events deleted",
        run: |app, kept| {
            Box::pin(async move { event::purge(&app, app.now() - kept.events, PURGE_LIMIT).await })
        },
    },
    Sweep {
        name: "old webhooks deleted from the log",
        run: |app, kept| {
            let forgotten = webhook::Forgotten {
                all: app.now() - kept.webhooks,
                test: app.now() - kept.test_webhooks,
            };
            Box::pin(async move { webhook::purge(&app, forgotten, PURGE_LIMIT).await })
        },
    },
    Sweep {
        name: "used nonces and ended sessions deleted",
        run: |app, _| Box::pin(async move { credential::purge(&app, PURGE_LIMIT).await }),
    },
];

/// Begins every sweep of a worker; a node that is none has none. The tasks end when `stopping` says so.
pub fn begin(app: &App, config: &Config, stopping: &CancellationToken) -> Vec<JoinHandle<()>> {
    if !config.role.works() {
        return Vec::new();
    }
    let kept = Kept {
        requests: config.request_log,
        events: config.events,
        webhooks: config.webhooks.log,
        test_webhooks: config.webhooks.test_log.min(config.webhooks.log),
    };
    let begin = |sweep| tokio::spawn(repeat(sweep, app.clone(), kept, stopping.clone()));
    SWEEPS.into_iter().map(begin).collect()
}

async fn repeat(sweep: Sweep, app: App, kept: Kept, stopping: CancellationToken) {
    let mut ticks = interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let swept = async {
        loop {
            ticks.tick().await;
            match (sweep.run)(app.clone(), kept).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "{}", sweep.name),
                Err(error) => tracing::error!(%error, sweep = sweep.name, "a sweep failed"),
            }
        }
    };
    tokio::select! {
        () = stopping.cancelled() => {}
        () = swept => {}
    }
}
