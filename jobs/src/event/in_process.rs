//! A bus for one process: SQLite, or a node of its own.

use super::bus::{EventBus, note};
use async_trait::async_trait;
use tokio::sync::watch;

/// A number in memory.
#[derive(Debug)]
pub struct InProcess(watch::Sender<i64>);

impl Default for InProcess {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

#[async_trait]
impl EventBus for InProcess {
    async fn announce(&self, pos: i64) {
        note(&self.0, pos);
    }

    fn heard(&self) -> watch::Receiver<i64> {
        self.0.subscribe()
    }

    fn name(&self) -> &'static str {
        "in_process"
    }
}
