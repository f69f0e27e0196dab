//! Making and ending payment links.

use super::context::ContextExt;
use super::enums::Gateway;
use super::intent_parts::CollectInput;
use super::metadata::Metadata;
use super::money::MoneyInput;
use super::payment_link::PaymentLink;
use super::reading::Reading;
use super::time::DateTime;
use super::user_error::UserError;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::id::PaymentLinkId;
use domain::intent::MAX_TITLE;
use domain::metadata::{MAX_DESCRIPTION, MAX_REFERENCE};
use service::payment::Run;
use service::payment_link::{self, NewPaymentLink};

/// Make a payment link.
#[derive(InputObject)]
pub struct PaymentLinkCreateInput {
    /// Makes asking twice safe: within 24 hours the same key gives the first answer. 1 to 255 visible ASCII characters.
    pub idempotency_key: String,
    /// What each payer is asked for.
    pub amount: MoneyInput,
    /// What it is for, in a few words; at most 63 characters.
    pub title: String,
    /// The same at length; at most 255 characters.
    pub description: Option<String>,
    /// Your own number for it, which each payment carries; at most 100 characters.
    pub merchant_reference: Option<String>,
    /// Your own notes, which each payment carries.
    pub metadata: Option<Metadata>,
    /// How a payer may pay; every way that fits if left out.
    pub gateways: Option<Vec<Gateway>>,
    /// What payers are asked for besides money, and what is put on top.
    pub collect: Option<CollectInput>,
    /// Where payers go when they have paid: https, or http on their own machine; `{CHECKOUT_SESSION_ID}` in it is filled in.
    pub success_url: Option<String>,
    /// How many payments it takes, 1 at least; without limit if left out.
    pub max_payments: Option<i32>,
    /// When it ends; never if left out.
    pub expires_at: Option<DateTime>,
}

impl PaymentLinkCreateInput {
    fn read(self) -> std::result::Result<NewPaymentLink, Vec<UserError>> {
        let mut reading = Reading::default();
        let key = reading.key(&self.idempotency_key);
        let amount = reading.take(self.amount.read());
        let title = reading.text("title", "title", Some(&self.title), MAX_TITLE);
        let description = reading.text(
            "description",
            "description",
            self.description.as_deref(),
            MAX_DESCRIPTION,
        );
        let merchant_reference = reading.text(
            "merchant reference",
            "merchantReference",
            self.merchant_reference.as_deref(),
            MAX_REFERENCE,
        );
        let metadata = reading.metadata(self.metadata);
        let gateways = reading.gateways(self.gateways);
        let success_url = reading.url("successUrl", self.success_url.as_deref());
        let parts = (key, amount, title, metadata);
        let command = if let (Some(idempotency_key), Some(amount), Some(title), Some(metadata)) = parts {
            Some(NewPaymentLink {
                idempotency_key,
                amount,
                title,
                description,
                merchant_reference,
                metadata,
                gateways,
                collect: self.collect.unwrap_or_default().into(),
                success_url,
                // Less than nothing is as wrong as nothing.
                max_payments: self
                    .max_payments
                    .map(|most| u32::try_from(most).unwrap_or_default()),
                expires_at: self.expires_at.map(|end| end.0),
            })
        } else {
            None
        };
        reading.finish(command)
    }
}

/// What became of a new payment link.
#[derive(SimpleObject)]
pub struct PaymentLinkCreatePayload {
    /// The payment link as it was made; null when it was refused.
    pub payment_link: Option<PaymentLink>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    pub idempotent_replay: bool,
}

impl PaymentLinkCreatePayload {
    const fn refused(user_errors: Vec<UserError>) -> Self {
        Self {
            payment_link: None,
            user_errors,
            idempotent_replay: false,
        }
    }
}

/// End a payment link.
#[derive(InputObject)]
pub struct PaymentLinkDeactivateInput {
    /// The payment link, `plink_…`.
    pub id: ID,
}

/// What became of a payment link that was ended.
#[derive(SimpleObject)]
pub struct PaymentLinkDeactivatePayload {
    /// The payment link after it; null when it was refused.
    pub payment_link: Option<PaymentLink>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

impl PaymentLinkDeactivatePayload {
    const fn refused(user_errors: Vec<UserError>) -> Self {
        Self {
            payment_link: None,
            user_errors,
        }
    }
}

#[derive(Default)]
pub struct PaymentLinkMutation;

#[Object]
impl PaymentLinkMutation {
    /// Makes a payment link: an address that makes an intent for each payer who opens it. Takes the scope `payments:create`.
    async fn payment_link_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PaymentLinkCreateInput,
    ) -> Result<PaymentLinkCreatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let new = match input.read() {
            Ok(new) => new,
            Err(errors) => return Ok(PaymentLinkCreatePayload::refused(errors)),
        };
        ctx.note_key(&new.idempotency_key);
        match payment_link::create(app, actor, new).await {
            Ok(made) => {
                ctx.note_made(made.link.id);
                let replayed = made.run == Run::Replayed;
                // The first answer stays: a link that has ended since was open in it.
                let now = if replayed { made.link.created_at } else { app.now() };
                Ok(PaymentLinkCreatePayload {
                    payment_link: Some(PaymentLink::new(made.link, now)),
                    user_errors: Vec::new(),
                    idempotent_replay: replayed,
                })
            }
            Err(error) => Ok(PaymentLinkCreatePayload::refused(ctx.refused(error)?)),
        }
    }

    /// Ends a payment link; whoever has begun to pay may go on. Doing it twice does it once. Takes the scope `payments:create`.
    async fn payment_link_deactivate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PaymentLinkDeactivateInput,
    ) -> Result<PaymentLinkDeactivatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let mut reading = Reading::default();
        let read = reading.id::<PaymentLinkId>(&input.id, "id");
        let id = match reading.finish(read) {
            Ok(id) => id,
            Err(errors) => return Ok(PaymentLinkDeactivatePayload::refused(errors)),
        };
        match payment_link::deactivate(app, actor, id).await {
            Ok(link) => {
                ctx.note_made(link.id);
                Ok(PaymentLinkDeactivatePayload {
                    payment_link: Some(PaymentLink::new(link, app.now())),
                    user_errors: Vec::new(),
                })
            }
            Err(error) => Ok(PaymentLinkDeactivatePayload::refused(ctx.refused(error)?)),
        }
    }
}
