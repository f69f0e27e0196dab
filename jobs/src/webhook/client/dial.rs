//! How a connection comes about.
//!
//! Invariant: a name is resolved once, all of its addresses are vetted, and a vetted one is dialled: nobody can answer good to the first
//! question and bad to a second. One bad address denies the whole name. Who is at the other end is looked at again before a byte is sent.

use super::ClientSettings;
use super::connection::Connection;
use super::failure::Failure;
use super::resolve::Resolve;
use super::tls::{SetUpError, connector};
use domain::webhook::{FailureClass, TargetPolicy, WebhookUrl};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// Most addresses of a name that are tried: a name with hundreds must not make us knock at hundreds of doors.
const MOST_DIALLED: usize = 4;

/// Makes connections to where the policy lets it.
pub(super) struct Dialler {
    policy: TargetPolicy,
    resolver: Arc<dyn Resolve>,
    tls: TlsConnector,
    connect_timeout: Duration,
}

impl Dialler {
    pub(super) fn new(settings: ClientSettings) -> Result<Self, SetUpError> {
        Ok(Self {
            policy: settings.policy,
            resolver: settings.resolver,
            tls: connector(settings.extra_roots)?,
            connect_timeout: settings.connect_timeout,
        })
    }

    /// What can be said before anything is asked.
    pub(super) fn vet(&self, url: &WebhookUrl) -> Result<(), Failure> {
        self.policy.vet_url(url).map_err(Failure::denied)
    }

    /// A connection to the server of `url`, before `deadline`.
    pub(super) async fn dial(&self, url: &WebhookUrl, deadline: Instant) -> Result<Connection, Failure> {
        let mut remote = None;
        match timeout_at(deadline, self.connect(url, &mut remote)).await {
            Ok(ended) => ended,
            Err(_) => Err(Failure::new(FailureClass::Timeout, remote)),
        }
    }

    /// As [`Self::dial`]; `remote` is who is being dialled, for whoever stops waiting.
    async fn connect(
        &self,
        url: &WebhookUrl,
        remote: &mut Option<SocketAddr>,
    ) -> Result<Connection, Failure> {
        for address in self.addresses(url).await?.into_iter().take(MOST_DIALLED) {
            *remote = Some(address);
            let Ok(Ok(stream)) = timeout(self.connect_timeout, TcpStream::connect(address)).await else {
                continue;
            };
            return self.over(stream, url).await;
        }
        Err(Failure::new(FailureClass::Connect, *remote))
    }

    /// Every address of the host, all of them vetted.
    async fn addresses(&self, url: &WebhookUrl) -> Result<Vec<SocketAddr>, Failure> {
        let found = match (url.literal(), url.name()) {
            (Some(address), _) => vec![SocketAddr::new(address, url.port())],
            (None, name) => {
                let name = name.unwrap_or_default();
                let found = self.resolver.resolve(name, url.port()).await;
                found.map_err(|_| Failure::new(FailureClass::Dns, None))?
            }
        };
        let mut vetted = Vec::with_capacity(found.len());
        for address in found {
            // The port is the URL's, whatever the resolver says.
            let address = SocketAddr::new(address.ip(), url.port());
            self.policy
                .vet_address(url.is_https(), address)
                .map_err(Failure::denied)?;
            if !vetted.contains(&address) {
                vetted.push(address);
            }
        }
        if vetted.is_empty() {
            return Err(Failure::new(FailureClass::Dns, None));
        }
        Ok(vetted)
    }

    /// Speaks over a connection that stands, once both of its ends were looked at.
    async fn over(&self, stream: TcpStream, url: &WebhookUrl) -> Result<Connection, Failure> {
        let ends = stream
            .local_addr()
            .and_then(|local| Ok((local, stream.peer_addr()?)));
        let (local, remote) = ends.map_err(|_| Failure::new(FailureClass::Connect, None))?;
        self.policy
            .vet_connection(url.is_https(), local, remote)
            .map_err(Failure::denied)?;
        // A request is one small write; waiting for more would only delay it. A stream that refuses is only slower.
        stream.set_nodelay(true).ok();
        if !url.is_https() {
            return Connection::over(stream, remote).await;
        }
        let failed = || Failure::new(FailureClass::Tls, Some(remote));
        let encrypted = self.tls.connect(server_name(url).ok_or_else(failed)?, stream);
        let encrypted = encrypted.await.map_err(|_| failed())?;
        Connection::over(encrypted, remote).await
    }
}

/// Whom the certificate has to name.
fn server_name(url: &WebhookUrl) -> Option<ServerName<'static>> {
    match (url.literal(), url.name()) {
        (Some(address), _) => Some(ServerName::IpAddress(address.into())),
        (None, name) => ServerName::try_from(name?.trim_end_matches('.').to_owned()).ok(),
    }
}
