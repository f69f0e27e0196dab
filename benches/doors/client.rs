//! Load over HTTP/1.1 with as little of a client as will do: what it costs is taken from what is measured.

use hdrhistogram::Histogram;
use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What a cell of a table holds.
pub struct Measured {
    /// Done per second.
    pub rate: f64,
    /// Half of them took at most this long.
    pub p50_ms: f64,
    /// All but one in a hundred took at most this long.
    pub p99_ms: f64,
}

/// Runs `work` in `workers` tasks until `each` has passed. Before that it runs for a fifth of the time unmeasured.
pub async fn drive<W, F>(workers: usize, each: Duration, start: impl Fn(usize) -> W) -> Measured
where
    W: FnMut() -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let warm = Instant::now() + each / 5;
    let end = warm + each;
    let mut tasks = JoinSet::new();
    for worker in 0..workers {
        let mut work = start(worker);
        tasks.spawn(async move {
            let mut times = Histogram::<u64>::new(3).expect("a histogram");
            loop {
                let began = Instant::now();
                if began >= end {
                    return times;
                }
                work().await;
                if began >= warm && Instant::now() < end {
                    let took = u64::try_from(began.elapsed().as_micros()).expect("less than centuries");
                    times.record(took).expect("a growing histogram");
                }
            }
        });
    }
    let mut all = Histogram::<u64>::new(3).expect("a histogram");
    while let Some(times) = tasks.join_next().await {
        all.add(times.expect("no worker fails"))
            .expect("equal histograms");
    }
    let done = u32::try_from(all.len()).expect("less than four thousand million");
    let millis = |quantile| {
        let micros = u32::try_from(all.value_at_quantile(quantile)).expect("less than an hour");
        f64::from(micros) / 1_000.0
    };
    Measured {
        rate: f64::from(done) / each.as_secs_f64(),
        p50_ms: millis(0.5),
        p99_ms: millis(0.99),
    }
}

/// One connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        }
    }

    /// Sends a request and gives the body of its answer, which must be a 200.
    pub async fn exchange(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("the server reads");
        self.buffer.clear();
        loop {
            let read = self
                .stream
                .read_buf(&mut self.buffer)
                .await
                .expect("the server answers");
            assert!(read > 0, "the server hung up");
            if let Some((start, length)) = head(&self.buffer)
                && self.buffer.len() >= start + length
            {
                return &self.buffer[start..start + length];
            }
        }
    }
}

/// Where the body begins and how long it is, once the head is complete.
fn head(buffer: &[u8]) -> Option<(usize, usize)> {
    let end = buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&buffer[..end]).expect("an ASCII head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")
            .map(str::to_owned)
    });
    Some((
        end + 4,
        length.expect("a length").trim().parse().expect("a number"),
    ))
}

/// A `POST` of JSON.
pub fn post(path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A `POST` of JSON by nobody in particular.
pub fn post_plain(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A `GET`.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes()
}
