//! Addresses that lead away from a hosted page: a merchant's shop, a wallet.
//!
//! Invariant: an address is http or https with a host, so a link can neither run a script nor write into a header. A host in Arabic
//! letters is told to a policy the way the network spells it.

use std::fmt;
use url::Url;

/// Where a link or a redirect may lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    url: String,
    origin: String,
}

impl Destination {
    /// Takes an absolute http or https address without user names.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let whole = !url
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '\\');
        let read = Url::parse(url).ok().filter(|read| {
            let named = read.username().is_empty() && read.password().is_none();
            named && matches!(read.scheme(), "http" | "https")
        })?;
        let origin = read.origin().ascii_serialization();
        let plain = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'/' | b'[' | b']')
        };
        (whole && origin.bytes().all(plain)).then(|| Self {
            url: url.to_owned(),
            origin,
        })
    }

    /// The whole address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Scheme, host and port, for a policy.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_lead_away() {
        for (url, origin) in [
            ("https://shop.example/done?id=1", "https://shop.example"),
            ("http://localhost:3000/ok", "http://localhost:3000"),
            ("HTTPS://Shop.Example", "https://shop.example"),
            ("https://shop.example/مدرسة", "https://shop.example"),
            ("https://[::1]:8080/", "https://[::1]:8080"),
            ("https://مدرسة.example/", "https://xn--ogblgi1g.example"),
        ] {
            assert_eq!(
                Destination::parse(url).as_ref().map(Destination::origin),
                Some(origin),
                "{url}"
            );
        }
        for url in [
            "",
            "javascript:alert(1)",
            "//shop.example",
            "/done",
            "https://",
            "https://:80/",
            "https://user@shop.example/",
            "https://shop.example;script-src *",
            "https://shop.example\r\nSet-Cookie: a=b",
            "https://a b",
            "https:\\\\shop.example",
            "data:text/html,hi",
        ] {
            assert_eq!(Destination::parse(url), None, "{url}");
        }
    }
}
