//! Requests and answers as they are on the wire.

use crate::support::{Merchant, TestApp};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// An answer as it is on the wire.
pub struct Raw {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub text: String,
}

impl Raw {
    /// Sends a request.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, which must be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("{}: not JSON: {}", self.status, self.text))
    }

    /// The id of the request, which must be one of ours.
    pub fn id(&self) -> &str {
        let id = self.header("x-request-id");
        assert!(id.len() == 30 && id.starts_with("req_"), "{id:?}");
        id
    }

    /// The answer is an error of the GraphQL door with this status and code, and names its request.
    #[track_caller]
    pub fn is(&self, status: u16, code: &str) {
        let body = self.json();
        assert_eq!(self.status.as_u16(), status, "{body:#}");
        assert_eq!(body["errors"].as_array().map(Vec::len), Some(1), "{body:#}");
        let error = &body["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{body:#}");
        assert_eq!(error["extensions"]["requestId"], self.id());
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert!(body.get("data").is_none(), "nothing was executed: {body:#}");
        assert_eq!(self.header("cache-control"), "no-store");
    }
}

/// A request of `merchant` with any body.
pub fn post(app: &TestApp, merchant: &Merchant, body: impl Into<String>) -> RequestBuilder {
    let request = app
        .anonymous()
        .request(Method::POST, "/graphql")
        .header("x-api-key", &merchant.secret);
    request
        .header("content-type", "application/json")
        .body(body.into())
}

/// The process serves the next request.
pub async fn alive(merchant: &Merchant) {
    let reply = merchant.ask("{ merchant { name } }", json!({})).await;
    assert_eq!(reply.data["merchant"]["name"], "school", "{:?}", reply.errors);
}
