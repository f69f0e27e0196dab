//! A bus for many nodes: NATS JetStream.
//!
//! Invariant: a message is a place and carries it as `Nats-Msg-Id`, so what the numbering node tells twice is kept once. JetStream brings a
//! node up to date after it was away; the database stays the truth, and what NATS loses is found there.

use super::bus::{EventBus, note};
use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy};
use async_nats::jetstream::{self, Context};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Longest that one exchange with the server takes.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before listening is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How long the server knows a place again.
const KNOWN_AGAIN: Duration = Duration::from_secs(120);
/// Most places that the server keeps: whoever was away needs the last one only.
const MOST_KEPT: i64 = 1_000;

/// Why the bus cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The server does not answer.
    #[error("NATS cannot be reached: {0}")]
    Unreachable(#[from] async_nats::ConnectError),
    /// The stream cannot be made.
    #[error("JetStream has no stream {stream}: {cause}")]
    NoStream {
        /// Its name.
        stream: String,
        /// Why not.
        cause: jetstream::context::CreateStreamError,
    },
    /// The name cannot be part of a subject.
    #[error("the name of the installation must be letters, digits, - and _")]
    Name,
}

/// Numbers by JetStream.
pub struct Nats {
    jetstream: Context,
    stream: String,
    subject: String,
    heard: watch::Sender<i64>,
}

impl Nats {
    /// A bus of the installation `name` over the server at `url`; it hears others while [`Self::listen`] runs.
    ///
    /// # Errors
    /// When the server does not answer, or has no JetStream.
    pub async fn connect(url: &str, name: &str) -> Result<Self, NatsError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(NatsError::Name);
        }
        let client = async_nats::connect(url).await?;
        let mut jetstream = jetstream::new(client);
        jetstream.set_timeout(PATIENCE);
        let stream = format!("TAHSIL_EVENTS_{name}");
        let subject = format!("tahsil.{name}.events");
        let config = Config {
            name: stream.clone(),
            subjects: vec![subject.clone()],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            max_messages: MOST_KEPT,
            duplicate_window: KNOWN_AGAIN,
            ..Config::default()
        };
        jetstream
            .get_or_create_stream(config)
            .await
            .map_err(|cause| NatsError::NoStream {
                stream: stream.clone(),
                cause,
            })?;
        Ok(Self {
            jetstream,
            stream,
            subject,
            heard: watch::Sender::new(0),
        })
    }

    /// Listens until `stopping`.
    pub async fn listen(&self, stopping: &CancellationToken) {
        loop {
            let listening = async {
                if let Err(error) = self.hear().await {
                    tracing::warn!(%error, "nobody listens for events");
                }
                tokio::time::sleep(RETRY).await;
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = listening => {}
            }
        }
    }

    async fn hear(&self) -> Result<(), async_nats::Error> {
        let stream = self.jetstream.get_stream(&self.stream).await?;
        let consumer = stream
            .create_consumer(OrderedConfig {
                deliver_policy: DeliverPolicy::Last,
                ..OrderedConfig::default()
            })
            .await?;
        let mut messages = consumer.messages().await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            let pos = std::str::from_utf8(&message.payload)
                .ok()
                .and_then(|text| text.parse().ok());
            if let Some(pos) = pos {
                note(&self.heard, pos);
            }
        }
        Ok(())
    }

    async fn publish(&self, pos: i64) -> Result<(), async_nats::Error> {
        let pos = pos.to_string();
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, pos.as_str());
        let told = self
            .jetstream
            .publish_with_headers(self.subject.clone(), headers, pos.into())
            .await?;
        told.await?;
        Ok(())
    }
}

#[async_trait]
impl EventBus for Nats {
    async fn announce(&self, pos: i64) {
        note(&self.heard, pos);
        match tokio::time::timeout(PATIENCE, self.publish(pos)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "other nodes were not told of events; they look for themselves");
            }
            Err(_) => tracing::warn!("NATS does not answer; other nodes look for events themselves"),
        }
    }

    fn heard(&self) -> watch::Receiver<i64> {
        self.heard.subscribe()
    }

    fn name(&self) -> &'static str {
        "nats"
    }
}
