//! Refunds.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::RefundStatus;
use super::error::query_failure;
use super::money::Money;
use super::operation::Failure;
use super::payment::{self, Payment};
use super::plain::{fields, plain};
use super::shown::Shown;
use super::time::DateTime;
use super::written::Written;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Description, ID, Object, OutputType, Result};
use domain::Timestamp;
use domain::id::{OperationId, RefundId};
use domain::refund::{self, RefundState};
use std::sync::Arc;

/// Captured money on its way back to the payer.
#[derive(Clone, Description)]
pub struct Refund {
    refund: refund::Refund,
    payment: Option<Arc<domain::payment::Payment>>,
}

impl Refund {
    /// A refund, with its payment where that is known already.
    pub fn new(refund: refund::Refund, payment: Option<Arc<domain::payment::Payment>>) -> Self {
        Self { refund, payment }
    }
}

impl Refund {
    fn decline(&self) -> Option<&domain::provider::Decline> {
        match &self.refund.state {
            RefundState::Failed { decline, .. } => Some(decline),
            _ => None,
        }
    }

    const fn ended_at(&self) -> Option<Timestamp> {
        match &self.refund.state {
            RefundState::PendingApproval | RefundState::Pending => None,
            RefundState::Succeeded { at }
            | RefundState::Failed { at, .. }
            | RefundState::Canceled { at }
            | RefundState::Reversed { at } => Some(*at),
        }
    }
}

plain! {
    Refund as this {
        /// Its id, `re_…`.
        pub id: Shown<ID, RefundId> = Shown::new(this.refund.id);
        /// The operation that carries it to the provider, `txn_…`.
        operation_id: Shown<ID, OperationId> = Shown::new(this.refund.operation);
        /// How much goes back.
        amount: Money = this.refund.amount.into();
        /// Why, as the merchant said.
        reason: Option<&str> = this.refund.reason.as_deref();
        /// How far it has come.
        status: RefundStatus = this.refund.state.status().into();
        /// Why nothing went back.
        failure: Option<Failure> = this.decline().map(Failure::from);
        /// When it was asked for.
        created_at: DateTime = this.refund.created_at.into();
        /// When it ended, one way or another.
        settled_at: Option<DateTime> = this.ended_at().map(DateTime);
    }
    loaded {
        /// The payment whose money goes back.
        async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>> {
            payment::related(ctx, self.refund.payment, self.payment.as_ref()).await
        }
    }
}

/// What a list shows of a refund, where no more is asked for.
#[derive(Clone, Debug)]
pub struct BriefRefund(refund::Brief);

impl From<refund::Brief> for BriefRefund {
    fn from(brief: refund::Brief) -> Self {
        Self(brief)
    }
}

fields! {
    BriefRefund as this, <Refund as OutputType>::type_name() => {
        id: Shown<ID, RefundId> = Shown::new(this.0.id);
        amount: Money = this.0.amount.into();
        status: RefundStatus = this.0.status.into();
        created_at: DateTime = this.0.created_at.into();
        settled_at: Option<DateTime> = this.0.settled_at.map(DateTime);
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
    ) -> Result<Written<Connection<Cursor<RefundId>, Refund, EmptyFields>>> {
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
        Ok(Written(list.connection(
            page,
            EmptyFields,
            |refund| refund.id,
            |refund| Refund::new(refund, None),
        )))
    }
}
