//! Where a payer stands: which intent, opened by what; or which payment link.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::Duration;
use domain::Timestamp;
use domain::id::{IntentId, PaymentLinkId};
use domain::intent::Intent;
use domain::merchant::Mode;
use service::App;
use service::intent::{Payer, by_reference, by_secret};
use std::convert::Infallible;
use uuid::Uuid;

use super::halt::Halt;

/// How long a page may be opened after its intent has run out or, later still, after the secret was shown: to see what became of it.
const AFTERWARDS: Duration = Duration::days(1);

/// The page of one intent, or of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Opened by the client secret.
    Checkout(IntentId),
    /// Opened by the reference code (S3).
    Reference(Mode, Uuid),
    /// A payment link, which anybody opens.
    Link(PaymentLinkId),
    /// A path that names none.
    Nowhere,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Ok(path) = RawPathParams::from_request_parts(parts, state).await else {
            return Ok(Self::Nowhere);
        };
        let part = |wanted: &str| {
            path.iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let intent = part("intent").and_then(|id| id.parse().ok());
        let mode = part("mode").and_then(|mode| mode.parse().ok());
        // One spelling, as it was handed out.
        let link = part("link").and_then(|id| id.parse().ok());
        let reference = part("reference").and_then(|text| {
            let reference = Uuid::try_parse(text).ok()?;
            (reference.to_string() == text).then_some(reference)
        });
        Ok(match (intent, mode, reference, link) {
            (Some(intent), ..) => Self::Checkout(intent),
            (None, Some(mode), Some(reference), _) => Self::Reference(mode, reference),
            (.., Some(link)) => Self::Link(link),
            _ => Self::Nowhere,
        })
    }
}

impl Place {
    /// The path of the page on this server.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Checkout(intent) => format!("/checkout/{intent}"),
            Self::Reference(mode, reference) => format!("/pay/{mode}/{reference}"),
            Self::Link(link) => format!("/l/{link}"),
            Self::Nowhere => "/".to_owned(),
        }
    }

    /// Who stands here.
    ///
    /// # Errors
    /// When nothing opens this page.
    pub async fn payer(self, app: &App, headers: &HeaderMap) -> Result<Payer, Halt> {
        Ok(match self {
            Self::Checkout(intent) => {
                let secret = brought(intent, headers).ok_or(Halt::Cookies)?;
                by_secret(app, intent, secret).await?
            }
            Self::Reference(mode, reference) => by_reference(app, mode, reference).await?,
            Self::Link(_) | Self::Nowhere => return Err(Halt::NotFound),
        })
    }
}

/// A cookie for each page: two open pages do not disturb each other, and no request carries more than its own.
fn cookie_name(intent: IntentId) -> String {
    format!("tahsil_{intent}")
}

/// The client secret that the browser brings for `intent`.
fn brought(intent: IntentId, headers: &HeaderMap) -> Option<&str> {
    cookie(&cookie_name(intent), headers)
}

/// The cookie of this name; of several, none, since one of them is not ours.
pub fn cookie<'a>(name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    let value = values.next().filter(|value| !value.is_empty())?;
    values.next().is_none().then_some(value)
}

/// The header that gives the browser the client secret of one page. `Lax`, since the payer comes from the merchant's site.
#[must_use]
pub fn keep(
    intent: &Intent,
    secret: &str,
    root: &str,
    https: bool,
    now: Timestamp,
) -> Option<(HeaderName, HeaderValue)> {
    let secure = if https { "; Secure" } else { "" };
    let seconds = (intent.expires_at.max(now) + AFTERWARDS - now).num_seconds();
    let (name, path) = (cookie_name(intent.id), Place::Checkout(intent.id).path());
    let text =
        format!("{name}={secret}; Path={root}{path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some((SET_COOKIE, header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_takes_its_own_secret_and_only_one() {
        let intent = IntentId::from(Uuid::from_u128(7));
        let other = IntentId::from(Uuid::from_u128(8));
        let headers = |cookie: &str| {
            let value = HeaderValue::from_str(cookie).unwrap();
            HeaderMap::from_iter([(COOKIE, value)])
        };
        let (own, foreign) = (cookie_name(intent), cookie_name(other));
        assert_eq!(
            brought(intent, &headers(&format!("a=b; {own}=s1; {foreign}=s2"))),
            Some("s1")
        );
        for cookie in [
            String::new(),
            format!("{foreign}=s2"),
            format!("{own}="),
            format!("{own}=s1; {own}=s3"),
        ] {
            assert_eq!(brought(intent, &headers(&cookie)), None, "{cookie}");
        }
    }
}
