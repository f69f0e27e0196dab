//! Reading the body of a request.
//!
//! Invariant: nobody holds a connection by sending nothing. A body has as long to come as a request may take and as many bytes as its door
//! takes, and what stops it is one of three causes, which the doors answer differently.

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::time::Duration;

/// What is said of a body that did not come in time.
pub const TOO_SLOW: &str = "the body did not come in time";
/// What is said of a body that broke off.
pub const CUT: &str = "the body did not come whole";

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is longer than the door takes.
    TooLong,
    /// It did not come in time.
    TooSlow,
    /// It broke off, or was not framed as it said.
    Cut,
}

/// The whole body, of at most `most` bytes, if it comes within `patience`.
///
/// # Errors
/// Why it cannot be had.
pub async fn read(body: Body, most: usize, patience: Duration) -> Result<Bytes, Unread> {
    let read = tokio::time::timeout(patience, whole(body, most));
    read.await.map_err(|_| Unread::TooSlow)?
}

async fn whole(body: Body, most: usize) -> Result<Bytes, Unread> {
    let mut chunks = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Unread::Cut)?;
        if chunk.len() > most.saturating_sub(whole.len()) {
            return Err(Unread::TooLong);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::io;

    const SOON: Duration = Duration::from_secs(5);

    fn chunks(chunks: Vec<io::Result<&'static str>>) -> Body {
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_last_byte_and_no_further() {
        let five = || chunks(vec![Ok("ab"), Ok(""), Ok("cde")]);
        assert_eq!(read(five(), 5, SOON).await.as_deref(), Ok(&b"abcde"[..]));
        assert_eq!(read(five(), 4, SOON).await, Err(Unread::TooLong));
        assert_eq!(read(Body::empty(), 0, SOON).await.as_deref(), Ok(&b""[..]));
        assert_eq!(read(Body::from("a"), 0, SOON).await, Err(Unread::TooLong));
    }

    #[tokio::test]
    async fn what_breaks_off_is_not_too_long_and_what_stalls_is_given_up() {
        let cut = chunks(vec![Ok("ab"), Err(io::ErrorKind::UnexpectedEof.into())]);
        assert_eq!(read(cut, 5, SOON).await, Err(Unread::Cut));
        let stalled = Body::from_stream(stream::pending::<io::Result<&'static str>>());
        assert_eq!(
            read(stalled, 5, Duration::from_millis(10)).await,
            Err(Unread::TooSlow)
        );
    }
}
