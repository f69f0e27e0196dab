//! The door of S3: `/v1/payment/rest/{live,test}/…`, with `x-id` and `x-signature`.
//!
//! Invariant: nothing behind it is said to anybody whose secret, signature, mode and address do not fit. The signature covers method,
//! secret and path only, so it is taken here and nowhere else; see `docs/signing.md` for what bounds the damage. What each route
//! takes and says: `docs/rasedi.md`.

mod amount;
mod asked;
mod document;
mod payment;
mod public_keys;
mod refused;
mod shown;

pub use document::Api;

use crate::config::{Http, PublicUrl};
use crate::http::admission::{Gate, Head, Stop};
use crate::http::body::{self, Unread};
use crate::http::client_address::Peer;
use crate::http::entry::Entry;
use crate::http::limit::Asker;
use crate::http::noted::Noted;
use crate::http::request_id::RequestId;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, patch, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::api_request::Way;
use domain::credential::Denial;
use domain::merchant::Mode;
use refused::{Code, Refused};
use service::credential::{Admitted, Legacy};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What the door needs.
struct Door {
    gate: Gate,
    public_url: PublicUrl,
    max_body_bytes: usize,
    timeout: Duration,
}

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Create,
    Status,
    Cancel,
    PublicKeys,
    /// There is no such route; whoever is let in learns it.
    Nothing,
}

/// The parts of a path, by the names in the routes.
type Parts = BTreeMap<String, String>;

/// A request that was let in.
struct Call<'a> {
    door: &'a Door,
    admitted: &'a Admitted,
    head: &'a Head<'a>,
    entry: &'a mut Entry,
}

/// The routes.
pub fn router<S: Clone + Send + Sync + 'static>(gate: Gate, http: &Http) -> Router<S> {
    let to = |question: Question| {
        move |State(door): State<Arc<Door>>,
              Extension(id): Extension<RequestId>,
              parts: Result<Path<Parts>, PathRejection>,
              peer: Peer,
              request: Request| async move {
            let parts = parts.map(|Path(parts)| parts).unwrap_or_default();
            answer(&door, question, &id, &parts, peer, request).await
        }
    };
    let nothing = || to(Question::Nothing);
    let create = || post(to(Question::Create)).fallback(nothing());
    Router::new()
        .route("/v1/payment/rest/{mode}/create", create())
        .route("/v1/payment/rest/{mode}/init", create())
        .route(
            "/v1/payment/rest/{mode}/status/{reference}",
            get(to(Question::Status)).fallback(nothing()),
        )
        .route(
            "/v1/payment/rest/{mode}/cancel/{reference}",
            patch(to(Question::Cancel)).fallback(nothing()),
        )
        .route(
            "/v1/payment/rest/{mode}/get-public-keys",
            get(to(Question::PublicKeys)).fallback(nothing()),
        )
        .route("/v1/payment/rest/{mode}/{*rest}", any(nothing()))
        .with_state(Arc::new(Door {
            gate,
            public_url: http.public_url.clone(),
            max_body_bytes: http.max_body_bytes,
            timeout: http.request_timeout,
        }))
}

async fn answer(
    door: &Door,
    question: Question,
    request_id: &RequestId,
    parts: &Parts,
    peer: Peer,
    request: Request,
) -> Response {
    let (request, body) = request.into_parts();
    let head = Head::new(&door.gate, peer, &request.method, &request.uri, &request.headers);
    let mut entry = Entry::new(&door.gate.app, &request_id.0, &head);
    let said = say(door, question, parts, &head, body, &mut entry).await;
    let response = said.unwrap_or_else(|refused| {
        if refused.code == Code::InsufficientPermissions {
            entry.denied(Denial::ScopeMissing);
        }
        entry.error(refused.code.as_str());
        refused.into_response()
    });
    entry.close(response.status());
    response
}

async fn say(
    door: &Door,
    question: Question,
    parts: &Parts,
    head: &Head<'_>,
    body: Body,
    entry: &mut Entry,
) -> Result<Response, Refused> {
    let part = |name| parts.get(name).map_or("", String::as_str);
    let admitted = admit(door, question, head, part("mode"), entry).await?;
    let call = Call {
        door,
        admitted: &admitted,
        head,
        entry,
    };
    match question {
        Question::Create => payment::create(call, body).await,
        Question::Status => payment::status(call, part("reference")).await,
        Question::Cancel => payment::cancel(call, part("reference")).await,
        Question::PublicKeys => public_keys::list(call).await,
        Question::Nothing => Err(Refused::not_found("not found")),
    }
}

async fn admit(
    door: &Door,
    question: Question,
    head: &Head<'_>,
    mode: &str,
    entry: &mut Entry,
) -> Result<Admitted, Refused> {
    let (gate, throttle) = (&door.gate, &door.gate.throttle);
    let secret = head.header("x-id").filter(|secret| !secret.is_empty());
    let (Ok(mode), Some(secret)) = (mode.parse::<Mode>(), secret) else {
        if secret.is_some() {
            entry.tries(Way::LegacySignature);
        }
        throttle.public(head.address, head.now).map_err(|exceeded| {
            entry.denied(Denial::RateLimited);
            Stop::Throttled(exceeded)
        })?;
        // A mode that there is not is the mode of no key, so this one is not looked up.
        let denial = secret.map_or(Denial::KeyMissing, |_| Denial::ModeMismatch);
        entry.denied(denial);
        return Err(Stop::Denied(denial).into());
    };
    let signature = head
        .header("x-signature")
        .and_then(|text| STANDARD.decode(text).ok());
    let legacy = Legacy {
        secret,
        signature: signature.as_deref(),
        method: head.method.as_str(),
        path: head.uri.path(),
        mode,
    };
    let admitted = gate.admit_legacy(head, legacy, entry).await?;
    gate.version(head, Some(&admitted), entry)?;
    let asker = Asker::Known(&admitted.actor);
    let within = match question {
        Question::Create | Question::Cancel => throttle.commands(asker, 1, head.now),
        Question::Status | Question::PublicKeys | Question::Nothing => throttle.question(asker, head.now),
    };
    within.map_err(|exceeded| {
        entry.denied(Denial::RateLimited);
        Stop::Throttled(exceeded)
    })?;
    Ok(admitted)
}

impl Call<'_> {
    /// The whole body.
    async fn body(&mut self, body: Body) -> Result<Bytes, Refused> {
        let (most, patience) = (self.door.max_body_bytes, self.door.timeout);
        let read = body::read(body, most, patience).await;
        let bytes = read.map_err(|cause| match cause {
            Unread::TooLong => {
                let message = format!("the body is longer than {most} bytes");
                Refused::new(Code::PayloadTooLarge, message)
            }
            Unread::TooSlow => Refused::new(Code::RequestTimeout, body::TOO_SLOW),
            Unread::Cut => Refused::new(Code::InvalidRequest, body::CUT),
        })?;
        self.entry.body(bytes.clone());
        Ok(bytes)
    }

    /// Asks something.
    async fn asks<T>(&self, work: impl Future<Output = service::Result<T>>) -> Result<T, Refused> {
        let done = tokio::time::timeout(self.door.timeout, work).await;
        Ok(done.map_err(|_| too_slow())??)
    }

    /// Runs a command to its end, even when nobody waits for it any more; what it makes gets into the row of the request.
    async fn commands<T: Send + 'static>(
        &mut self,
        command: impl FnOnce(Arc<Noted>) -> futures_util::future::BoxFuture<'static, service::Result<T>>,
    ) -> Result<T, Refused> {
        let noted = Arc::new(Noted::default());
        let ended = self.entry.commands(Arc::clone(&noted));
        let work = command(Arc::clone(&noted));
        let work = self.door.gate.app.even_if_given_up(async move {
            let done = work.await;
            drop(ended);
            done
        });
        let done = tokio::time::timeout(self.door.timeout, work).await;
        noted.into_entry(self.entry);
        Ok(done.map_err(|_| too_slow())?.ok_or_else(Refused::internal)??)
    }
}

/// S3 has one word for all that is not the caller's fault, and asks to try again.
fn too_slow() -> Refused {
    tracing::error!("a request of S3 took too long");
    Refused::internal()
}
