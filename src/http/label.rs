//! The few names under which requests are logged and counted.
//!
//! Invariant: a client cannot invent one, so neither the number of time series nor the length of a log line is in its hands.

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};

/// The pattern of the route that took the request, such as `/checkout/{intent}`.
pub(super) fn route(request: &Request) -> String {
    request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned())
}

/// The method, if it is one of the usual.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The first digit of the status.
pub(super) fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
