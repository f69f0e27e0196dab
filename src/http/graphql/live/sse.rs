//! `/graphql/stream`: GraphQL over SSE, one operation a request (distinct connections mode of graphql-sse).
//!
//! Invariant: it carries what a WebSocket carries, for proxies that let none through, with the same places, limits and checks. Each event has
//! its cursor for an id, so that what reconnects with `Last-Event-ID`, as browsers do by themselves, goes on where it was.

use super::super::answer::Refused;
use super::super::parameters::Parameters;
use super::super::{Door, MediaType, admit, is_json, print_refusal};
use super::Counted;
use super::following::Following;
use super::prepare::{Prepared, prepare};
use super::queue::{Item, Queue};
use crate::graphql::{AnsweredBy, Code};
use crate::http::admission::{Head, Shown};
use crate::http::client_address::Peer;
use crate::http::entry::Entry;
use crate::http::limit::Asker;
use crate::http::request_id::RequestId;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::actor::Actor;
use domain::credential::Denial;
use futures_util::stream;
use service::credential::{Admitted, Standing, changes};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How often a silent connection carries a comment, so that no proxy takes it for dead.
const COMMENT: Duration = Duration::from_secs(12);
/// How often it is looked at whether a client still may.
const STANDING: Duration = Duration::from_secs(10);
/// The place that a client that reconnects was at.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The name of the one operation on its connection.
const OPERATION: &str = "1";

/// The route.
pub fn router<S: Clone + Send + Sync + 'static>(door: Arc<Door>) -> Router<S> {
    Router::new()
        .route("/graphql/stream", get(answer).post(answer))
        .with_state(door)
}

async fn answer(
    State(door): State<Arc<Door>>,
    Extension(request_id): Extension<RequestId>,
    peer: Peer,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let head = Head::new(&door.gate, peer, &method, &uri, &headers);
    let mut entry = Entry::new(&door.gate.app, &request_id.0, &head);
    let response = match begin(&door, &request_id, &head, body, &mut entry).await {
        Ok(response) => response,
        Err(refused) => {
            if refused.code == Code::Throttled {
                entry.denied(Denial::RateLimited);
            }
            entry.error(refused.code.as_str());
            print_refusal(&door, &request_id, refused.into(), MediaType::GraphqlResponse)
        }
    };
    entry.close(response.status());
    response
}

async fn begin(
    door: &Arc<Door>,
    request_id: &RequestId,
    head: &Head<'_>,
    body: Body,
    entry: &mut Entry,
) -> Result<Response, Refused> {
    let by_get = *head.method != Method::POST;
    if !by_get && !is_json(head.headers) {
        let message = "send the operation as JSON, with Content-Type: application/json";
        return Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest,
            message,
        ));
    }
    let (admitted, AnsweredBy(api_version), body) = admit::who(door, head, body, entry).await?;
    let Some(admitted) = admitted else {
        entry.denied(Denial::KeyMissing);
        let message = crate::http::admission::words(Denial::KeyMissing);
        return Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            Code::Unauthenticated,
            message,
        ));
    };
    // What follows over this connection is answered by one version.
    let admitted = Admitted {
        api_version,
        ..admitted
    };
    let parameters = if by_get {
        Parameters::from_uri(head.uri)
    } else {
        let body = body.read(door).await?;
        let parameters = Parameters::from_body(&body);
        entry.body(body);
        parameters
    };
    let parameters = parameters.map_err(|malformed| {
        Refused::new(StatusCode::BAD_REQUEST, Code::BadRequest, malformed.to_string())
    })?;
    let live = door.live();
    let tenant = match &admitted.actor {
        Actor::Merchant(merchant) => Some(merchant.tenant),
        Actor::Operator(_) => None,
    };
    let too_many = || {
        let message = "too many live connections: end some first";
        Refused::new(StatusCode::TOO_MANY_REQUESTS, Code::Throttled, message)
    };
    let counted = live.admit(tenant).ok_or_else(too_many)?;
    let resume = head.header(LAST_EVENT_ID.as_str()).map(ToOwned::to_owned);
    let queue = Arc::new(Queue::default());
    let (following, written) = match prepare(door, request_id, &admitted, parameters, resume).await {
        Prepared::Follow { key, template, place } => {
            let following =
                Following::begin(live, OPERATION.into(), Arc::clone(&queue), key, *template, place);
            (Some(following), Vec::new())
        }
        Prepared::Answered(payload) => {
            let next = Item::Next {
                operation: OPERATION.into(),
                payload,
                place: None,
            };
            let complete = Item::Complete {
                operation: OPERATION.into(),
            };
            (None, vec![next, complete])
        }
        Prepared::Refused(errors, status) => {
            let content = HeaderValue::from_static("application/graphql-response+json; charset=utf-8");
            let body = [br#"{"errors":"#, errors.as_ref(), b"}"].concat();
            let mut response = (status, [(CONTENT_TYPE, content)], body).into_response();
            if matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ) {
                // How long exactly stands in the error.
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            return Ok(response);
        }
    };
    for item in written {
        // Two items fit into an empty queue.
        let _fits = queue.offer(item);
    }
    let shown = match door.gate.shown(head) {
        Shown::Key(secret) => Some(secret),
        _ => None,
    };
    let standing = Standing::new(&door.gate.app, admitted.clone(), shown, head.address);
    let mut comment = interval_at(Instant::now() + COMMENT, COMMENT);
    comment.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look = interval_at(Instant::now() + STANDING, STANDING);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stream = Streaming {
        keys: changes(&door.gate.app),
        door: Arc::clone(door),
        admitted,
        standing,
        queue,
        following,
        comment,
        look,
        is_over: false,
        _counted: counted,
    };
    let body = Body::from_stream(stream::unfold(stream, |mut stream| async move {
        let bytes = stream.next().await?;
        Some((Ok::<_, Infallible>(bytes), stream))
    }));
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Proxies that know this word pass on what comes as it comes.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, body).into_response())
}

/// A connection that carries one operation.
struct Streaming {
    door: Arc<Door>,
    admitted: Admitted,
    standing: Standing,
    queue: Arc<Queue>,
    following: Option<Arc<Following>>,
    keys: watch::Receiver<()>,
    comment: Interval,
    look: Interval,
    is_over: bool,
    _counted: Counted,
}

impl Streaming {
    /// What is written next; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let stopping = self.door.live().stopping().clone();
        loop {
            tokio::select! {
                biased;
                // The client comes back, to another node or to this one when it is there again.
                () = stopping.cancelled() => return None,
                _ = self.keys.changed() => {
                    if !self.stands().await {
                        return None;
                    }
                }
                _ = self.look.tick() => {
                    if !self.stands().await {
                        return None;
                    }
                }
                item = self.queue.next() => {
                    self.is_over = !matches!(item, Item::Next { .. });
                    return self.written(&item);
                }
                _ = self.comment.tick() => {
                    self.charge();
                    return Some(Bytes::from_static(b":\n\n"));
                }
            }
        }
    }

    /// What is written of a message; none for what ends the connection without a word, so that the client comes back.
    fn written(&self, item: &Item) -> Option<Bytes> {
        let app = &self.door.gate.app;
        Some(match item {
            Item::Next { payload, place, .. } => {
                let followed = self
                    .following
                    .as_ref()
                    .map(|following| following.key().wanted.followed());
                let id = followed
                    .zip(*place)
                    .map(|(followed, place)| followed.cursor(app, place));
                let id = id.map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
                [id.as_bytes(), b"event: next\ndata: ", payload, b"\n\n"]
                    .concat()
                    .into()
            }
            // This protocol has no message for errors: they are a last result.
            Item::Error { errors, .. } => [
                b"event: next\ndata: {\"errors\":".as_slice(),
                errors,
                b"}\n\nevent: complete\ndata:\n\n",
            ]
            .concat()
            .into(),
            Item::Complete { .. } => Bytes::from_static(b"event: complete\ndata:\n\n"),
            Item::Elsewhere { .. } => return None,
        })
    }

    async fn stands(&self) -> bool {
        // A database that is away for a moment ends nobody.
        !matches!(self.standing.check(&self.door.gate.app).await, Ok(Err(_)))
    }

    fn charge(&self) {
        let points = self.following.as_ref().map_or(0, |following| following.owes());
        if points > 0 {
            let gate = &self.door.gate;
            gate.throttle
                .settle(Asker::Known(&self.admitted.actor), 0, points, gate.app.now());
        }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.charge();
        self.queue.close();
        if let Some(following) = self.following.take() {
            following.end(self.door.live());
        }
    }
}
