//! Who asks.
//!
//! Invariant: who asks is known before a body is read, unless a signature over the body is what says so.

use super::Door;
use super::answer::Refused;
use crate::graphql::{AnsweredBy, Code};
use crate::http::admission::{Head, Shown, Stop, words};
use crate::http::body::{self, Unread};
use crate::http::entry::Entry;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use domain::credential::Denial;
use service::credential::Admitted;

/// A body that was read, or not yet.
pub enum Carried {
    /// It was.
    Read(Bytes),
    /// Not yet.
    Unread(Body),
}

impl Carried {
    /// The whole body.
    pub async fn read(self, door: &Door) -> Result<Bytes, Refused> {
        let unread = match self {
            Self::Read(bytes) => return Ok(bytes),
            Self::Unread(body) => body,
        };
        let most = door.max_body_bytes;
        let read = body::read(unread, most, door.timeout).await;
        read.map_err(|cause| match cause {
            Unread::TooLong => {
                let message = format!("the body is longer than {most} bytes");
                Refused::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BadRequest, message)
            }
            Unread::TooSlow => Refused::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, body::TOO_SLOW),
            Unread::Cut => Refused::new(StatusCode::BAD_REQUEST, Code::BadRequest, body::CUT),
        })
    }
}

/// Who asks. `None` is somebody without a key who may read the schema.
pub async fn who(
    door: &Door,
    head: &Head<'_>,
    body: Body,
    entry: &mut Entry,
) -> Result<(Option<Admitted>, AnsweredBy, Carried), Refused> {
    let shown = door.gate.shown(head);
    let mut carried = Carried::Unread(body);
    let mut signed = Bytes::new();
    if shown == Shown::Signature {
        signed = carried.read(door).await?;
        entry.body(signed.clone());
        carried = Carried::Read(signed.clone());
    }
    let admitted = door
        .gate
        .admit(head, shown, &signed, entry)
        .await
        .map_err(refused)?;
    let version = door
        .gate
        .version(head, admitted.as_ref(), entry)
        .map_err(refused)?;
    if admitted.is_none() && !door.open_schema {
        entry.denied(Denial::KeyMissing);
        return Err(refused(Denial::KeyMissing.into()));
    }
    Ok((admitted, AnsweredBy(version), carried))
}

fn refused(stop: Stop) -> Refused {
    match stop {
        Stop::Denied(Denial::VersionUnknown) => {
            let message = words(Denial::VersionUnknown);
            Refused::new(StatusCode::BAD_REQUEST, Code::BadRequest, message)
        }
        Stop::Denied(denial) => Refused::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, words(denial)),
        Stop::Throttled(exceeded) => Refused::throttled(exceeded),
        Stop::Unavailable => {
            let message = "the key cannot be checked now; try again";
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message)
        }
    }
}
