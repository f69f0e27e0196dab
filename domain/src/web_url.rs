//! Addresses that a merchant gives us: where to send a payer back to, and where to report to.
//!
//! Invariant: what is kept was read by the same parser that browsers and our own client use, has a host, and carries no password.
//! Source: S2 (`success_url` "Must be HTTPS (except localhost for testing)") and S3 (`callbackUrl` "publicly accessible").

use crate::id::IntentId;
pub use crate::public_address::is_public;
use crate::webhook::{TargetRefusal, WebhookUrl};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use url::{Host, Url};

/// Longest address, in bytes.
pub const MAX_URL: usize = 2_048;

/// What a return address may hold in place of the intent's id (S2).
const PLACEHOLDER: &str = "{CHECKOUT_SESSION_ID}";

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// It is no absolute web address, or too long.
    #[error("must be a URL")]
    Malformed,
    /// It is not encrypted, and not this machine either.
    #[error("must be an https URL")]
    NotHttps,
    /// It carries a user name or password.
    #[error("must not carry a user name or password")]
    Credentials,
}

/// Where a payer's browser is sent: https, or http on the payer's own machine for tests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ReturnUrl(String);

/// Where we report to. Whether webhooks go there is said by [`Self::target`] and the operator's policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CallbackUrl(String);

fn web(text: &str) -> Result<Url, UrlRefusal> {
    if text.len() > MAX_URL || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlRefusal::Malformed);
    }
    let url = Url::parse(text).map_err(|_| UrlRefusal::Malformed)?;
    if url.host().is_none() || !matches!(url.scheme(), "http" | "https") {
        return Err(UrlRefusal::Malformed);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlRefusal::Credentials);
    }
    Ok(url)
}

fn is_this_machine(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl FromStr for ReturnUrl {
    type Err = UrlRefusal;

    fn from_str(text: &str) -> Result<Self, UrlRefusal> {
        let url = web(&text.replace(PLACEHOLDER, "pi"))?;
        if url.scheme() != "https" && !is_this_machine(url.host()) {
            return Err(UrlRefusal::NotHttps);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for CallbackUrl {
    type Err = UrlRefusal;

    fn from_str(text: &str) -> Result<Self, UrlRefusal> {
        web(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl ReturnUrl {
    /// As the merchant wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address for one intent: the placeholder filled in and nothing added.
    #[must_use]
    pub fn filled(&self, intent: IntentId) -> String {
        self.0.replace(PLACEHOLDER, &intent.to_string())
    }

    /// As [`Self::filled`], with `payment_intent` added, by which the merchant looks the outcome up (S2).
    #[must_use]
    pub fn with_intent(&self, intent: IntentId) -> String {
        let filled = self.filled(intent);
        Url::parse(&filled).map_or(filled, |mut url| {
            url.query_pairs_mut()
                .append_pair("payment_intent", &intent.to_string());
            url.into()
        })
    }

    /// Scheme, host and port, as a page names it in its policy.
    #[must_use]
    pub fn origin(&self) -> String {
        Url::parse(&self.0.replace(PLACEHOLDER, "pi"))
            .map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }
}

impl CallbackUrl {
    /// The address as webhooks call it.
    ///
    /// # Errors
    /// When they cannot.
    pub fn target(&self) -> Result<WebhookUrl, TargetRefusal> {
        self.0.parse()
    }

    /// As the merchant wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text {
    ($($name:ident),+) => {
        $(impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(url: $name) -> Self {
                url.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = UrlRefusal;

            fn try_from(text: String) -> Result<Self, UrlRefusal> {
                text.parse()
            }
        })+
    };
}

text!(ReturnUrl, CallbackUrl);

#[cfg(test)]
mod tests {
    use super::*;

    fn intent() -> IntentId {
        IntentId::from(uuid::Uuid::from_u128(1))
    }

    #[test]
    fn a_payer_goes_back_encrypted_or_stays_on_this_machine() {
        for good in [
            "https://merchant.com/payment/success",
            "https://yourstore.com/order/success?session_id={CHECKOUT_SESSION_ID}",
            "https://shop.example/{CHECKOUT_SESSION_ID}/done",
            "http://localhost:3000/ok",
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
        ] {
            assert!(good.parse::<ReturnUrl>().is_ok(), "{good}");
        }
        for (bad, refusal) in [
            ("", UrlRefusal::Malformed),
            ("/relative", UrlRefusal::Malformed),
            ("javascript:alert(1)", UrlRefusal::Malformed),
            ("data:text/html,hi", UrlRefusal::Malformed),
            ("https:// merchant.com", UrlRefusal::Malformed),
            ("https://merchant.com/\n", UrlRefusal::Malformed),
            ("http://merchant.com/", UrlRefusal::NotHttps),
            ("http://localhost.merchant.com/", UrlRefusal::NotHttps),
            ("https://user:pass@merchant.com/", UrlRefusal::Credentials),
        ] {
            assert_eq!(bad.parse::<ReturnUrl>(), Err(refusal), "{bad}");
        }
        let long = format!("https://merchant.com/{}", "a".repeat(MAX_URL));
        assert_eq!(long.parse::<ReturnUrl>(), Err(UrlRefusal::Malformed));
    }

    #[test]
    fn the_intent_is_named_on_the_way_back() {
        let id = intent();
        let url: ReturnUrl = "https://yourstore.com/order/success?session_id={CHECKOUT_SESSION_ID}"
            .parse()
            .unwrap();
        assert_eq!(
            url.with_intent(id),
            format!("https://yourstore.com/order/success?session_id={id}&payment_intent={id}")
        );
        let plain: ReturnUrl = "https://yourstore.com/order/success#top".parse().unwrap();
        assert_eq!(
            plain.with_intent(id),
            format!("https://yourstore.com/order/success?payment_intent={id}#top")
        );
        assert_eq!(plain.filled(id), "https://yourstore.com/order/success#top");
        assert_eq!(plain.origin(), "https://yourstore.com");
    }

    #[test]
    fn where_reports_go_is_an_address_of_the_web() {
        for good in [
            "https://merchant.com/api/payment/callback",
            "http://10.0.0.1:8080/hook",
            "https://[2606:4700::1111]/",
        ] {
            assert!(good.parse::<CallbackUrl>().unwrap().target().is_ok(), "{good}");
        }
        for bad in [
            "ftp://merchant.com/",
            "merchant.com",
            "https://user@merchant.com/",
        ] {
            assert!(bad.parse::<CallbackUrl>().is_err(), "{bad}");
        }
        let fragment: CallbackUrl = "https://merchant.com/#top".parse().unwrap();
        assert_eq!(fragment.target(), Err(TargetRefusal::Fragment));
    }
}
