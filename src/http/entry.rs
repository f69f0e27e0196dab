//! What the request log will say of a request.
//!
//! Invariant: it is filled in as the request goes from check to check, so that whatever stops it leaves a row that says how far it
//! came. No header, body or query string is kept of it: a path, a name, a hash; and of those nothing that looks like a secret.

use super::admission::Head;
use super::label;
use super::noted::Noted;
use axum::body::Bytes;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderValue, StatusCode, Uri};
use domain::Timestamp;
use domain::actor::Actor;
use domain::api_request::{ApiRequest, MAX_MADE, MAX_TEXT, RateLimitState, Way};
use domain::api_version::ApiVersion;
use domain::card::may_hold_card_number;
use domain::credential::Denial;
use domain::id::{CredentialId, OperatorId, RequestId, SessionId};
use domain::merchant::Tenant;
use service::App;
use service::credential::{Admitted, Denied};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Status of a request whose client did not wait for the answer.
const GIVEN_UP: u16 = 499;

/// A row of the request log in the making. One that is dropped before it was closed is written too: its client went away.
pub struct Entry {
    app: App,
    id: Option<RequestId>,
    began: Instant,
    at: Timestamp,
    method: &'static str,
    uri: Uri,
    address: IpAddr,
    user_agent: Option<HeaderValue>,
    tenant: Option<Tenant>,
    credential: Option<CredentialId>,
    operator: Option<OperatorId>,
    session: Option<SessionId>,
    way: Way,
    operation: Option<String>,
    denial: Option<Denial>,
    drift_seconds: Option<i64>,
    body: Option<Bytes>,
    idempotency_key: Option<String>,
    api_version: ApiVersion,
    error_code: Option<String>,
    made: Vec<String>,
    command: Option<Command>,
    is_closed: bool,
}

/// A command under way: what it notes, and its end.
struct Command {
    noted: Arc<Noted>,
    ended: oneshot::Receiver<()>,
}

impl Entry {
    /// A request that has just come.
    #[must_use]
    pub fn new(app: &App, request_id: &str, head: &Head<'_>) -> Self {
        let mut entry = Self::blank(app.clone());
        entry.id = request_id.parse().ok();
        entry.at = head.now;
        entry.method = label::method(head.method);
        entry.uri = head.uri.clone();
        entry.address = head.address;
        entry.user_agent = head.headers.get(USER_AGENT).cloned();
        entry.is_closed = false;
        entry
    }

    /// Nothing, of nobody.
    fn blank(app: App) -> Self {
        Self {
            app,
            id: None,
            began: Instant::now(),
            at: Timestamp::default(),
            method: "",
            uri: Uri::default(),
            address: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            user_agent: None,
            tenant: None,
            credential: None,
            operator: None,
            session: None,
            way: Way::None,
            operation: None,
            denial: None,
            drift_seconds: None,
            body: None,
            idempotency_key: None,
            api_version: ApiVersion::NEWEST,
            error_code: None,
            made: Vec::new(),
            command: None,
            is_closed: true,
        }
    }

    /// A command begins, which goes on to its end whoever gives up waiting; what it makes belongs into the row all the same. The
    /// sender is dropped when it has ended.
    pub fn commands(&mut self, noted: Arc<Noted>) -> oneshot::Sender<()> {
        let (sender, ended) = oneshot::channel();
        self.command = Some(Command { noted, ended });
        sender
    }

    /// How somebody tries to show who they are.
    pub fn tries(&mut self, way: Way) {
        self.way = way;
    }

    /// Somebody was let in so far.
    pub fn admitted(&mut self, admitted: &Admitted) {
        match &admitted.actor {
            Actor::Merchant(merchant) => {
                self.tenant = Some(merchant.tenant);
                self.credential = Some(merchant.credential);
            }
            Actor::Operator(operator) => self.operator = Some(*operator),
        }
        self.session = admitted.session.as_ref().map(|session| session.id);
        self.way = admitted.way;
        self.drift_seconds = admitted.drift_seconds;
        self.api_version = admitted.api_version;
    }

    /// Somebody was not, and this is whom they named.
    pub fn refused(&mut self, denied: &Denied) {
        self.tenant = denied.tenant;
        self.credential = denied.credential;
        self.operator = denied.operator;
        self.drift_seconds = denied.drift_seconds;
        self.denied(denied.denial);
    }

    /// The request goes no further. The first reason stays.
    pub fn denied(&mut self, denial: Denial) {
        self.denial.get_or_insert(denial);
    }

    /// By which version it is answered.
    pub fn version(&mut self, version: ApiVersion) {
        self.api_version = version;
    }

    /// What it carries.
    pub fn body(&mut self, body: Bytes) {
        self.body = (!body.is_empty()).then_some(body);
    }

    /// What it calls itself.
    pub fn operation(&mut self, name: &str) {
        self.operation = Some(cut(name));
    }

    /// Its idempotency key.
    pub fn idempotency_key(&mut self, key: &str) {
        self.idempotency_key = Some(shortened(key));
    }

    /// The code of an error in the answer. The first one stays.
    pub fn error(&mut self, code: &str) {
        if self.error_code.is_none() {
            self.error_code = Some(cut(code));
        }
    }

    /// Ids of what it made or changed.
    pub fn made(&mut self, ids: impl IntoIterator<Item = String>) {
        let room = MAX_MADE.saturating_sub(self.made.len());
        self.made.extend(ids.into_iter().take(room));
    }

    /// Hands the row to the request log; nobody waits for it to be written.
    pub fn close(mut self, status: StatusCode) {
        self.is_closed = true;
        self.write(status.as_u16());
    }

    fn write(&mut self, status: u16) {
        // The log decides what it keeps; this only saves putting a row together for which there is no room.
        let is_plain = self.denial.is_none() && self.made.is_empty() && self.idempotency_key.is_none();
        let log = self.app.request_log();
        if is_plain && !log.has_room_for_question() {
            if let Some(credential) = self.credential {
                log.used(credential, self.address, self.at);
            }
            return;
        }
        let Some(id) = self.id else { return };
        let hash = self.body.as_ref().filter(|body| !may_hold_card_number(body));
        let user_agent = self.user_agent.as_ref().and_then(|value| value.to_str().ok());
        let request = ApiRequest {
            id,
            at: self.at,
            tenant: self.tenant,
            credential: self.credential,
            operator: self.operator,
            session: self.session,
            way: self.way,
            method: self.method.to_owned(),
            path: cut(self.uri.path()),
            rate_limit: match self.denial {
                None => RateLimitState::Allowed,
                Some(_) => RateLimitState::Blocked,
            },
            denial: self.denial,
            drift_seconds: self.drift_seconds,
            body_sha256: hash.map(|body| Sha256::digest(body).into()),
            api_version: self.api_version,
            address: self.address,
            user_agent: user_agent.map(cut),
            status,
            duration_micros: i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX),
            operation: self.operation.take(),
            idempotency_key: self.idempotency_key.take(),
            error_code: self.error_code.take(),
            made: std::mem::take(&mut self.made),
        };
        self.app.request_log().note(request);
    }
}

impl Drop for Entry {
    /// The client went away. What its command makes is waited for, since it goes on.
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        let app = self.app.clone();
        let mut given_up = std::mem::replace(self, Self::blank(app.clone()));
        given_up.is_closed = true;
        match given_up.command.take() {
            None => given_up.write(GIVEN_UP),
            Some(Command { noted, ended }) => app.afterwards(async move {
                // The sender is dropped, never used: either way the command has ended.
                drop(ended.await);
                noted.into_entry(&mut given_up);
                given_up.write(GIVEN_UP);
            }),
        }
    }
}

/// How texts begin that open something, and how the hidden part of a client secret does. Those of sessions and operators are short
/// enough to stand in the middle of an honest word.
const SECRETS: [(&str, Begins); 6] = [
    ("esk_live_", Begins::Anywhere),
    ("esk_test_", Begins::Anywhere),
    ("-----BEGIN", Begins::Anywhere),
    ("_secret_", Begins::Anywhere),
    ("eok_", Begins::Words),
    ("ess_", Begins::Words),
];

/// What stands for the rest of a text that must not be kept.
const MASK: char = '…';

/// Where a secret may begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    Anywhere,
    Words,
}

/// A text that the client chose, as it may be kept and logged: without what looks like a secret of ours, from there to its end, not
/// at all if it holds a card number, and not longer than the log keeps.
pub fn cut(text: &str) -> String {
    if may_hold_card_number(text.as_bytes()) {
        return MASK.to_string();
    }
    let Some(end) = SECRETS
        .iter()
        .filter_map(|secret| begins_secret(text, *secret))
        .min()
    else {
        return shortened(text);
    };
    let mut open = shortened(text.get(..end).unwrap_or_default());
    open.push(MASK);
    open
}

/// Where the hidden part of a secret begins.
fn begins_secret(text: &str, (word, begins): (&str, Begins)) -> Option<usize> {
    let starts_word = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(char::is_alphanumeric)
    };
    let mut places = text.match_indices(word).map(|(at, _)| at);
    let at = places.find(|at| begins == Begins::Anywhere || starts_word(*at))?;
    Some(at.saturating_add(word.len()))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text.to_owned(),
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_not_kept() {
        for (text, kept) in [
            (
                "/v1/payment/rest/test/esk_test_Abc123/x",
                "/v1/payment/rest/test/esk_test_…",
            ),
            ("Xesk_live_Abc123", "Xesk_live_…"),
            ("eok_Abc123", "eok_…"),
            ("/checkout/pi_1_secret_Abc123", "/checkout/pi_1_secret_…"),
            ("/x?ess_Abc123", "/x?ess_…"),
            ("ess_1 and esk_live_2", "ess_…"),
            ("-----BEGIN PRIVATE KEY-----\nMC4C", "-----BEGIN…"),
            ("/pay/4242-4242-4242-4242", "…"),
            ("دفع eok_1", "دفع eok_…"),
        ] {
            assert_eq!(cut(text), kept);
        }
    }

    #[test]
    fn honest_names_are_kept_as_they_are() {
        for text in [
            "/graphql",
            "access_token",
            "desk_testing",
            "process_PaymentsOfToday",
            "book_2026",
            "/v1/payments/pay_01JZ8QK3M4N5P6R7S8T9V0W1X2/capture",
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0",
        ] {
            assert_eq!(cut(text), text);
        }
        assert_eq!(cut(&"a".repeat(MAX_TEXT + 1)).len(), MAX_TEXT);
    }
}
