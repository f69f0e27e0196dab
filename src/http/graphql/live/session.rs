//! A WebSocket of somebody who was let in: operations begin, go on and end.
//!
//! Invariant: what a client may do is looked at again as long as it is connected. Hearing and writing go on beside each other, and neither
//! waits for an operation: one that is slow, or whose reader is, holds up no other.

use super::super::parameters::Parameters;
use super::end::End;
use super::following::Following;
use super::message::{Inbound, PING, pong, written};
use super::prepare::{Prepared, prepare};
use super::queue::{Item, Queue};
use super::socket::{Connection, Sink, Stream, read};
use super::{Counted, Live};
use crate::graphql::Code;
use crate::http::graphql::Door;
use crate::http::limit::Asker;
use crate::http::request_id::RequestId;
use axum::extract::ws::Message;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use service::credential::{Admitted, Standing, changes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// Most operations at once.
const MOST_OPERATIONS: usize = 64;
/// Messages that a client may send at once, and how many come back in a second.
const INBOUND: (u32, u32) = (100, 20);
/// How often it is looked at whether a client still may.
const STANDING: Duration = Duration::from_secs(10);
/// Pings that may go unanswered.
const MISSED: u32 = 2;
/// Messages of ours that may wait beside those of operations.
const CONTROL: usize = 8;

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
pub struct Session<'c> {
    connection: &'c Connection,
    live: &'c Live,
    admitted: Admitted,
    standing: Standing,
    queue: Arc<Queue>,
    operations: Arc<Operations>,
    _counted: Counted,
}

impl<'c> Session<'c> {
    /// The connection of somebody who has just been let in.
    pub fn new(connection: &'c Connection, admitted: Admitted, standing: Standing, counted: Counted) -> Self {
        Self {
            connection,
            live: connection.door.live(),
            admitted,
            standing,
            queue: Arc::default(),
            operations: Arc::default(),
            _counted: counted,
        }
    }

    /// Goes on until one side ends it.
    pub async fn run(&self, sink: &mut Sink, stream: &mut Stream) -> End {
        let (control, told) = mpsc::channel(CONTROL);
        let end = tokio::select! {
            end = self.listen(stream, control) => end,
            end = self.write(sink, told) => end,
            () = self.live.stopping().cancelled() => End::Stopping,
        };
        self.end_all();
        end
    }

    /// Hears what the client says, until one side ends it.
    async fn listen(&self, stream: &mut Stream, control: mpsc::Sender<String>) -> End {
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
                    if control.send(PING.to_owned()).await.is_err() {
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
                    if control.send(pong(payload.as_deref())).await.is_err() {
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
        // Apart, so that a connection is not as large all the time as it is while this is looked up.
        match Box::pin(self.standing.check(self.live.app())).await {
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
                    let Some(text) = written(&item) else {
                        return End::Stopping;
                    };
                    if let Item::Error { operation, .. } | Item::Complete { operation } = &item {
                        locked(&self.operations).remove(operation);
                    }
                    Message::text(text)
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
        // When thousands come back at once, they take their turns: what is prepared takes much more room than what waits.
        let turn = self.live.turn().await;
        let preparing = prepare(&self.door, &self.request_id, &self.admitted, parameters, None);
        let prepared = Box::pin(preparing).await;
        drop(turn);
        let operation = Arc::clone(&self.id);
        match prepared {
            Prepared::Follow { key, template, place } => {
                let mut operations = locked(&self.operations);
                // It may have been ended meanwhile; then there is nothing to begin.
                if let Some(running) = operations.get_mut(&self.id) {
                    let queue = Arc::clone(&self.queue);
                    let following = Following::begin(&self.live, operation, queue, key, *template, place);
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
            Prepared::Refused(errors, _) => {
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
