//! What is counted and logged of an operation.
//!
//! Invariant: variables are never logged, and a document only as its hash: both can hold card numbers. The name of an
//! operation is the client's, so it is a label only if the operation is on the list of this server, and is logged without what looks
//! like a secret.

use super::answer::Charged;
use crate::graphql::Code;
use crate::graphql::document::{Document, Plan};
use crate::http::entry::cut;
use async_graphql::parser::types::OperationType;
use axum::http::HeaderMap;
use prometheus::{Error, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use std::time::Duration;
use tracing::Span;

/// Cost points.
const POINTS: [f64; 10] = [0.0, 1.0, 5.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0];
/// Seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0,
];
/// Longest name that is worth a place in the log.
const LONGEST_NAME: usize = 64;

/// The counters of GraphQL.
#[derive(Clone)]
pub struct GraphqlMetrics {
    durations: HistogramVec,
    costs: HistogramVec,
    errors: IntCounterVec,
    deprecated: IntCounterVec,
}

impl GraphqlMetrics {
    /// Counters at zero.
    ///
    /// # Errors
    /// When a name is taken.
    pub fn register(registry: &Registry) -> Result<Self, Error> {
        let labels = ["type", "operation"];
        let durations = HistogramOpts::new(
            "tahsil_graphql_operation_duration_seconds",
            "Time in which an operation was executed.",
        );
        let costs = HistogramOpts::new(
            "tahsil_graphql_operation_cost",
            "Points charged for an operation.",
        );
        let metrics = Self {
            durations: HistogramVec::new(durations.buckets(SECONDS.to_vec()), &labels)?,
            costs: HistogramVec::new(costs.buckets(POINTS.to_vec()), &labels)?,
            errors: IntCounterVec::new(
                Opts::new("tahsil_graphql_errors_total", "Errors answered, by code."),
                &["code"],
            )?,
            deprecated: IntCounterVec::new(
                Opts::new(
                    "tahsil_graphql_deprecated_fields_total",
                    "Operations that select a deprecated field.",
                ),
                &["field"],
            )?,
        };
        registry.register(Box::new(metrics.durations.clone()))?;
        registry.register(Box::new(metrics.costs.clone()))?;
        registry.register(Box::new(metrics.errors.clone()))?;
        registry.register(Box::new(metrics.deprecated.clone()))?;
        Ok(metrics)
    }

    /// An error was answered.
    pub fn error(&self, code: &str) {
        // A code of ours or none: labels are a closed set.
        let known = Code::ALL.iter().find(|known| known.as_str() == code);
        self.errors
            .with_label_values(&[known.map_or("other", |known| known.as_str())])
            .inc();
    }

    /// An operation was executed.
    pub fn executed(&self, plan: &Plan, listed: bool, took: Duration, charged: &Charged) {
        let name = plan.name.as_ref().map_or("anonymous", |name| name.as_str());
        let labels = [kind(plan), if listed { name } else { "unlisted" }];
        self.durations
            .with_label_values(&labels)
            .observe(took.as_secs_f64());
        let points = charged.actual.unwrap_or(charged.requested);
        let points = f64::from(u32::try_from(points).unwrap_or(u32::MAX));
        self.costs.with_label_values(&labels).observe(points);
        for field in &plan.deprecated {
            self.deprecated.with_label_values(&[field.as_str()]).inc();
        }
    }
}

/// What kind of operation it is.
const fn kind(plan: &Plan) -> &'static str {
    match plan.kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// Notes which operation the request is about, in its line of the log.
pub fn note_operation(document: &Document, plan: &Plan, headers: &HeaderMap) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    span.record("operation_type", kind(plan));
    span.record("document", document.hash.to_string());
    if let Some(name) = &plan.name {
        span.record("operation", short(&cut(name)));
    }
    if !plan.deprecated.is_empty() {
        span.record("deprecated", plan.deprecated.join(" "));
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    for (field, names) in [
        ("client_name", ["x-client-name", "apollographql-client-name"]),
        (
            "client_version",
            ["x-client-version", "apollographql-client-version"],
        ),
    ] {
        if let Some(text) = names.into_iter().find_map(header) {
            span.record(field, short(&cut(text)));
        }
    }
}

/// Notes what it came to.
pub fn note_cost(charged: &Charged) {
    Span::current().record("cost", charged.actual.unwrap_or(charged.requested));
}

/// Notes the code of an error.
pub fn note_error(code: &str) {
    Span::current().record("error", code);
}

fn short(text: &str) -> &str {
    text.char_indices()
        .nth(LONGEST_NAME)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}
