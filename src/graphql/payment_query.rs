//! Questions about payments.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::error::query_failure;
use super::payment::{Payment, relations};
use super::payment_filter::{PaymentFilter, PaymentOrder};
use super::written::{Written, at_once};
use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result};
use service::payment::{self, Filter};
use std::sync::Arc;

/// What a connection of payments carries besides its rows.
pub struct PaymentTotals(Filter);

#[Object]
impl PaymentTotals {
    /// How many payments match in all; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let count = payment::count(ctx.app()?, ctx.actor()?, &self.0)
            .await
            .map_err(query_failure)?;
        Ok(i32::try_from(count).ok())
    }
}

type Payments = Connection<Cursor<payment::Edge>, Payment, PaymentTotals>;

#[derive(Default)]
pub struct PaymentQuery;

#[Object]
impl PaymentQuery {
    /// A payment; null when there is none by that id here.
    async fn payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The payment, `pay_…`.")] id: ID,
    ) -> Result<Option<Payment>> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let payment = payment::get(app, actor, id).await.map_err(query_failure)?;
        Ok(payment.map(|payment| Payment::new(Arc::new(payment), app.now())))
    }

    /// Payments, newest first unless sorted otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
        #[graphql(desc = "Which payments.")] filter: Option<PaymentFilter>,
        #[graphql(desc = "How they are sorted.")] order_by: Option<PaymentOrder>,
    ) -> Result<Written<Payments>> {
        let filter = filter.unwrap_or_default().read()?;
        let order = order_by.unwrap_or_default().into();
        let list = List::new(("payments", &filter, order));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let look = ctx.look_ahead();
        let nodes = [look.field("nodes"), look.field("edges").field("node")];
        let relations = relations(&nodes, at_once::<Payments>(ctx));
        let app = ctx.app()?;
        let page = payment::page(app, ctx.actor()?, &filter, order, &request, relations)
            .await
            .map_err(query_failure)?;
        let now = app.now();
        let whole = |whole| Payment::whole(whole, now);
        Ok(Written(list.connection(
            page.map(whole),
            PaymentTotals(filter),
            Payment::edge,
            |payment| payment,
        )))
    }
}
