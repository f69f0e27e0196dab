//! Headers that a merchant adds to its deliveries.
//!
//! Invariant: an added header can neither end the head, nor frame the message, nor speak for us, nor ask a cloud for secrets. A value is
//! printed nowhere by accident: it is often a password. Source: `reference/webhooks.md` 4.11.

use serde::{Deserialize, Serialize};

/// Most headers of one endpoint.
pub const MOST_STATIC_HEADERS: usize = 20;
/// Longest name, in bytes.
const LONGEST_NAME: usize = 64;
/// Longest value, in bytes.
const LONGEST_VALUE: usize = 1_024;

/// Names that are ours, or the connection's, or those of a cloud's metadata service.
const DENIED: [&str; 22] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "metadata",
    "metadata-flavor",
    "stripe-signature",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-google-metadata-request",
    "x-real-ip",
];

/// What denied names begin with.
const DENIED_PREFIXES: [&str; 6] = [
    "proxy-",
    "sec-",
    "webhook-",
    "x-aws-ec2-metadata-",
    "x-forwarded-",
    "x-webhook-",
];

/// Why headers are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderRefusal {
    /// There are too many.
    #[error("at most {MOST_STATIC_HEADERS} headers can be added")]
    Count,
    /// The name is none, or too long.
    #[error("the name of a header has 1 to {LONGEST_NAME} letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// The name is kept for us.
    #[error("the header {0} cannot be added")]
    Denied(String),
    /// The value is too long.
    #[error("the value of a header has at most {LONGEST_VALUE} characters")]
    ValueLength,
    /// The value holds something else than visible ASCII and spaces, a line break for example.
    #[error("the value of a header is visible ASCII and spaces, without spaces around it")]
    ValueCharacters,
    /// The name stands twice.
    #[error("the header {0} stands twice")]
    Duplicate(String),
}

/// A header that comes with each delivery.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct StaticHeader {
    name: String,
    value: String,
}

/// A header as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    name: String,
    value: String,
}

impl std::fmt::Debug for StaticHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StaticHeader({}: …)", self.name)
    }
}

/// What RFC 9110 calls a token.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl StaticHeader {
    /// A header of this name and value.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Result<Self, HeaderRefusal> {
        let (name, value) = (name.into(), value.into());
        if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(is_token_byte) {
            return Err(HeaderRefusal::Name);
        }
        let lower = name.to_ascii_lowercase();
        if DENIED.contains(&lower.as_str()) || DENIED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
        {
            return Err(HeaderRefusal::Denied(name));
        }
        if value.len() > LONGEST_VALUE {
            return Err(HeaderRefusal::ValueLength);
        }
        // Spaces around a value are no part of it for whoever reads it, so they would not come back.
        let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !is_plain || value.trim() != value {
            return Err(HeaderRefusal::ValueCharacters);
        }
        Ok(Self { name, value })
    }

    /// Its name, as the merchant wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value, which may be a secret.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl From<StaticHeader> for Kept {
    fn from(header: StaticHeader) -> Self {
        Self {
            name: header.name,
            value: header.value,
        }
    }
}

impl TryFrom<Kept> for StaticHeader {
    type Error = HeaderRefusal;

    fn try_from(kept: Kept) -> Result<Self, HeaderRefusal> {
        Self::new(kept.name, kept.value)
    }
}

/// The headers that come with each delivery of an endpoint: few, and each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<StaticHeader>", into = "Vec<StaticHeader>")]
pub struct StaticHeaders(Vec<StaticHeader>);

impl StaticHeaders {
    /// These headers.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn new(headers: Vec<StaticHeader>) -> Result<Self, HeaderRefusal> {
        if headers.len() > MOST_STATIC_HEADERS {
            return Err(HeaderRefusal::Count);
        }
        let mut rest = headers.as_slice();
        while let [header, others @ ..] = rest {
            if others
                .iter()
                .any(|other| other.name.eq_ignore_ascii_case(&header.name))
            {
                return Err(HeaderRefusal::Duplicate(header.name.clone()));
            }
            rest = others;
        }
        Ok(Self(headers))
    }

    /// The headers, in the merchant's order.
    #[must_use]
    pub fn as_slice(&self) -> &[StaticHeader] {
        &self.0
    }
}

impl From<StaticHeaders> for Vec<StaticHeader> {
    fn from(headers: StaticHeaders) -> Self {
        headers.0
    }
}

impl TryFrom<Vec<StaticHeader>> for StaticHeaders {
    type Error = HeaderRefusal;

    fn try_from(headers: Vec<StaticHeader>) -> Result<Self, HeaderRefusal> {
        Self::new(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_the_merchants_own_is_taken() {
        for (name, value) in [
            ("Authorization", "Bearer abc.def"),
            ("X-Api-Key", "k"),
            ("X-Empty", ""),
            ("Accept", "application/json"),
            ("X-Hook", "not webhook- and not x-webhook-"),
            ("Hosts", "near a denied name"),
            ("Proxy", "near a denied prefix"),
            (&"n".repeat(64), &"v".repeat(1_024)),
        ] {
            let header = StaticHeader::new(name, value).unwrap();
            assert_eq!((header.name(), header.value()), (name, value));
        }
    }

    #[test]
    fn a_name_that_is_not_the_merchants_is_refused_in_any_case() {
        let stems = DENIED_PREFIXES.map(|prefix| format!("{prefix}anything"));
        let named = [
            "webhook-signature",
            "x-webhook-signature",
            "x-aws-ec2-metadata-token-ttl-seconds",
            "proxy-authorization",
            "sec-fetch-site",
            "x-forwarded-for",
        ];
        for name in DENIED
            .into_iter()
            .chain(named)
            .chain(stems.iter().map(String::as_str))
        {
            for spelling in [name.to_owned(), name.to_ascii_uppercase()] {
                let refused = StaticHeader::new(spelling.as_str(), "v").unwrap_err();
                assert_eq!(refused, HeaderRefusal::Denied(spelling));
            }
        }
    }

    #[test]
    fn a_header_ends_nothing_and_smuggles_nothing() {
        for name in ["", "a b", "a:", "a\r\nb", "é", "a\0", "(a)", &"n".repeat(65)] {
            assert_eq!(
                StaticHeader::new(name, "v").unwrap_err(),
                HeaderRefusal::Name,
                "{name:?}"
            );
        }
        for value in [
            "a\r\nHost: b",
            "a\n",
            "a\r",
            "a\0",
            "a\tb",
            "é",
            " a",
            "a ",
            "\u{7f}",
        ] {
            let refused = StaticHeader::new("X-A", value).unwrap_err();
            assert_eq!(refused, HeaderRefusal::ValueCharacters, "{value:?}");
        }
        let long = "v".repeat(1_025);
        assert_eq!(
            StaticHeader::new("X-A", long).unwrap_err(),
            HeaderRefusal::ValueLength
        );
    }

    #[test]
    fn headers_are_few_and_each_stands_once() {
        let header = |name: String| StaticHeader::new(name, "v").unwrap();
        let many = |count| StaticHeaders::new((0..count).map(|n| header(format!("X-{n}"))).collect());
        assert_eq!(many(20).unwrap().as_slice().len(), 20);
        assert_eq!(many(21), Err(HeaderRefusal::Count));
        let twice = vec![header("X-A".into()), header("X-B".into()), header("x-a".into())];
        assert_eq!(
            StaticHeaders::new(twice),
            Err(HeaderRefusal::Duplicate("X-A".into()))
        );
    }

    #[test]
    fn what_is_kept_is_checked_when_it_is_read_and_a_value_is_not_printed() {
        let kept = r#"[{"name":"Authorization","value":"Bearer s3cret"}]"#;
        let headers: StaticHeaders = serde_json::from_str(kept).unwrap();
        assert_eq!(serde_json::to_string(&headers).unwrap(), kept);
        assert!(!format!("{headers:?}").contains("s3cret"));
        assert!(serde_json::from_str::<StaticHeaders>(r#"[{"name":"Host","value":"a"}]"#).is_err());
    }
}
