//! `GET /graphql` with `Upgrade: websocket`: graphql-transport-ws to the letter.
//!
//! Invariant: a passing condition never gets a code that clients take for final; a connection is told who may not before anything of it is
//! done, and one that cannot be written to for too long is ended, with what it was to be told still in the log.

use super::super::Door;
use super::super::parameters::Parameters;
use super::following::Following;
use super::message::{ACK, Inbound, PING, PROTOCOL, pong, written};
use super::prepare::{Prepared, prepare};
use super::queue::{Item, Queue};
use super::{Counted, Live};
use crate::graphql::Code;
use crate::http::admission::{Gate, Head, Shown, Stop};
use crate::http::client_address::Peer;
use crate::http::entry::Entry;
use crate::http::limit::Asker;
use crate::http::request_id::RequestId;
use axum::Json;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::actor::Actor;
use domain::credential::Denial;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use service::credential::{Admitted, Standing, changes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout, timeout_at};
use tungstenite::Error as Broken;

/// Most operations at once.
const MOST_OPERATIONS: usize = 64;
/// Longest message of a client, in bytes.
const MOST_MESSAGE: usize = 128 * 1024;
/// Messages that a client may send at once, and how many come back in a second.
const INBOUND: (u32, u32) = (100, 20);
/// How often it is looked at whether a client still may.
const STANDING: Duration = Duration::from_secs(10);
/// Pings that may go unanswered.
const MISSED: u32 = 2;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// Messages of ours that may wait beside those of operations.
const CONTROL: usize = 8;

/// Why a connection ends, as the client reads it. Clients of `graphql-ws` try again after 4403, 4408, 4499 and the 10xx here, and never
/// after the others.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// The other side is gone, or said goodbye.
    Gone,
    /// 1009: a message is too long.
    TooLong,
    /// 1012: the node stops; another may answer.
    Stopping,
    /// 1013: too much for now.
    Overload(&'static str),
    /// 4400.
    BadMessage,
    /// 4401.
    Unauthorized,
    /// 4403: who it is opens nothing, or not any more.
    Forbidden,
    /// 4406.
    WrongProtocol,
    /// 4408.
    InitTimeout,
    /// 4409.
    Duplicate(Arc<str>),
    /// 4429.
    TooManyInits,
    /// 4499: it answers no pings.
    Silent,
}

impl End {
    fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::TooLong => (1009, "Message too long".to_owned()),
            Self::Stopping => (1012, "Service restart".to_owned()),
            Self::Overload(what) => (1013, (*what).to_owned()),
            Self::BadMessage => (4400, "Invalid message".to_owned()),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden => (4403, "Forbidden".to_owned()),
            Self::WrongProtocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::Duplicate(id) => (4409, format!("Subscriber for {} already exists", shortened(id))),
            Self::TooManyInits => (4429, "Too many initialisation requests".to_owned()),
            Self::Silent => (4499, "Terminated".to_owned()),
        };
        Some(CloseFrame {
            code,
            reason: reason.into(),
        })
    }
}

/// A reason has room for 123 bytes.
fn shortened(id: &str) -> String {
    id.chars().take(20).collect()
}

/// Whether a request wants a WebSocket.
#[must_use]
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

/// Opens a WebSocket.
pub fn upgrade(
    door: &Arc<Door>,
    request_id: RequestId,
    peer: Peer,
    uri: Uri,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    if !may_come_from(door.live(), &headers) {
        let error = json!({
            "message": "web pages of this origin may not connect: see cors_origins",
            "extensions": { "code": Code::Forbidden.as_str(), "requestId": request_id.0 },
        });
        return (StatusCode::FORBIDDEN, Json(json!({ "errors": [error] }))).into_response();
    }
    let speaks = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|protocols| protocols.split(','))
        .any(|protocol| protocol.trim() == PROTOCOL);
    let (door, live) = (Arc::clone(door), door.live().clone());
    socket
        .protocols([PROTOCOL])
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(MOST_MESSAGE)
        .max_frame_size(MOST_MESSAGE)
        .on_upgrade(async move |socket| {
            let connection = Connection {
                door,
                request_id,
                peer,
                uri,
                headers,
            };
            live.spawn_connection(async move { connection.serve(socket, speaks).await });
        })
}

/// Whether a page of this origin may connect. What is no browser sends no origin; a cookie comes from browsers only.
fn may_come_from(live: &Live, headers: &HeaderMap) -> bool {
    match headers.get(ORIGIN) {
        None => !headers.contains_key(COOKIE),
        Some(origin) => {
            let same = headers
                .get(HOST)
                .and_then(|host| host.to_str().ok())
                .is_some_and(|host| {
                    origin
                        .to_str()
                        .ok()
                        .and_then(|origin| origin.split_once("://"))
                        .is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
                });
            same || live.0.origins.contains(origin)
        }
    }
}

/// What came with the upgrade.
struct Connection {
    door: Arc<Door>,
    request_id: RequestId,
    peer: Peer,
    uri: Uri,
    headers: HeaderMap,
}

type Sink = SplitSink<WebSocket, Message>;
type Stream = SplitStream<WebSocket>;

impl Connection {
    async fn serve(self, socket: WebSocket, speaks: bool) {
        let (mut sink, mut stream) = socket.split();
        let end = if speaks {
            self.talk(&mut sink, &mut stream).await
        } else {
            End::WrongProtocol
        };
        if let Some(frame) = end.frame() {
            let code = frame.code;
            // Whoever does not take a goodbye gets none.
            let said = timeout(GOODBYE, sink.send(Message::Close(Some(frame)))).await;
            tracing::debug!(code, said = said.is_ok(), "a live connection ends");
            // The other side closes, so that it reads the reason before the connection is gone.
            let closing = async { while let Some(Ok(_)) = stream.next().await {} };
            let _closed = timeout(GOODBYE, closing).await;
        }
    }

    async fn talk(&self, sink: &mut Sink, stream: &mut Stream) -> End {
        let live = self.door.live();
        let Some(stranger) = live.stranger() else {
            return End::Overload("Too many connections that do not say who they are");
        };
        let payload = tokio::select! {
            () = live.stopping().cancelled() => return End::Stopping,
            payload = self.init(sink, stream) => match payload {
                Ok(payload) => payload,
                Err(end) => return end,
            },
        };
        let (admitted, standing) = match self.admit(payload).await {
            Ok(admitted) => admitted,
            Err(end) => return end,
        };
        drop(stranger);
        let tenant = match &admitted.actor {
            Actor::Merchant(merchant) => Some(merchant.tenant),
            Actor::Operator(_) => None,
        };
        let Some(counted) = live.admit(tenant) else {
            return End::Overload("Too many connections");
        };
        if timeout(live.limits().write, sink.send(Message::text(ACK)))
            .await
            .is_err()
        {
            return End::Gone;
        }
        let (control, told) = mpsc::channel(CONTROL);
        let session = Session {
            connection: self,
            live,
            admitted,
            standing,
            queue: Arc::default(),
            operations: Arc::default(),
            control,
            _counted: counted,
        };
        let end = tokio::select! {
            end = session.listen(stream) => end,
            end = session.write(sink, told) => end,
            () = live.stopping().cancelled() => End::Stopping,
        };
        session.end_all();
        end
    }

    /// Waits for the client to say who it is.
    async fn init(&self, sink: &mut Sink, stream: &mut Stream) -> Result<Map<String, Value>, End> {
        let deadline = Instant::now() + self.door.live().limits().init;
        loop {
            let next = timeout_at(deadline, stream.next());
            let message = next.await.map_err(|_| End::InitTimeout)?;
            match read(message)? {
                None => {}
                Some(Inbound::Init(payload)) => return Ok(payload),
                Some(Inbound::Ping(payload)) => {
                    let answer = Message::text(pong(payload.as_deref()));
                    sink.send(answer).await.map_err(|_| End::Gone)?;
                }
                Some(Inbound::Pong | Inbound::Complete(_)) => {}
                Some(Inbound::Subscribe { .. }) => return Err(End::Unauthorized),
            }
        }
    }

    /// Finds out who it is: by what came with the upgrade, or what the client says now.
    async fn admit(&self, payload: Map<String, Value>) -> Result<(Admitted, Standing), End> {
        let gate: &Gate = &self.door.gate;
        let mut headers = self.headers.clone();
        said(&payload, &mut headers);
        let method = Method::GET;
        let head = Head::new(gate, self.peer, &method, &self.uri, &headers);
        let mut entry = Entry::new(&gate.app, &self.request_id.0, &head);
        entry.operation("connection_init");
        let shown = gate.shown(&head);
        let secret = match shown {
            Shown::Key(secret) => Some(secret),
            _ => None,
        };
        let admitted = match gate.admit(&head, shown, &[], &mut entry).await {
            Ok(Some(admitted)) => match gate.version(&head, Some(&admitted), &mut entry) {
                Ok(version) => Ok(Admitted {
                    api_version: version,
                    ..admitted
                }),
                Err(_) => Err(End::Forbidden),
            },
            Ok(None) => {
                entry.denied(Denial::KeyMissing);
                Err(End::Forbidden)
            }
            Err(Stop::Denied(_)) => Err(End::Forbidden),
            Err(Stop::Throttled(_)) => Err(End::Overload("Too many requests")),
            Err(Stop::Unavailable) => Err(End::Overload("The database does not answer")),
        };
        match admitted {
            Ok(admitted) => {
                let standing = Standing::new(&gate.app, admitted.clone(), secret, head.address);
                entry.close(StatusCode::SWITCHING_PROTOCOLS);
                Ok((admitted, standing))
            }
            Err(end) => {
                let status = match end {
                    End::Overload(_) => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::UNAUTHORIZED,
                };
                entry.close(status);
                Err(end)
            }
        }
    }
}

/// Puts what a client says of itself in its first message where a request has it: `apiKey`, `authorization`, `X-API-Key`, `X-API-Version`.
fn said(payload: &Map<String, Value>, headers: &mut HeaderMap) {
    for (name, value) in payload {
        let header = match name.to_ascii_lowercase().as_str() {
            "apikey" | "x-api-key" => HeaderName::from_static("x-api-key"),
            "authorization" => AUTHORIZATION,
            "x-api-version" | "apiversion" => HeaderName::from_static("x-api-version"),
            _ => continue,
        };
        if let Some(value) = value.as_str().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(header, value);
        }
    }
}

/// What a message says; nothing if it belongs to the WebSocket itself.
fn read(message: Option<Result<Message, axum::Error>>) -> Result<Option<Inbound>, End> {
    match message {
        None | Some(Ok(Message::Close(_))) => Err(End::Gone),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(End::BadMessage),
        Some(Ok(Message::Text(text))) => Inbound::read(&text).map(Some).map_err(|_| End::BadMessage),
        Some(Err(error)) => match error.into_inner().downcast_ref::<Broken>() {
            Some(Broken::Capacity(_)) => Err(End::TooLong),
            Some(Broken::Utf8(_)) => Err(End::BadMessage),
            _ => Err(End::Gone),
        },
    }
}

/// An operation of a connection.
enum Running {
    /// It is looked at, or it is a query that runs.
    Preparing(AbortHandle),
    /// It is followed.
    Following(Arc<Following>),
}

type Operations = Mutex<HashMap<Arc<str>, Running>>;

fn locked(operations: &Operations) -> MutexGuard<'_, HashMap<Arc<str>, Running>> {
    operations.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection of somebody who was let in.
struct Session<'c> {
    connection: &'c Connection,
    live: &'c Live,
    admitted: Admitted,
    standing: Standing,
    queue: Arc<Queue>,
    operations: Arc<Operations>,
    control: mpsc::Sender<String>,
    _counted: Counted,
}

impl Session<'_> {
    /// Hears what the client says, until one side ends it.
    async fn listen(&self, stream: &mut Stream) -> End {
        let app = self.live.app();
        let mut keys = changes(app);
        let every = self.live.limits().ping;
        let mut ping = interval_at(Instant::now() + every, every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut standing = interval_at(Instant::now() + STANDING, STANDING);
        standing.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unanswered = 0_u32;
        let mut allowance = Allowance::new();
        loop {
            let message = tokio::select! {
                message = stream.next() => message,
                _ = ping.tick() => {
                    if unanswered >= MISSED {
                        return End::Silent;
                    }
                    unanswered = unanswered.saturating_add(1);
                    self.charge();
                    if self.control.send(PING.to_owned()).await.is_err() {
                        return End::Gone;
                    }
                    continue;
                }
                _ = standing.tick() => {
                    if !self.stands().await {
                        return End::Forbidden;
                    }
                    continue;
                }
                _ = keys.changed() => {
                    if !self.stands().await {
                        return End::Forbidden;
                    }
                    continue;
                }
            };
            // Whoever says anything is there.
            unanswered = 0;
            let said = match read(message) {
                Ok(Some(said)) => said,
                Ok(None) => continue,
                Err(end) => return end,
            };
            if !allowance.take() {
                return End::Overload("Too many messages");
            }
            match said {
                Inbound::Init(_) => return End::TooManyInits,
                Inbound::Pong => {}
                Inbound::Ping(payload) => {
                    if self.control.send(pong(payload.as_deref())).await.is_err() {
                        return End::Gone;
                    }
                }
                Inbound::Subscribe { id, payload } => {
                    let parameters = Parameters::from_body(payload.get().as_bytes());
                    if let Err(end) =
                        self.subscribe(id, parameters.map_err(|malformed| malformed.to_string()))
                    {
                        return end;
                    }
                }
                Inbound::Complete(id) => self.complete(&id),
            }
        }
    }

    async fn stands(&self) -> bool {
        match self.standing.check(self.live.app()).await {
            Ok(Ok(())) => true,
            Ok(Err(denial)) => {
                tracing::info!(denial = denial.as_str(), "a live connection is not let go on");
                false
            }
            Err(error) => {
                // The database is away for a moment: whoever may not will be found out when it is back.
                tracing::warn!(%error, "whether a live connection may go on cannot be looked up");
                true
            }
        }
    }

    /// Begins an operation.
    fn subscribe(&self, id: Arc<str>, parameters: Result<Parameters, String>) -> Result<(), End> {
        let mut operations = locked(&self.operations);
        if operations.contains_key(&id) {
            return Err(End::Duplicate(id));
        }
        if operations.len() >= MOST_OPERATIONS {
            let refused = refusal(
                Code::Throttled,
                &format!("a connection has {MOST_OPERATIONS} operations at most: end one, or open another"),
                &self.connection.request_id,
            );
            drop(operations);
            return self.refuse(id, refused);
        }
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(message) => {
                let refused = refusal(Code::BadRequest, &message, &self.connection.request_id);
                drop(operations);
                return self.refuse(id, refused);
            }
        };
        let preparing = Preparing {
            door: Arc::clone(&self.connection.door),
            live: self.live.clone(),
            request_id: self.connection.request_id.clone(),
            admitted: self.admitted.clone(),
            queue: Arc::clone(&self.queue),
            operations: Arc::clone(&self.operations),
            id: Arc::clone(&id),
        };
        let handle = self.live.spawn(preparing.run(parameters));
        operations.insert(id, Running::Preparing(handle));
        Ok(())
    }

    fn refuse(&self, operation: Arc<str>, errors: axum::body::Bytes) -> Result<(), End> {
        let item = Item::Error { operation, errors };
        self.queue
            .offer(item)
            .map_err(|_| End::Overload("Too many messages"))
    }

    /// The client wants no more of an operation.
    fn complete(&self, id: &str) {
        let running = locked(&self.operations).remove(id);
        end(running, self.live, &self.queue, id);
    }

    fn end_all(&self) {
        self.charge();
        self.queue.close();
        let operations: Vec<_> = locked(&self.operations).drain().collect();
        for (id, running) in operations {
            end(Some(running), self.live, &self.queue, &id);
        }
    }

    /// Charges what was told since the last time.
    fn charge(&self) {
        let mut points = 0_u32;
        for running in locked(&self.operations).values() {
            if let Running::Following(following) = running {
                points = points.saturating_add(following.owes());
            }
        }
        if points > 0 {
            let asker = Asker::Known(&self.admitted.actor);
            let gate = &self.connection.door.gate;
            gate.throttle.settle(asker, 0, points, gate.app.now());
        }
    }

    /// Writes what there is to write, until that takes too long.
    async fn write(&self, sink: &mut Sink, mut told: mpsc::Receiver<String>) -> End {
        loop {
            let message = tokio::select! {
                biased;
                Some(text) = told.recv() => Message::text(text),
                item = self.queue.next() => {
                    if let Item::Error { operation, .. } | Item::Complete { operation } = &item {
                        locked(&self.operations).remove(operation);
                    }
                    Message::text(written(&item))
                }
            };
            match timeout(self.live.limits().write, sink.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Gone,
                Err(_) => return End::Overload("Too slow"),
            }
        }
    }
}

fn end(running: Option<Running>, live: &Live, queue: &Queue, id: &str) {
    match running {
        Some(Running::Following(following)) => following.end(live),
        Some(Running::Preparing(preparing)) => {
            preparing.abort();
            queue.forget(id);
        }
        None => {}
    }
}

fn refusal(code: Code, message: &str, request_id: &RequestId) -> axum::body::Bytes {
    super::print::json(&json!([{
        "message": message,
        "extensions": { "code": code.as_str(), "requestId": request_id.0 },
    }]))
}

/// An operation that begins.
struct Preparing {
    door: Arc<Door>,
    live: Live,
    request_id: RequestId,
    admitted: Admitted,
    queue: Arc<Queue>,
    operations: Arc<Operations>,
    id: Arc<str>,
}

impl Preparing {
    async fn run(self, parameters: Parameters) {
        let prepared = prepare(&self.door, &self.request_id, &self.admitted, parameters, None).await;
        let operation = Arc::clone(&self.id);
        match prepared {
            Prepared::Follow { key, template, place } => {
                let mut operations = locked(&self.operations);
                // It may have been ended meanwhile; then there is nothing to begin.
                if let Some(running) = operations.get_mut(&self.id) {
                    let queue = Arc::clone(&self.queue);
                    let following = Following::begin(&self.live, operation, queue, key, template, place);
                    *running = Running::Following(following);
                }
            }
            Prepared::Answered(payload) => {
                let next = Item::Next {
                    operation: Arc::clone(&operation),
                    payload,
                    place: None,
                };
                // A connection that is gone has ended everything.
                if self.queue.send(next).await.is_ok() {
                    let _gone = self.queue.send(Item::Complete { operation }).await;
                }
            }
            Prepared::Refused(errors) => {
                let _gone = self.queue.send(Item::Error { operation, errors }).await;
            }
        }
    }
}

/// Messages that a client may still send.
struct Allowance {
    left: u32,
    at: Instant,
}

impl Allowance {
    fn new() -> Self {
        Self {
            left: INBOUND.0,
            at: Instant::now(),
        }
    }

    fn take(&mut self) -> bool {
        let seconds = u32::try_from(self.at.elapsed().as_secs()).unwrap_or(u32::MAX);
        if seconds > 0 {
            self.at = Instant::now();
            self.left = INBOUND
                .0
                .min(self.left.saturating_add(seconds.saturating_mul(INBOUND.1)));
        }
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return false,
        };
        true
    }
}
