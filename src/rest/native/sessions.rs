//! Checkout sessions: an intent under the name that S0 gives it.

use super::{CollectBody, Money};
use crate::graphql::UserErrorCode;
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door};
use crate::rest::fault::Fault;
use crate::rest::openapi::{CaptureMethodWord, CommandHeaders, GatewayWord};
use crate::rest::problems::Problems;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{Metadata, OfCreating, capture_method, gateways, texts, time, url};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Duration;
use domain::idempotency::IdempotencyKey;
use domain::intent::MAX_TITLE;
use domain::metadata::{MAX_DESCRIPTION, MAX_REFERENCE};
use domain::payment::Customer;
use serde::{Deserialize, Serialize};
use service::intent::{self, Created, Door as Way, NewIntent};
use service::payment::Run;
use std::sync::Arc;
use utoipa::ToSchema;

/// Longest e-mail address, in characters (RFC 5321's path of 256 without its brackets).
const MAX_EMAIL: usize = 254;

/// What is to be paid, and where the payer goes afterwards.
#[derive(Deserialize, ToSchema)]
#[schema(as = CheckoutSessionRequest)]
pub struct NewCheckoutSession {
    /// How much.
    amount: Money,
    /// Where the payer goes when it is paid: https, or http on localhost; our own receipt if not given.
    #[schema(
        max_length = 2048,
        example = "https://school.example.iq/fees/paid?session={CHECKOUT_SESSION_ID}"
    )]
    success_url: Option<String>,
    /// Where the payer goes who gives up; `success_url` if not given.
    #[schema(max_length = 2048)]
    cancel_url: Option<String>,
    /// What it is for, in a few words.
    #[schema(max_length = 63, example = "School fee, first term")]
    title: Option<String>,
    /// The same at length.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// Your own number for it.
    #[schema(max_length = 100, example = "SCH-2026-00041")]
    merchant_reference: Option<String>,
    /// `automatic` if not given, or `manual`.
    #[schema(value_type = Option<CaptureMethodWord>, example = "automatic")]
    capture_method: Option<String>,
    /// How the payer may pay; every way that fits if not given.
    #[schema(value_type = Option<Vec<GatewayWord>>, min_items = 1)]
    gateways: Option<Vec<String>>,
    /// What the payer is asked for.
    collect: Option<CollectBody>,
    /// The payer's e-mail address, filled in on the page.
    #[schema(max_length = 254)]
    customer_email: Option<String>,
    /// How long it lives, in seconds: 300 to 604800, 3600 if not given.
    #[schema(minimum = 300, maximum = 604_800)]
    expires_in: Option<i64>,
    /// Your own notes.
    metadata: Option<Metadata>,
}

/// A new checkout session.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckoutSession {
    /// Its id.
    #[schema(example = "cs_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The intent that it is the page of: the same id under its other name.
    #[schema(example = "pi_01KYEXAMPLE0000000000000000")]
    payment_intent_id: String,
    /// Where to send the payer.
    url: String,
    /// `created`.
    #[schema(example = "created")]
    status: &'static str,
    /// What is to be paid.
    amount: Money,
    /// Your own number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    merchant_reference: Option<String>,
    /// When it runs out.
    #[schema(example = "2026-06-15T14:42:00Z")]
    expires_at: String,
    /// When it was made.
    #[schema(example = "2026-06-15T13:42:00Z")]
    created_at: String,
}

/// Create checkout session: a page on which your customer pays.
///
/// Takes the scope `payments:create`, and a signature.
#[utoipa::path(
    post, path = "/v1/checkout/sessions", tag = "signed", operation_id = "createCheckoutSession",
    params(CommandHeaders), request_body = NewCheckoutSession,
    security(("signed_key" = [], "signed_timestamp" = [], "signed_nonce" = [], "signature" = [])),
    responses((status = 201, description = "It waits for its payer.", body = Envelope<CheckoutSession>), OfCreating)
)]
pub async fn create(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = created(&mut asked).await;
    asked.answer(said)
}

async fn created(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit_signed(Rate::Command).await?;
    let key = asked.idempotency_key()?;
    let body: NewCheckoutSession = asked.json().await?;
    let command = body.read(key)?;
    let app = asked.app().clone();
    let command = Box::pin(async move { intent::create(&app, &who, command).await });
    let made = |created: &Created| {
        vec![
            created.intent.id.session().to_string(),
            created.intent.id.to_string(),
        ]
    };
    let created = asked.command(command, made).await?;
    asked.replays(created.run == Run::Replayed);
    let intent = created.intent;
    Said::enveloped(
        StatusCode::CREATED,
        CheckoutSession {
            id: intent.id.session().to_string(),
            payment_intent_id: intent.id.to_string(),
            url: asked.pages().of(&intent, created.client_secret.as_deref()),
            status: intent.state.status().as_str(),
            amount: intent.amount.into(),
            merchant_reference: intent.merchant_reference,
            expires_at: time(intent.expires_at),
            created_at: time(intent.created_at),
        },
    )
}

impl NewCheckoutSession {
    /// The command, or everything that is wrong with it.
    fn read(self, idempotency_key: IdempotencyKey) -> Result<NewIntent, Fault> {
        let mut problems = Problems::default();
        let amount = self.amount.read(&mut problems);
        let success_url = url(&mut problems, "success_url", self.success_url.as_deref());
        let cancel_url = url(&mut problems, "cancel_url", self.cancel_url.as_deref());
        let mut text =
            |name, text: &Option<String>, limit| texts(&mut problems, name, text.as_deref(), limit);
        let title = text("title", &self.title, MAX_TITLE);
        let description = text("description", &self.description, MAX_DESCRIPTION);
        let merchant_reference = text("merchant_reference", &self.merchant_reference, MAX_REFERENCE);
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
            collect: self.collect.unwrap_or_default().into(),
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
            expires_in: self
                .expires_in
                .map(|seconds| Duration::try_seconds(seconds).unwrap_or(Duration::MAX)),
        });
        problems.finish(read)
    }
}
