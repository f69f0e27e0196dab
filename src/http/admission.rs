//! Who may come in: the one place where a door finds out who asks.
//!
//! Invariant: every check that somebody does not pass is a denial with its own reason in the request log, whatever the door then
//! says; what opens nothing is answered alike. A key that opened this node before is not shut out because somebody behind the same
//! address guesses; signatures and sessions, which prove nothing before they are checked, share the address's rate of strangers then.

use super::client_address::{Peer, TrustedProxies, client};
use super::cookie::SessionCookie;
use super::entry::Entry;
use super::limit::Throttle;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, Method, Uri};
use domain::Timestamp;
use domain::api_request::Way;
use domain::api_version::ApiVersion;
use domain::credential::Denial;
use domain::credential::signing::{self, RequestHead, SignedRequest, Unreadable};
use domain::limit::Exceeded;
use service::App;
use service::credential::{
    Admitted, Csrf, Denied, Legacy, Presented, authenticate, naming, opened_before, token_is_known,
};
use std::net::IpAddr;
use std::sync::Arc;

/// Header that carries an API key.
const X_API_KEY: &str = "x-api-key";
/// Header that names the API version of a request.
const X_API_VERSION: &str = "x-api-version";
/// Header that carries the CSRF token of a session.
pub const X_CSRF_TOKEN: &str = "x-csrf-token";

/// Headers of which one at least comes with a signature.
const SIGNATURE_HEADERS: [&str; 6] = [
    "x-tahsil-signature",
    "x-tahsil-key",
    "x-tahsil-timestamp",
    "x-tahsil-nonce",
    "signature-input",
    "signature",
];

/// What doors need to find out who asks.
#[derive(Clone)]
pub struct Gate {
    /// The installation.
    pub app: App,
    /// What was used of the limits.
    pub throttle: Arc<Throttle>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// The cookie of sessions.
    pub cookie: SessionCookie,
    /// How others reach this server.
    pub scheme: Scheme,
}

/// The head of a request.
pub struct Head<'a> {
    /// The method.
    pub method: &'a Method,
    /// Path and query as they came.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// Where it comes from.
    pub address: IpAddr,
    /// When it came.
    pub now: Timestamp,
}

impl<'a> Head<'a> {
    /// The head of a request that `peer` sent.
    pub fn new(gate: &Gate, peer: Peer, method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self {
            address: client(peer, headers, &gate.trusted_proxies),
            method,
            uri,
            headers,
            now: gate.app.now(),
        }
    }

    /// A header, if it comes once and is visible ASCII. What comes twice means nothing: a signature covers all lines of a header, and
    /// no other part of the server may read it otherwise.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut lines = self.headers.get_all(name).iter();
        let only = lines.next().filter(|_| lines.next().is_none())?;
        only.to_str().ok().map(str::trim)
    }

    /// All lines of a header as one (RFC 9110, 5.3).
    fn joined(&self, name: &str) -> Option<String> {
        let lines: Option<Vec<&str>> = self
            .headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().ok().map(str::trim))
            .collect();
        lines
            .filter(|lines| !lines.is_empty())
            .map(|lines| lines.join(", "))
    }

    fn only_asks(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD)
    }
}

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// Nothing.
    Nothing,
    /// A key.
    Key(&'a str),
    /// A signature; to check it takes the body.
    Signature,
    /// The cookie of a session.
    Session(&'a str),
}

/// Why a request goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was denied.
    Denied(Denial),
    /// Too much at once.
    Throttled(Exceeded),
    /// The database does not say who asks.
    Unavailable,
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl Gate {
    /// What a request shows. A signature goes before a key, and a key before a cookie: browsers send cookies unasked.
    #[must_use]
    pub fn shown<'a>(&self, head: &Head<'a>) -> Shown<'a> {
        if SIGNATURE_HEADERS
            .iter()
            .any(|name| head.headers.contains_key(*name))
        {
            return Shown::Signature;
        }
        self.shown_besides(head)
    }

    fn shown_besides<'a>(&self, head: &Head<'a>) -> Shown<'a> {
        let bearer = || {
            let (scheme, key) = head.header(AUTHORIZATION.as_str())?.split_once(' ')?;
            // The name of the scheme may be written in any case (RFC 9110, 11.1).
            scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
        };
        let key = head
            .header(X_API_KEY)
            .filter(|key| !key.is_empty())
            .or_else(bearer);
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            return Shown::Key(key);
        }
        self.cookie
            .read(head.headers)
            .map_or(Shown::Nothing, Shown::Session)
    }

    /// Lets somebody with a key, a session or, given the body, a signature in; `None` is somebody with nothing.
    ///
    /// # Errors
    /// Why the request goes no further; the entry knows it too.
    pub async fn admit(
        &self,
        head: &Head<'_>,
        shown: Shown<'_>,
        body: &[u8],
        entry: &mut Entry,
    ) -> Result<Option<Admitted>, Stop> {
        match shown {
            Shown::Nothing => {
                let within = self.throttle.public(head.address, head.now);
                within.map_err(|exceeded| throttled(exceeded, Denial::RateLimited, entry))?;
                Ok(None)
            }
            Shown::Key(secret) => {
                entry.tries(Way::Secret);
                self.may_try(head, entry, || opened_before(&self.app, secret))?;
                self.check(&Presented::Secret(secret), head, entry)
                    .await
                    .map(Some)
            }
            Shown::Session(cookie) => {
                entry.tries(Way::Session);
                self.may_try(head, entry, || self.may_try_unproved(head))?;
                let csrf = if head.only_asks() {
                    Csrf::NotNeeded
                } else {
                    Csrf::Needed(head.header(X_CSRF_TOKEN))
                };
                self.check(&Presented::Session { cookie, csrf }, head, entry)
                    .await
                    .map(Some)
            }
            Shown::Signature => match self.signature(head, body) {
                // A signature of somebody else, a proxy for example.
                None => Box::pin(self.admit(head, self.shown_besides(head), body, entry)).await,
                Some(read) => self.by_signature(head, read, entry).await.map(Some),
            },
        }
    }

    fn signature(&self, head: &Head<'_>, body: &[u8]) -> Option<Result<SignedRequest, Unreadable>> {
        let authority = head.uri.authority().map(|authority| authority.as_str());
        signing::read(&RequestHead {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query(),
            authority: authority.or_else(|| head.header(HOST.as_str())),
            scheme: self.scheme.as_str(),
            header: &|name| head.joined(name),
            body,
        })
    }

    async fn by_signature(
        &self,
        head: &Head<'_>,
        read: Result<SignedRequest, Unreadable>,
        entry: &mut Entry,
    ) -> Result<Admitted, Stop> {
        let request = match read {
            Ok(request) => request,
            Err(Unreadable { denial, token, way }) => {
                entry.tries(way);
                self.may_try(head, entry, || {
                    token
                        .as_deref()
                        .is_some_and(|token| self.may_try_token(head, token))
                })?;
                let denied = naming(&self.app, denial, token.as_deref()).await;
                return Err(self.deny(head, denied, entry));
            }
        };
        entry.tries(request.way);
        self.may_try(head, entry, || self.may_try_token(head, &request.token))?;
        self.check(&Presented::Signed(&request), head, entry).await
    }

    /// S3's way in, for its own door.
    ///
    /// # Errors
    /// Why the request goes no further; the entry knows it too.
    pub async fn admit_legacy(
        &self,
        head: &Head<'_>,
        legacy: Legacy<'_>,
        entry: &mut Entry,
    ) -> Result<Admitted, Stop> {
        entry.tries(Way::LegacySignature);
        self.may_try(head, entry, || opened_before(&self.app, legacy.secret))?;
        self.check(&Presented::Legacy(legacy), head, entry).await
    }

    /// By which version the request is answered: its header, else the pin of its credential.
    ///
    /// # Errors
    /// When it names one that there is not.
    pub fn version(
        &self,
        head: &Head<'_>,
        admitted: Option<&Admitted>,
        entry: &mut Entry,
    ) -> Result<ApiVersion, Stop> {
        let version = if head.headers.contains_key(X_API_VERSION) {
            let version = head.header(X_API_VERSION).and_then(|word| word.parse().ok());
            version.ok_or_else(|| {
                entry.denied(Denial::VersionUnknown);
                Stop::Denied(Denial::VersionUnknown)
            })?
        } else {
            admitted.map_or(ApiVersion::NEWEST, |admitted| admitted.api_version)
        };
        entry.version(version);
        Ok(version)
    }

    /// Whether this address may try: too many of its keys were refused, and this one is none that we know.
    fn may_try(&self, head: &Head<'_>, entry: &mut Entry, known: impl FnOnce() -> bool) -> Result<(), Stop> {
        match self.throttle.may_try_key(head.address, head.now) {
            Err(exceeded) if !known() => Err(throttled(exceeded, Denial::TooManyRefusedKeys, entry)),
            _ => Ok(()),
        }
    }

    /// A public token is no proof, so it does not free an address of every limit.
    fn may_try_token(&self, head: &Head<'_>, token: &str) -> bool {
        token_is_known(&self.app, token) && self.may_try_unproved(head)
    }

    /// What shows whose it is only when it has been checked, from an address of which too many keys were refused: as often as
    /// somebody without a key may ask, so that a neighbour who guesses neither shuts others out nor keeps us busy.
    fn may_try_unproved(&self, head: &Head<'_>) -> bool {
        self.throttle.public(head.address, head.now).is_ok()
    }

    async fn check(
        &self,
        presented: &Presented<'_>,
        head: &Head<'_>,
        entry: &mut Entry,
    ) -> Result<Admitted, Stop> {
        match authenticate(&self.app, presented, head.address).await {
            Ok(Ok(admitted)) => {
                entry.admitted(&admitted);
                Ok(admitted)
            }
            Ok(Err(denied)) => Err(self.deny(head, denied, entry)),
            Err(error) => {
                tracing::error!(%error, "a key could not be checked");
                Err(Stop::Unavailable)
            }
        }
    }

    fn deny(&self, head: &Head<'_>, denied: Denied, entry: &mut Entry) -> Stop {
        self.throttle.key_refused(head.address, head.now);
        entry.refused(&denied);
        tracing::info!(denial = denied.denial.as_str(), "a request was denied");
        Stop::Denied(denied.denial)
    }
}

fn throttled(exceeded: Exceeded, denial: Denial, entry: &mut Entry) -> Stop {
    entry.denied(denial);
    Stop::Throttled(exceeded)
}

/// What the caller learns. What opens nothing reads the same, whatever the reason; what is wrong with a signature is said, since
/// whoever signs has to mend it.
#[must_use]
pub fn words(denial: Denial) -> &'static str {
    match denial {
        Denial::KeyMissing => "show an API key: X-API-Key or Authorization: Bearer, or sign the request",
        Denial::SessionUnknown | Denial::SessionExpired => "this session opens nothing: log in again",
        Denial::CsrfTokenWrong
        | Denial::VersionUnknown
        | Denial::SignatureMalformed
        | Denial::SignatureIncomplete
        | Denial::ClockDrift
        | Denial::BodyHashMismatch
        | Denial::SigningKeyMissing
        | Denial::SignatureInvalid
        | Denial::NonceReused => denial.meaning(),
        _ => "this API key opens nothing",
    }
}
