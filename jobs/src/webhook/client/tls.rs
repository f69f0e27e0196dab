//! TLS of the client.
//!
//! Invariant: a certificate is always checked, against the name that the merchant wrote, and no setting turns that off. TLS 1.2 and 1.3;
//! nothing but HTTP/1.1 is spoken inside, so no protocol is negotiated.

use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A further certificate authority cannot be read.
    #[error("a certificate authority of one's own cannot be read: {0}")]
    Root(Error),
    /// The library cannot do TLS 1.2 and 1.3.
    #[error("TLS cannot be set up: {0}")]
    Tls(Error),
}

/// What encrypts connections: trust in the authorities of browsers, and in these.
pub(super) fn connector(extra_roots: Vec<CertificateDer<'static>>) -> Result<TlsConnector, SetUpError> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for root in extra_roots {
        roots.add(root).map_err(SetUpError::Root)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(SetUpError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
