//! Where a request comes from.
//!
//! Invariant: an address that a client can choose is never believed. `X-Forwarded-For` counts only as far as proxies that the
//! operator named have written it, read from the right: what stands further left may be invented.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The networks of the operator's proxies.
pub type TrustedProxies = Arc<[IpNet]>;

/// The other end of the connection; `None` where a router is called without one.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(connection.map(|ConnectInfo(address)| address.ip())))
    }
}

/// The address that `peer` asks for: itself, or whoever the trusted proxies say.
#[must_use]
pub fn client(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.0.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = address(hop.trim()) else { break };
        client = address.to_canonical();
    }
    client
}

/// An address, perhaps with a port, as proxies write it.
fn address(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn seen(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let headers = HeaderMap::from_iter(forwarded.iter().map(|line| {
            (
                axum::http::HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(line),
            )
        }));
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        client(Peer(Some(peer.parse().unwrap())), &headers, &trusted).to_string()
    }

    #[test]
    fn without_proxies_the_peer_is_the_client_whatever_it_says() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(seen("::ffff:192.0.2.1", &[], &[]), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"], &["10.0.0.0/8"]), "192.0.2.1");
    }

    #[test]
    fn trusted_proxies_are_believed_from_the_right() {
        let proxies = ["10.0.0.0/8", "fd00::/8"];
        for (forwarded, client) in [
            (vec!["198.51.100.7"], "198.51.100.7"),
            (vec!["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (vec!["198.51.100.7, 10.2.3.4"], "198.51.100.7"),
            (vec!["203.0.113.9", "198.51.100.7, fd00::1"], "198.51.100.7"),
            (vec!["198.51.100.7:4711"], "198.51.100.7"),
            (vec!["[2001:db8::1]:4711"], "2001:db8::1"),
            (vec!["[2001:db8::1]"], "2001:db8::1"),
            (vec!["nonsense"], "10.0.0.1"),
            (vec!["198.51.100.7, nonsense, 10.2.3.4"], "10.2.3.4"),
            (vec![], "10.0.0.1"),
            (vec!["10.9.9.9"], "10.9.9.9"),
        ] {
            assert_eq!(seen("10.0.0.1", &forwarded, &proxies), client, "{forwarded:?}");
        }
    }
}
