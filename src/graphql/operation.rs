//! Operations on payments.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::{FailureReason, OperationKind, OperationStatus};
use super::error::query_failure;
use super::money::Money;
use super::payment::{self, Payment};
use super::plain::{fields, plain};
use super::shown::Shown;
use super::time::DateTime;
use super::written::Written;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Description, ID, Object, OutputType, Result};
use domain::Timestamp;
use domain::id::OperationId;
use domain::operation::{self, OperationState};
use domain::provider::FraudCheck;
use std::sync::Arc;

/// Why money was not moved.
#[derive(Description, Clone, Debug)]
pub struct Failure(domain::provider::Decline);

plain! {
    Failure as this {
        /// The cause, for programs.
        reason: FailureReason = this.0.reason.into();
        /// The issuer's response code, for example 51, where there is one.
        code: Option<&str> = this.0.response_code.as_deref();
        /// The cause, for people.
        message: &str = &this.0.message;
    }
}

impl From<&domain::provider::Decline> for Failure {
    fn from(decline: &domain::provider::Decline) -> Self {
        Self(decline.clone())
    }
}

/// One try on a payment: authorize, sale, capture, void or refund.
#[derive(Clone, Description)]
pub struct Operation {
    operation: operation::Operation,
    payment: Option<Arc<domain::payment::Payment>>,
}

impl Operation {
    /// An operation, with its payment where that is known already.
    pub fn new(operation: operation::Operation, payment: Option<Arc<domain::payment::Payment>>) -> Self {
        Self { operation, payment }
    }

    fn approval(&self) -> Option<&domain::provider::Approval> {
        match &self.operation.state {
            OperationState::Succeeded { approval, .. } => Some(approval),
            _ => None,
        }
    }

    fn decline(&self) -> Option<&domain::provider::Decline> {
        match &self.operation.state {
            OperationState::Failed { decline, .. } => Some(decline),
            _ => None,
        }
    }

    fn reference_of_provider(&self) -> Option<&str> {
        let approved = self
            .approval()
            .map(|approval| approval.provider_reference.as_str());
        approved.or_else(|| self.decline()?.provider_reference.as_deref())
    }

    fn fraud(&self) -> Option<FraudCheck> {
        let approved = self.approval().and_then(|approval| approval.fraud);
        approved.or_else(|| self.decline()?.fraud)
    }

    const fn answered_at(&self) -> Option<Timestamp> {
        match &self.operation.state {
            OperationState::Succeeded { at, .. } | OperationState::Failed { at, .. } => Some(*at),
            _ => None,
        }
    }
}

plain! {
    Operation as this {
        /// Its id, `txn_…`.
        pub id: Shown<ID, OperationId> = Shown::new(this.operation.id);
        /// What was tried.
        kind: OperationKind = this.operation.kind.into();
        /// How far it has come.
        status: OperationStatus = this.operation.state.status().into();
        /// How much; for a void, what was released.
        amount: Money = this.operation.amount.into();
        /// What the platform keeps of a sale or capture.
        fee: Money = this.operation.fee.into();
        /// What is held back of a sale or capture.
        reserve: Money = this.operation.reserve.into();
        /// The issuer's authorization code.
        auth_code: Option<&str> = this.approval().and_then(|approval| approval.auth_code.as_deref());
        /// The provider's own id of it.
        provider_reference: Option<&str> = this.reference_of_provider();
        /// What the fraud check said: 0 (no risk) to 100; above 70 is declined.
        fraud_score: Option<i32> = this.fraud().map(|fraud| i32::from(fraud.score));
        /// Why it did not happen.
        failure: Option<Failure> = this.decline().map(Failure::from);
        /// Why, as the merchant said for a void.
        reason: Option<&str> = this.operation.reason.as_deref();
        /// When it was sent.
        created_at: DateTime = this.operation.created_at.into();
        /// When the answer arrived.
        settled_at: Option<DateTime> = this.answered_at().map(DateTime);
    }
    loaded {
        /// The payment it was tried on.
        async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>> {
            payment::related(ctx, self.operation.payment, self.payment.as_ref()).await
        }
    }
}

/// What a list shows of an operation, where no more is asked for.
#[derive(Clone, Debug)]
pub struct BriefOperation(operation::Brief);

impl From<operation::Brief> for BriefOperation {
    fn from(brief: operation::Brief) -> Self {
        Self(brief)
    }
}

fields! {
    BriefOperation as this, <Operation as OutputType>::type_name() => {
        id: Shown<ID, OperationId> = Shown::new(this.0.id);
        kind: OperationKind = this.0.kind.into();
        status: OperationStatus = this.0.status.into();
        amount: Money = this.0.amount.into();
        created_at: DateTime = this.0.created_at.into();
        settled_at: Option<DateTime> = this.0.settled_at.map(DateTime);
    }
}

#[derive(Default)]
pub struct OperationQuery;

#[Object]
impl OperationQuery {
    /// Operations, newest first.
    async fn operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this payment.")] payment: Option<ID>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Written<Connection<Cursor<OperationId>, Operation, EmptyFields>>> {
        let payment = payment::filter(payment)?;
        let list = List::new(("operations", payment));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let page = service::operation::page(ctx.app()?, ctx.actor()?, payment, &request)
            .await
            .map_err(query_failure)?;
        Ok(Written(list.connection(
            page,
            EmptyFields,
            |operation| operation.id,
            |operation| Operation::new(operation, None),
        )))
    }
}
