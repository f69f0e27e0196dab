//! Create, status, cancel.

use super::Call;
use super::asked::{self, Asked};
use super::document::{Mode, OfCanceling, OfCreating, OfShowing, Request};
use super::refused::{Code, Refused};
use super::shown::Shown;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use domain::id::{IntentId, OperationId};
use domain::idempotency::IdempotencyKey;
use domain::intent::CaptureMethod;
use domain::metadata::Metadata;
use domain::payment::Customer;
use futures_util::FutureExt;
use service::intent::{Created, Door, NewIntent};
use service::payment::Run;
use service::rasedi;

/// Makes asking twice safe, for who sends it; S3 knows no such header.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Says that the answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Create payment: a page on which your customer pays.
///
/// Takes the scope `payments:create`.
#[utoipa::path(
    post, path = "/v1/payment/rest/{mode}/create", tag = "rasedi", operation_id = "createRasediPayment",
    params(
        ("mode" = Mode, Path, description = "The mode of the key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes asking twice safe, for 24 hours.", nullable = false, min_length = 1, max_length = 255)
    ),
    request_body = Request, security(("x_id" = [], "x_signature" = [])),
    responses((status = 200, description = "It waits for its payer.", body = Shown), OfCreating)
)]
pub async fn create(mut call: Call<'_>, body: Body) -> Result<Response, Refused> {
    let key = key(&mut call)?;
    let asked = asked::read(&call.body(body).await?, call.door.gate.app.webhook_targets())?;
    let (app, who) = (call.door.gate.app.clone(), call.admitted.actor.clone());
    let new = new_intent(asked, key);
    let made: Created = call
        .commands(move |noted| {
            async move {
                let made = service::intent::create(&app, &who, new).await?;
                noted.made(made.intent.id);
                Ok(made)
            }
            .boxed()
        })
        .await?;
    // As it was made, also when it is told again: the answer of a key does not change.
    let shown = Shown::of(&made.intent, &call.door.public_url, made.intent.created_at)?;
    let mut response = shown.into_response();
    if made.run == Run::Replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Payment status: what is known of a payment now.
///
/// Takes the scope `payments:read`.
#[utoipa::path(
    get, path = "/v1/payment/rest/{mode}/status/{reference}", tag = "rasedi", operation_id = "getRasediPayment",
    params(
        ("mode" = Mode, Path, description = "The mode of the key."),
        ("reference" = String, Path, description = "The reference code.", example = "7676c702-a2a7-4996-baf3-09a8d012ed09")
    ),
    security(("x_id" = [], "x_signature" = [])),
    responses((status = 200, description = "The payment.", body = Shown), OfShowing)
)]
pub async fn status(call: Call<'_>, reference: &str) -> Result<Response, Refused> {
    let reference = reference_code(reference)?;
    let app = &call.door.gate.app;
    let intent = call
        .asks(rasedi::get(app, &call.admitted.actor, reference))
        .await?;
    Ok(Shown::of(&intent, &call.door.public_url, app.now())?.into_response())
}

/// Cancel payment: nobody is to pay it any more. Twice is once.
///
/// Takes the scope `payments:create`.
#[utoipa::path(
    patch, path = "/v1/payment/rest/{mode}/cancel/{reference}", tag = "rasedi", operation_id = "cancelRasediPayment",
    params(
        ("mode" = Mode, Path, description = "The mode of the key."),
        ("reference" = String, Path, description = "The reference code.", example = "7676c702-a2a7-4996-baf3-09a8d012ed09")
    ),
    security(("x_id" = [], "x_signature" = [])),
    responses((status = 200, description = "It is canceled.", body = Shown), OfCanceling)
)]
pub async fn cancel(mut call: Call<'_>, reference: &str) -> Result<Response, Refused> {
    let reference = reference_code(reference)?;
    let (app, who) = (call.door.gate.app.clone(), call.admitted.actor.clone());
    let intent = call
        .commands(move |noted| {
            async move {
                let intent = rasedi::cancel(&app, &who, reference).await?;
                noted.made(intent.id);
                Ok(intent)
            }
            .boxed()
        })
        .await?;
    Ok(Shown::of(&intent, &call.door.public_url, call.door.gate.app.now())?.into_response())
}

/// The key that was sent, or one that nobody else has: without a header every request makes a payment of its own.
fn key(call: &mut Call<'_>) -> Result<IdempotencyKey, Refused> {
    let refused = |_| {
        Refused::new(
            Code::InvalidRequest,
            domain::idempotency::MalformedKey.to_string(),
        )
    };
    if call.head.headers.contains_key(IDEMPOTENCY_KEY) {
        let text = call.head.header(IDEMPOTENCY_KEY).unwrap_or_default();
        let key: IdempotencyKey = text.parse().map_err(refused)?;
        call.entry.idempotency_key(key.as_str());
        return Ok(key);
    }
    let unique: OperationId = call.door.gate.app.id(call.head.now);
    unique.to_string().parse().map_err(refused)
}

/// S3 writes reference codes in one way, and they are case-sensitive.
fn reference_code(text: &str) -> Result<IntentId, Refused> {
    IntentId::from_reference(text).ok_or_else(|| {
        Refused::new(
            Code::InvalidRequest,
            "referenceCode must be a valid reference code",
        )
    })
}

fn new_intent(asked: Asked, idempotency_key: IdempotencyKey) -> NewIntent {
    NewIntent {
        idempotency_key,
        door: Door::Rasedi,
        amount: asked.amount,
        capture_method: CaptureMethod::Automatic,
        gateways: Some(asked.gateways),
        collect: asked.collect,
        title: asked.title,
        description: asked.description,
        merchant_reference: None,
        metadata: Metadata::default(),
        customer: Customer::default(),
        success_url: Some(asked.redirect_url),
        cancel_url: None,
        callback_url: Some(asked.callback_url),
        expires_in: None,
    }
}
