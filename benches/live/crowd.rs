//! Ten thousand followers in one process.

use futures_util::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

const FOLLOW: &str = r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { events { cursor event { id type sequence occurredAt subjectId } } }"}}"#;
/// Connections that are opened at once.
const AT_ONCE: usize = 64;

/// What takes longer counts as this.
const LONGEST_MICROS: u64 = 600_000_000;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the followers of one merchant know.
#[derive(Default)]
struct Merchant {
    /// When each event was committed, from the first that counts on.
    committed: Mutex<Vec<Instant>>,
    followers: AtomicUsize,
}

struct Shared {
    merchants: Vec<Merchant>,
    expected: AtomicU64,
    received: AtomicU64,
    times: Mutex<Histogram<u64>>,
}

/// Followers.
pub struct Crowd {
    sockets: Vec<(usize, Socket)>,
    shared: Arc<Shared>,
    count: usize,
    stop: Vec<oneshot::Sender<()>>,
    listening: Vec<JoinHandle<()>>,
    rounds: Arc<AtomicU64>,
}

impl Crowd {
    /// Connects them, each with the key of a merchant, and has them let in.
    pub async fn connect(url: &str, keys: &[String], count: usize) -> Self {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut opening = Vec::with_capacity(count);
        for number in 0..count {
            let merchant = number % keys.len();
            let (url, key, room) = (url.to_owned(), keys[merchant].clone(), Arc::clone(&room));
            opening.push(tokio::spawn(async move {
                let _room = room.acquire_owned().await.expect("room");
                (merchant, open(&url, &key).await)
            }));
        }
        let mut sockets = Vec::with_capacity(count);
        for socket in opening {
            sockets.push(socket.await.expect("a connection"));
        }
        let merchants: Vec<Merchant> = keys.iter().map(|_| Merchant::default()).collect();
        for (merchant, _) in &sockets {
            merchants[*merchant].followers.fetch_add(1, Ordering::Relaxed);
        }
        Self {
            sockets,
            count,
            shared: Arc::new(Shared {
                merchants,
                expected: AtomicU64::new(0),
                received: AtomicU64::new(0),
                times: Mutex::new(Histogram::new_with_bounds(1, LONGEST_MICROS, 3).expect("a histogram")),
            }),
            stop: Vec::new(),
            listening: Vec::new(),
            rounds: Arc::default(),
        }
    }

    /// Has all of them follow.
    pub async fn subscribe(&mut self) {
        let mut ready = Vec::new();
        for (merchant, mut socket) in std::mem::take(&mut self.sockets) {
            let (stop, stopped) = oneshot::channel();
            self.stop.push(stop);
            let (shared, rounds) = (Arc::clone(&self.shared), Arc::clone(&self.rounds));
            let (subscribed, is_ready) = oneshot::channel();
            ready.push(is_ready);
            self.listening.push(tokio::spawn(async move {
                socket.send(Message::text(FOLLOW)).await.expect("it subscribes");
                // A question behind it: when it is answered, what came before has been read.
                socket
                    .send(Message::text(r#"{"type":"ping"}"#))
                    .await
                    .expect("it asks");
                listen(socket, merchant, shared, rounds, subscribed, stopped).await;
            }));
        }
        for ready in ready {
            ready.await.expect("it follows");
        }
        // A subscription looks up its place before it begins.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// All of them close their connections.
    pub async fn leave(mut self) {
        drop(std::mem::take(&mut self.stop));
        for listening in self.listening {
            listening.await.expect("it listened to the end");
        }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// What came so far does not count.
    pub fn forget(&self) {
        for merchant in &self.shared.merchants {
            merchant.committed.lock().expect("instants").clear();
        }
        self.rounds.fetch_add(1, Ordering::SeqCst);
        self.shared.expected.store(0, Ordering::SeqCst);
        self.shared.received.store(0, Ordering::SeqCst);
        self.shared.times.lock().expect("times").reset();
    }

    /// So many events of a merchant were committed just now.
    pub fn written(&self, merchant: usize, events: usize) {
        let merchant = &self.shared.merchants[merchant];
        let now = Instant::now();
        merchant
            .committed
            .lock()
            .expect("instants")
            .extend(std::iter::repeat_n(now, events));
        let messages = events * merchant.followers.load(Ordering::Relaxed);
        self.shared.expected.fetch_add(messages as u64, Ordering::SeqCst);
    }

    /// Waits until all have everything.
    pub async fn has_everything(&self) {
        self.is_near(0).await;
    }

    /// Waits until at most so many messages are missing for each thousand followers.
    pub async fn is_near(&self, missing: u64) {
        let begun = Instant::now();
        let most = missing * (self.count as u64).div_ceil(1_000);
        loop {
            let (expected, received) = (
                self.shared.expected.load(Ordering::SeqCst),
                self.shared.received.load(Ordering::SeqCst),
            );
            if received + most >= expected {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "{received} of {expected} messages came"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Messages that came.
    pub fn messages(&self) -> u64 {
        self.shared.received.load(Ordering::SeqCst)
    }

    /// Microseconds from commit to delivery.
    pub fn times(&self) -> Histogram<u64> {
        self.shared.times.lock().expect("times").clone()
    }
}

async fn open(url: &str, key: &str) -> Socket {
    let mut request = url.into_client_request().expect("a request");
    let protocol = "graphql-transport-ws".parse().expect("a header");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let config = WebSocketConfig::default()
        .read_buffer_size(4_096)
        .write_buffer_size(0);
    let (mut socket, _) = connect_async_with_config(request, Some(config), true)
        .await
        .expect("it connects");
    let init = format!(r#"{{"type":"connection_init","payload":{{"apiKey":"{key}"}}}}"#);
    socket.send(Message::text(init)).await.expect("it says who it is");
    match socket.next().await {
        Some(Ok(Message::Text(text))) if text.contains("connection_ack") => socket,
        other => panic!("{other:?}"),
    }
}

async fn listen(
    mut socket: Socket,
    merchant: usize,
    shared: Arc<Shared>,
    rounds: Arc<AtomicU64>,
    subscribed: oneshot::Sender<()>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut subscribed = Some(subscribed);
    let (mut round, mut seen) = (rounds.load(Ordering::SeqCst), 0);
    loop {
        let message = tokio::select! {
            _ = &mut stopped => {
                let _closed = socket.close(None).await;
                return;
            }
            message = socket.next() => message,
        };
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            other => panic!("{other:?}"),
        };
        if text.contains(r#""type":"next""#) {
            let arrived = Instant::now();
            let now = rounds.load(Ordering::SeqCst);
            if now != round {
                (round, seen) = (now, 0);
            }
            let committed = committed(&shared, merchant, seen).await;
            let micros =
                u64::try_from(arrived.saturating_duration_since(committed).as_micros()).unwrap_or(u64::MAX);
            shared.times.lock().expect("times").saturating_record(micros);
            seen += 1;
            shared.received.fetch_add(1, Ordering::SeqCst);
        } else if text.contains(r#""type":"pong""#) {
            if let Some(subscribed) = subscribed.take() {
                let _listening = subscribed.send(());
            }
        } else if text.contains(r#""type":"ping""#) {
            socket
                .send(Message::text(r#"{"type":"pong"}"#))
                .await
                .expect("it answers");
        } else {
            panic!("{text}");
        }
    }
}

/// When an event was committed; it may arrive before whoever wrote it has said so.
async fn committed(shared: &Shared, merchant: usize, number: usize) -> Instant {
    loop {
        if let Some(at) = shared.merchants[merchant]
            .committed
            .lock()
            .expect("instants")
            .get(number)
        {
            return *at;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
