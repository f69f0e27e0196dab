//! The URL of an endpoint.
//!
//! Invariant: it was read once, by the parser that browsers use, and everything that is dialled and sent is taken from what was read: no
//! second parser can understand it otherwise. Whether webhooks may go there is the policy's to say (`target`), not the parser's.

use super::target_refusal::TargetRefusal;
use crate::web_url::MAX_URL;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::{fmt, str::FromStr};
use url::{Host, ParseError, Url};

/// Where the deliveries of an endpoint go: http or https, with a host, and without user name, password and fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WebhookUrl {
    url: Url,
    host: Host<String>,
    port: u16,
}

/// Whether the text has a zone id (`[fe80::1%eth0]`), which means something on one machine only.
fn has_zone(text: &str) -> bool {
    let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.is_some_and(|(address, _)| address.contains('%'))
}

impl FromStr for WebhookUrl {
    type Err = TargetRefusal;

    fn from_str(text: &str) -> Result<Self, TargetRefusal> {
        if text.len() > MAX_URL {
            return Err(TargetRefusal::TooLong);
        }
        // The parser would drop line breaks and trim spaces: what was meant is then not what was written.
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(TargetRefusal::Characters);
        }
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::InvalidIpv6Address if has_zone(text) => TargetRefusal::Zone,
            _ => TargetRefusal::Malformed,
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetRefusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetRefusal::Credentials);
        }
        if url.fragment().is_some() {
            return Err(TargetRefusal::Fragment);
        }
        // Escapes make a text longer; what is kept has to be read again.
        if url.as_str().len() > MAX_URL {
            return Err(TargetRefusal::TooLong);
        }
        let host = url.host().ok_or(TargetRefusal::Malformed)?.to_owned();
        let port = url.port_or_known_default().ok_or(TargetRefusal::Malformed)?;
        Ok(Self { url, host, port })
    }
}

impl WebhookUrl {
    /// The URL as it was understood.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Whether it is encrypted on its way.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The port, also where it is not written.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The host as it stands in the URL: lower case, IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The host, if it is a name and has to be resolved.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.host {
            Host::Domain(name) => Some(name),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        }
    }

    /// The host, if it is an address.
    #[must_use]
    pub const fn literal(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// Host and port as the `Host` header names them: without the port that the scheme implies.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.url.authority()
    }

    /// Path and query, as the request line names them.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        let origin = self.url.scheme().len() + "://".len() + self.url.authority().len();
        self.url.as_str().get(origin..).unwrap_or("/")
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> Self {
        url.url.into()
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = TargetRefusal;

    fn try_from(text: String) -> Result<Self, TargetRefusal> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_url_is_kept_as_it_was_understood() {
        for (text, kept, host, port, target) in [
            (
                "https://Shop.Example",
                "https://shop.example/",
                "shop.example",
                443,
                "/",
            ),
            (
                "https://shop.example:443/a",
                "https://shop.example/a",
                "shop.example",
                443,
                "/a",
            ),
            (
                "http://shop.example/a?b=c",
                "http://shop.example/a?b=c",
                "shop.example",
                80,
                "/a?b=c",
            ),
            (
                "https://shop.example?q",
                "https://shop.example/?q",
                "shop.example",
                443,
                "/?q",
            ),
            (
                "https://shop.example:8443/é",
                "https://shop.example:8443/%C3%A9",
                "shop.example",
                8443,
                "/%C3%A9",
            ),
            (
                "https://متجر.example/",
                "https://xn--pgbep1f.example/",
                "xn--pgbep1f.example",
                443,
                "/",
            ),
            (
                "https:\\\\shop.example\\a",
                "https://shop.example/a",
                "shop.example",
                443,
                "/a",
            ),
            (
                "https://shop.example/a/../b",
                "https://shop.example/b",
                "shop.example",
                443,
                "/b",
            ),
            ("https://127.1/", "https://127.0.0.1/", "127.0.0.1", 443, "/"),
            ("https://[::0001]:9/", "https://[::1]:9/", "[::1]", 9, "/"),
        ] {
            let url: WebhookUrl = text.parse().unwrap();
            let read = (url.as_str(), url.host(), url.port(), url.path_and_query());
            assert_eq!(read, (kept, host, port, target), "{text}");
            assert_eq!(url.to_string().parse::<WebhookUrl>().unwrap(), url);
            assert_eq!(url.name().is_some(), url.literal().is_none());
        }
        let with_port: WebhookUrl = "https://shop.example:8443/".parse().unwrap();
        assert_eq!(with_port.authority(), "shop.example:8443");
    }

    #[test]
    fn each_flaw_has_its_refusal() {
        let long = format!("https://shop.example/{}", "a".repeat(MAX_URL));
        let grows = format!("https://shop.example/{}", "é".repeat(MAX_URL / 4));
        for (text, refusal) in [
            (long.as_str(), TargetRefusal::TooLong),
            (grows.as_str(), TargetRefusal::TooLong),
            ("https://shop.example/a b", TargetRefusal::Characters),
            (" https://shop.example/", TargetRefusal::Characters),
            ("https://shop.example/\r\nX: y", TargetRefusal::Characters),
            ("https://shop\t.example/", TargetRefusal::Characters),
            ("https://shop.example/\u{a0}", TargetRefusal::Characters),
            ("", TargetRefusal::Malformed),
            ("/hook", TargetRefusal::Malformed),
            ("//shop.example/", TargetRefusal::Malformed),
            ("https://", TargetRefusal::Malformed),
            ("https://shop.example:65536/", TargetRefusal::Malformed),
            ("https://1.2.3.256/", TargetRefusal::Malformed),
            ("https://shop.1/", TargetRefusal::Malformed),
            ("https://[::1/", TargetRefusal::Malformed),
            ("https://[::1]x/", TargetRefusal::Malformed),
            ("https://a%00b/", TargetRefusal::Malformed),
            ("ftp://shop.example/", TargetRefusal::Scheme),
            ("file:///etc/passwd", TargetRefusal::Scheme),
            ("gopher://shop.example/", TargetRefusal::Scheme),
            ("data:text/plain,a", TargetRefusal::Scheme),
            ("https://user@shop.example/", TargetRefusal::Credentials),
            ("https://user:pass@shop.example/", TargetRefusal::Credentials),
            ("https://:pass@shop.example/", TargetRefusal::Credentials),
            ("https://shop.example@127.0.0.1/", TargetRefusal::Credentials),
            ("https://shop.example/#a", TargetRefusal::Fragment),
            ("https://shop.example/#", TargetRefusal::Fragment),
            ("https://shop.example#@127.0.0.1/", TargetRefusal::Fragment),
            ("https://[fe80::1%25eth0]/", TargetRefusal::Zone),
            ("https://[fe80::1%eth0]/", TargetRefusal::Zone),
        ] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(refusal), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_reads_back_as_itself(rest in "\\PC{0,40}") {
            if let Ok(url) = format!("https://{rest}").parse::<WebhookUrl>() {
                prop_assert_eq!(url.as_str().parse::<WebhookUrl>(), Ok(url.clone()));
                let whole = format!("https://{}{}", url.authority(), url.path_and_query());
                prop_assert_eq!(whole, url.as_str());
                prop_assert!(url.authority().starts_with(url.host()));
            }
        }
    }
}
