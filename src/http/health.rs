//! Probes of an orchestrator.
//!
//! Invariant: `/livez` asks nothing of anyone, or a slow database would have every node restarted at once. `/readyz` says in
//! one word why not, and the word is a constant: an answer that anybody may read tells nothing about what is inside.

use async_trait::async_trait;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An orchestrator gives up after a few seconds; our answer should come before.
const LIMIT: Duration = Duration::from_secs(2);

/// Whether what this node needs is there.
#[async_trait]
pub trait ReadinessCheck: Send + Sync + 'static {
    /// Asks. Whoever implements this logs the cause of a refusal; the answer names only the part.
    async fn check(&self) -> Result<(), Unavailable>;
}

/// A node that should get no requests, and the part of it that is to blame, such as `database`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unavailable: {0}")]
pub struct Unavailable(pub &'static str);

/// What `/readyz` answers from.
#[derive(Clone)]
pub struct Readiness {
    check: Arc<dyn ReadinessCheck>,
    shutdown: CancellationToken,
    limit: Duration,
}

impl Readiness {
    /// Ready while `check` passes and `shutdown` is not cancelled.
    #[must_use]
    pub fn new(check: Arc<dyn ReadinessCheck>, shutdown: CancellationToken) -> Self {
        Self {
            check,
            shutdown,
            limit: LIMIT,
        }
    }

    /// Whether requests should come here.
    ///
    /// # Errors
    /// [`Unavailable`] while the node stops, when a part it needs does not answer, or not within two seconds.
    pub async fn ask(&self) -> Result<(), Unavailable> {
        if self.shutdown.is_cancelled() {
            return Err(Unavailable("shutting down"));
        }
        tokio::time::timeout(self.limit, self.check.check())
            .await
            .unwrap_or(Err(Unavailable("timeout")))
    }
}

/// `GET /livez` and `GET /readyz`.
pub fn router<S: Clone + Send + Sync + 'static>(readiness: Readiness) -> Router<S> {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .with_state(readiness)
}

async fn live() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok")
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    let (status, body) = match readiness.ask().await {
        Ok(()) => (StatusCode::OK, json!({ "status": "ready" })),
        Err(Unavailable(reason)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "status": "unavailable", "reason": reason }),
        ),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use std::future::pending;
    use tower::ServiceExt;

    enum Database {
        Answers,
        Refuses,
        Hangs,
    }

    #[async_trait]
    impl ReadinessCheck for Database {
        async fn check(&self) -> Result<(), Unavailable> {
            match self {
                Self::Answers => Ok(()),
                Self::Refuses => Err(Unavailable("database")),
                Self::Hangs => pending().await,
            }
        }
    }

    async fn probe(path: &str, database: Database, shutdown: CancellationToken) -> (StatusCode, String) {
        let readiness = Readiness {
            check: Arc::new(database),
            shutdown,
            limit: Duration::from_millis(20),
        };
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router(readiness).oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1024).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn unavailable(reason: &str) -> (StatusCode, String) {
        let body = json!({ "status": "unavailable", "reason": reason });
        (StatusCode::SERVICE_UNAVAILABLE, body.to_string())
    }

    #[tokio::test]
    async fn a_node_is_ready_while_its_database_answers() {
        let ready = (StatusCode::OK, r#"{"status":"ready"}"#.to_owned());
        assert_eq!(
            probe("/readyz", Database::Answers, CancellationToken::new()).await,
            ready
        );
        assert_eq!(
            probe("/readyz", Database::Refuses, CancellationToken::new()).await,
            unavailable("database")
        );
        assert_eq!(
            probe("/readyz", Database::Hangs, CancellationToken::new()).await,
            unavailable("timeout")
        );
    }

    #[tokio::test]
    async fn a_stopping_node_is_alive_and_not_ready() {
        let stopping = CancellationToken::new();
        stopping.cancel();
        assert_eq!(
            probe("/readyz", Database::Answers, stopping.clone()).await,
            unavailable("shutting down")
        );
        assert_eq!(
            probe("/livez", Database::Hangs, stopping).await,
            (StatusCode::OK, "ok".to_owned())
        );
    }
}
