//! The answer of a server, read to a cap.
//!
//! Invariant: a status that has come is an answer. Its body is read for as long as it is short and comes in time; a body that goes on,
//! drips or breaks off costs its rest and the connection, not the answer.

use super::connection::Missed;
use super::failure::{Failure, class_of};
use domain::webhook::FailureClass;
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use hyper::header::HeaderMap;
use std::fmt;
use std::net::SocketAddr;
use tokio::time::{Instant, timeout_at};

/// Most of a body that is kept, in bytes.
pub(super) const LONGEST_BODY: usize = 16 * 1_024;
/// Most of the headers that is kept, in bytes.
const LONGEST_HEADERS: usize = 16 * 1_024;
/// Most of one value that is kept, in characters.
const LONGEST_VALUE: usize = 1_024;

/// What a server answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, whichever it is: a redirect is an answer too, and followed nowhere.
    pub status: u16,
    /// The headers in lower case, as text and to a cap: what is no UTF-8 is replaced, long values are cut, and after 16 KiB they end.
    pub headers: Vec<(String, String)>,
    /// The first 16 KiB of the body.
    pub body: Vec<u8>,
    /// Whether the body may have gone on: it was longer, too slow, or broke off.
    pub body_truncated: bool,
    /// Who answered.
    pub remote: SocketAddr,
}

impl fmt::Debug for Response {
    /// Neither headers nor body: a server may repeat what it was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("bytes", &self.body.len())
            .field("body_truncated", &self.body_truncated)
            .field("remote", &self.remote)
            .finish()
    }
}

/// How the reading of a body ended.
enum End {
    /// It was read to its end.
    Whole,
    /// It goes on, or broke off.
    Cut,
    /// It went on with what is no HTTP.
    Broken(FailureClass),
}

/// The answer, and whether its connection is ready for another request.
pub(super) async fn read(
    answer: hyper::Response<Incoming>,
    remote: SocketAddr,
    deadline: Instant,
) -> Result<(Response, bool), Missed> {
    let (head, mut body) = answer.into_parts();
    let mut kept = Vec::new();
    let end = read_body(&mut body, &mut kept, deadline).await;
    let response = Response {
        status: head.status.as_u16(),
        headers: headers(&head.headers),
        body: kept,
        body_truncated: !matches!(end, End::Whole),
        remote,
    };
    if let End::Broken(class) = end {
        let failure = Failure {
            response: Some(Box::new(response)),
            ..Failure::new(class, Some(remote))
        };
        return Err(failure.into());
    }
    // Whoever switches protocols speaks another one from here on.
    let is_whole = matches!(end, End::Whole) && head.status != StatusCode::SWITCHING_PROTOCOLS;
    Ok((response, is_whole))
}

async fn read_body(body: &mut Incoming, kept: &mut Vec<u8>, deadline: Instant) -> End {
    loop {
        if body.is_end_stream() {
            return End::Whole;
        }
        // Without another look: whether the body ends exactly here would be known only by waiting for it.
        if kept.len() >= LONGEST_BODY {
            return End::Cut;
        }
        let frame = match timeout_at(deadline, body.frame()).await {
            Err(_) => return End::Cut,
            Ok(None) => return End::Whole,
            Ok(Some(Err(error))) => {
                return match class_of(&error) {
                    FailureClass::Closed => End::Cut,
                    class => End::Broken(class),
                };
            }
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let room = LONGEST_BODY.saturating_sub(kept.len());
        kept.extend_from_slice(data.get(..room).unwrap_or(&data));
        if data.len() > room {
            return End::Cut;
        }
    }
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let mut room = LONGEST_HEADERS;
    let mut kept = Vec::with_capacity(map.len());
    for (name, value) in map {
        let value: String = String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(LONGEST_VALUE)
            .collect();
        let size = name.as_str().len().saturating_add(value.len());
        let Some(left) = room.checked_sub(size) else {
            break;
        };
        room = left;
        kept.push((name.as_str().to_owned(), value));
    }
    kept
}
