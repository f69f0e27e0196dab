//! Operations on payments.

use super::connection::{List, PageArguments};
use super::context::ContextExt;
use super::enums::{FailureReason, OperationKind, OperationStatus};
use super::error::query_failure;
use super::money::Money;
use super::payment::{self, Payment};
use super::time::DateTime;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Description, ID, Object, Result, SimpleObject};
use domain::operation::OperationState;
use std::sync::Arc;

/// Why money was not moved.
#[derive(SimpleObject, Clone, Debug)]
pub struct Failure {
    /// The cause, for programs.
    pub reason: FailureReason,
    /// The issuer's response code, for example 51, where there is one.
    pub code: Option<String>,
    /// The cause, for people.
    pub message: String,
}

impl From<&domain::provider::Decline> for Failure {
    fn from(decline: &domain::provider::Decline) -> Self {
        let (code, message) = (decline.response_code.clone(), decline.message.clone());
        Self {
            reason: decline.reason.into(),
            code,
            message,
        }
    }
}

/// One try on a payment: authorize, sale, capture, void or refund.
#[derive(Clone, Description)]
pub struct Operation {
    operation: domain::operation::Operation,
    payment: Option<Arc<domain::payment::Payment>>,
}

impl Operation {
    /// An operation, with its payment where that is known already.
    pub fn new(
        operation: domain::operation::Operation,
        payment: Option<Arc<domain::payment::Payment>>,
    ) -> Self {
        Self { operation, payment }
    }
}

#[Object(use_type_description)]
impl Operation {
    /// Its id, `txn_…`.
    pub async fn id(&self) -> ID {
        self.operation.id.to_string().into()
    }

    /// The payment it was tried on.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>> {
        payment::related(ctx, self.operation.payment, self.payment.as_ref()).await
    }

    /// What was tried.
    async fn kind(&self) -> OperationKind {
        self.operation.kind.into()
    }

    /// How far it has come.
    async fn status(&self) -> OperationStatus {
        self.operation.state.status().into()
    }

    /// How much; for a void, what was released.
    async fn amount(&self) -> Money {
        self.operation.amount.into()
    }

    /// What the platform keeps of a sale or capture.
    async fn fee(&self) -> Money {
        self.operation.fee.into()
    }

    /// What is held back of a sale or capture.
    async fn reserve(&self) -> Money {
        self.operation.reserve.into()
    }

    /// The issuer's authorization code.
    async fn auth_code(&self) -> Option<&str> {
        self.approval().and_then(|approval| approval.auth_code.as_deref())
    }

    /// The provider's own id of it.
    async fn provider_reference(&self) -> Option<&str> {
        match &self.operation.state {
            OperationState::Succeeded { approval, .. } => Some(&approval.provider_reference),
            OperationState::Failed { decline, .. } => decline.provider_reference.as_deref(),
            _ => None,
        }
    }

    /// What the fraud check said: 0 (no risk) to 100; above 70 is declined.
    async fn fraud_score(&self) -> Option<i32> {
        let fraud = match &self.operation.state {
            OperationState::Succeeded { approval, .. } => approval.fraud,
            OperationState::Failed { decline, .. } => decline.fraud,
            _ => None,
        };
        fraud.map(|fraud| i32::from(fraud.score))
    }

    /// Why it did not happen.
    async fn failure(&self) -> Option<Failure> {
        match &self.operation.state {
            OperationState::Failed { decline, .. } => Some(decline.into()),
            _ => None,
        }
    }

    /// Why, as the merchant said for a void.
    async fn reason(&self) -> Option<&str> {
        self.operation.reason.as_deref()
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        self.operation.created_at.into()
    }

    /// When the answer arrived.
    async fn settled_at(&self) -> Option<DateTime> {
        match &self.operation.state {
            OperationState::Succeeded { at, .. } | OperationState::Failed { at, .. } => Some((*at).into()),
            _ => None,
        }
    }
}

impl Operation {
    fn approval(&self) -> Option<&domain::provider::Approval> {
        match &self.operation.state {
            OperationState::Succeeded { approval, .. } => Some(approval),
            _ => None,
        }
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
    ) -> Result<Connection<String, Operation, EmptyFields>> {
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
        Ok(list.connection(
            page,
            EmptyFields,
            |operation| operation.id,
            |operation| Operation::new(operation, None),
        ))
    }
}
