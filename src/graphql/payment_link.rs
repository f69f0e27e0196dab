//! Payment links: the type and the questions.

use super::checkout_enums::PaymentLinkStatus;
use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::{Gateway, Mode};
use super::error::query_failure;
use super::intent_parts::Collect;
use super::intent_query::{self, Intents};
use super::metadata::Metadata;
use super::money::Money;
use super::plain::plain;
use super::shown::Shown;
use super::time::DateTime;
use super::written::Written;
use async_graphql::connection::Connection;
use async_graphql::{Context, Description, ID, Object, Result};
use domain::Timestamp;
use domain::id::PaymentLinkId;
use domain::payment_link::PaymentLink as Value;
use domain::web_url::ReturnUrl;
use service::intent::Filter;
use service::payment_link;

/// A reusable template that makes an intent for each payer who opens it.
#[derive(Clone, Description)]
pub struct PaymentLink {
    link: Value,
    now: Timestamp,
}

impl PaymentLink {
    /// A payment link as of `now`.
    pub const fn new(link: Value, now: Timestamp) -> Self {
        Self { link, now }
    }
}

fn whole(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

plain! {
    PaymentLink as this {
        /// Its id, `plink_…`.
        pub id: Shown<ID, PaymentLinkId> = Shown::new(this.link.id);
        /// The mode it belongs to.
        mode: Mode = this.link.tenant.mode.into();
        /// Whether it takes payments, as of now.
        status: PaymentLinkStatus = this.link.status_at(this.now).into();
        /// What each payer is asked for.
        amount: Money = this.link.amount.into();
        /// What it is for, in a few words.
        title: &str = &this.link.title;
        /// The same at length.
        description: Option<&str> = this.link.description.as_deref();
        /// The merchant's own number for it; each payment carries it.
        merchant_reference: Option<&str> = this.link.merchant_reference.as_deref();
        /// The merchant's own notes; each payment carries them.
        metadata: Metadata = (&this.link.metadata).into();
        /// How a payer may pay.
        gateways: Vec<Gateway> = this.link.gateways.iter().map(Gateway::from).collect();
        /// What payers are asked for besides money, and what is put on top.
        collect: Collect = this.link.collect.into();
        /// Where payers go when they have paid; our own receipt if null.
        success_url: Option<&str> = this.link.success_url.as_ref().map(ReturnUrl::as_str);
        /// How many payments it takes; without limit if null.
        max_payments: Option<i32> = this.link.max_payments.map(whole);
        /// How many it took, those under way included.
        payments: i32 = whole(this.link.payments);
        /// When it ends by itself; never if null.
        expires_at: Option<DateTime> = this.link.expires_at.map(DateTime);
        /// When the merchant ended it.
        deactivated_at: Option<DateTime> = this.link.deactivated_at.map(DateTime);
        /// When it was created.
        created_at: DateTime = this.link.created_at.into();
    }
    loaded {
        /// Its address: send it to payers, print it, or make a QR code of it.
        async fn url(&self, ctx: &Context<'_>) -> Result<String> {
            Ok(ctx.pages()?.link(self.link.id))
        }

        /// The intents that it made, newest first: one for each payer who began.
        async fn intents(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
            #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
            #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
            #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
        ) -> Result<Option<Intents>> {
            let filter = Filter {
                link: Some(self.link.id),
                ..Filter::default()
            };
            let arguments = PageArguments {
                first,
                after,
                last,
                before,
            };
            intent_query::page(ctx, filter, arguments).await.map(Some)
        }
    }
}

/// What a connection of payment links carries besides its rows.
pub struct PaymentLinkTotals;

#[Object]
impl PaymentLinkTotals {
    /// How many payment links there are in all; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let count = payment_link::count(ctx.app()?, ctx.actor()?)
            .await
            .map_err(query_failure)?;
        Ok(i32::try_from(count).ok())
    }
}

#[derive(Default)]
pub struct PaymentLinkQuery;

#[Object]
impl PaymentLinkQuery {
    /// A payment link; null when there is none by that id here.
    async fn payment_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The payment link, `plink_…`.")] id: ID,
    ) -> Result<Option<PaymentLink>> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let link = payment_link::get(app, actor, id).await.map_err(query_failure)?;
        Ok(link.map(|link| PaymentLink::new(link, app.now())))
    }

    /// Payment links, newest first.
    async fn payment_links(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Written<Connection<Cursor<PaymentLinkId>, PaymentLink, PaymentLinkTotals>>> {
        let list = List::new("paymentLinks");
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let app = ctx.app()?;
        let page = payment_link::page(app, ctx.actor()?, &request)
            .await
            .map_err(query_failure)?;
        let now = app.now();
        Ok(Written(list.connection(
            page,
            PaymentLinkTotals,
            |link| link.id,
            |link| PaymentLink::new(link, now),
        )))
    }
}
