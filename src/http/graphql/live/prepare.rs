//! An operation over a live connection, before anything of it is told.
//!
//! Invariant: it goes the same way as one over HTTP: its document is measured, its price taken, its variables checked, before it runs. A
//! subscription learns here what it wants, and whether everything after its place is still there; mutations stay where idempotency, rates
//! and the request log are.

use super::super::answer::Refused;
use super::super::answer::began;
use super::super::charge::{Stopped, settle};
use super::super::parameters::Parameters;
use super::super::run::run;
use super::super::{Door, document, name_error, operation, price};
use super::cohort::Key;
use super::following::Following;
use super::print::{Template, json};
use crate::graphql::document::Plan;
use crate::graphql::{AnsweredBy, Code, Heads, Purpose, Tally, cursor_expired};
use crate::http::limit::Asker;
use crate::http::request_id::RequestId;
use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Answer, Variables};
use axum::body::Bytes;
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use service::credential::Admitted;
use service::event::tenant;
use service::followed::{Followed, Place};
use std::sync::Arc;

/// What becomes of an operation.
pub enum Prepared {
    /// It is followed from a place on.
    Follow {
        /// With whom it is told together.
        key: Key,
        /// How it is printed.
        template: Box<Template>,
        /// The place.
        place: Place,
    },
    /// It was a query; this is its answer.
    Answered(Bytes),
    /// It is not executed: the errors, as a JSON array, and how an HTTP request hears of it.
    Refused(Bytes, StatusCode),
}

/// Prepares an operation of somebody who was let in. `resume` is the cursor that it had come to before its connection broke.
pub async fn prepare(
    door: &Arc<Door>,
    request_id: &RequestId,
    admitted: &Admitted,
    parameters: Parameters,
    resume: Option<String>,
) -> Prepared {
    match attempt(door, request_id, admitted, parameters, resume).await {
        Ok(prepared) => prepared,
        Err(refused) => {
            door.metrics.error(refused.code.as_str());
            Prepared::Refused(json(&[refused.error(&request_id.0)]), refused.graphql_response)
        }
    }
}

async fn attempt(
    door: &Arc<Door>,
    request_id: &RequestId,
    admitted: &Admitted,
    parameters: Parameters,
    resume: Option<String>,
) -> Result<Prepared, Refused> {
    let now = door.gate.app.now();
    let asker = Asker::Known(&admitted.actor);
    let document = document(door, asker, &parameters, now)?;
    let plan = document
        .plan(parameters.operation_name.as_deref())
        .ok_or_else(|| super::super::unknown_operation(&parameters))?;
    let (cost, charged) = price(door, asker, Some(&admitted.actor), plan, &parameters, now)
        .map_err(|Stopped(refused, _)| *refused)?;
    match plan.kind {
        OperationType::Mutation => {
            settle(door, asker, 0, charged);
            let message =
                "send mutations by POST: there they have idempotency keys and a row in the request log";
            Err(Refused::new(StatusCode::BAD_REQUEST, Code::BadRequest, message))
        }
        OperationType::Query => {
            let tally = Arc::new(Tally::default());
            let mut operation = operation(door, &document, parameters, Some(admitted), cost, &charged)
                .data(Arc::clone(&tally))
                .data(AnsweredBy(admitted.api_version));
            if plan.reads_a_cursor() {
                operation = with_heads(door, admitted, plan, operation).await;
            }
            let mut answer = run(door, operation, None).await?;
            let actual = plan.charge(&answer.data).saturating_add(tally.objects());
            settle(door, asker, actual, charged);
            if !began(&answer) {
                return Ok(Prepared::Refused(
                    errors(&mut answer, request_id),
                    StatusCode::BAD_REQUEST,
                ));
            }
            door.documents.remember(&document);
            for error in &mut answer.errors {
                name_error(error, request_id);
            }
            Ok(Prepared::Answered(json(&answer)))
        }
        OperationType::Subscription => {
            let template = Template {
                document: Arc::clone(&document),
                operation_name: parameters.operation_name,
                variables: parameters.variables,
                admitted: admitted.clone(),
            };
            follow(door, request_id, template, plan.after_variable(), resume).await
        }
    }
}

/// Puts how far logs had come, where that is asked, before anything else is read.
pub async fn with_heads(
    door: &Door,
    admitted: &Admitted,
    plan: &Plan,
    operation: async_graphql::Request,
) -> async_graphql::Request {
    let app = &door.gate.app;
    let mut heads = Heads::default();
    // Who may not ask, and a database that does not answer, is told so by the field.
    if plan.reads_event_cursor
        && let Ok(tenant) = tenant(&admitted.actor)
    {
        heads.events = Followed::Events(tenant).head(app).await.ok();
    }
    if plan.reads_request_cursor {
        let positions = service::api_request::positions(app).await;
        heads.requests = positions.ok().map(|positions| Place(positions.last));
    }
    operation.data(heads)
}

async fn follow(
    door: &Door,
    request_id: &RequestId,
    template: Template,
    after: Option<&str>,
    resumed: Option<String>,
) -> Result<Prepared, Refused> {
    let app = &door.gate.app;
    let purpose = Arc::new(Purpose::ask());
    let mut answers = door.schema.execute_stream(template.request(app, &purpose));
    if let Some(mut answer) = answers.next().await {
        return Ok(Prepared::Refused(
            errors(&mut answer, request_id),
            StatusCode::BAD_REQUEST,
        ));
    }
    let Some((wanted, place)) = purpose.answer() else {
        let message = "the subscription selects nothing";
        return Err(Refused::new(
            StatusCode::BAD_REQUEST,
            Code::GraphqlValidationFailed,
            message,
        ));
    };
    door.documents.remember(&template.document);
    let actor = &template.admitted.actor;
    let failed = |error: service::Error| {
        tracing::error!(%error, "the place of a subscription could not be looked up");
        let message = "what is followed cannot be read now; try again";
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message)
    };
    let followed = wanted.followed();
    let resumed = resumed.map(|cursor| followed.place(app, &cursor)).transpose();
    let resumed = resumed
        .map_err(|unknown| Refused::new(StatusCode::BAD_REQUEST, Code::BadUserInput, unknown.to_string()))?;
    let place = match resumed.or(place) {
        None => followed.head(app).await.map_err(failed)?,
        Some(place) => {
            if let Err(expired) = followed.resume(app, place).await.map_err(failed)? {
                let mut error = cursor_expired(app, followed, expired);
                if let Some(extensions) = &mut error.extensions {
                    extensions.set("requestId", request_id.0.clone());
                }
                return Ok(Prepared::Refused(json(&[error]), StatusCode::BAD_REQUEST));
            }
            place
        }
    };
    let key = Key {
        wanted,
        scopes: Following::scopes(actor),
        version: template.admitted.api_version,
        document: template.document.hash.to_string(),
        operation_name: template.operation_name.clone(),
        variables: variables(&template.variables, after),
    };
    Ok(Prepared::Follow {
        key,
        template: Box::new(template),
        place,
    })
}

/// The errors of an answer that is none.
fn errors(answer: &mut Answer, request_id: &RequestId) -> Bytes {
    for error in &mut answer.errors {
        name_error(error, request_id);
    }
    json(&answer.errors)
}

/// The variables as text, but for the one that says where it begins.
fn variables(variables: &Variables, after: Option<&str>) -> String {
    let mut variables = variables.clone();
    if let Some(after) = after {
        variables.retain(|name, _| name.as_str() != after);
    }
    serde_json::to_string(&variables).unwrap_or_default()
}
