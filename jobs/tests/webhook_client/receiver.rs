//! A server written by hand: it says what it is told to say, whatever HTTP allows.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Listens, and talks with whoever connects.
pub struct Receiver {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
    _task: AbortOnDropHandle<()>,
}

/// One connection, seen from the receiver.
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    pub wire: Box<dyn Wire>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    pub async fn start<F, T>(talk: F) -> Self
    where
        F: Fn(Line) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        Self::at(Ipv4Addr::LOCALHOST, 0, talk).await
    }

    /// Answers every request with the same words.
    pub async fn answering(words: &'static str) -> Self {
        Self::start(move |mut line| async move {
            while line.hear().await.is_some() {
                line.say(words).await;
            }
        })
        .await
    }

    pub async fn at<F, T>(ip: Ipv4Addr, port: u16, talk: F) -> Self
    where
        F: Fn(Line) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let open = |stream: TcpStream| async move { Some(Box::new(stream) as Box<dyn Wire>) };
        Self::behind(ip, port, open, talk).await
    }

    /// `open` makes of a connection what is talked over: TLS, for example, or nothing.
    pub async fn behind<O, P, F, T>(ip: Ipv4Addr, port: u16, open: O, talk: F) -> Self
    where
        O: Fn(TcpStream) -> P + Send + Sync + 'static,
        P: Future<Output = Option<Box<dyn Wire>>> + Send + 'static,
        F: Fn(Line) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((ip, port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (count, ears, talk) = (connections.clone(), heard.clone(), Arc::new(talk));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let (opening, talk, heard) = (open(stream), talk.clone(), ears.clone());
                tokio::spawn(async move {
                    if let Some(wire) = opening.await {
                        talk(Line { number, wire, heard }).await;
                    }
                });
            }
        });
        Self {
            address,
            connections,
            heard,
            _task: AbortOnDropHandle::new(task),
        }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests that came, heads and bodies.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.address.port())
    }
}

impl Line {
    /// The next request; none when the client left.
    pub async fn hear(&mut self) -> Option<String> {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            text.push(char::from(self.wire.read_u8().await.ok()?));
        }
        let length = text
            .to_ascii_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        self.wire.read_exact(&mut body).await.ok()?;
        text.push_str(&String::from_utf8(body).unwrap());
        self.heard.lock().unwrap().push(text.clone());
        Some(text)
    }

    /// Whether it could be said: nobody listens any more when it could not.
    pub async fn say(&mut self, words: impl AsRef<[u8]>) -> bool {
        let said = self.wire.write_all(words.as_ref()).await.is_ok();
        said && self.wire.flush().await.is_ok()
    }

    /// Waits until the client leaves.
    pub async fn is_left(&mut self) {
        let mut rest = [0; 1_024];
        while !matches!(self.wire.read(&mut rest).await, Ok(0) | Err(_)) {}
    }
}

/// What a receiver noticed, for a test that waits for it.
pub fn notice() -> (Notice, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let (sender, noticed) = tokio::sync::mpsc::unbounded_channel();
    (sender, noticed)
}

pub type Notice = tokio::sync::mpsc::UnboundedSender<()>;

/// Waits for what has to be noticed soon.
pub async fn soon(noticed: &mut tokio::sync::mpsc::UnboundedReceiver<()>) {
    let waited = tokio::time::timeout(Duration::from_secs(5), noticed.recv()).await;
    assert_eq!(waited, Ok(Some(())), "it was not noticed");
}
