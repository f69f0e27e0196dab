//! What every door shares: request ids, logs, metrics, limits, probes, and the GraphQL editor.
//!
//! Invariant: neither a log line nor a metric holds a header, a body, a query string or a path as the client wrote it; they
//! name the route that matched. Paths of hosted pages carry ids that open them.

pub mod admission;
pub mod body;
pub mod client_address;
pub mod cookie;
pub mod entry;
pub mod event_metrics;
pub mod graphiql;
pub mod graphql;
pub mod health;
mod label;
pub mod leftover;
pub mod limit;
pub mod metrics;
pub mod noted;
pub mod page_address;
pub mod request_id;
pub mod request_log;
pub mod webhook_metrics;
