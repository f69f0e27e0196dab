//! Where webhooks may go.
//!
//! Invariant: what is not allowed is denied. A merchant names the URL, so without this it could make the server ask whatever the server
//! can reach: its own network, the cloud's metadata, itself. What can be said of a URL is said when it is saved; the address is judged
//! again when it is dialled, because a name leads where its owner says at that moment. Source: `reference/webhooks.md` 4.

use super::target_refusal::TargetRefusal;
use super::target_url::WebhookUrl;
use crate::public_address::{carried, is_metadata, is_public};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The port of public targets.
const HTTPS: u16 = 443;

/// Ports at which something else than a web server listens and might understand a request as its own: never used, allowed or not.
const NEVER_PORTS: [u16; 21] = [
    0, 22, 25, 53, 110, 143, 389, 445, 465, 587, 993, 995, 1433, 2375, 3306, 3389, 5432, 6379, 9200, 11211,
    27017,
];

/// Whether webhooks never go to this port, whatever an operator allows.
#[must_use]
pub fn is_never_port(port: u16) -> bool {
    NEVER_PORTS.contains(&port)
}

/// What an operator allows beyond the public internet at port 443. By default: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetPolicy {
    /// Networks to which webhooks go although they are not public, over http too and at any port but those that are never used. Metadata
    /// services stay denied; so does an IPv4 address inside an IPv6 one (NAT64, 6to4, Teredo) that is neither public nor allowed itself.
    pub allow: Vec<IpNet>,
    /// Ports of public targets beside 443.
    pub ports: Vec<u16>,
    /// Where we listen ourselves, with the port that was taken. An unspecified address (`0.0.0.0`, `::`) stands for every loopback address
    /// here, and for every other address of this machine once a connection shows that it leads back ([`Self::vet_connection`]). What leads
    /// back through somebody else, a proxy or a forwarded port, cannot be known.
    pub own: Vec<SocketAddr>,
}

/// Names that mean something inside a machine or network: of one label, or under a suffix that the public internet does not have.
fn is_inside_name(name: &str) -> bool {
    let inside = |suffix: &str| name.ends_with(suffix);
    !name.contains('.')
        || name.ends_with('.')
        || [".localhost", ".local", ".internal"].into_iter().any(inside)
}

impl TargetPolicy {
    /// What can be said of a URL before it is dialled. With networks allowed, names of inside networks and http pass here, since such a name
    /// may lead to an allowed address; the address decides when it is dialled.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn vet_url(&self, url: &WebhookUrl) -> Result<(), TargetRefusal> {
        if let Some(address) = url.literal() {
            return self.vet_address(url.is_https(), SocketAddr::new(address, url.port()));
        }
        let name = url.name().unwrap_or_default();
        if name.trim_end_matches('.') == "metadata.google.internal" {
            return Err(TargetRefusal::MetadataAddress);
        }
        if is_never_port(url.port()) {
            return Err(TargetRefusal::Port(url.port()));
        }
        if !self.allow.is_empty() {
            return Ok(());
        }
        if is_inside_name(name) {
            return Err(TargetRefusal::Name);
        }
        self.vet_public(url.is_https(), url.port())
    }

    /// What is said of the address that is about to be dialled.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn vet_address(&self, is_https: bool, address: SocketAddr) -> Result<(), TargetRefusal> {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        if is_metadata(ip) {
            return Err(TargetRefusal::MetadataAddress);
        }
        if self.is_own(ip, port) {
            return Err(TargetRefusal::Own);
        }
        if is_never_port(port) {
            return Err(TargetRefusal::Port(port));
        }
        if self.allows(ip) {
            return Ok(());
        }
        if !is_public(ip) {
            return Err(TargetRefusal::PrivateAddress);
        }
        self.vet_public(is_https, port)
    }

    /// As [`Self::vet_address`], of a connection that stands: one that leads from an address to itself ends on this machine, so a listener
    /// at an unspecified address would take it.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn vet_connection(
        &self,
        is_https: bool,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> Result<(), TargetRefusal> {
        self.vet_address(is_https, peer)?;
        let ends_here = local.ip().to_canonical() == peer.ip().to_canonical();
        let listens = |own: &SocketAddr| own.ip().is_unspecified() && own.port() == peer.port();
        if ends_here && self.own.iter().any(listens) {
            return Err(TargetRefusal::Own);
        }
        Ok(())
    }

    fn vet_public(&self, is_https: bool, port: u16) -> Result<(), TargetRefusal> {
        if !is_https {
            return Err(TargetRefusal::Scheme);
        }
        if port != HTTPS && !self.ports.contains(&port) {
            return Err(TargetRefusal::Port(port));
        }
        Ok(())
    }

    /// Whether the operator allows the address, and with it what it carries.
    fn allows(&self, ip: IpAddr) -> bool {
        let listed = |ip: &IpAddr| self.allow.iter().any(|net| net.contains(ip));
        let inner = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => carried(ip).map(IpAddr::V4),
        };
        listed(&ip) && inner.is_none_or(|inner| is_public(inner) || listed(&inner))
    }

    fn is_own(&self, ip: IpAddr, port: u16) -> bool {
        let is_here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
        self.own.iter().any(|own| {
            let listens = own.ip().to_canonical();
            own.port() == port && (listens == ip || (is_here(listens) && is_here(ip)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::TargetRefusal::{Credentials, MetadataAddress, Name, Own, Port, PrivateAddress, Scheme, Zone};
    use super::*;

    fn vet(policy: &TargetPolicy, url: &str) -> Result<(), TargetRefusal> {
        policy.vet_url(&url.parse()?)
    }

    fn allowing(nets: &[&str]) -> TargetPolicy {
        TargetPolicy {
            allow: nets.iter().map(|net| net.parse().unwrap()).collect(),
            ..TargetPolicy::default()
        }
    }

    #[test]
    fn public_servers_are_reached_encrypted_at_443() {
        for url in [
            "https://shop.example/hook",
            "https://shop.example:443/",
            "https://SHOP.EXAMPLE/",
            "https://8.8.8.8/",
            "https://134744072/",
            "https://[2606:4700::1111]/",
            "https://[::ffff:8.8.8.8]/",
            "https://localhost.shop.example/",
            "https://internal.shop.example/",
            "https://local.example/",
            "https://not.locals/",
            "https://my-internal.example/",
            "https://10.0.0.1.example/",
            "https://172.15.255.255/",
            "https://172.32.0.0/",
            "https://100.63.255.255/",
            "https://xn--pgbep1f.example/",
        ] {
            assert_eq!(vet(&TargetPolicy::default(), url), Ok(()), "{url}");
        }
    }

    #[test]
    fn every_spelling_of_an_inside_target_is_refused() {
        for (url, refusal) in [
            ("http://2130706433/", PrivateAddress),
            ("https://2130706433/", PrivateAddress),
            ("https://0x7f000001/", PrivateAddress),
            ("https://017700000001/", PrivateAddress),
            ("https://0x7f.1/", PrivateAddress),
            ("https://0X7F.1/", PrivateAddress),
            ("https://0177.0.0.1/", PrivateAddress),
            ("https://127.1/", PrivateAddress),
            ("https://127.0.1/", PrivateAddress),
            ("https://127.0.0.1./", PrivateAddress),
            ("https://0/", PrivateAddress),
            ("https://0.0.0.0/", PrivateAddress),
            ("https://%31%32%37.0.0.1/", PrivateAddress),
            ("https://127。0。0。1/", PrivateAddress),
            ("https://127.0.0.1/", PrivateAddress),
            ("https://①②⑦.⓪.⓪.①/", PrivateAddress),
            ("https://10.1.2.3/", PrivateAddress),
            ("https://192.168.1.1/", PrivateAddress),
            ("https://198.18.0.1/", PrivateAddress),
            ("https://255.255.255.255/", PrivateAddress),
            ("https://[::]/", PrivateAddress),
            ("https://[::1]/", PrivateAddress),
            ("https://[::ffff:7f00:1]/", PrivateAddress),
            ("https://[::FFFF:127.0.0.1]/", PrivateAddress),
            ("https://[::127.0.0.1]/", PrivateAddress),
            ("https://[64:ff9b::8.8.8.8]/", PrivateAddress),
            ("https://[64:ff9b:1::8.8.8.8]/", PrivateAddress),
            ("https://[2002:808:808::]/", PrivateAddress),
            ("https://[2001::1]/", PrivateAddress),
            ("https://[2001:db8::1]/", PrivateAddress),
            ("https://[fc00::1]/", PrivateAddress),
            ("https://[fe80::1]/", PrivateAddress),
            ("https://[fec0::1]/", PrivateAddress),
            ("https://[ff02::1]/", PrivateAddress),
            ("https://[fe80::1%25eth0]/", Zone),
            ("https://169.254.169.254/latest/meta-data/", MetadataAddress),
            ("http://169.254.169.254/", MetadataAddress),
            ("https://0xa9fea9fe/", MetadataAddress),
            ("https://[::ffff:169.254.169.254]/", MetadataAddress),
            ("https://[fd00:ec2::254]/", MetadataAddress),
            ("https://168.63.129.16/", MetadataAddress),
            ("https://metadata.google.internal/", MetadataAddress),
            ("https://METADATA.google.internal./", MetadataAddress),
            ("https://localhost/", Name),
            ("https://LOCALHOST/", Name),
            ("https://localhost./", Name),
            ("https://%6cocalhost/", Name),
            ("https://a.localhost/", Name),
            ("https://printer.local/", Name),
            ("https://db.internal/", Name),
            ("https://db.internal./", Name),
            ("https://db/", Name),
            ("https://shop.example./", Name),
            ("https://internal/", Name),
            ("http://localhost/", Name),
            ("http://shop.example/", Scheme),
            ("http://shop.example:443/", Scheme),
            ("http://8.8.8.8/", Scheme),
            ("ws://shop.example/", Scheme),
            ("https://shop.example:80/", Port(80)),
            ("https://shop.example:8443/", Port(8443)),
            ("https://8.8.8.8:8443/", Port(8443)),
            ("https://shop.example:22/", Port(22)),
            ("https://a:b@shop.example/", Credentials),
        ] {
            assert_eq!(vet(&TargetPolicy::default(), url), Err(refusal), "{url}");
        }
    }

    #[test]
    fn an_operator_opens_further_ports_of_public_targets_and_never_some() {
        let policy = TargetPolicy {
            ports: vec![8443, 5432],
            ..allowing(&["10.0.0.0/8"])
        };
        let only_ports = TargetPolicy {
            allow: Vec::new(),
            ..policy.clone()
        };
        assert_eq!(vet(&only_ports, "https://shop.example:8443/"), Ok(()));
        assert_eq!(vet(&only_ports, "https://shop.example:8444/"), Err(Port(8444)));
        assert_eq!(vet(&only_ports, "http://shop.example:8443/"), Err(Scheme));
        assert_eq!(vet(&policy, "https://8.8.8.8:8443/"), Ok(()));
        for port in NEVER_PORTS {
            for host in ["shop.example", "8.8.8.8", "10.0.0.1"] {
                assert_eq!(vet(&policy, &format!("https://{host}:{port}/")), Err(Port(port)));
            }
        }
    }

    #[test]
    fn an_allowed_network_is_reached_over_http_at_any_port_and_nothing_beside_it() {
        let policy = allowing(&["10.0.0.0/8", "fd00::/8", "::1/128"]);
        for url in [
            "http://10.1.2.3:8080/",
            "https://10.255.255.255/",
            "http://[::ffff:10.1.2.3]:81/",
            "http://[fd12::1]/",
            "http://[::1]:3000/",
            // The address decides when these are dialled.
            "http://localhost:3000/",
            "http://receiver:3000/",
            "https://db.internal:8443/",
        ] {
            assert_eq!(vet(&policy, url), Ok(()), "{url}");
        }
        for (url, refusal) in [
            ("http://11.0.0.0/", Scheme),
            ("https://192.168.1.1/", PrivateAddress),
            ("http://127.0.0.1/", PrivateAddress),
            ("https://[fd00:ec2::254]/", MetadataAddress),
            ("http://metadata.google.internal/", MetadataAddress),
        ] {
            assert_eq!(vet(&policy, url), Err(refusal), "{url}");
        }
        let dialled = |is_https, address: &str| policy.vet_address(is_https, address.parse().unwrap());
        assert_eq!(dialled(false, "10.0.0.1:8080"), Ok(()));
        assert_eq!(dialled(false, "8.8.8.8:443"), Err(Scheme));
        assert_eq!(dialled(true, "8.8.8.8:443"), Ok(()));
        assert_eq!(dialled(true, "8.8.8.8:80"), Err(Port(80)));
        assert_eq!(dialled(true, "127.0.0.1:443"), Err(PrivateAddress));
    }

    #[test]
    fn metadata_stays_denied_whatever_is_allowed() {
        let policy = allowing(&["0.0.0.0/0", "::/0"]);
        for host in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.0.23",
            "100.100.100.200",
            "168.63.129.16",
            "[::ffff:a9fe:a9fe]",
            "[::a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::]",
            "[fd00:ec2::254]",
        ] {
            let url = format!("http://{host}/");
            assert_eq!(vet(&policy, &url), Err(MetadataAddress), "{url}");
        }
        assert_eq!(vet(&policy, "http://169.254.169.253/"), Ok(()));
    }

    #[test]
    fn behind_an_allowed_gateway_the_address_inside_is_judged() {
        let policy = allowing(&["64:ff9b::/96", "192.168.0.0/16"]);
        assert_eq!(vet(&policy, "https://[64:ff9b::8.8.8.8]/"), Ok(()));
        assert_eq!(vet(&policy, "https://[64:ff9b::192.168.0.1]/"), Ok(()));
        assert_eq!(vet(&policy, "https://[64:ff9b::10.0.0.1]/"), Err(PrivateAddress));
        assert_eq!(vet(&policy, "https://[2002:808:808::]/"), Err(PrivateAddress));
    }

    #[test]
    fn nothing_leads_back_to_us() {
        let own = |listen: &str| TargetPolicy {
            own: vec![listen.parse().unwrap()],
            ..allowing(&["0.0.0.0/0", "::/0"])
        };
        for (listen, url, outcome) in [
            ("10.0.0.5:8080", "http://10.0.0.5:8080/", Err(Own)),
            ("10.0.0.5:8080", "http://[::ffff:10.0.0.5]:8080/", Err(Own)),
            ("10.0.0.5:8080", "http://10.0.0.5:8081/", Ok(())),
            ("10.0.0.5:8080", "http://10.0.0.6:8080/", Ok(())),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/", Err(Own)),
            ("127.0.0.1:8080", "http://0.0.0.0:8080/", Err(Own)),
            ("127.0.0.1:8080", "http://127.0.0.1:8081/", Ok(())),
            ("0.0.0.0:8080", "http://127.9.9.9:8080/", Err(Own)),
            ("[::]:8080", "http://127.0.0.1:8080/", Err(Own)),
            ("[::]:8080", "http://[::1]:8080/", Err(Own)),
        ] {
            assert_eq!(vet(&own(listen), url), outcome, "{listen} {url}");
        }
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (everywhere, here) = (own("0.0.0.0:8080"), at("10.0.0.5:40000"));
        assert_eq!(everywhere.vet_address(false, at("10.0.0.5:8080")), Ok(()));
        assert_eq!(
            everywhere.vet_connection(false, here, at("10.0.0.5:8080")),
            Err(Own)
        );
        assert_eq!(
            everywhere.vet_connection(false, here, at("10.0.0.5:8081")),
            Ok(())
        );
        assert_eq!(
            everywhere.vet_connection(false, here, at("10.0.0.6:8080")),
            Ok(())
        );
    }
}
