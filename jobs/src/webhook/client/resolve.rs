//! How names become addresses.

use async_trait::async_trait;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Most names that are looked up at once: each takes a thread of the system's resolver, for as long as the system is patient.
const MOST_LOOKUPS: usize = 64;

/// Finds the addresses of a host.
///
/// Invariant: it answers or fails; what it answers is judged by whoever asked, so it need not be trusted. It keeps nothing back: an address
/// that is left out is one that is not vetted.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// Every address of `host`, which is a name.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// Asks the system.
pub struct SystemResolver(Arc<Semaphore>);

impl Default for SystemResolver {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_LOOKUPS)))
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let permit = self.0.clone().acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        // A task of its own: whoever asked may give up, but the thread is taken until the system answers, and the permit with it.
        let lookup = tokio::spawn(async move {
            let addresses = tokio::net::lookup_host((host, port)).await;
            drop(permit);
            addresses.map(Iterator::collect)
        });
        lookup.await.map_err(io::Error::other)?
    }
}
