//! What a door is made of, and a request as it came through it.

use super::fault::Fault;
use crate::http::admission::Gate;
use crate::http::client_address::Peer;
use crate::http::page_address::PageAddress;
use crate::http::request_id::RequestId;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use domain::api_version::ApiVersion;
use std::convert::Infallible;
use std::time::Duration;

/// How a door writes a fault, given the version of the request and its id: the bytes of a JSON body.
pub type Shape = fn(&Fault, ApiVersion, &str) -> Vec<u8>;

/// What a door needs.
#[derive(Clone)]
pub struct Door {
    /// How it finds out who asks; the installation and what was used of the limits.
    pub gate: Gate,
    /// Longest body, in bytes.
    pub max_body_bytes: usize,
    /// Longest wait for a body, and for a command, which goes on afterwards.
    pub timeout: Duration,
    /// How it says that something went wrong.
    pub shape: Shape,
    /// Where the hosted pages are.
    pub pages: PageAddress,
}

/// A request as it came, its body not read yet.
pub struct Call {
    /// Its id.
    pub request_id: String,
    /// The other end of the connection.
    pub peer: Peer,
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let peer = Peer::from_request_parts(&mut parts, state).await?;
        let id = parts.extensions.get::<RequestId>();
        Ok(Self {
            request_id: id.map(|id| id.0.clone()).unwrap_or_default(),
            peer,
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
        })
    }
}

/// The id in a path. What cannot be read is empty, and so no id of anything: a door answers it in its own shape.
pub struct PathId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(id.map(|Path(id)| id).unwrap_or_default()))
    }
}
