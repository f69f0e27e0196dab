//! Payment links.

use super::{CollectBody, Money, instant};
use crate::graphql::UserErrorCode;
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door};
use crate::rest::fault::Fault;
use crate::rest::openapi::{CommandHeaders, GatewayWord};
use crate::rest::problems::Problems;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{Metadata, OfCreating, gateways, texts, time, url};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::idempotency::IdempotencyKey;
use domain::intent::MAX_TITLE;
use domain::metadata::{MAX_DESCRIPTION, MAX_REFERENCE};
use domain::payment_link::PaymentLinkStatus;
use serde::{Deserialize, Serialize};
use service::payment::Run;
use service::payment_link::{self, Made, NewPaymentLink};
use std::sync::Arc;
use utoipa::ToSchema;

/// What each payer of the link pays.
#[derive(Deserialize, ToSchema)]
#[schema(as = PaymentLinkRequest)]
pub struct NewLink {
    /// How much.
    amount: Money,
    /// What it is for, in a few words.
    #[schema(min_length = 1, max_length = 63, example = "Canteen, counter 112")]
    title: String,
    /// The same at length.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// Your own number for it; each payment carries it.
    #[schema(max_length = 100, example = "counter-112")]
    merchant_reference: Option<String>,
    /// How payers may pay; every way that fits if not given.
    #[schema(value_type = Option<Vec<GatewayWord>>, min_items = 1)]
    gateways: Option<Vec<String>>,
    /// What payers are asked for.
    collect: Option<CollectBody>,
    /// Where payers go when they have paid; our own receipt if not given.
    #[schema(max_length = 2048)]
    success_url: Option<String>,
    /// How many payments it takes; without limit if not given.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    max_payments: Option<i64>,
    /// When it ends; never if not given.
    #[schema(example = "2026-12-31T21:00:00Z")]
    expires_at: Option<String>,
    /// Your own notes; each payment carries them.
    metadata: Option<Metadata>,
}

/// A payment link.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// Its id.
    #[schema(example = "plink_01KYEXAMPLE0000000000000000")]
    id: String,
    /// Where to send payers.
    url: String,
    /// `active`.
    #[schema(example = "active")]
    status: &'static str,
    /// What each payer pays.
    amount: Money,
    /// What it is for.
    title: String,
    /// Your own number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    merchant_reference: Option<String>,
    /// What payers are asked for.
    collect: CollectBody,
    /// How many payments it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_payments: Option<u32>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<String>,
    /// When it was made.
    #[schema(example = "2026-06-15T13:21:00Z")]
    created_at: String,
}

/// Create payment link: one address, many payers.
///
/// Takes the scope `payments:create`, and a signature.
#[utoipa::path(
    post, path = "/v1/payment_links", tag = "signed", operation_id = "createPaymentLink",
    params(CommandHeaders), request_body = NewLink,
    security(("signed_key" = [], "signed_timestamp" = [], "signed_nonce" = [], "signature" = [])),
    responses((status = 201, description = "It takes payments.", body = Envelope<Link>), OfCreating)
)]
pub async fn create(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = created(&mut asked).await;
    asked.answer(said)
}

async fn created(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit_signed(Rate::Command).await?;
    let key = asked.idempotency_key()?;
    let body: NewLink = asked.json().await?;
    let command = body.read(key)?;
    let app = asked.app().clone();
    let command = Box::pin(async move { payment_link::create(&app, &who, command).await });
    let made = |made: &Made| vec![made.link.id.to_string()];
    let made = asked.command(command, made).await?;
    asked.replays(made.run == Run::Replayed);
    let link = made.link;
    Said::enveloped(
        StatusCode::CREATED,
        Link {
            id: link.id.to_string(),
            url: asked.pages().link(link.id),
            status: PaymentLinkStatus::Active.as_str(),
            amount: link.amount.into(),
            title: link.title,
            merchant_reference: link.merchant_reference,
            collect: link.collect.into(),
            max_payments: link.max_payments,
            expires_at: link.expires_at.map(time),
            created_at: time(link.created_at),
        },
    )
}

impl NewLink {
    /// The command, or everything that is wrong with it.
    fn read(self, idempotency_key: IdempotencyKey) -> Result<NewPaymentLink, Fault> {
        let mut problems = Problems::default();
        let amount = self.amount.read(&mut problems);
        let mut text = |name, text: Option<&str>, limit| texts(&mut problems, name, text, limit);
        let title = text("title", Some(&self.title), MAX_TITLE);
        let description = text("description", self.description.as_deref(), MAX_DESCRIPTION);
        let merchant_reference = text(
            "merchant_reference",
            self.merchant_reference.as_deref(),
            MAX_REFERENCE,
        );
        let gateways = gateways(&mut problems, self.gateways.as_deref());
        let success_url = url(&mut problems, "success_url", self.success_url.as_deref());
        let most = |most: i64| {
            let fits = i32::try_from(most).ok().and_then(|most| u32::try_from(most).ok());
            fits.ok_or("max_payments must be 1 to 2147483647")
        };
        let max_payments = self
            .max_payments
            .map(|given| problems.take(UserErrorCode::LimitInvalid, most(given)));
        let expires_at = instant(&mut problems, "expires_at", self.expires_at.as_deref());
        let metadata = domain::metadata::Metadata::new(self.metadata.unwrap_or_default());
        let metadata = problems.take(UserErrorCode::TextInvalid, metadata);
        let read = match (amount, title, metadata) {
            (Some(amount), Some(title), Some(metadata)) => Some(NewPaymentLink {
                idempotency_key,
                amount,
                title,
                description,
                merchant_reference,
                metadata,
                gateways,
                collect: self.collect.unwrap_or_default().into(),
                success_url,
                max_payments: max_payments.flatten(),
                expires_at,
            }),
            _ => None,
        };
        problems.finish(read)
    }
}
