//! One connection, on which one request at a time is asked.
//!
//! Invariant: whoever drops it closes it at once, also in the middle of an answer; nothing is left behind that reads on.

use super::failure::{Failure, class_of};
use bytes::Bytes;
use domain::webhook::FailureClass;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

/// Largest head of an answer, in bytes. hyper reads 100 headers at most.
const LONGEST_HEAD: usize = 64 * 1_024;

/// A connection to a vetted address.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Whether a byte has come since the last request began.
    answered: Arc<AtomicBool>,
    remote: SocketAddr,
    opened: Instant,
    /// Whether an answer was read from it before.
    is_used: bool,
    /// What moves the bytes; it ends with this.
    _task: AbortOnDropHandle<()>,
}

/// A request without an answer, and whether a new connection is worth a try.
pub(super) struct Missed {
    pub(super) failure: Failure,
    pub(super) is_stale: bool,
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            is_stale: false,
        }
    }
}

impl Connection {
    /// Speaks HTTP/1.1 over `stream`.
    pub(super) async fn over<S>(stream: S, remote: SocketAddr) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let answered = Arc::new(AtomicBool::new(false));
        let watched = Watched {
            stream,
            answered: answered.clone(),
        };
        let (sender, moving) = Builder::new()
            .max_buf_size(LONGEST_HEAD)
            // As the documents of the dialects write their names, for servers that compare them letter by letter.
            .title_case_headers(true)
            .handshake(TokioIo::new(watched))
            .await
            .map_err(|error| Failure::new(class_of(&error), Some(remote)))?;
        let task = tokio::spawn(async move {
            // Whoever waits for an answer hears of the error.
            moving.await.ok();
        });
        Ok(Self {
            sender,
            answered,
            remote,
            opened: Instant::now(),
            is_used: false,
            _task: AbortOnDropHandle::new(task),
        })
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn ask(
        &mut self,
        message: hyper::Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<hyper::Response<Incoming>, Missed> {
        let was_used = std::mem::replace(&mut self.is_used, true);
        self.answered.store(false, Ordering::Relaxed);
        let asked = async {
            self.sender.ready().await?;
            self.sender.send_request(message).await
        };
        match timeout_at(deadline, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let class = class_of(&error);
                let is_silent = !self.answered.load(Ordering::Relaxed);
                Err(Missed {
                    failure: Failure::new(class, Some(self.remote)),
                    is_stale: was_used && is_silent && class == FailureClass::Closed,
                })
            }
            Err(_) => Err(Failure::new(FailureClass::Timeout, Some(self.remote)).into()),
        }
    }

    /// Who is at the other end.
    pub(super) const fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Whether it can be asked again: it stands, as far as we know, and is not too old.
    pub(super) fn is_fresh(&self, oldest: Duration) -> bool {
        !self.sender.is_closed() && self.opened.elapsed() < oldest
    }
}

/// A stream that notes that something was read: hyper does not tell an answer that broke off from none.
struct Watched<S> {
    stream: S,
    answered: Arc<AtomicBool>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.answered.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
