//! The wish to stop.

use std::io;
use tokio::sync::watch;

/// Signals that ask the process to end: the first begins a graceful stop, the second ends the patience with it.
///
/// Clones wait for the same signals.
#[derive(Clone)]
pub struct Signals(watch::Receiver<u32>);

impl Signals {
    /// Listens for SIGINT and SIGTERM from now on; elsewhere than on Unix, for Ctrl-C.
    ///
    /// # Errors
    /// When the system does not let us listen.
    pub fn listen() -> io::Result<Self> {
        let (told, count) = watch::channel(0_u32);
        let mut source = Source::new()?;
        tokio::spawn(async move {
            // Until nobody is interested any more.
            while !told.is_closed() {
                source.next().await;
                told.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(count))
    }

    /// Waits for the first signal.
    pub async fn first(self) {
        self.reached(1).await;
    }

    /// Waits for the second.
    pub async fn second(self) {
        self.reached(2).await;
    }

    async fn reached(mut self, wanted: u32) {
        if self.0.wait_for(|count| *count >= wanted).await.is_err() {
            // The listener is gone, so no signal will come: whoever waits, waits for something else besides.
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        let name = tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        };
        tracing::info!(signal = name, "asked to stop");
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        match tokio::signal::ctrl_c().await {
            Ok(()) => tracing::info!("asked to stop"),
            Err(error) => {
                tracing::error!(%error, "cannot listen for Ctrl-C");
                std::future::pending().await
            }
        }
    }
}
