//! Running a subscription's selection over events.
//!
//! Invariant: what is printed of an event depends on what the subscription selects, on what its scopes may see and on the version by which
//! it is told, and on nothing else of whoever follows, so it is printed once for all that are alike in these.

use crate::graphql::document::Document;
use crate::graphql::{AnsweredBy, Purpose, Schema, Told, load};
use async_graphql::{Request, Response, Variables};
use axum::body::Bytes;
use futures_util::StreamExt as _;
use service::App;
use service::credential::Admitted;
use service::followed::Place;
use std::sync::Arc;

/// What is told of something that could not be printed, when nothing says why.
const NOT_PRINTED: &[u8] =
    br#"{"data":null,"errors":[{"message":"this could not be shown","extensions":{"code":"INTERNAL"}}]}"#;

/// A subscription that may be run.
#[derive(Clone)]
pub struct Template {
    /// The document.
    pub document: Arc<Document>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
    /// Who follows.
    pub admitted: Admitted,
}

/// A result that is ready to be written.
#[derive(Clone, Debug)]
pub struct Printed {
    /// Up to where it tells.
    pub place: Place,
    /// The execution result, as JSON.
    pub payload: Bytes,
}

impl Template {
    /// The operation, to be run for a purpose.
    pub fn request(&self, app: &App, purpose: &Arc<Purpose>) -> Request {
        let mut request = Request::new(String::new()).variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.document.parsed());
        request
            .data(load::loaders(app.clone(), self.admitted.actor.clone()))
            .data(self.admitted.actor.clone())
            .data(self.admitted.clone())
            .data(AnsweredBy(self.admitted.api_version))
            .data(Arc::clone(purpose))
    }

    /// Prints what there is to tell, in order.
    pub async fn print(&self, schema: &Schema, app: &App, told: Vec<Told>) -> Vec<Printed> {
        let places: Vec<Place> = told.iter().map(Told::place).collect();
        let purpose = Arc::new(Purpose::Print(told));
        let answers: Vec<Response> = schema.execute_stream(self.request(app, &purpose)).collect().await;
        let mut payloads: Vec<Bytes> = answers.iter().map(json).collect();
        if payloads.len() != places.len() {
            tracing::error!(
                told = places.len(),
                printed = payloads.len(),
                "a subscription was not printed whole"
            );
            // Nothing is passed over in silence: what could not be printed is told as the error that came in its place.
            let failed = payloads.last().cloned();
            payloads.resize(
                places.len(),
                failed.unwrap_or_else(|| Bytes::from_static(NOT_PRINTED)),
            );
        }
        places
            .into_iter()
            .zip(payloads)
            .map(|(place, payload)| Printed { place, payload })
            .collect()
    }
}

/// A response as JSON.
pub fn json(answer: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(answer).unwrap_or_default().into()
}
