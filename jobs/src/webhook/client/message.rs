//! The request as it is sent.
//!
//! Invariant: what frames the message and says who sends it is ours. A caller cannot add to it, so two readers of the same bytes see the
//! same one request. No encoding is asked for, so what comes back is what is kept.

use super::failure::Failure;
use bytes::Bytes;
use domain::webhook::WebhookUrl;
use http_body_util::Full;
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};
use std::fmt;
use std::time::Duration;

/// Who asks.
const AGENT: &str = concat!("Tahsil-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Headers of the message and the connection, which are not a caller's; so are all that begin with `proxy-`.
const OURS: [&str; 11] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// One request, to be sent once.
#[derive(Clone)]
pub struct Request {
    /// Where to.
    pub url: WebhookUrl,
    /// Headers beside those of the connection: its type, its signatures, the merchant's own.
    pub headers: Vec<(String, String)>,
    /// The body, as it was signed.
    pub body: Bytes,
    /// For everything together, from the look-up of the name to the end of the answer.
    pub timeout: Duration,
}

impl fmt::Debug for Request {
    /// Neither headers nor body nor path: each can hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("host", &self.url.host())
            .field("bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The message that a request is on the wire.
pub(super) fn of(request: &Request) -> Result<hyper::Request<Full<Bytes>>, Failure> {
    let target: Uri = request
        .url
        .path_and_query()
        .parse()
        .map_err(|_| Failure::unsendable("request_target"))?;
    let host = HeaderValue::from_str(request.url.authority());
    let host = host.map_err(|_| Failure::unsendable("request_host"))?;
    let mut message = hyper::Request::new(Full::new(request.body.clone()));
    *message.method_mut() = Method::POST;
    *message.uri_mut() = target;
    let headers = message.headers_mut();
    headers.insert(HOST, host);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    for (name, value) in &request.headers {
        let (name, value) = header(name, value).ok_or_else(|| Failure::unsendable("request_header"))?;
        headers.append(name, value);
    }
    Ok(message)
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let is_ours = OURS.contains(&name.as_str()) || name.as_str().starts_with("proxy-");
    let value = HeaderValue::from_str(value).ok()?;
    (!is_ours).then_some((name, value))
}
