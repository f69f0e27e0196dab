//! The dispatcher of webhooks on this node.
//!
//! Invariant: a node that works sends, and ends what it is sending before it ends itself.

use crate::config::Config;
use jobs::webhook::client::{Client, ClientSettings, SetUpError};
use jobs::webhook::{Dispatcher, DispatcherState, Jitter};
use service::App;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The dispatcher, if this node has one.
pub struct Webhooks {
    /// What it does.
    pub state: Option<Arc<DispatcherState>>,
    task: Option<JoinHandle<()>>,
}

impl Webhooks {
    /// Starts what this node's role needs; it runs until `stopping`. `own` is where this node listens, and nothing is sent there; `heard`
    /// says when other nodes may have written something.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn start(
        app: &App,
        config: &Config,
        own: SocketAddr,
        heard: watch::Receiver<i64>,
        stopping: &CancellationToken,
    ) -> Result<Self, SetUpError> {
        if !config.role.works() {
            return Ok(Self {
                state: None,
                task: None,
            });
        }
        let mut policy = app.webhook_targets().clone();
        policy.own.push(own);
        let jitter = if config.webhooks.jitter {
            Jitter::UpToATenth
        } else {
            Jitter::None
        };
        let client = Client::new(ClientSettings::new(policy))?;
        let dispatcher = Dispatcher::new(app.clone(), client, jitter, heard);
        Ok(Self {
            state: Some(dispatcher.state()),
            task: Some(tokio::spawn(dispatcher.run(stopping.clone()))),
        })
    }

    /// Waits until it has ended.
    pub async fn ended(self) {
        if let Some(task) = self.task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the dispatcher of webhooks ended in a panic");
        }
    }
}
