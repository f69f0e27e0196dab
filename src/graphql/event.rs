//! Events: facts that happened, and places among them.

use super::context::ContextExt;
use super::cursor::EventCursor;
use super::enums::{mirrored, name_of};
use super::error::query_failure;
use super::load::PayloadOf;
use super::money::BigInt;
use super::node::{self, Node};
use super::payment::shared as shared_failure;
use super::time::DateTime;
use async_graphql::Enum;
use async_graphql::{Context, ID, Json, Object, Result};
use service::followed::{Followed, Place};
use std::sync::Arc;

mirrored! {
    /// What happened. New values come with new versions: take one that you do not know as something new.
    EventType = domain::event::EventType {
        /// `payment.processing`: the provider has not said what became of the first operation.
        PaymentProcessing,
        /// `payment.authorized`: money is held.
        PaymentAuthorized,
        /// `payment.captured`: money was taken, all or part of it.
        PaymentCaptured,
        /// `payment.voided`: a hold was given up.
        PaymentVoided,
        /// `payment.expired`: a hold ran out.
        PaymentExpired,
        /// `payment.closed`: what was left of a partly captured hold was given up or ran out; the captured part stays.
        PaymentClosed,
        /// `payment.refunded`: money went back, all or part of it.
        PaymentRefunded,
        /// `payment.failed`: no money was held or taken.
        PaymentFailed,
        /// `payment.late_success`: money arrived after its intent had run out.
        PaymentLateSuccess,
        /// `refund.created`: a refund was accepted.
        RefundCreated,
        /// `refund.succeeded`: a refund reached the payer.
        RefundSucceeded,
        /// `refund.failed`: a refund did not happen.
        RefundFailed,
        /// `payment_intent.created`: an intent waits for its payer.
        IntentCreated,
        /// `payment_intent.requires_capture`: money is held for an intent; the merchant captures it.
        IntentRequiresCapture,
        /// `payment_intent.succeeded`: an intent is paid.
        IntentSucceeded,
        /// `payment_intent.failed`: the last attempt at an intent was declined.
        IntentFailed,
        /// `payment_intent.canceled`: an intent was given up.
        IntentCanceled,
        /// `payment_intent.expired`: nobody paid an intent in time.
        IntentExpired,
        /// `payment_link.created`: a payment link takes payments.
        PaymentLinkCreated,
        /// `payment_link.deactivated`: the merchant ended a payment link.
        PaymentLinkDeactivated,
        /// `promo_code.created`: a promo code can be used.
        PromoCodeCreated,
        /// `promo_code.deactivated`: the merchant ended a promo code.
        PromoCodeDeactivated,
        /// `credential.created`: a credential was made.
        CredentialCreated,
        /// `credential.rotated`: a credential got a new secret or signing key.
        CredentialRotated,
        /// `credential.updated`: name, scopes, allowlist, expiry, signing keys or API version of a credential were changed.
        CredentialUpdated,
        /// `credential.revoked`: a credential opens nothing any more.
        CredentialRevoked,
        /// `merchant.updated`: an operator changed the settings of the merchant.
        MerchantUpdated,
    }
}

/// An event that has its place.
#[derive(Clone)]
pub struct Event {
    told: Arc<service::event::Event>,
    event_type: domain::event::EventType,
    data: Option<serde_json::Value>,
}

impl Event {
    /// What can be shown of an event; nothing of one that this version does not know.
    pub fn new(told: Arc<service::event::Event>) -> Option<Self> {
        let event_type = told.event_type?;
        Some(Self {
            told,
            event_type,
            data: None,
        })
    }

    /// What can be shown of events, with what they carry if that is asked for: all of it together, so that it costs as many statements
    /// however many they are.
    ///
    /// # Errors
    /// Storage errors, or an event that cannot be read.
    pub async fn all(
        ctx: &Context<'_>,
        told: Vec<Arc<service::event::Event>>,
        with_data: bool,
    ) -> Result<Vec<Self>> {
        let mut carried = Vec::new();
        if with_data {
            let rendered = service::event::render(ctx.app()?, &told, ctx.api_version()).await;
            carried = rendered.map_err(query_failure)?;
        }
        let mut carried = carried.into_iter();
        let shown = told.into_iter().filter_map(|told| {
            let data = carried.next();
            Self::new(told).map(|event| Self { data, ..event })
        });
        Ok(shown.collect())
    }

    /// Its place.
    pub fn place(&self) -> Place {
        Place(self.told.seq)
    }

    /// The place after it, for whoever follows.
    ///
    /// # Errors
    /// Nothing but a defect: the parts of an installation are always at hand.
    pub fn cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        let followed = Followed::Events(self.told.tenant);
        Ok(EventCursor::of(ctx.app()?, followed, self.place()))
    }

    pub(super) fn told(&self) -> &Arc<service::event::Event> {
        &self.told
    }
}

/// A fact that happened. It is written together with what it tells, once, and never changes.
#[Object]
impl Event {
    /// Its id, `evt_…`. The same in webhooks: whoever may get an event twice tells it by this.
    pub async fn id(&self) -> ID {
        self.told.id.to_string().into()
    }

    /// What happened.
    #[graphql(name = "type")]
    async fn event_type(&self) -> EventType {
        self.event_type.into()
    }

    /// The same in words of webhooks, `payment.captured`.
    async fn name(&self) -> &'static str {
        self.event_type.as_str()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.told.occurred_at.into()
    }

    /// Its number among all events of your merchant and mode, from 1 and without a gap.
    async fn sequence(&self) -> BigInt {
        BigInt(self.told.seq)
    }

    /// The place after it: from here on, events are newer.
    #[graphql(name = "cursor")]
    async fn cursor_after(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        self.cursor(ctx)
    }

    /// Id of the object that it is about.
    async fn subject_id(&self) -> ID {
        self.told.subject.clone().into()
    }

    /// The object that it is about, as it was when this happened: the JSON of webhooks and of the REST API, which `docs/events` describes.
    async fn data(&self, ctx: &Context<'_>) -> Result<Json<serde_json::Value>> {
        if let Some(data) = &self.data {
            return Ok(Json(data.clone()));
        }
        let key = PayloadOf {
            event: Arc::clone(&self.told),
            version: ctx.api_version(),
        };
        let data = ctx.loaders()?.load_one(key).await.map_err(shared_failure)?;
        Ok(Json(data.unwrap_or_default()))
    }

    /// The API version by which `data` is shown: the one that the request names, else that of the credential.
    async fn api_version(&self, ctx: &Context<'_>) -> &'static str {
        ctx.api_version().as_str()
    }

    /// The object that it is about, as it is now.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        node::related(ctx, self.event_type.subject(), &self.told.subject).await
    }
}
