//! Why webhooks do not go somewhere.
//!
//! Invariant: one variant a cause, with a text for the merchant and a word for logs and metrics; none says what listens there.

use crate::web_url::MAX_URL;

/// Why webhooks do not go somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefusal {
    /// The text is too long.
    #[error("must have at most {MAX_URL} bytes")]
    TooLong,
    /// It holds spaces or control characters.
    #[error("must not hold spaces or control characters")]
    Characters,
    /// It is no absolute URL with a host.
    #[error("must be a URL with a host")]
    Malformed,
    /// It is not encrypted.
    #[error("must be an https URL")]
    Scheme,
    /// It carries a user name or password.
    #[error("must not carry a user name or password")]
    Credentials,
    /// It has a fragment, which is never sent.
    #[error("must not have a fragment (#)")]
    Fragment,
    /// Its address has a zone id.
    #[error("must not name the zone of an address (%)")]
    Zone,
    /// Its host is a name that means something inside one network only.
    #[error("must have a public host name, such as hooks.example.com")]
    Name,
    /// It leads into a private network, or to an address with a purpose of its own.
    #[error("must be publicly reachable")]
    PrivateAddress,
    /// It leads to where a cloud keeps the secrets of its machines.
    #[error("must not lead to the metadata service of a cloud")]
    MetadataAddress,
    /// It leads back to us.
    #[error("must not lead back to this server")]
    Own,
    /// Webhooks do not go to this port.
    #[error("must not use port {0}; 443 is for webhooks")]
    Port(u16),
}

impl TargetRefusal {
    /// The rule in one word, for logs and metrics.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::TooLong => "length",
            Self::Characters => "characters",
            Self::Malformed => "malformed",
            Self::Scheme => "scheme",
            Self::Credentials => "credentials",
            Self::Fragment => "fragment",
            Self::Zone => "zone",
            Self::Name => "name",
            Self::PrivateAddress => "private_address",
            Self::MetadataAddress => "metadata_address",
            Self::Own => "self",
            Self::Port(_) => "port",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_refusal_says_what_to_do() {
        let port = TargetRefusal::Port(22);
        assert_eq!(port.to_string(), "must not use port 22; 443 is for webhooks");
        assert_eq!((TargetRefusal::Own.rule(), port.rule()), ("self", "port"));
    }
}
