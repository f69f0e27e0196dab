//! Refunds.

use super::connection::{List, PageArguments};
use super::context::ContextExt;
use super::enums::RefundStatus;
use super::error::query_failure;
use super::money::Money;
use super::operation::Failure;
use super::payment::{self, Payment};
use super::time::DateTime;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Description, ID, Object, Result};
use domain::refund::RefundState;
use std::sync::Arc;

/// Captured money on its way back to the payer.
#[derive(Clone, Description)]
pub struct Refund {
    refund: domain::refund::Refund,
    payment: Option<Arc<domain::payment::Payment>>,
}

impl Refund {
    /// A refund, with its payment where that is known already.
    pub fn new(refund: domain::refund::Refund, payment: Option<Arc<domain::payment::Payment>>) -> Self {
        Self { refund, payment }
    }
}

#[Object(use_type_description)]
impl Refund {
    /// Its id, `re_…`.
    pub async fn id(&self) -> ID {
        self.refund.id.to_string().into()
    }

    /// The payment whose money goes back.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>> {
        payment::related(ctx, self.refund.payment, self.payment.as_ref()).await
    }

    /// The operation that carries it to the provider, `txn_…`.
    async fn operation_id(&self) -> ID {
        self.refund.operation.to_string().into()
    }

    /// How much goes back.
    async fn amount(&self) -> Money {
        self.refund.amount.into()
    }

    /// Why, as the merchant said.
    async fn reason(&self) -> Option<&str> {
        self.refund.reason.as_deref()
    }

    /// How far it has come.
    async fn status(&self) -> RefundStatus {
        self.refund.state.status().into()
    }

    /// Why nothing went back.
    async fn failure(&self) -> Option<Failure> {
        match &self.refund.state {
            RefundState::Failed { decline, .. } => Some(decline.into()),
            _ => None,
        }
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        self.refund.created_at.into()
    }

    /// When it ended, one way or another.
    async fn settled_at(&self) -> Option<DateTime> {
        match &self.refund.state {
            RefundState::PendingApproval | RefundState::Pending => None,
            RefundState::Succeeded { at }
            | RefundState::Failed { at, .. }
            | RefundState::Canceled { at }
            | RefundState::Reversed { at } => Some((*at).into()),
        }
    }
}

#[derive(Default)]
pub struct RefundQuery;

#[Object]
impl RefundQuery {
    /// Refunds, newest first.
    async fn refunds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this payment.")] payment: Option<ID>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Connection<String, Refund, EmptyFields>> {
        let payment = payment::filter(payment)?;
        let list = List::new(("refunds", payment));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let page = service::refund::page(ctx.app()?, ctx.actor()?, payment, &request)
            .await
            .map_err(query_failure)?;
        Ok(list.connection(
            page,
            EmptyFields,
            |refund| refund.id,
            |refund| Refund::new(refund, None),
        ))
    }
}
