//! One request of a merchant, from who asks to the answer.
//!
//! Invariant: whatever stops a request leaves its row in the request log and an answer in the shape of its door; who asks is known before
//! a body is read, unless a signature over the body is what says so; a command that was begun goes on to its end whoever gives up
//! waiting for it, and what it makes stands in the row.

use super::door::{Call, Door, Shape};
use super::fault::{Class, Fault};
use super::json;
use super::said::Said;
use crate::graphql::{Code, UserErrorCode};
use crate::http::admission::{Gate, Head, Shown, Stop};
use crate::http::body::{self, Unread};
use crate::http::client_address::client;
use crate::http::entry::Entry;
use crate::http::limit::{Asker, Quota};
use crate::http::noted::Noted;
use crate::http::page_address::PageAddress;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use domain::Timestamp;
use domain::actor::Actor;
use domain::api_request::Way;
use domain::api_version::ApiVersion;
use domain::credential::Denial;
use domain::idempotency::{IdempotencyKey, MalformedKey};
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use service::App;
use service::credential::Admitted;
use std::net::IpAddr;
use std::sync::Arc;

/// Header of the client's idempotency key.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Header that says that the answer is an earlier one.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Which rate a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// It commands.
    Command,
    /// It asks.
    Question,
}

/// A request under way.
pub struct Asked {
    door: Arc<Door>,
    request_id: String,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    address: IpAddr,
    now: Timestamp,
    unread: Option<Body>,
    body: Option<Bytes>,
    version: ApiVersion,
    quotas: Vec<Quota>,
    replayed: bool,
    entry: Entry,
}

impl Asked {
    /// A request that has just come.
    #[must_use]
    pub fn new(door: &Arc<Door>, call: Call) -> Self {
        let Call {
            request_id,
            peer,
            method,
            uri,
            headers,
            body,
        } = call;
        let gate = &door.gate;
        let head = Head::new(gate, peer, &method, &uri, &headers);
        let (address, now) = (client(peer, &headers, &gate.trusted_proxies), head.now);
        Self {
            entry: Entry::new(&gate.app, &request_id, &head),
            door: Arc::clone(door),
            request_id,
            method,
            uri,
            headers,
            address,
            now,
            unread: Some(body),
            body: None,
            version: ApiVersion::NEWEST,
            quotas: Vec::new(),
            replayed: false,
        }
    }

    /// The installation.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.door.gate.app
    }

    /// When it came.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// By which version it is answered; the newest until it is known.
    #[must_use]
    pub const fn version(&self) -> ApiVersion {
        self.version
    }

    /// Path and query as they came.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Where the hosted pages are.
    #[must_use]
    pub fn pages(&self) -> &PageAddress {
        &self.door.pages
    }

    /// A header, if it comes once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.get_all(name).iter();
        let only = lines.next().filter(|_| lines.next().is_none())?;
        only.to_str().ok().map(str::trim)
    }

    /// Lets anybody in, within the rate of their address.
    ///
    /// # Errors
    /// When the address asked too often.
    pub fn admit_anybody(&mut self) -> Result<(), Fault> {
        self.note_idempotency_key();
        let throttle = &self.door.gate.throttle;
        let within = throttle.public(self.address, self.now);
        let quota = throttle.public_quota(self.address, self.now);
        self.quotas = vec![quota];
        // What pins a version is a key.
        self.version = ApiVersion::NEWEST;
        within.map_err(|exceeded| Fault::throttled(exceeded, Some(quota)))
    }

    /// Lets somebody with a key, a session or a signature in, within their rate.
    ///
    /// # Errors
    /// Why the request goes no further; the row knows it too.
    pub async fn admit(&mut self, rate: Rate) -> Result<Actor, Fault> {
        let admitted = self.prove().await?;
        self.take(rate, &admitted.actor)?;
        Ok(admitted.actor)
    }

    /// As [`Self::admit`], for requests that have to be signed.
    ///
    /// # Errors
    /// Also when it is not signed.
    pub async fn admit_signed(&mut self, rate: Rate) -> Result<Actor, Fault> {
        let admitted = self.prove().await?;
        if !matches!(admitted.way, Way::SignedRequest | Way::HttpSignature) {
            self.entry.denied(Denial::SignatureIncomplete);
            return Err(Fault::unsigned());
        }
        self.take(rate, &admitted.actor)?;
        Ok(admitted.actor)
    }

    async fn prove(&mut self) -> Result<Admitted, Fault> {
        self.note_idempotency_key();
        let door = Arc::clone(&self.door);
        let gate = &door.gate;
        if gate.shown(&self.head()) == Shown::Signature {
            self.bytes().await?;
        }
        let body = self.body.clone().unwrap_or_default();
        let head = Head {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
            address: self.address,
            now: self.now,
        };
        let shown = gate.shown(&head);
        let admitted = gate.admit(&head, shown, &body, &mut self.entry).await;
        let admitted = admitted.map_err(|stop| about_strangers(gate, &head, shown, stop.into()))?;
        self.version = gate.version(&head, admitted.as_ref(), &mut self.entry)?;
        admitted.ok_or_else(|| {
            self.entry.denied(Denial::KeyMissing);
            Stop::Denied(Denial::KeyMissing).into()
        })
    }

    /// What a command is done under stands in its row also when it is not let in: by it a merchant finds the request that was denied.
    fn note_idempotency_key(&mut self) {
        let sent = self.head().header(IDEMPOTENCY_KEY).unwrap_or_default();
        if self.method != Method::GET && sent.parse::<IdempotencyKey>().is_ok() {
            let sent = sent.to_owned();
            self.entry.idempotency_key(&sent);
        }
    }

    fn head(&self) -> Head<'_> {
        Head {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
            address: self.address,
            now: self.now,
        }
    }

    fn take(&mut self, rate: Rate, actor: &Actor) -> Result<(), Fault> {
        let (throttle, asker) = (&self.door.gate.throttle, Asker::Known(actor));
        let taken = match rate {
            Rate::Command => throttle.commands(asker, 1, self.now),
            Rate::Question => throttle.question(asker, self.now),
        };
        self.quotas = match rate {
            Rate::Command => throttle.command_quotas(asker, self.now).to_vec(),
            Rate::Question => vec![throttle.question_quota(asker, self.now)],
        };
        taken.map_err(|exceeded| {
            let empty = self.quotas.iter().find(|quota| quota.left == 0);
            Fault::throttled(exceeded, empty.copied())
        })
    }

    async fn bytes(&mut self) -> Result<Bytes, Fault> {
        if let Some(body) = self.unread.take() {
            let (most, patience) = (self.door.max_body_bytes, self.door.timeout);
            let read = body::read(body, most, patience).await;
            let read = read.map_err(|cause| unread(cause, most))?;
            self.entry.body(read.clone());
            self.body = Some(read);
        }
        Ok(self.body.clone().unwrap_or_default())
    }

    /// Its body, whatever type it calls itself: a session needs its CSRF token and a key its header, so no other page can send one.
    ///
    /// # Errors
    /// When it is too long, no JSON, or not of this form.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        json::read(&self.bytes().await?)
    }

    /// The key under which a command is done: the client's, or without one a key that no other request has.
    ///
    /// # Errors
    /// When the client's is none.
    pub fn idempotency_key(&self) -> Result<IdempotencyKey, Fault> {
        match self.sent_key()? {
            Some(key) => Ok(key),
            None => self.request_id.parse().map_err(malformed),
        }
    }

    /// The key under which the client wants a command to be done, if it sends one.
    ///
    /// # Errors
    /// When it is none.
    pub fn sent_key(&self) -> Result<Option<IdempotencyKey>, Fault> {
        if !self.headers.contains_key(IDEMPOTENCY_KEY) {
            return Ok(None);
        }
        // A header that comes twice means nothing, and nothing is no key.
        let key = self.head().header(IDEMPOTENCY_KEY).unwrap_or_default();
        key.parse().map(Some).map_err(malformed)
    }

    /// Runs a command to its end; `made` says which ids belong into the row.
    ///
    /// # Errors
    /// Why it was not done, or that it takes longer than anybody waits.
    pub async fn command<T: Send + 'static>(
        &mut self,
        command: BoxFuture<'static, service::Result<T>>,
        made: fn(&T) -> Vec<String>,
    ) -> Result<T, Fault> {
        let noted = Arc::new(Noted::default());
        let (ended, notes) = (self.entry.commands(Arc::clone(&noted)), Arc::clone(&noted));
        let work = async move {
            let result = command.await.map_err(Fault::from);
            match &result {
                Ok(done) => made(done).into_iter().for_each(|id| notes.made(id)),
                Err(fault) => notes.refused(fault.code),
            }
            drop(ended);
            result
        };
        let app = self.app().clone();
        let waited = tokio::time::timeout(self.door.timeout, app.even_if_given_up(work)).await;
        let result = match waited {
            Err(_) => Err(Fault::too_slow()),
            Ok(None) => Err(Fault::internal()),
            Ok(Some(result)) => result,
        };
        noted.into_entry(&mut self.entry);
        result
    }

    /// The answer will be that of an earlier request with the same idempotency key, if so.
    pub const fn replays(&mut self, replayed: bool) {
        self.replayed = replayed;
    }

    /// The answer, with its headers and its row.
    #[must_use]
    pub fn answer(mut self, said: Result<Said, Fault>) -> Response {
        let mut response = match said {
            Ok(said) => (said.status, said.body).into_response(),
            Err(fault) => {
                if let Some(denial) = fault.denial() {
                    self.entry.denied(denial);
                }
                self.entry.error(fault.code);
                tracing::Span::current().record("error", fault.code);
                print(self.door.shape, &fault, self.version, &self.request_id)
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.replayed {
            headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        }
        let list = |item: fn(&Quota) -> String| {
            let items: Vec<String> = self.quotas.iter().map(item).collect();
            HeaderValue::from_str(&items.join(", "))
        };
        if let (false, Ok(policy), Ok(standing)) =
            (self.quotas.is_empty(), list(Quota::policy), list(Quota::standing))
        {
            headers.insert(RATE_LIMIT_POLICY, policy);
            headers.insert(RATE_LIMIT, standing);
        }
        let status = response.status();
        self.entry.close(status);
        response
    }
}

/// A body that was not read, of which a door takes at most `most` bytes.
fn unread(cause: Unread, most: usize) -> Fault {
    match cause {
        Unread::TooLong => Fault {
            class: Class::TooLong,
            ..Fault::invalid(format!("the body is longer than {most} bytes"))
        },
        Unread::TooSlow => Fault::new(Class::TooSlow, Code::Timeout.as_str(), body::TOO_SLOW),
        Unread::Cut => Fault::invalid(body::CUT),
    }
}

fn malformed(cause: MalformedKey) -> Fault {
    Fault::because(UserErrorCode::IdempotencyKeyInvalid, cause)
}

/// A fault in the shape of a door, for what no handler answers too.
#[must_use]
pub fn print(shape: Shape, fault: &Fault, version: ApiVersion, request_id: &str) -> Response {
    let body = shape(fault, version, request_id);
    let mut response = (fault.status(version), body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = fault.retry_after {
        let millis = u64::try_from(wait.num_milliseconds()).unwrap_or_default();
        headers.insert(RETRY_AFTER, HeaderValue::from(millis.div_ceil(1_000).max(1)));
    }
    response
}

/// Somebody without a key is told which rate was exceeded; of refused keys there is nothing to say but how long to wait.
fn about_strangers(gate: &Gate, head: &Head<'_>, shown: Shown<'_>, fault: Fault) -> Fault {
    if shown != Shown::Nothing || fault.code != Code::Throttled.as_str() {
        return fault;
    }
    let quota = gate.throttle.public_quota(head.address, head.now);
    Fault {
        words: format!("rate limit exceeded: {quota}").into(),
        ..fault
    }
}
