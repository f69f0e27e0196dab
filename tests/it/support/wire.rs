//! A connection by hand: what no client library sends, and what is left of the connection afterwards.

use super::app::TestApp;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Clone, Debug)]
pub struct Told {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// A connection to a node.
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Told {
    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        });
        line.unwrap_or_default()
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|_| panic!("{}: not JSON: {}", self.status, self.body))
    }
}

impl Wire {
    /// A new connection.
    pub async fn to(app: &TestApp) -> Self {
        let stream = TcpStream::connect(app.url.trim_start_matches("http://")).await;
        Self {
            stream: stream.unwrap(),
            read: Vec::new(),
        }
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends the head of a POST that announces so many bytes of body.
    pub async fn announces(&mut self, path: &str, headers: &[(&str, &str)], length: usize) {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: tahsil\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n"
        );
        self.send(&head).await;
    }

    /// Sends nothing more, and still listens.
    pub async fn breaks_off(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The next answer.
    pub async fn hears(&mut self) -> Told {
        loop {
            if let Some(told) = self.told() {
                return told;
            }
            let mut chunk = [0; 4_096];
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await;
            let read = read.expect("an answer in time").unwrap();
            assert_ne!(
                read,
                0,
                "no whole answer: {}",
                String::from_utf8_lossy(&self.read)
            );
            self.read.extend_from_slice(&chunk[..read]);
        }
    }

    /// Whether the other side has hung up.
    pub async fn is_over(&mut self) -> bool {
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut [0])).await;
        // What was sent and not read makes the end a reset.
        read.is_ok_and(|read| matches!(read, Ok(0) | Err(_)))
    }

    fn told(&mut self) -> Option<Told> {
        let text = String::from_utf8(self.read.clone()).unwrap();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let mut told = Told {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: String::new(),
        };
        let length: usize = told.header("content-length").parse().unwrap();
        told.body = rest.get(..length)?.to_owned();
        self.read.drain(..head.len() + 4 + length);
        Some(told)
    }
}
