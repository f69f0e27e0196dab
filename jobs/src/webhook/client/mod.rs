//! The client that asks servers whose addresses merchants chose.
//!
//! Invariant: no byte goes to an address that the policy denies, and no server costs more than one deadline and a few buffers. A name is
//! resolved once and a vetted address of it dialled; redirects are answers; nothing is taken from the environment; an answer is read to a
//! cap. Errors and logs name rules and classes, never a header, a body or a URL. Source: `reference/webhooks.md` 4.

mod answer;
mod connection;
mod dial;
mod failure;
mod message;
mod pool;
mod resolve;
mod tls;

pub use answer::Response;
pub use failure::Failure;
pub use message::Request;
pub use resolve::{Resolve, SystemResolver};
pub use tls::SetUpError;
pub use tokio_rustls::rustls::pki_types::CertificateDer;

use bytes::Bytes;
use connection::{Connection, Missed};
use dial::Dialler;
use domain::webhook::TargetPolicy;
use http_body_util::Full;
use pool::{Origin, Pool};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Longest time for one request, whatever is asked for.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a connection to one address may take to come about, when nothing else is said.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection is kept without use, when nothing else is said, and at most.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// What a client needs to know.
#[derive(Clone)]
pub struct ClientSettings {
    /// Where it may go.
    pub policy: TargetPolicy,
    /// How names become addresses.
    pub resolver: Arc<dyn Resolve>,
    /// Certificate authorities that are trusted beside those that browsers trust: an operator's own, or a test's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// How long a connection to one address may take to come about; another address of the name is tried afterwards.
    pub connect_timeout: Duration,
    /// How long a connection is kept without use; [`IDLE_TIMEOUT`] at most.
    pub idle_timeout: Duration,
}

impl ClientSettings {
    /// The settings of a client that asks the system for addresses.
    #[must_use]
    pub fn new(policy: TargetPolicy) -> Self {
        Self {
            policy,
            resolver: Arc::new(SystemResolver::default()),
            extra_roots: Vec::new(),
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
        }
    }
}

/// Sends requests. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    dialler: Arc<Dialler>,
    pool: Arc<Pool>,
}

impl Client {
    /// A client of these settings.
    ///
    /// # Errors
    /// When a certificate authority in the settings is none.
    pub fn new(settings: ClientSettings) -> Result<Self, SetUpError> {
        let pool = Arc::new(Pool::new(settings.idle_timeout.min(IDLE_TIMEOUT)));
        let dialler = Arc::new(Dialler::new(settings)?);
        Ok(Self { dialler, pool })
    }

    /// Posts once and tells what was answered, whatever the status. The time-out is for everything together; a status that has come in time
    /// is an answer, also when its body goes on.
    ///
    /// A kept connection that turns out to have been closed costs a second try over a new one, unless a byte of an answer has come.
    ///
    /// # Errors
    /// Why no answer came, coarsely.
    pub async fn post(&self, request: Request) -> Result<Response, Failure> {
        let deadline = Instant::now() + request.timeout.min(LONGEST_TIMEOUT);
        self.dialler.vet(&request.url)?;
        let message = message::of(&request)?;
        let origin = Origin::of(&request.url);
        if let Some(connection) = self.pool.take(&origin) {
            match self
                .exchange(connection, message.clone(), &origin, deadline)
                .await
            {
                Err(missed) if missed.is_stale => {}
                ended => return ended.map_err(|missed| missed.failure),
            }
        }
        let connection = self.dialler.dial(&request.url, deadline).await?;
        self.exchange(connection, message, &origin, deadline)
            .await
            .map_err(|missed| missed.failure)
    }

    /// Asks over a connection and keeps it, if the answer was read to its end.
    async fn exchange(
        &self,
        mut connection: Connection,
        message: hyper::Request<Full<Bytes>>,
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Response, Missed> {
        let answer = connection.ask(message, deadline).await?;
        let remote = connection.remote();
        let (response, is_whole) = answer::read(answer, remote, deadline).await?;
        if is_whole {
            self.pool.park(origin, connection);
        }
        Ok(response)
    }
}
