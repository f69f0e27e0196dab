//! The least that a request costs: `{ __typename }` through the real door, beside a bare handler that answers the same JSON.

use super::client::{Connection, Measured, post, post_plain};
use super::page::measure;
use super::setup::Installation;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

const QUERY: &str = r#"{"query":"{ __typename }"}"#;

/// The two servers.
pub struct Trivial {
    bare: SocketAddr,
    ours: Vec<u8>,
}

impl Trivial {
    /// Starts the bare handler and makes sure that both answer the same.
    pub async fn prepare(installation: &Installation) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let bare = listener.local_addr().expect("an address");
        let router = Router::new().route("/graphql", routing::post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let ours = post("/graphql", &installation.secret, QUERY);
        let mut door = Connection::open(installation.address).await;
        let mut handler = Connection::open(bare).await;
        let read = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON");
        assert_eq!(
            read(door.exchange(&ours).await)["data"],
            read(handler.exchange(&post_plain("/graphql", QUERY)).await)["data"],
            "both must answer the same"
        );
        Self { bare, ours }
    }

    /// Requests per second through the door.
    pub async fn measure_ours(
        &self,
        installation: &Installation,
        connections: usize,
        each: Duration,
    ) -> Measured {
        measure(installation.address, self.ours.clone(), connections, each).await
    }

    /// Requests per second through the door at `address`.
    pub async fn measure_at(&self, address: SocketAddr, connections: usize, each: Duration) -> Measured {
        measure(address, self.ours.clone(), connections, each).await
    }

    /// Requests per second of the bare handler.
    pub async fn measure_limit(&self, connections: usize, each: Duration) -> Measured {
        measure(self.bare, post_plain("/graphql", QUERY), connections, each).await
    }
}

/// Reads the request as JSON and writes the answer as JSON, and nothing else.
async fn answer(body: Bytes) -> impl IntoResponse {
    let asked: Value = serde_json::from_slice(&body).expect("JSON");
    assert!(asked["query"].is_string());
    (
        [(CONTENT_TYPE, "application/json")],
        Json(json!({ "data": { "__typename": "Query" } })),
    )
}
