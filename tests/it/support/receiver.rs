//! A merchant's server that receives webhooks.

use super::wait::until;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// Something that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as it came.
    pub body: String,
}

impl Received {
    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What a receiver answers.
#[derive(Clone, Debug, Default)]
pub struct Answering {
    /// The status; 200 if it is 0.
    pub status: u16,
    /// A header beside it.
    pub header: Option<(&'static str, String)>,
    /// How long it thinks.
    pub after: Duration,
}

impl Answering {
    /// Answers so at once.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}

#[derive(Default)]
struct Inside {
    received: Mutex<Vec<Received>>,
    /// What is answered to the next ones; afterwards 200.
    script: Mutex<VecDeque<Answering>>,
    always: Mutex<Option<Answering>>,
}

/// A server on a port of its own. It answers 200 unless it is told otherwise.
pub struct Receiver {
    /// Its address, without a slash at the end.
    pub url: String,
    inside: Arc<Inside>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(State(inside): State<Arc<Inside>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    inside.received.lock().unwrap().push(Received {
        path: uri.path().to_owned(),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let next = inside.script.lock().unwrap().pop_front();
    let answer = next
        .or_else(|| inside.always.lock().unwrap().clone())
        .unwrap_or_default();
    if !answer.after.is_zero() {
        tokio::time::sleep(answer.after).await;
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    match answer.header {
        Some((name, value)) => (status, [(name, value)], "answered").into_response(),
        None => (status, "answered").into_response(),
    }
}

impl Receiver {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::<Inside>::default();
        let router = Router::new().fallback(receive).with_state(Arc::clone(&inside));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inside, task }
    }

    /// What it answers to the next ones, one after another.
    pub fn answers(&self, script: impl IntoIterator<Item = Answering>) {
        self.inside.script.lock().unwrap().extend(script);
    }

    /// What it answers to all for which nothing else is said.
    pub fn always(&self, answer: Answering) {
        *self.inside.always.lock().unwrap() = Some(answer);
    }

    /// What came, in the order in which it came.
    pub fn received(&self) -> Vec<Received> {
        self.inside.received.lock().unwrap().clone()
    }

    /// Waits until so many came, and gives them.
    pub async fn after(&self, count: usize) -> Vec<Received> {
        until("webhooks have come", async || self.received().len() >= count).await;
        self.received()
    }
}
