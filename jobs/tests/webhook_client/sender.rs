//! The client, with a policy for listeners of this machine and names that lead where a test says.

use async_trait::async_trait;
use domain::webhook::TargetPolicy;
use jobs::webhook::client::{Client, ClientSettings, Failure, Request, Resolve, Response};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than anything here takes.
pub const PATIENT: Duration = Duration::from_secs(10);
/// For tests of what happens when the time is over.
pub const IMPATIENT: Duration = Duration::from_millis(300);

/// Gives the answers it was told to give, one after another; the last one again and again.
pub struct Names {
    answers: Mutex<VecDeque<Vec<SocketAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    pub fn leading_to(answers: &[&[&str]]) -> Arc<Self> {
        let read = |texts: &&[&str]| {
            let read = |text: &&str| match text.parse::<IpAddr>() {
                Ok(ip) => SocketAddr::new(ip, 1),
                Err(_) => text.parse().unwrap(),
            };
            texts.iter().map(read).collect()
        };
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(read).collect()),
            asked: AtomicUsize::new(0),
        })
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        answer.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

pub fn allowing(nets: &[&str]) -> TargetPolicy {
    TargetPolicy {
        allow: nets.iter().map(|net| net.parse().unwrap()).collect(),
        ..TargetPolicy::default()
    }
}

/// A client that may go to 127.0.0.1 and to no other private address.
pub fn client(names: &Arc<Names>) -> Client {
    with(allowing(&["127.0.0.1/32"]), names)
}

/// The same, for tests that need no names.
pub fn plain_client() -> Client {
    client(&Names::leading_to(&[&["127.0.0.1"]]))
}

pub fn with(policy: TargetPolicy, names: &Arc<Names>) -> Client {
    Client::new(settings(policy, names)).unwrap()
}

pub fn settings(policy: TargetPolicy, names: &Arc<Names>) -> ClientSettings {
    ClientSettings {
        resolver: names.clone(),
        ..ClientSettings::new(policy)
    }
}

pub fn request(url: &str) -> Request {
    Request {
        url: url.parse().unwrap(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: "{}".into(),
        timeout: PATIENT,
    }
}

pub async fn post(client: &Client, url: &str) -> Result<Response, Failure> {
    client.post(request(url)).await
}

pub async fn post_impatiently(client: &Client, url: &str) -> Result<Response, Failure> {
    let timeout = IMPATIENT;
    client
        .post(Request {
            timeout,
            ..request(url)
        })
        .await
}
