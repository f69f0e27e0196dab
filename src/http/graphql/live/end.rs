//! How a WebSocket ends.
//!
//! Invariant: a passing condition never gets a code that clients take for final.

use axum::extract::ws::CloseFrame;
use std::sync::Arc;

/// Why a connection ends, as the client reads it. Clients of `graphql-ws` try again after 4403, 4408, 4499 and the 10xx here, and never
/// after the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The other side is gone, or said goodbye.
    Gone,
    /// 1009: a message is too long.
    TooLong,
    /// 1012: the node stops; another may answer.
    Stopping,
    /// 1013: too much for now.
    Overload(&'static str),
    /// 4400.
    BadMessage,
    /// 4401.
    Unauthorized,
    /// 4403: who it is opens nothing, or not any more.
    Forbidden,
    /// 4406.
    WrongProtocol,
    /// 4408.
    InitTimeout,
    /// 4409.
    Duplicate(Arc<str>),
    /// 4429.
    TooManyInits,
    /// 4499: it answers no pings.
    Silent,
}

impl End {
    /// What the client reads; nothing when there is nobody to read it.
    pub fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::TooLong => (1009, "Message too long".to_owned()),
            Self::Stopping => (1012, "Service restart".to_owned()),
            Self::Overload(what) => (1013, (*what).to_owned()),
            Self::BadMessage => (4400, "Invalid message".to_owned()),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden => (4403, "Forbidden".to_owned()),
            Self::WrongProtocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::Duplicate(id) => (4409, format!("Subscriber for {} already exists", shortened(id))),
            Self::TooManyInits => (4429, "Too many initialisation requests".to_owned()),
            Self::Silent => (4499, "Terminated".to_owned()),
        };
        Some(CloseFrame {
            code,
            reason: reason.into(),
        })
    }
}

/// A reason has room for 123 bytes.
fn shortened(id: &str) -> String {
    id.chars().take(20).collect()
}
