//! The id of a request, in its answer and in every log line written on its behalf.
//!
//! Invariant: ids are ours. An `x-request-id` that the client sends is noted and never taken over: two requests with one id
//! would make the request log useless as evidence.

use super::entry::cut;
use super::label;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;
use std::time::Instant;
use tracing::{Instrument, Span, field};

/// The header that carries the id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id of a client that is worth a place in the log.
const LONGEST_CLIENT_ID: usize = 128;

/// Routes that machines ask every few seconds.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Makes a new id, `req_` and all.
pub type NewRequestId = Arc<dyn Fn() -> String + Send + Sync>;

/// The id of this request, in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Middleware: gives the request an id and a span, and logs one line when the answer's head is ready.
///
/// Add it last, by `Router::layer`, so that it surrounds all others and still sees the route.
pub async fn identify(State(new_id): State<NewRequestId>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = new_id();
    let route = label::route(&request);
    let span = span(&request, &route, &id);
    let header = HeaderValue::from_str(&id);
    request.extensions_mut().insert(RequestId(id));

    let mut response = next.run(request).instrument(span.clone()).await;

    if let Ok(header) = header {
        response.headers_mut().insert(X_REQUEST_ID, header);
    }
    span.record("status", response.status().as_u16());
    span.record(
        "duration_ms",
        u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    );
    span.in_scope(|| log(&route, &response));
    response
}

fn span(request: &Request, route: &str, id: &str) -> Span {
    tracing::info_span!(
        "request",
        method = label::method(request.method()),
        route,
        request_id = id,
        client_request_id = client_id(request.headers()).map(cut),
        trace_id = trace_id(request.headers()),
        // What the GraphQL door finds out.
        operation_type = field::Empty,
        operation = field::Empty,
        document = field::Empty,
        cost = field::Empty,
        error = field::Empty,
        deprecated = field::Empty,
        client_name = field::Empty,
        client_version = field::Empty,
        status = field::Empty,
        duration_ms = field::Empty,
    )
}

/// What the client calls the request, if that fits a log line.
fn client_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(X_REQUEST_ID)?.as_bytes();
    let printable = id.len() <= LONGEST_CLIENT_ID && id.iter().all(u8::is_ascii_graphic);
    str::from_utf8(id).ok().filter(|id| printable && !id.is_empty())
}

/// The id of the trace that the request belongs to (W3C Trace Context): `version-trace-parent-flags`.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |part: &str| part.bytes().any(|byte| byte != b'0');
    let valid = hex(version, 2)
        && version != "ff"
        && hex(trace, 32)
        && some(trace)
        && hex(parent, 16)
        && some(parent)
        && hex(flags, 2);
    valid.then_some(trace)
}

/// A failure is a warning and not an error: its cause has a line of its own where it happened.
fn log(route: &str, response: &Response) {
    if response.status().is_server_error() {
        tracing::warn!("request failed");
    } else if PROBES.contains(&route) {
        tracing::debug!("request answered");
    } else {
        tracing::info!("request answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogFormat;
    use crate::telemetry::capture::Captured;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::routing::get;
    use axum::{Extension, Router, middleware};
    use tower::ServiceExt;

    async fn answer(request: axum::http::request::Builder) -> Response {
        let new_id: NewRequestId = Arc::new(|| "req_1".to_owned());
        Router::new()
            .route(
                "/checkout/{intent}",
                get(|Extension(RequestId(id)): Extension<RequestId>| async { id }),
            )
            .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .route("/livez", get(|| async {}))
            .layer(middleware::from_fn_with_state(new_id, identify))
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn handler_and_client_see_the_same_id() {
        let (_log, _guard) = Captured::start("info", LogFormat::Json);
        let response = answer(Request::get("/checkout/pi_1")).await;
        assert_eq!(response.headers()[X_REQUEST_ID], "req_1");
        assert_eq!(to_bytes(response.into_body(), 64).await.unwrap(), "req_1");
    }

    #[tokio::test]
    async fn the_log_line_names_the_route_and_nothing_the_client_wrote() {
        let (log, _guard) = Captured::start("info", LogFormat::Json);
        answer(Request::get("/checkout/pi_1?cs=open-sesame").header("x-api-key", "esk_test_1")).await;

        let line = &log.json()[0];
        let span = &line["spans"][0];
        assert_eq!(line["message"], "request answered");
        assert_eq!(span["route"], "/checkout/{intent}");
        assert_eq!((&span["method"], &span["status"]), (&"GET".into(), &200.into()));
        assert!(span["duration_ms"].is_u64());
        for secret in ["pi_1", "open-sesame", "esk_test_1"] {
            assert!(!log.text().contains(secret), "{}", log.text());
        }
    }

    #[tokio::test]
    async fn an_id_of_the_client_is_noted_beside_ours() {
        let (log, _guard) = Captured::start("info", LogFormat::Json);
        let response = answer(Request::get("/nowhere").header(X_REQUEST_ID, "theirs-1")).await;

        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()[X_REQUEST_ID], "req_1");
        let span = &log.json()[0]["spans"][0];
        assert_eq!(span["client_request_id"], "theirs-1");
        assert_eq!(span["request_id"], "req_1");
        assert_eq!(span["route"], "unmatched");
    }

    #[test]
    fn the_trace_is_noted_if_it_is_one() {
        let noted = |text: &'static str| {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("traceparent"),
                HeaderValue::from_static(text),
            )]);
            trace_id(&headers).map(str::to_owned)
        };
        assert_eq!(
            noted("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").as_deref(),
            Some("4bf92f3577b34da6a3ce929d0e0e4736")
        );
        for refused in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(noted(refused), None, "{refused}");
        }
    }

    #[test]
    fn an_id_of_the_client_that_does_not_fit_is_dropped() {
        let noted = |bytes: &[u8]| {
            let value = HeaderValue::from_bytes(bytes).unwrap();
            client_id(&HeaderMap::from_iter([(X_REQUEST_ID, value)])).map(str::to_owned)
        };
        assert_eq!(noted(&[b'a'; 128]), Some("a".repeat(128)));
        for refused in [&b""[..], b"two words", b"tab\t", "سعر".as_bytes(), &[b'a'; 129]] {
            assert_eq!(noted(refused), None);
        }
    }

    #[tokio::test]
    async fn probes_are_quiet_and_failures_are_not() {
        let (log, _guard) = Captured::start("info", LogFormat::Json);
        answer(Request::get("/livez")).await;
        answer(Request::get("/broken")).await;

        let lines = log.json();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (&lines[0]["level"], &lines[0]["message"]),
            (&"WARN".into(), &"request failed".into())
        );
    }
}
