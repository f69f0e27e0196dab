//! Intents: the type and its relations. Questions and commands stand beside, in `intent_query` and `intent_mutation`.
//!
//! Invariant: a relation that may not be read is null by itself. It gives an `Option` of a `Result`, because the library takes the other
//! way round for a failure of the whole object.

use super::checkout_enums::{CaptureMethod, IntentCanceledBy, IntentSource, IntentStatus};
use super::context::ContextExt;
use super::customer::Customer;
use super::enums::{Gateway, Mode};
use super::intent_parts::{AppliedPromoCode, Bill, Collect, LateMoney, Paid};
use super::load::AttemptsOf;
use super::metadata::Metadata;
use super::money::Money;
use super::operation::Failure;
use super::payment::{Payment, related, shared};
use super::payment_link::PaymentLink;
use super::plain::plain;
use super::shown::Shown;
use super::time::DateTime;
use async_graphql::{Context, Description, ID, Result};
use domain::Timestamp;
use domain::actor::Actor;
use domain::id::{CheckoutSessionId, IntentId, PaymentLinkId};
use domain::intent::{Intent as Value, IntentState, Source};
use domain::web_url::{CallbackUrl, ReturnUrl};
use std::sync::Arc;

/// What is to be paid, with a page on which it is; at most five attempts are declined.
#[derive(Clone, Description)]
pub struct Intent {
    intent: Arc<Value>,
    now: Timestamp,
}

impl Intent {
    /// An intent as of `now`; its relations are loaded when they are asked for.
    pub const fn new(intent: Arc<Value>, now: Timestamp) -> Self {
        Self { intent, now }
    }

    async fn tried(&self, ctx: &Context<'_>) -> Result<Vec<Payment>> {
        let key = AttemptsOf(self.intent.id);
        let loaded = ctx.loaders()?.load_one(key).await.map_err(shared)?;
        let payment = |payment| Payment::new(Arc::new(payment), self.now);
        Ok(loaded.unwrap_or_default().into_iter().map(payment).collect())
    }

    async fn link_by(&self, ctx: &Context<'_>, id: PaymentLinkId) -> Result<Option<PaymentLink>> {
        let loaded = ctx.loaders()?.load_one(id).await.map_err(shared)?;
        Ok(loaded.map(|link| PaymentLink::new(link, self.now)))
    }

    fn canceler(&self) -> Option<domain::intent::CanceledBy> {
        self.intent.state.canceled_by(self.now)
    }

    fn money_too_late(&self) -> Option<domain::intent::LateMoney> {
        match &self.intent.state {
            IntentState::Expired { late, .. } => *late,
            _ => None,
        }
    }
}

plain! {
    Intent as this {
        /// Its id, `pi_…`.
        pub id: Shown<ID, IntentId> = Shown::new(this.intent.id);
        /// The session of its page, `cs_…`: the same id under another prefix. Nothing is found by it here.
        checkout_session_id: Shown<ID, CheckoutSessionId> = Shown::new(this.intent.id.session());
        /// The reference code by which the Rasedi door knows it, a UUID; null for intents of other doors.
        reference: Option<String> = (this.intent.source == Source::Rasedi).then(|| this.intent.id.reference().to_string());
        /// The mode it belongs to.
        mode: Mode = this.intent.tenant.mode.into();
        /// Which door made it.
        source: IntentSource = this.intent.source.into();
        /// How far it has come, as of now.
        status: IntentStatus = this.intent.status_at(this.now).into();
        /// What the merchant asks for. What the payer pays is in `bills`.
        amount: Money = this.intent.amount.into();
        /// When the money is taken.
        capture_method: CaptureMethod = this.intent.capture_method.into();
        /// How the payer may pay.
        gateways: Vec<Gateway> = this.intent.gateways.iter().map(Gateway::from).collect();
        /// What the payer is asked for besides money, and what is put on top.
        collect: Collect = this.intent.collect.into();
        /// What it is for, in a few words.
        title: Option<&str> = this.intent.title.as_deref();
        /// The same at length, shown to the payer.
        description: Option<&str> = this.intent.description.as_deref();
        /// The merchant's own number for it.
        merchant_reference: Option<&str> = this.intent.merchant_reference.as_deref();
        /// The merchant's own notes.
        metadata: Metadata = (&this.intent.metadata).into();
        /// Who pays, as far as it is known.
        customer: Customer = (&this.intent).into();
        /// Where the payer goes when it is paid; our own receipt if null.
        success_url: Option<&str> = this.intent.success_url.as_ref().map(ReturnUrl::as_str);
        /// Where the payer goes when they give up; `successUrl` if null.
        cancel_url: Option<&str> = this.intent.cancel_url.as_ref().map(ReturnUrl::as_str);
        /// Where each change of status is reported.
        callback_url: Option<&str> = this.intent.callback_url.as_ref().map(CallbackUrl::as_str);
        /// The promo code that the payer has put on it.
        promo: Option<AppliedPromoCode> = this.intent.promo.as_ref().map(AppliedPromoCode::from);
        /// How many attempts were declined. A charge that never left counts for nothing.
        declined_attempts: i32 = this.intent.attempts.into();
        /// How many more may be declined.
        remaining_attempts: i32 = this.intent.remaining_attempts().into();
        /// Why the last attempt was declined, while nothing came after it.
        last_decline: Option<Failure> = this.intent.state.last_decline().map(Failure::from);
        /// What was paid, when it is.
        paid: Option<Paid> = this.intent.state.paid().map(Paid::from);
        /// Money that arrived after it had run out and is not kept; `payment` has it.
        late_money: Option<LateMoney> = this.money_too_late().map(LateMoney::from);
        /// Who gave it up, or what did.
        canceled_by: Option<IntentCanceledBy> = this.canceler().map(IntentCanceledBy::from);
        /// When it runs out.
        expires_at: DateTime = this.intent.expires_at.into();
        /// When it was created.
        created_at: DateTime = this.intent.created_at.into();
        /// When it last changed.
        updated_at: DateTime = this.intent.updated_at.into();
        /// Counts its changes.
        version: i32 = i32::try_from(this.intent.version).unwrap_or(i32::MAX);
    }
    loaded {
        /// What the payer pays through each gateway that is offered. One through which nothing can be paid any more, because the
        /// terms of the merchant have changed, is left out.
        async fn bills(&self, ctx: &Context<'_>) -> Result<Vec<Bill>> {
            let Actor::Merchant(own) = ctx.actor()? else {
                return Ok(Vec::new());
            };
            let bill = |gateway| {
                let bill = self.intent.bill(&own.merchant, gateway).ok()?;
                Some(Bill::new(gateway, bill))
            };
            Ok(self.intent.gateways.iter().filter_map(bill).collect())
        }

        /// The address of its page, where that opens without a secret: for intents of the Rasedi door. For others null: the whole
        /// address, with the client secret, is in the answer of `intentCreate`, and nowhere else.
        async fn checkout_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
            Ok(ctx.pages()?.open(&self.intent))
        }

        /// The payment that is under way, holds money or has it.
        async fn payment(&self, ctx: &Context<'_>) -> Option<Result<Payment>> {
            related(ctx, self.intent.state.payment()?, None).await.transpose()
        }

        /// The payments that were tried for it, oldest first, at most 50.
        async fn attempts(&self, ctx: &Context<'_>) -> Option<Result<Vec<Payment>>> {
            Some(self.tried(ctx).await)
        }

        /// The payment link that made it.
        async fn link(&self, ctx: &Context<'_>) -> Option<Result<PaymentLink>> {
            let Source::Link(id) = self.intent.source else {
                return None;
            };
            self.link_by(ctx, id).await.transpose()
        }
    }
}
