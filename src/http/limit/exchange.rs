//! Telling the other nodes what was used here, and hearing what they have used.
//!
//! Invariant: nothing on the way of a request waits for this. While the database does not answer, the node goes on alone and tells
//! everything when it does again.

use super::Throttle;
use super::buckets::{Buckets, Outgoing};
use domain::Timestamp;
use service::rate_limit::{self, Key, Merged};
use service::{App, Error};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Most buckets in one statement.
const BATCH: usize = 5_000;
/// How often rows that say nothing any more are deleted.
const PURGE_EVERY: Duration = Duration::from_secs(60);

/// What an exchange did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// How many buckets it told of.
    pub told: usize,
}

/// Buckets on their way, each with the class that it belongs to.
type Batch<'a> = Vec<(&'static str, &'a Buckets, Outgoing)>;

impl Throttle {
    /// Tells the other nodes what was used here since the last time, and takes over what they have used.
    ///
    /// # Errors
    /// When the database does not take it. Nothing is lost: the next exchange tells it.
    pub async fn exchange(&self, app: &App) -> Result<Exchange, Error> {
        let asked_at = app.now();
        let mut outgoing: Batch<'_> = Vec::new();
        for (class, buckets) in self.shared() {
            let sent = buckets.send(asked_at).into_iter();
            outgoing.extend(sent.map(|outgoing| (class, buckets, outgoing)));
        }
        let mut done = Exchange::default();
        let mut failed = None;
        while !outgoing.is_empty() {
            let rest = outgoing.split_off(outgoing.len().min(BATCH));
            let batch = std::mem::replace(&mut outgoing, rest);
            if failed.is_some() {
                take_back(&batch);
                continue;
            }
            let told = batch.iter().map(|(class, _, outgoing)| {
                let holder = outgoing.name.clone();
                (Key { class, holder }, outgoing.told)
            });
            match rate_limit::exchange(app, &told.collect::<Vec<_>>()).await {
                Ok(merged) => {
                    done.told += batch.len();
                    hear(&batch, merged, asked_at, app.now());
                }
                Err(error) => {
                    take_back(&batch);
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(done), Err)
    }
}

fn take_back(batch: &Batch<'_>) {
    for (_, buckets, outgoing) in batch {
        buckets.take_back(outgoing);
    }
}

fn hear(batch: &Batch<'_>, merged: Vec<Merged>, asked_at: Timestamp, now: Timestamp) {
    let merged: HashMap<_, _> = merged
        .into_iter()
        .map(|merged| ((merged.class, merged.holder), merged.missing))
        .collect();
    for (class, buckets, outgoing) in batch {
        if let Some(missing) = merged.get(&((*class).to_owned(), outgoing.name.clone())) {
            buckets.hear(outgoing, *missing, asked_at, now);
        }
    }
}

/// Exchanges until the node stops, and once more then: what was used here in the last moment counts elsewhere too. A database that
/// does not answer is said once, and once that it does again.
pub async fn keep_exchanging(
    app: App,
    throttle: Arc<Throttle>,
    every: Duration,
    stopping: CancellationToken,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alone = false;
    let mut purged = Instant::now();
    loop {
        let last = tokio::select! {
            () = stopping.cancelled() => true,
            _ = ticks.tick() => false,
        };
        match throttle.exchange(&app).await {
            Ok(_) if alone => {
                alone = false;
                tracing::info!("rate limits are shared with the other nodes again");
            }
            Err(error) if !alone => {
                alone = true;
                tracing::warn!(%error, "rate limits cannot be shared; this node counts alone until they can");
            }
            Ok(_) | Err(_) => {}
        }
        if last {
            return;
        }
        if !alone && purged.elapsed() >= PURGE_EVERY {
            purged = Instant::now();
            if let Err(error) = rate_limit::purge(&app).await {
                tracing::warn!(%error, "old rate limits could not be deleted");
            }
        }
    }
}
