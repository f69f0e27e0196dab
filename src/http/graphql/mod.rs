//! `/graphql`: GraphQL over HTTP to the letter.
//!
//! Invariant: a request gets an answer with a code whatever it holds; who asks is known before its body is read; a document is
//! measured, priced and paid for before it is executed; and a command that was begun goes on to its end although its request is
//! given up. Cross-site requests can do nothing: only JSON bodies are taken, GET only asks, and a session's cookie opens a POST
//! with its CSRF token only.

mod accept;
mod admit;
mod answer;
mod charge;
mod live;
mod observe;
mod parameters;
mod run;

pub use live::{Live, Logs};
pub use observe::GraphqlMetrics;

use crate::config::Introspection;
use crate::graphql::document::{Cost, Document, Documents, Plan, Rejected};
use crate::graphql::{self, Code, Schema, Spent, Tally};
use crate::http::admission::{Gate, Head, words};
use crate::http::client_address::Peer;
use crate::http::entry::Entry;
use crate::http::limit::Asker;
use crate::http::noted::{Noted, Visitor};
use crate::http::request_id::RequestId;
use accept::{MediaType, negotiate};
use answer::{Charged, Refused};
use async_graphql::parser::types::OperationType;
use async_graphql::{ErrorExtensionValues, Request as Operation, Value};
use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, FromRequestParts, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use charge::{Stopped, pay, settle};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Denial;
use domain::merchant::Mode;
use parameters::Parameters;
use run::run;
use service::credential::Admitted;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the door needs.
pub struct Door {
    /// How it finds out who asks; the installation and what was used of the limits.
    pub gate: Gate,
    /// The schema over the installation.
    pub schema: Schema,
    /// The documents that this node knows.
    pub documents: Documents,
    /// The counters.
    pub metrics: GraphqlMetrics,
    /// Longest body, in bytes.
    pub max_body_bytes: usize,
    /// Longest execution, and longest wait for a body.
    pub timeout: Duration,
    /// Who may read the schema.
    pub introspection: Introspection,
    /// Whether the schema may be read without a key: on where the editor is served.
    pub open_schema: bool,
    /// What connections that stay open share.
    pub live: Live,
}

/// The route.
pub fn router<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    let door = Arc::new(door);
    Router::new()
        .route(
            "/graphql",
            get(answer_or_upgrade).post(answer).fallback(other_method),
        )
        .with_state(Arc::clone(&door))
        .merge(live::sse_router(door))
}

/// A GET asks, or opens a WebSocket.
async fn answer_or_upgrade(
    state: State<Arc<Door>>,
    id: Extension<RequestId>,
    peer: Peer,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Response {
    if !live::is_upgrade(&headers) {
        return answer(state, id, peer, method, uri, headers, request.into_body()).await;
    }
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(socket) => live::upgrade(&state, id.0, peer, uri, headers, socket),
        Err(rejection) => rejection.into_response(),
    }
}

async fn answer(
    State(door): State<Arc<Door>>,
    Extension(request_id): Extension<RequestId>,
    peer: Peer,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let head = Head::new(&door.gate, peer, &method, &uri, &headers);
    let mut entry = Entry::new(&door.gate.app, &request_id.0, &head);
    let response = match negotiate(&headers) {
        None => {
            let message = "answers are application/graphql-response+json or application/json";
            let refused = Refused::new(StatusCode::NOT_ACCEPTABLE, Code::BadRequest, message);
            refusal(&door, &request_id, refused.into(), MediaType::Json, &mut entry)
        }
        Some(media_type) => {
            let executed = execute(&door, &request_id, &head, body, media_type, &mut entry).await;
            executed.unwrap_or_else(|stopped| refusal(&door, &request_id, stopped, media_type, &mut entry))
        }
    };
    entry.close(response.status());
    response
}

async fn other_method(
    State(door): State<Arc<Door>>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    let message = "send the operation by POST, or a query by GET";
    let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message);
    let media_type = negotiate(&headers).unwrap_or(MediaType::Json);
    let mut response = print_refusal(&door, &request_id, refused.into(), media_type);
    // The router knows which methods there are.
    response.headers_mut().remove(axum::http::header::ALLOW);
    response
}

fn refusal(
    door: &Door,
    request_id: &RequestId,
    stopped: Stopped,
    media_type: MediaType,
    entry: &mut Entry,
) -> Response {
    match stopped.0.code {
        Code::Throttled => entry.denied(Denial::RateLimited),
        Code::Forbidden => entry.denied(Denial::ScopeMissing),
        _ => {}
    }
    entry.error(stopped.0.code.as_str());
    print_refusal(door, request_id, stopped, media_type)
}

fn print_refusal(door: &Door, request_id: &RequestId, stopped: Stopped, media_type: MediaType) -> Response {
    let Stopped(refused, charged) = stopped;
    door.metrics.error(refused.code.as_str());
    observe::note_error(refused.code.as_str());
    answer::refused(&refused, charged, &request_id.0, media_type)
}

async fn execute(
    door: &Arc<Door>,
    request_id: &RequestId,
    head: &Head<'_>,
    body: Body,
    media_type: MediaType,
    entry: &mut Entry,
) -> Result<Response, Stopped> {
    let by_get = *head.method != Method::POST;
    if !by_get && !is_json(head.headers) {
        let message = "send the operation as JSON, with Content-Type: application/json";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, message).into());
    }
    let (admitted, version, body) = admit::who(door, head, body, entry).await?;
    let parameters = if by_get {
        Parameters::from_uri(head.uri)
    } else {
        let body = body.read(door).await?;
        let parameters = Parameters::from_body(&body);
        entry.body(body);
        parameters
    };
    let actor = admitted.as_ref().map(|admitted| admitted.actor.clone());
    let malformed = |malformed: parameters::Malformed| {
        Refused::new(StatusCode::BAD_REQUEST, Code::BadRequest, malformed.to_string())
    };
    let parameters = parameters.map_err(malformed)?;
    let asker = actor.as_ref().map_or(Asker::Unknown(head.address), Asker::Known);
    let document = document(door, asker, &parameters, head.now)?;
    let plan = document
        .plan(parameters.operation_name.as_deref())
        .ok_or_else(|| unknown_operation(&parameters))?;
    observe::note_operation(&document, plan, head.headers);
    if let Some(name) = &plan.name {
        entry.operation(name);
    }
    if by_get && plan.kind != OperationType::Query {
        let message = "a GET only asks: send a mutation by POST";
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message).into());
    }
    let (cost, charged) = price(door, asker, actor.as_ref(), plan, &parameters, head.now)?;

    let tally = Arc::new(Tally::default());
    let noted = Arc::new(Noted::default());
    let mut operation = operation(door, &document, parameters, admitted.as_ref(), cost, &charged)
        .data(Arc::clone(&tally))
        .data(version);
    if plan.kind == OperationType::Subscription {
        settle(door, asker, 0, charged);
        let message =
            "follow events over a WebSocket (graphql-transport-ws) here, or over SSE at /graphql/stream";
        return Err(Refused::new(StatusCode::BAD_REQUEST, Code::BadRequest, message).into());
    }
    if let (true, Some(admitted)) = (plan.reads_a_cursor(), &admitted) {
        operation = live::with_heads(door, admitted, plan, operation).await;
    }
    let mut command = None;
    if plan.kind == OperationType::Mutation {
        command = Some(entry.commands(Arc::clone(&noted)));
        operation = operation
            .data(Arc::clone(&noted))
            .data(Visitor::of(head, door.gate.cookie));
    }
    let began = Instant::now();
    let mut executed = run(door, operation, command)
        .await
        .map_err(|refused| Stopped(Box::new(refused), Some(charged)))?;
    if answer::began(&executed) {
        door.documents.remember(&document);
    } else {
        door.gate.throttle.document_refused(asker, head.now);
    }
    let actual = plan.charge(&executed.data).saturating_add(tally.objects());
    let charged = settle(door, asker, actual, charged);
    door.metrics.executed(
        plan,
        door.documents.is_listed(&document),
        began.elapsed(),
        &charged,
    );
    observe::note_cost(&charged);
    for error in &mut executed.errors {
        let code = name_error(error, request_id);
        door.metrics.error(&code);
        observe::note_error(&code);
        if code == Code::Forbidden.as_str() {
            entry.denied(Denial::ScopeMissing);
        }
        entry.error(&code);
    }
    noted.into_entry(entry);
    let limited = plan.kind == OperationType::Query;
    Ok(answer::executed(
        executed,
        charged,
        &request_id.0,
        media_type,
        limited,
    ))
}

/// Looks at what an operation may and what it costs, and takes the price.
fn price(
    door: &Door,
    asker: Asker<'_>,
    actor: Option<&Actor>,
    plan: &Plan,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<(Cost, Charged), Stopped> {
    may_read_schema(door, actor, plan)?;
    plan.declared
        .check(&parameters.variables, door.documents.types())
        .map_err(|misfit| Refused::document(Code::GraphqlValidationFailed, misfit))?;
    pay(door, asker, plan, parameters, now)
}

/// The document that is meant. One that is refused has cost work and nothing else, so those have a rate of their own.
fn document(
    door: &Door,
    asker: Asker<'_>,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Arc<Document>, Refused> {
    let may_read = door.gate.throttle.may_send_document(asker, now);
    let (text, persisted) = (parameters.query.as_deref(), parameters.persisted.as_ref());
    match (door.documents.find(text, persisted, may_read.is_ok()), may_read) {
        (Ok(document), _) => Ok(document),
        (Err(Rejected::TooMany), Err(exceeded)) => Err(Refused::throttled(exceeded)),
        (Err(rejected), _) => {
            door.gate.throttle.document_refused(asker, now);
            Err(rejected.into())
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some((media_type, parameters)) = content_type.map(|text| text.split_once(';').unwrap_or((text, "")))
    else {
        return false;
    };
    let charset = parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    media_type.trim().eq_ignore_ascii_case("application/json")
        && charset.is_none_or(|(_, charset)| charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
}

/// The document may have several operations; which one is meant is for the client to say.
fn unknown_operation(parameters: &Parameters) -> Refused {
    let message = if parameters.operation_name.is_some() {
        "the document has no operation of this name"
    } else {
        "the document has several operations: name one in operationName"
    };
    Refused::document(Code::GraphqlValidationFailed, message)
}

fn may_read_schema(door: &Door, actor: Option<&Actor>, plan: &Plan) -> Result<(), Refused> {
    let Some(actor) = actor else {
        return match plan.asks_about_the_schema_only() {
            true => Ok(()),
            false => Err(Refused::new(
                StatusCode::UNAUTHORIZED,
                Code::Unauthenticated,
                words(Denial::KeyMissing),
            )),
        };
    };
    let tests = match actor {
        Actor::Merchant(merchant) => merchant.tenant.mode == Mode::Test,
        Actor::Operator(_) => true,
    };
    let may = door.open_schema
        || match door.introspection {
            Introspection::Test => tests,
            Introspection::Keys => true,
            Introspection::Off => false,
        };
    if plan.introspects && !may {
        let message = "this key may not read the schema here; it is published as schema.graphql";
        return Err(Refused::new(StatusCode::FORBIDDEN, Code::Forbidden, message));
    }
    Ok(())
}

fn operation(
    door: &Door,
    document: &Document,
    parameters: Parameters,
    admitted: Option<&Admitted>,
    cost: Cost,
    charged: &Charged,
) -> Operation {
    let mut operation = Operation::new(String::new()).variables(parameters.variables);
    operation.operation_name = parameters.operation_name;
    operation.set_parsed_query(document.parsed());
    operation = operation.data(Spent {
        cost,
        limit: charged.points.limit,
        left: charged.points.left,
        full_at: charged.points.full_at,
    });
    match admitted {
        Some(admitted) => operation
            .data(graphql::load::loaders(
                door.gate.app.clone(),
                admitted.actor.clone(),
            ))
            .data(admitted.actor.clone())
            .data(admitted.clone()),
        None => operation.only_introspection(),
    }
}

/// Gives an error its code, if it has none, and the id of its request; gives the code.
fn name_error(error: &mut async_graphql::ServerError, request_id: &RequestId) -> String {
    // What has a place in the answer and no code of ours is a value that its argument does not take.
    let code = if error.path.is_empty() {
        Code::GraphqlValidationFailed
    } else {
        Code::BadUserInput
    };
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("requestId", request_id.0.clone());
    match extensions.get("code") {
        Some(Value::String(code)) => code.clone(),
        _ => {
            extensions.set("code", code.as_str());
            code.as_str().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_json_in_utf_8() {
        for (content_type, taken) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json; charset=\"utf-8\"; profile=x", true),
            ("application/json; charset=utf-16", false),
            ("application/jsonp", false),
            ("text/plain; application/json", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(is_json(&headers), taken, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
