//! What nobody has read of a body.
//!
//! Invariant: after an answer that came before its request was read whole, the connection stands at the beginning of the next request, or
//! the answer says `Connection: close` (RFC 9112, 9.3). Otherwise a client that keeps its connection sends its next request into nothing.
//! A little that is there already is read away, since clients whose key is refused or who ask too often would else connect anew each time.

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, Version};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How long to wait for the rest of a body: what was sent with its head is there, and an answer must not wait for more.
const PATIENCE: Duration = Duration::from_millis(200);

/// Where a body comes back to.
type Back = Arc<Mutex<Option<BodyDataStream>>>;

/// Middleware: reads at most `most` bytes away that the handler left, or says that the connection ends.
pub async fn clear(State(most): State<usize>, request: Request, next: Next) -> Response {
    let several_at_once = request.version() > Version::HTTP_11;
    if several_at_once || request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Who waits for leave to send would be given it by reading on.
    let waits_for_leave = request.headers().contains_key(EXPECT);
    let back = Back::default();
    let lent = |body: Body| {
        Body::from_stream(Lent {
            body: Some(body.into_data_stream()),
            back: Arc::clone(&back),
        })
    };
    let mut response = next.run(request.map(lent)).await;
    let rest = back.lock().unwrap_or_else(PoisonError::into_inner).take();
    let is_clear = match rest {
        None => true,
        Some(_) if waits_for_leave => false,
        Some(rest) => tokio::time::timeout(PATIENCE, read_away(rest, most))
            .await
            .unwrap_or(false),
    };
    if !is_clear {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether nothing is left.
async fn read_away(mut rest: BodyDataStream, most: usize) -> bool {
    let mut left = most;
    while let Some(chunk) = rest.next().await {
        let Some(still) = chunk.ok().and_then(|chunk| left.checked_sub(chunk.len())) else {
            return false;
        };
        left = still;
    }
    true
}

/// A body that comes back when it is let go before its end.
struct Lent {
    body: Option<BodyDataStream>,
    back: Back,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let next = body.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None)) {
            self.body = None;
        }
        next
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(rest) = self.body.take() {
            *self.back.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
        }
    }
}
