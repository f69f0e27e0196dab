//! What can be followed on this node: who numbers events, how the node hears of them, what it keeps; and the request log.
//!
//! Invariant: a node that works takes its turn at numbering, one that serves reads the log for its connections, and both end with it.

use crate::config::{Config, Nats};
use jobs::RequestTail;
use jobs::event::{EventBus, Feed, InProcess, Postgres, SequencerState, sequence};
use service::App;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Why nodes cannot hear of events.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The program was built without it.
    #[error("nats_url is set, but this program was built without NATS: build it with --features nats")]
    NotBuilt,
    /// The server does not do what it must.
    #[cfg(feature = "nats")]
    #[error(transparent)]
    Nats(#[from] jobs::event::NatsError),
}

/// The parts that deal with events.
pub struct Events {
    /// The newest events.
    pub feed: Feed,
    /// The request log as it is written.
    pub requests: RequestTail,
    /// Up to which place events are numbered, as far as this node has heard.
    pub heard: watch::Receiver<i64>,
    /// What this node numbered.
    pub sequencer: Arc<SequencerState>,
    tasks: Vec<JoinHandle<()>>,
}

impl Events {
    /// Starts what this node's role needs; it runs until `stopping`.
    ///
    /// # Errors
    /// When the NATS server that was named is not to be had.
    pub async fn start(app: &App, config: &Config, stopping: &CancellationToken) -> Result<Self, BusError> {
        let mut events = Self {
            feed: Feed::new(app.clone()),
            requests: RequestTail::new(app.clone()),
            heard: watch::channel(0).1,
            sequencer: Arc::default(),
            tasks: Vec::new(),
        };
        let bus = events.bus(app, config.nats.as_ref(), stopping).await?;
        events.heard = bus.heard();
        tracing::info!(bus = bus.name(), "events are told");
        if config.role.works() {
            let numbering = sequence(
                app.clone(),
                Arc::clone(&bus),
                Arc::clone(&events.sequencer),
                stopping.clone(),
            );
            events.tasks.push(tokio::spawn(numbering));
        }
        if config.role.serves() {
            let (feed, stopping, seen) = (events.feed.clone(), stopping.clone(), stopping.clone());
            events
                .tasks
                .push(tokio::spawn(async move { feed.run(bus, stopping).await }));
            let (requests, stopping) = (events.requests.clone(), seen);
            events
                .tasks
                .push(tokio::spawn(async move { requests.run(stopping).await }));
        }
        Ok(events)
    }

    async fn bus(
        &mut self,
        app: &App,
        nats: Option<&Nats>,
        stopping: &CancellationToken,
    ) -> Result<Arc<dyn EventBus>, BusError> {
        if let Some(nats) = nats {
            return self.nats(nats, stopping).await;
        }
        if !app.db().is_postgres() {
            return Ok(Arc::new(InProcess::default()));
        }
        let bus = Arc::new(Postgres::new(app.clone()));
        let (listening, stopping) = (Arc::clone(&bus), stopping.clone());
        self.tasks
            .push(tokio::spawn(async move { listening.listen(&stopping).await }));
        Ok(bus)
    }

    #[cfg(feature = "nats")]
    async fn nats(
        &mut self,
        nats: &Nats,
        stopping: &CancellationToken,
    ) -> Result<Arc<dyn EventBus>, BusError> {
        let bus = Arc::new(jobs::event::Nats::connect(nats.url.expose(), &nats.name).await?);
        let (listening, stopping) = (Arc::clone(&bus), stopping.clone());
        self.tasks
            .push(tokio::spawn(async move { listening.listen(&stopping).await }));
        Ok(bus)
    }

    #[cfg(not(feature = "nats"))]
    #[expect(clippy::unused_async, reason = "with the feature it waits for the server")]
    async fn nats(&mut self, _: &Nats, _: &CancellationToken) -> Result<Arc<dyn EventBus>, BusError> {
        Err(BusError::NotBuilt)
    }

    /// Waits until everything has ended.
    pub async fn ended(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task that deals with events ended in a panic");
            }
        }
    }
}
