//! Lists: origins of web pages and networks of proxies that are believed, networks and ports to which webhooks may go.

use axum::http::{HeaderValue, Uri};
use domain::webhook::is_never_port;
use ipnet::IpNet;

/// Reads a list that is separated by commas.
fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(|item| read(item.trim())).collect()
}

/// Origins as browsers send them: scheme, host and perhaps a port. `*` is none: it would let every page ask.
pub(super) fn origins(text: &str) -> Option<Vec<HeaderValue>> {
    list(text, |origin| {
        let (scheme, rest) = origin.split_once("://")?;
        let uri: Uri = origin.parse().ok()?;
        let authority = uri.authority()?;
        let plain = matches!(scheme, "http" | "https")
            && rest == authority.as_str()
            && !rest.contains('@')
            && !authority.host().is_empty()
            && rest == rest.to_ascii_lowercase();
        plain.then(|| HeaderValue::from_str(origin).ok()).flatten()
    })
}

/// Networks in CIDR notation.
pub(super) fn networks(text: &str) -> Option<Vec<IpNet>> {
    list(text, |network| network.parse().ok())
}

/// Ports of web servers. One to which webhooks never go is refused here: it would be set and do nothing.
pub(super) fn ports(text: &str) -> Option<Vec<u16>> {
    list(text, |port| {
        port.parse().ok().filter(|port| !is_never_port(*port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_a_scheme_a_host_and_nothing_more() {
        let two = origins("https://app.example.iq, http://localhost:5173").unwrap();
        assert_eq!(two, ["https://app.example.iq", "http://localhost:5173"]);
        for refused in [
            "",
            "*",
            "null",
            "app.example.iq",
            "https://",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://u@a",
            "https://A",
            "ftp://a",
            "https://a,",
        ] {
            assert_eq!(origins(refused), None, "{refused}");
        }
    }

    #[test]
    fn networks_are_written_in_cidr_notation() {
        assert_eq!(networks("10.0.0.0/8,::1/128").unwrap().len(), 2);
        for refused in ["", "10.0.0.1", "10.0.0.0/33", "proxy", "10.0.0.0/8;::1/128"] {
            assert_eq!(networks(refused), None, "{refused}");
        }
    }

    #[test]
    fn ports_are_numbers_of_web_servers() {
        assert_eq!(ports("8443, 8080,80"), Some(vec![8443, 8080, 80]));
        for refused in [
            "",
            ",",
            "8443,",
            "0",
            "65536",
            "-1",
            "https",
            "8443;8080",
            "8000-8100",
            "22",
            "8443,5432",
        ] {
            assert_eq!(ports(refused), None, "{refused}");
        }
    }
}
