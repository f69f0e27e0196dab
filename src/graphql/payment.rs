//! Payments: the type and its relations. Questions and commands stand beside, in `payment_query` and `payment_mutation`.

use super::card::Card;
use super::context::ContextExt;
use super::customer::Customer;
use super::enums::{Gateway, Mode, PaymentStatus};
use super::error::{Code, failure, query_failure};
use super::load::{OperationsOf, RefundsOf, grouped};
use super::metadata::Metadata;
use super::money::Money;
use super::operation::{Failure, Operation};
use super::refund::Refund;
use super::time::DateTime;
use async_graphql::{Context, Description, ID, Lookahead, Object, Result};
use domain::Timestamp;
use domain::id::PaymentId;
use domain::payment::{Payment as Value, PaymentState, Taken};
use service::Error;
use service::payment::Edge;
use std::collections::HashMap;
use std::sync::Arc;

/// Money held or taken from a payer.
#[derive(Clone, Description)]
pub struct Payment {
    payment: Arc<Value>,
    now: Timestamp,
    operations: Option<Vec<domain::operation::Operation>>,
    refunds: Option<Vec<domain::refund::Refund>>,
    card: Option<Option<domain::card::Card>>,
}

impl Payment {
    /// A payment as of `now`; its relations are loaded when they are asked for.
    pub fn new(payment: Arc<Value>, now: Timestamp) -> Self {
        Self {
            payment,
            now,
            operations: None,
            refunds: None,
            card: None,
        }
    }

    /// Where it stands in a sorted list.
    pub fn edge(&self) -> Edge {
        Edge {
            amount_minor: self.payment.amount.minor(),
            id: self.payment.id,
        }
    }

    /// Its id as text.
    pub fn key(&self) -> String {
        self.payment.id.to_string()
    }

    fn none(&self) -> domain::Money {
        domain::Money::zero(self.payment.amount.currency())
    }

    fn taken(&self, part: fn(&Taken) -> domain::Money) -> Money {
        self.payment.state.taken().map_or(self.none(), part).into()
    }
}

/// Loads what `selection` asks of each payment: one statement a relation for all of them.
pub async fn with_relations(
    ctx: &Context<'_>,
    payments: Vec<Value>,
    selection: &[Lookahead<'_>],
) -> Result<Vec<Payment>> {
    let (app, actor) = (ctx.app()?, ctx.actor()?);
    let asked = |relation: &str| selection.iter().any(|selected| selected.field(relation).exists());
    let ids: Vec<PaymentId> = payments.iter().map(|payment| payment.id).collect();
    let mut operations = if asked("operations") {
        let rows = service::operation::of_payments(app, actor, &ids)
            .await
            .map_err(query_failure)?;
        Some(grouped(&ids, rows, |operation| operation.payment))
    } else {
        None
    };
    let mut refunds = if asked("refunds") {
        let rows = service::refund::of_payments(app, actor, &ids)
            .await
            .map_err(query_failure)?;
        Some(grouped(&ids, rows, |refund| refund.payment))
    } else {
        None
    };
    let cards: Option<HashMap<_, _>> = if asked("card") {
        let mut ids: Vec<_> = payments.iter().filter_map(|payment| payment.card).collect();
        ids.sort_unstable();
        ids.dedup();
        let cards = service::card::get_many(app, actor, &ids)
            .await
            .map_err(query_failure)?;
        Some(cards.into_iter().map(|card| (card.id, card)).collect())
    } else {
        None
    };
    let now = app.now();
    let with = |payment: Value| Payment {
        operations: operations.as_mut().and_then(|all| all.remove(&payment.id)),
        refunds: refunds.as_mut().and_then(|all| all.remove(&payment.id)),
        card: cards
            .as_ref()
            .map(|all| payment.card.and_then(|id| all.get(&id).cloned())),
        ..Payment::new(Arc::new(payment), now)
    };
    Ok(payments.into_iter().map(with).collect())
}

/// The payment of an operation or refund.
pub async fn related(
    ctx: &Context<'_>,
    id: PaymentId,
    known: Option<&Arc<Value>>,
) -> Result<Option<Payment>> {
    let now = ctx.app()?.now();
    if let Some(payment) = known {
        return Ok(Some(Payment::new(Arc::clone(payment), now)));
    }
    let loaded = ctx.loaders()?.load_one(id).await.map_err(shared)?;
    Ok(loaded.map(|payment| Payment::new(Arc::new(payment), now)))
}

/// Reads the id of a payment that a list is narrowed to.
pub fn filter(id: Option<ID>) -> Result<Option<PaymentId>> {
    id.map(|id| id.parse())
        .transpose()
        .map_err(|refusal: domain::id::MalformedId| failure(Code::BadUserInput, refusal.to_string()))
}

/// An error that several resolvers wait for together.
fn shared(error: Arc<Error>) -> async_graphql::Error {
    match Arc::try_unwrap(error) {
        Ok(error) => query_failure(error),
        Err(error) => {
            tracing::error!(%error, "a relation could not be loaded");
            failure(Code::Internal, "something went wrong on our side")
        }
    }
}

#[Object(use_type_description)]
impl Payment {
    /// Its id, `pay_…`.
    pub async fn id(&self) -> ID {
        self.payment.id.to_string().into()
    }

    /// The mode it belongs to.
    async fn mode(&self) -> Mode {
        self.payment.tenant.mode.into()
    }

    /// What its amounts and operations add up to, as of now.
    async fn status(&self) -> PaymentStatus {
        self.payment.status_at(self.now).into()
    }

    /// What was asked for.
    async fn amount(&self) -> Money {
        self.payment.amount.into()
    }

    /// What the provider agreed to hold or take.
    async fn authorized_amount(&self) -> Money {
        self.payment.state.authorized().unwrap_or(self.none()).into()
    }

    /// What was taken.
    async fn captured_amount(&self) -> Money {
        self.taken(Taken::captured)
    }

    /// What went back.
    async fn refunded_amount(&self) -> Money {
        self.taken(Taken::refunded)
    }

    /// What is promised to go back.
    async fn refund_pending_amount(&self) -> Money {
        self.taken(Taken::refund_pending)
    }

    /// What can still be captured, as of now.
    async fn capturable_amount(&self) -> Money {
        let open = self
            .payment
            .state
            .hold()
            .is_some_and(|hold| self.now < hold.expires_at);
        if open {
            self.payment.capturable().into()
        } else {
            self.none().into()
        }
    }

    /// What can still be refunded.
    async fn refundable_amount(&self) -> Money {
        self.payment.refundable().into()
    }

    /// How the payer pays.
    async fn gateway(&self) -> Gateway {
        self.payment.gateway.into()
    }

    /// Name of the provider that moves the money.
    async fn provider(&self) -> &str {
        &self.payment.provider
    }

    /// The vaulted card, for card payments.
    async fn card(&self, ctx: &Context<'_>) -> Result<Option<Card>> {
        if let Some(card) = &self.card {
            return Ok(card.clone().map(Card::from));
        }
        let Some(id) = self.payment.card else {
            return Ok(None);
        };
        Ok(ctx.loaders()?.load_one(id).await.map_err(shared)?.map(Card::from))
    }

    /// Who pays, as the merchant says.
    async fn customer(&self) -> Customer {
        (&self.payment.customer).into()
    }

    /// What it is for, shown to the payer.
    async fn description(&self) -> Option<&str> {
        self.payment.description.as_deref()
    }

    /// The merchant's own number for it.
    async fn merchant_reference(&self) -> Option<&str> {
        self.payment.merchant_reference.as_deref()
    }

    /// The merchant's own notes.
    async fn metadata(&self) -> Metadata {
        (&self.payment.metadata).into()
    }

    /// Whether the provider's answer to the first operation was lost, so that it is being asked again.
    async fn outcome_unknown(&self) -> bool {
        matches!(
            self.payment.state,
            PaymentState::Processing {
                outcome_unknown: true
            }
        )
    }

    /// Why no money was moved, for a failed payment.
    async fn failure(&self) -> Option<Failure> {
        match &self.payment.state {
            PaymentState::Failed { decline, .. } => Some(decline.into()),
            _ => None,
        }
    }

    /// When the authorization ends or ended by itself.
    async fn expires_at(&self) -> Option<DateTime> {
        match &self.payment.state {
            PaymentState::Authorized { hold }
            | PaymentState::PartiallyCaptured { hold, .. }
            | PaymentState::Voided { hold, .. }
            | PaymentState::Expired { hold } => Some(hold.expires_at.into()),
            PaymentState::Processing { .. } | PaymentState::Captured { .. } | PaymentState::Failed { .. } => {
                None
            }
        }
    }

    /// When money was first taken.
    async fn captured_at(&self) -> Option<DateTime> {
        self.payment.state.taken().map(|taken| taken.at().into())
    }

    /// When the authorization was given up.
    async fn voided_at(&self) -> Option<DateTime> {
        match &self.payment.state {
            PaymentState::Voided { release, .. } => Some(release.at.into()),
            _ => None,
        }
    }

    /// Why the authorization was given up, as the merchant said.
    async fn void_reason(&self) -> Option<&str> {
        match &self.payment.state {
            PaymentState::Voided { release, .. } => release.reason.as_deref(),
            _ => None,
        }
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        self.payment.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.payment.updated_at.into()
    }

    /// Counts its changes.
    async fn version(&self) -> i32 {
        i32::try_from(self.payment.version).unwrap_or(i32::MAX)
    }

    /// What was tried on it: the newest 50, oldest first. The list of operations pages through all of them.
    async fn operations(&self, ctx: &Context<'_>) -> Result<Vec<Operation>> {
        let operations = match &self.operations {
            Some(operations) => operations.clone(),
            None => {
                let loaded = ctx
                    .loaders()?
                    .load_one(OperationsOf(self.payment.id))
                    .await
                    .map_err(shared)?;
                loaded.unwrap_or_default()
            }
        };
        let payment = || Some(Arc::clone(&self.payment));
        Ok(operations
            .into_iter()
            .map(|operation| Operation::new(operation, payment()))
            .collect())
    }

    /// What went or is going back: the newest 50, oldest first. The list of refunds pages through all of them.
    async fn refunds(&self, ctx: &Context<'_>) -> Result<Vec<Refund>> {
        let refunds = match &self.refunds {
            Some(refunds) => refunds.clone(),
            None => {
                let loaded = ctx
                    .loaders()?
                    .load_one(RefundsOf(self.payment.id))
                    .await
                    .map_err(shared)?;
                loaded.unwrap_or_default()
            }
        };
        let payment = || Some(Arc::clone(&self.payment));
        Ok(refunds
            .into_iter()
            .map(|refund| Refund::new(refund, payment()))
            .collect())
    }
}
