//! Events on this node: who numbers them, how the node hears of them, what it keeps.
//!
//! Invariant: a node that works takes its turn at numbering, one that serves reads the log for its connections, and both end with it.

use crate::config::Config;
use jobs::event::{EventBus, Feed, InProcess, Postgres, SequencerState, sequence};
use service::App;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The parts that deal with events.
pub struct Events {
    /// The newest events.
    pub feed: Feed,
    /// What this node numbered.
    pub sequencer: Arc<SequencerState>,
    tasks: Vec<JoinHandle<()>>,
}

impl Events {
    /// Starts what this node's role needs; it runs until `stopping`.
    #[must_use]
    pub fn start(app: &App, config: &Config, stopping: &CancellationToken) -> Self {
        let mut events = Self {
            feed: Feed::new(app.clone()),
            sequencer: Arc::default(),
            tasks: Vec::new(),
        };
        let bus = events.bus(app, stopping);
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
            let (feed, stopping) = (events.feed.clone(), stopping.clone());
            events
                .tasks
                .push(tokio::spawn(async move { feed.run(bus, stopping).await }));
        }
        events
    }

    fn bus(&mut self, app: &App, stopping: &CancellationToken) -> Arc<dyn EventBus> {
        if !app.db().is_postgres() {
            return Arc::new(InProcess::default());
        }
        let bus = Arc::new(Postgres::new(app.clone()));
        let (listening, stopping) = (Arc::clone(&bus), stopping.clone());
        self.tasks
            .push(tokio::spawn(async move { listening.listen(&stopping).await }));
        bus
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
