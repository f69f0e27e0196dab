//! `GET /graphql` with `Upgrade: websocket`: graphql-transport-ws to the letter.
//!
//! Invariant: nothing is done for a connection before it has shown who it is, and whoever may not is told so by the code of its end.

use super::super::Door;
use super::Live;
use super::end::End;
use super::message::{ACK, Inbound, PROTOCOL, pong};
use super::session::Session;
use crate::graphql::Code;
use crate::http::admission::{Gate, Head, Shown, Stop};
use crate::http::client_address::Peer;
use crate::http::entry::Entry;
use crate::http::request_id::RequestId;
use axum::Json;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::actor::Actor;
use domain::credential::Denial;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use service::credential::{Admitted, Standing};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use tungstenite::Error as Broken;

/// Longest message of a client, in bytes.
const MOST_MESSAGE: usize = 128 * 1024;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

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
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(MOST_MESSAGE)
        .max_frame_size(MOST_MESSAGE)
        .on_upgrade(async move |socket| {
            let connection = Connection { door, request_id };
            // Apart, because they hold on to everything that was read of the request.
            let came = Box::new(Came { peer, uri, headers });
            live.spawn_connection(connection.serve(socket, speaks, came));
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

/// A connection that was upgraded.
pub struct Connection {
    /// The door.
    pub door: Arc<Door>,
    /// The id of the request that opened it.
    pub request_id: RequestId,
}

/// What came with the upgrade.
struct Came {
    peer: Peer,
    uri: Uri,
    headers: HeaderMap,
}

/// Where it is written to.
pub type Sink = SplitSink<WebSocket, Message>;
/// What it says.
pub type Stream = SplitStream<WebSocket>;

impl Connection {
    async fn serve(self, socket: WebSocket, speaks: bool, came: Box<Came>) {
        let (mut sink, mut stream) = socket.split();
        let end = if speaks {
            self.talk(&mut sink, &mut stream, came).await
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

    async fn talk(&self, sink: &mut Sink, stream: &mut Stream, came: Box<Came>) -> End {
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
        let (admitted, standing) = match Box::pin(self.admit(came, payload)).await {
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
        Session::new(self, admitted, standing, counted)
            .run(sink, stream)
            .await
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
    async fn admit(&self, came: Box<Came>, payload: Map<String, Value>) -> Result<(Admitted, Standing), End> {
        let gate: &Gate = &self.door.gate;
        let Came {
            peer,
            uri,
            mut headers,
        } = *came;
        said(&payload, &mut headers);
        let method = Method::GET;
        let head = Head::new(gate, peer, &method, &uri, &headers);
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
pub fn read(message: Option<Result<Message, axum::Error>>) -> Result<Option<Inbound>, End> {
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
