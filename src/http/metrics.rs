//! Numbers for Prometheus.
//!
//! Invariant: one registry belongs to one application, not to the process, so that two applications in one test do not
//! count into each other; labels come from fixed sets (`label`), so that clients cannot add time series.

use super::graphql::GraphqlMetrics;
use super::label;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::core::Collector;
use prometheus::{
    Error, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TEXT_FORMAT,
    TextEncoder,
};
use std::sync::Arc;
use std::time::Instant;

const LABELS: [&str; 3] = ["method", "route", "status"];

/// Seconds. Reads take a millisecond or two, provider calls up to ten; a request ends after twenty.
const BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 20.0,
];

/// The counters of one application.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    sql_statements: IntCounter,
    graphql: GraphqlMetrics,
}

impl Metrics {
    /// Counters at zero; `version` is what the running program calls itself.
    ///
    /// # Errors
    /// When two metrics have one name.
    pub fn new(version: &str) -> Result<Self, Error> {
        let requests = Opts::new(
            "tahsil_http_requests_total",
            "Requests answered, by route and class of status.",
        );
        let durations = HistogramOpts::new(
            "tahsil_http_request_duration_seconds",
            "Time from a request's head to its answer's head.",
        );
        let registry = Registry::new();
        let metrics = Self {
            graphql: GraphqlMetrics::register(&registry)?,
            registry,
            requests: IntCounterVec::new(requests, &LABELS)?,
            durations: HistogramVec::new(durations.buckets(BUCKETS.to_vec()), &LABELS)?,
            in_flight: IntGauge::new(
                "tahsil_http_requests_in_flight",
                "Requests that wait for their answer.",
            )?,
            sql_statements: IntCounter::new(
                "tahsil_sql_statements_total",
                "SQL statements sent to the database.",
            )?,
        };
        metrics.register(metrics.requests.clone())?;
        metrics.register(metrics.durations.clone())?;
        metrics.register(metrics.in_flight.clone())?;
        metrics.register(metrics.sql_statements.clone())?;
        let build = Opts::new("tahsil_build_info", "Always 1; the label says what is running.");
        metrics
            .register(IntGauge::with_opts(build.const_label("version", version))?)?
            .set(1);
        Ok(metrics)
    }

    /// Adds a metric of another module; keep what comes back and count with it.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn register<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, Error> {
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// Counts the statements that go to the database; clones count together.
    #[must_use]
    pub fn sql_statements(&self) -> IntCounter {
        self.sql_statements.clone()
    }

    /// The counters of GraphQL; clones count together.
    #[must_use]
    pub fn graphql(&self) -> GraphqlMetrics {
        self.graphql.clone()
    }

    /// Every metric in Prometheus' text format.
    ///
    /// # Errors
    /// When a registered metric cannot be printed.
    pub fn render(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// `GET /metrics`.
pub fn router<S: Clone + Send + Sync + 'static>(metrics: Arc<Metrics>) -> Router<S> {
    Router::new().route("/metrics", get(expose)).with_state(metrics)
}

async fn expose(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.render() {
        Ok(text) => (
            [
                (header::CONTENT_TYPE, TEXT_FORMAT),
                (header::CACHE_CONTROL, "no-store"),
            ],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be printed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Middleware: counts and times the request. Add it by `Router::layer`, so that it sees the route.
pub async fn count(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = label::method(request.method());
    let route = label::route(&request);
    let _waiting = Waiting::new(&metrics.in_flight);

    let response = next.run(request).await;

    let labels = [method, route.as_str(), label::status_class(response.status())];
    metrics.requests.with_label_values(&labels).inc();
    metrics
        .durations
        .with_label_values(&labels)
        .observe(began.elapsed().as_secs_f64());
    response
}

/// One request in flight, until it is dropped: also when the client hangs up and the answer is never made.
struct Waiting(IntGauge);

/// Raises a counter to what it has to show. Whoever calls this is alone.
pub(super) fn raise(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

impl Waiting {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::middleware;
    use futures_util::FutureExt;
    use std::future::pending;
    use tower::ServiceExt;

    fn app() -> (Arc<Metrics>, Router) {
        let metrics = Arc::new(Metrics::new("1.2.3").unwrap());
        let app = Router::new()
            .route("/checkout/{intent}", get(|| async {}))
            .route("/slow", get(pending::<()>))
            .merge(router(metrics.clone()))
            .layer(middleware::from_fn_with_state(metrics.clone(), count));
        (metrics, app)
    }

    fn request(method: &str, path: &str) -> Request {
        Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap()
    }

    #[tokio::test]
    async fn requests_are_counted_by_method_route_and_class() {
        let (_, app) = app();
        for (method, path) in [
            ("GET", "/checkout/pi_1"),
            ("GET", "/checkout/pi_2"),
            ("BREW", "/coffee"),
            ("GET", "/tea"),
        ] {
            app.clone().oneshot(request(method, path)).await.unwrap();
        }
        let response = app.oneshot(request("GET", "/metrics")).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], TEXT_FORMAT);
        let text =
            String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();

        for line in [
            r#"tahsil_http_requests_total{method="GET",route="/checkout/{intent}",status="2xx"} 2"#,
            r#"tahsil_http_requests_total{method="GET",route="unmatched",status="4xx"} 1"#,
            r#"tahsil_http_requests_total{method="other",route="unmatched",status="4xx"} 1"#,
            r#"tahsil_http_request_duration_seconds_count{method="GET",route="/checkout/{intent}",status="2xx"} 2"#,
            r#"tahsil_build_info{version="1.2.3"} 1"#,
            "tahsil_http_requests_in_flight 1",
            "tahsil_sql_statements_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[tokio::test]
    async fn a_client_that_hangs_up_no_longer_waits() {
        let (metrics, app) = app();
        let mut abandoned = Box::pin(app.oneshot(request("GET", "/slow")));
        assert!(abandoned.as_mut().now_or_never().is_none());
        assert_eq!(metrics.in_flight.get(), 1);
        drop(abandoned);
        assert_eq!(metrics.in_flight.get(), 0);
    }

    #[test]
    fn other_modules_add_metrics_and_cannot_take_a_name_twice() {
        let metrics = Metrics::new("1.2.3").unwrap();
        let runs = metrics
            .register(IntCounter::new("tahsil_job_runs_total", "Runs.").unwrap())
            .unwrap();
        runs.inc();
        metrics.sql_statements().inc_by(2);

        let text = metrics.render().unwrap();
        assert!(
            text.contains("tahsil_job_runs_total 1") && text.contains("tahsil_sql_statements_total 2"),
            "{text}"
        );
        assert!(
            metrics
                .register(IntCounter::new("tahsil_job_runs_total", "Again.").unwrap())
                .is_err()
        );
    }
}
