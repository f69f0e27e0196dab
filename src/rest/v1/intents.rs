//! Payment intents of merchants: make one, give one up.

use super::payment_input::{Metadata, money, texts};
use super::refusals::{OfCanceling, OfCreating};
use super::{hundredths, time};
use crate::graphql::UserErrorCode;
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door, PathId};
use crate::rest::fault::Fault;
use crate::rest::openapi::{CaptureMethodWord, CommandHeaders, CurrencyCode, GatewayWord};
use crate::rest::problems::Problems;
use crate::rest::said::{Envelope, Said};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Duration;
use domain::api_version::ApiVersion;
use domain::gateways::Gateways;
use domain::id::IntentId;
use domain::idempotency::IdempotencyKey;
use domain::intent::{CaptureMethod, Collect, MAX_TITLE};
use domain::metadata::{MAX_DESCRIPTION, MAX_REFERENCE};
use domain::payment::Customer;
use domain::provider::Gateway;
use domain::web_url::ReturnUrl;
use serde::{Deserialize, Serialize};
use service::intent::{self, Canceled, Created, Door as Way, NewIntent};
use service::payment::Run;
use std::sync::Arc;
use utoipa::ToSchema;

/// Longest e-mail address, in characters (RFC 5321's path of 256 without its brackets).
const MAX_EMAIL: usize = 254;

/// What is to be paid, and where the payer goes afterwards.
#[derive(Deserialize, ToSchema)]
#[schema(as = PaymentIntentRequest)]
pub struct NewPaymentIntent {
    /// How much, in hundredths of the major unit whatever the currency: 9999 is 99.99 USD, 150000 is 1,500 IQD.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64, example = 9999)]
    amount: i64,
    /// ISO 4217: IQD, USD, EUR, MAD, AED, SAR, KWD, BHD, JOD, QAR, OMR or EGP.
    #[schema(value_type = CurrencyCode, example = "USD")]
    currency: String,
    /// Where the payer goes when it is paid: https, or http on localhost. `{CHECKOUT_SESSION_ID}` becomes the id of the intent, and
    /// `payment_intent` is added to the query.
    #[schema(
        max_length = 2048,
        example = "https://yourstore.com/order/success?session_id={CHECKOUT_SESSION_ID}"
    )]
    success_url: String,
    /// Where the payer goes who gives up; `success_url` if not given.
    #[schema(max_length = 2048, example = "https://yourstore.com/order/cancel")]
    cancel_url: Option<String>,
    /// Your own number for it.
    #[schema(max_length = 100)]
    order_id: Option<String>,
    /// What it is for, in a few words, on top of the page.
    #[schema(max_length = 63)]
    title: Option<String>,
    /// What it is for, shown to the payer.
    #[schema(max_length = 255, example = "Order #12345 - Premium Plan")]
    description: Option<String>,
    /// When the money is taken: `automatic` (at once) if not given, or `manual` (when you capture it, within seven days).
    #[schema(value_type = Option<CaptureMethodWord>, example = "automatic")]
    capture_method: Option<String>,
    /// The payer's e-mail address, filled in on the page.
    #[schema(max_length = 254)]
    customer_email: Option<String>,
    /// How the payer may pay; every way that fits if not given.
    #[schema(value_type = Option<Vec<GatewayWord>>, min_items = 1, example = json!(["CREDIT_CARD", "FIB"]))]
    gateways: Option<Vec<String>>,
    /// How long it lives, in seconds: 300 to 604800, 3600 if not given.
    #[schema(minimum = 300, maximum = 604_800, example = 3600)]
    expires_in: Option<i64>,
    /// Your own notes: at most 20 keys of 40 characters, with texts of 500.
    #[schema(example = json!({ "order_id": "12345" }))]
    metadata: Option<Metadata>,
}

/// A new payment intent.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentIntent {
    /// Its id.
    #[schema(example = "pi_01KYEXAMPLE0000000000000000")]
    id: String,
    /// Opens its page and confirms it. Nobody but the payer's browser needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_secret: Option<String>,
    /// Where to send the payer.
    checkout_url: String,
    /// What is to be paid, in hundredths of the major unit.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// `created`.
    #[schema(example = "created")]
    status: &'static str,
    /// Where the payer goes when it is paid, as you wrote it.
    success_url: Option<String>,
    /// Where the payer goes who gives up.
    cancel_url: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// When it runs out.
    #[schema(example = "2026-01-24T11:00:00Z")]
    expires_at: String,
    /// When it was made.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
}

/// That something was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always true here.
    #[schema(example = true)]
    success: bool,
    /// What was done.
    #[schema(example = "payment intent canceled")]
    message: &'static str,
}

impl Done {
    /// Says what was done.
    #[must_use]
    pub const fn new(message: &'static str) -> Self {
        Self {
            success: true,
            message,
        }
    }
}

/// Create payment intent: a page on which your customer pays.
///
/// Takes the scope `payments:create`.
#[utoipa::path(
    post, path = "/api/v1/payment-intents", tag = "payment intents", operation_id = "createPaymentIntent",
    params(CommandHeaders), request_body = NewPaymentIntent,
    responses((status = 201, description = "It waits for its payer.", body = Envelope<PaymentIntent>), OfCreating)
)]
pub async fn create(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = created(&mut asked).await;
    asked.answer(said)
}

async fn created(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let key = asked.idempotency_key()?;
    let body: NewPaymentIntent = asked.json().await?;
    let command = body.read(key, asked.version())?;
    let app = asked.app().clone();
    let command = Box::pin(async move { intent::create(&app, &who, command).await });
    let made = |created: &Created| vec![created.intent.id.to_string()];
    let created = asked.command(command, made).await?;
    asked.replays(created.run == Run::Replayed);
    let intent = &created.intent;
    let secret = created.client_secret.as_deref();
    let success_url = intent.success_url.as_ref().map(ToString::to_string);
    Said::enveloped(
        StatusCode::CREATED,
        PaymentIntent {
            id: intent.id.to_string(),
            checkout_url: asked.pages().of(intent, secret),
            client_secret: created.client_secret.clone(),
            amount: hundredths(intent.amount)?,
            currency: intent.amount.currency().code(),
            status: intent.state.status().as_str(),
            cancel_url: intent
                .cancel_url
                .as_ref()
                .map(ToString::to_string)
                .or_else(|| success_url.clone()),
            success_url,
            description: intent.description.clone(),
            expires_at: time(intent.expires_at),
            created_at: time(intent.created_at),
        },
    )
}

/// Cancel payment intent: nobody is to pay it any more.
///
/// Takes the scope `payments:create`. Canceling twice is canceling once.
#[utoipa::path(
    post, path = "/api/v1/payment-intents/{id}/cancel", tag = "payment intents", operation_id = "cancelPaymentIntent",
    params(("id" = String, Path, description = "The payment intent, `pi_…`."), CommandHeaders),
    responses((status = 200, description = "It is canceled.", body = Done), OfCanceling)
)]
pub async fn cancel(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = canceled(&mut asked, &id).await;
    asked.answer(said)
}

async fn canceled(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Command).await?;
    let id = intent_of(id)?;
    let key = asked.sent_key()?;
    let app = asked.app().clone();
    let command = Box::pin(async move { intent::cancel_under_key(&app, &who, id, key).await });
    let made = |canceled: &Canceled| vec![canceled.intent.id.to_string()];
    let canceled = asked.command(command, made).await?;
    asked.replays(canceled.run == Run::Replayed);
    Said::json(StatusCode::OK, &Done::new("payment intent canceled"))
}

/// The intent of a path. What is no id of ours is nothing that there could be.
pub fn intent_of(id: &str) -> Result<IntentId, Fault> {
    id.parse().map_err(|_| Fault::not_found("payment intent"))
}

/// A web address of a body.
pub fn url(problems: &mut Problems, field: &'static str, text: Option<&str>) -> Option<ReturnUrl> {
    let read = text?
        .parse::<ReturnUrl>()
        .map_err(|refusal| format!("{field} {refusal}"));
    problems.take(UserErrorCode::UrlInvalid, read)
}

/// The gateways of a body.
pub fn gateways(problems: &mut Problems, words: Option<&[String]>) -> Option<Gateways> {
    let read: Result<Vec<Gateway>, _> = words?.iter().map(|word| word.parse()).collect();
    let read = read
        .map_err(|_| {
            format!(
                "gateways must be some of {}",
                Gateway::ALL.map(Gateway::as_str).join(", ")
            )
        })
        .and_then(|all| Gateways::new(all).map_err(|none| none.to_string()));
    problems.take(UserErrorCode::TextInvalid, read)
}

/// When the money is taken, by the word of a body.
pub fn capture_method(problems: &mut Problems, word: Option<&str>) -> CaptureMethod {
    let read = word.map_or(Ok(CaptureMethod::Automatic), |word| {
        word.parse()
            .map_err(|_| "capture_method must be automatic or manual")
    });
    problems
        .take(UserErrorCode::TextInvalid, read)
        .unwrap_or(CaptureMethod::Automatic)
}

impl NewPaymentIntent {
    /// The command, or everything that is wrong with it.
    fn read(self, idempotency_key: IdempotencyKey, version: ApiVersion) -> Result<NewIntent, Fault> {
        let mut problems = Problems::default();
        let amount = money(&mut problems, self.amount, &self.currency, version);
        let success_url = url(&mut problems, "success_url", Some(&self.success_url));
        let cancel_url = url(&mut problems, "cancel_url", self.cancel_url.as_deref());
        let mut text =
            |name, text: &Option<String>, limit| texts(&mut problems, name, text.as_deref(), limit);
        let merchant_reference = text("order_id", &self.order_id, MAX_REFERENCE);
        let title = text("title", &self.title, MAX_TITLE);
        let description = text("description", &self.description, MAX_DESCRIPTION);
        let email = text("customer_email", &self.customer_email, MAX_EMAIL);
        let capture_method = capture_method(&mut problems, self.capture_method.as_deref());
        let gateways = gateways(&mut problems, self.gateways.as_deref());
        let metadata = domain::metadata::Metadata::new(self.metadata.unwrap_or_default());
        let metadata = problems.take(UserErrorCode::TextInvalid, metadata);
        let read = amount.zip(metadata).map(|(amount, metadata)| NewIntent {
            idempotency_key,
            door: Way::Api,
            amount,
            capture_method,
            gateways,
            collect: Collect::default(),
            title,
            description,
            merchant_reference,
            metadata,
            customer: Customer {
                email,
                ..Customer::default()
            },
            success_url,
            cancel_url,
            callback_url: None,
            // What is no number of seconds that there could be is out of bounds like any other.
            expires_in: self
                .expires_in
                .map(|seconds| Duration::try_seconds(seconds).unwrap_or(Duration::MAX)),
        });
        problems.finish(read)
    }
}
