//! Waiting for what other tasks and processes do.

use std::time::{Duration, Instant};

/// Longest wait: far more than anything takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again whether `what` is so, and gives up loudly.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
