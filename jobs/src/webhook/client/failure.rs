//! Why no answer came.
//!
//! Invariant: a failure never repeats what was sent or where to, and one of a denied address does not tell whether anything listens there:
//! nothing was dialled.

use super::answer::Response;
use domain::webhook::{FailureClass, TargetRefusal};
use std::error::Error;
use std::net::SocketAddr;
use std::{fmt, io};
use tokio_rustls::rustls;

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of it.
    pub class: FailureClass,
    /// Who was dialled; nobody, if the address was denied.
    pub remote: Option<SocketAddr>,
    /// The rule by which the address was denied, or that the request itself breaks.
    pub rule: Option<&'static str>,
    /// What had come of an answer, when it went on with what is no HTTP.
    pub response: Option<Box<Response>>,
}

impl Failure {
    pub(super) const fn new(class: FailureClass, remote: Option<SocketAddr>) -> Self {
        Self {
            class,
            remote,
            rule: None,
            response: None,
        }
    }

    pub(super) const fn denied(refusal: TargetRefusal) -> Self {
        Self {
            class: FailureClass::AddressDenied,
            remote: None,
            rule: Some(refusal.rule()),
            response: None,
        }
    }

    /// The request cannot be sent as it is.
    pub(super) const fn unsendable(rule: &'static str) -> Self {
        Self {
            class: FailureClass::Protocol,
            remote: None,
            rule: Some(rule),
            response: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.class, self.rule) {
            (FailureClass::AddressDenied, rule) => {
                write!(
                    f,
                    "webhooks do not go to this address ({})",
                    rule.unwrap_or("address")
                )
            }
            (FailureClass::Protocol, Some(rule)) => write!(f, "the request cannot be sent ({rule})"),
            (FailureClass::Protocol, None) => f.write_str("what the server sent is no HTTP"),
            (FailureClass::Dns, _) => f.write_str("the host name leads nowhere"),
            (FailureClass::Connect, _) => f.write_str("no connection came about"),
            (FailureClass::Tls, _) => f.write_str("no encrypted connection came about"),
            (FailureClass::Timeout, _) => f.write_str("no answer came in time"),
            (FailureClass::HeadersTooLarge, _) => f.write_str("the headers of the answer are too large"),
            (FailureClass::Closed, _) => f.write_str("the server closed the connection before it answered"),
            (FailureClass::Unreadable, _) => f.write_str("there was nothing to be sent"),
            (FailureClass::Interrupted, _) => f.write_str("the attempt was interrupted"),
        }
    }
}

impl Error for Failure {}

/// Which kind of failure hyper tells of.
pub(super) fn class_of(error: &hyper::Error) -> FailureClass {
    if error.is_parse_too_large() {
        return FailureClass::HeadersTooLarge;
    }
    if error.is_parse() {
        return FailureClass::Protocol;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return class_of_io(error);
        }
        cause = error.source();
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        FailureClass::Closed
    } else {
        FailureClass::Protocol
    }
}

fn class_of_io(error: &io::Error) -> FailureClass {
    let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    match error.kind() {
        _ if is_tls => FailureClass::Tls,
        // So hyper says that a chunk of a body is none.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FailureClass::Protocol,
        _ => FailureClass::Closed,
    }
}
