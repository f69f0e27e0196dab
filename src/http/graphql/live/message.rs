//! Messages of graphql-transport-ws (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>).
//!
//! Invariant: what is none of its messages is told apart here, whole, before anything is done with it.

use super::queue::Item;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The name of the protocol.
pub const PROTOCOL: &str = "graphql-transport-ws";

/// Longest name of an operation, in bytes.
const MOST_ID_BYTES: usize = 128;

/// What a client says.
#[derive(Debug)]
pub enum Inbound {
    /// Who it is.
    Init(Map<String, Value>),
    /// Is there somebody?
    Ping(Option<Box<RawValue>>),
    /// There is.
    Pong,
    /// An operation.
    Subscribe {
        /// Its name on this connection.
        id: Arc<str>,
        /// Its parameters, as in the body of a POST.
        payload: Box<RawValue>,
    },
    /// It wants no more of an operation.
    Complete(String),
}

/// It says nothing that this protocol knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Inbound {
    /// Reads a message.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        let Said { kind, id, payload } = serde_json::from_str(text).map_err(|_| Malformed)?;
        let object = |payload: &RawValue| payload.get().starts_with('{');
        let named = |id: Option<String>| {
            id.filter(|id| !id.is_empty() && id.len() <= MOST_ID_BYTES)
                .ok_or(Malformed)
        };
        match kind.as_str() {
            "connection_init" => match payload {
                None => Ok(Self::Init(Map::new())),
                Some(payload) => serde_json::from_str(payload.get())
                    .map(Self::Init)
                    .map_err(|_| Malformed),
            },
            "ping" if payload.is_none_or(object) => Ok(Self::Ping(payload.map(ToOwned::to_owned))),
            "pong" if payload.is_none_or(object) => Ok(Self::Pong),
            "subscribe" => {
                let payload = payload.filter(|payload| object(payload)).ok_or(Malformed)?;
                // A query is a text, and there is one.
                #[derive(Deserialize)]
                struct Query {
                    #[expect(dead_code, reason = "that it is a text is all that is asked")]
                    query: Option<String>,
                    #[expect(dead_code, reason = "an object or nothing")]
                    variables: Option<Map<String, Value>>,
                    #[serde(rename = "operationName")]
                    #[expect(dead_code, reason = "a text or nothing")]
                    operation_name: Option<String>,
                    #[expect(dead_code, reason = "an object or nothing")]
                    extensions: Option<Map<String, Value>>,
                }
                serde_json::from_str::<Query>(payload.get()).map_err(|_| Malformed)?;
                Ok(Self::Subscribe {
                    id: named(id)?.into(),
                    payload: payload.to_owned(),
                })
            }
            "complete" => Ok(Self::Complete(named(id)?)),
            _ => Err(Malformed),
        }
    }
}

/// The answer to somebody who was let in.
pub const ACK: &str = r#"{"type":"connection_ack"}"#;
/// Is there somebody?
pub const PING: &str = r#"{"type":"ping"}"#;

/// There is; with what came with the question.
pub fn pong(payload: Option<&RawValue>) -> String {
    payload.map_or_else(
        || r#"{"type":"pong"}"#.to_owned(),
        |payload| format!(r#"{{"type":"pong","payload":{}}}"#, payload.get()),
    )
}

/// A message of an operation, as it is written; none for what is no message but the end of the connection. Its contents are JSON already.
pub fn written(item: &Item) -> Option<String> {
    let (kind, operation, payload) = match item {
        Item::Next {
            operation, payload, ..
        } => ("next", operation, Some(payload)),
        Item::Error { operation, errors } => ("error", operation, Some(errors)),
        Item::Complete { operation } => ("complete", operation, None),
        Item::Elsewhere { .. } => return None,
    };
    let id = Value::from(operation.as_ref());
    Some(
        match payload.map(|bytes| std::str::from_utf8(bytes).unwrap_or("null")) {
            Some(payload) => format!(r#"{{"id":{id},"type":"{kind}","payload":{payload}}}"#),
            None => format!(r#"{{"id":{id},"type":"{kind}"}}"#),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_protocol_are_read() {
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":{"apiKey":"x"}}"#,
            r#"{"type":"ping","payload":{"a":1}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"pong"}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":null,"operationName":null}}"#,
            r#"{"id":"1","type":"complete"}"#,
        ] {
            assert!(Inbound::read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        let long = "x".repeat(MOST_ID_BYTES + 1);
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"ping","payload":"x"}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"id":"","type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"id":1,"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"id":"1","type":"subscribe"}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":1}}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":[]}}"#,
            r#"{"type":"complete"}"#,
            &format!(r#"{{"id":"{long}","type":"complete"}}"#),
        ] {
            assert!(Inbound::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ids_and_payloads_come_back_as_they_went() {
        let item = Item::Next {
            operation: "a\"b".into(),
            payload: axum::body::Bytes::from_static(br#"{"data":{"a":1}}"#),
            place: None,
        };
        assert_eq!(
            written(&item).unwrap(),
            r#"{"id":"a\"b","type":"next","payload":{"data":{"a":1}}}"#
        );
        let Ok(Inbound::Ping(Some(payload))) = Inbound::read(r#"{"type":"ping","payload":{"a": 1}}"#) else {
            panic!("a ping");
        };
        assert_eq!(pong(Some(&payload)), r#"{"type":"pong","payload":{"a": 1}}"#);
    }
}
