//! How nodes hear that events got places.

use async_trait::async_trait;
use tokio::sync::watch;

/// Carries one number from the numbering node to all: up to which place events are numbered.
///
/// Invariant: a bus carries numbers, never events, and may lose them: every node looks for itself once a second. It may tell a number
/// twice or late; the highest one counts.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Tells all nodes. What cannot be told is logged; nodes find out by looking.
    async fn announce(&self, pos: i64);

    /// The highest place that this node has heard of, 0 before the first.
    fn heard(&self) -> watch::Receiver<i64>;

    /// What it is called in logs and metrics.
    fn name(&self) -> &'static str;
}

/// Notes that events are numbered up to `pos`; a lower number than the last says nothing new.
pub(super) fn note(heard: &watch::Sender<i64>, pos: i64) {
    heard.send_if_modified(|highest| {
        let is_news = pos > *highest;
        *highest = pos.max(*highest);
        is_news
    });
}
