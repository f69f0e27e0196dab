//! A client of graphql-transport-ws that does exactly what a test says.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What the server says.
#[derive(Debug)]
pub enum Heard {
    /// A message.
    Message(Value),
    /// It closes, with a code and a reason.
    Closed(u16, String),
    /// The connection is gone without a word.
    Gone,
}

impl Socket {
    /// Opens a connection with these headers, `sec-websocket-protocol` among them if any.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, Error> {
        let url = format!("{}/graphql", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).unwrap());
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// Opens a connection for which the system takes in next to nothing that its owner has not read, and shows a key.
    pub async fn narrow(url: &str, key: &str) -> Self {
        let url = format!("{}/graphql", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        for (name, value) in [
            ("sec-websocket-protocol", "graphql-transport-ws"),
            ("x-api-key", key),
        ] {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(4_096).unwrap();
        let address = request.uri().authority().unwrap().as_str().parse().unwrap();
        let stream = MaybeTlsStream::Plain(tcp.connect(address).await.unwrap());
        let mut socket = Self(client_async(request, stream).await.unwrap().0);
        socket.say(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    /// Opens a connection that speaks the protocol.
    pub async fn speaking(url: &str) -> Self {
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        Self::open(url, &[protocol]).await.unwrap()
    }

    /// Opens a connection and shows a key.
    pub async fn of(url: &str, key: &str) -> Self {
        let mut socket = Self::speaking(url).await;
        socket
            .say(json!({ "type": "connection_init", "payload": { "apiKey": key } }))
            .await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    /// Says something.
    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Says something to a server that may be gone.
    pub async fn try_say(&mut self, message: Value) -> Result<(), Error> {
        self.0.send(Message::text(message.to_string())).await
    }

    /// Sends a frame.
    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await;
    }

    /// What comes next; pings of the server are answered and left out.
    pub async fn heard(&mut self) -> Heard {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match next.expect("the server says something") {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] == "ping" {
                        // One that is gone is heard of next.
                        self.try_say(json!({ "type": "pong" })).await.ok();
                        continue;
                    }
                    return Heard::Message(message);
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Gone,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        match self.heard().await {
            Heard::Message(message) => message,
            other => panic!("expected a message, heard {other:?}"),
        }
    }

    /// The code with which it is closed; what comes before is passed over.
    pub async fn is_closed(&mut self) -> u16 {
        loop {
            match self.heard().await {
                Heard::Message(_) => {}
                Heard::Closed(code, _) => return code,
                Heard::Gone => panic!("it is gone without a word"),
            }
        }
    }

    /// The data of the next result of an operation.
    pub async fn data(&mut self, id: &str) -> Value {
        let message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["id"], id, "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].clone()
    }

    /// Says nothing for a while, whatever the server wants.
    pub async fn is_silent_for(&mut self, while_long: Duration) {
        let said = tokio::time::timeout(while_long, self.0.next()).await;
        if let Ok(said) = said {
            panic!("expected silence, heard {said:?}");
        }
    }

    /// The code with which it is closed when the questions of the server stay without an answer.
    pub async fn is_closed_without_answering(&mut self) -> u16 {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match next.expect("the server says something") {
                Some(Ok(Message::Text(_))) => {}
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits for a question of the server, and answers it.
    pub async fn is_asked_and_answers(&mut self) {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        let Some(Ok(Message::Text(text))) = next.expect("the server asks") else {
            panic!("the server did not ask");
        };
        assert_eq!(text.as_str(), r#"{"type":"ping"}"#);
        self.say(json!({ "type": "pong" })).await;
    }
}
