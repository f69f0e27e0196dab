//! Payments: the type and its relations. Questions and commands stand beside, in `payment_query` and `payment_mutation`.

use super::card::Card;
use super::context::ContextExt;
use super::customer::Customer;
use super::enums::{Gateway, Mode, PaymentStatus};
use super::error::{Code, failure, shared_failure};
use super::intent::Intent;
use super::load::{OperationsOf, RefundsOf};
use super::metadata::Metadata;
use super::money::Money;
use super::operation::{BriefOperation, Failure, Operation};
use super::plain::{Held, plain};
use super::refund::{BriefRefund, Refund};
use super::shown::Shown;
use super::time::DateTime;
use async_graphql::{Context, Description, ID, Lookahead, Result};
use domain::Timestamp;
use domain::id::PaymentId;
use domain::payment::{Payment as Value, PaymentState, Release, Taken};
use service::Error;
use service::payment::{Children, Edge, Relations, Whole};
use std::sync::Arc;

/// Money held or taken from a payer.
#[derive(Clone, Description)]
pub struct Payment {
    payment: Arc<Value>,
    now: Timestamp,
    operations: Option<Held<Operation, BriefOperation>>,
    refunds: Option<Held<Refund, BriefRefund>>,
    card: Option<Option<Card>>,
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

    /// A payment as of `now` with what was read beside it.
    pub fn whole(whole: Whole, now: Timestamp) -> Self {
        let payment = Arc::new(whole.payment);
        let known = || Some(Arc::clone(&payment));
        let operations = |children| match children {
            Children::Whole(all) => {
                let one = |one| Operation::new(one, known());
                Held::Whole(all.into_iter().map(one).collect())
            }
            Children::Brief(all) => Held::Brief(all.into_iter().map(BriefOperation::from).collect()),
        };
        let refunds = |children| match children {
            Children::Whole(all) => {
                let one = |one| Refund::new(one, known());
                Held::Whole(all.into_iter().map(one).collect())
            }
            Children::Brief(all) => Held::Brief(all.into_iter().map(BriefRefund::from).collect()),
        };
        Self {
            operations: whole.operations.map(operations),
            refunds: whole.refunds.map(refunds),
            card: whole.card.map(|card| card.map(Card::from)),
            now,
            payment,
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

    /// What can still be captured, as of now.
    fn capturable(&self) -> domain::Money {
        let hold = self.payment.state.hold();
        if hold.is_some_and(|hold| self.now < hold.expires_at) {
            self.payment.capturable()
        } else {
            self.none()
        }
    }

    fn release(&self) -> Option<&Release> {
        match &self.payment.state {
            PaymentState::Voided { release, .. } => Some(release),
            _ => None,
        }
    }

    fn decline(&self) -> Option<&domain::provider::Decline> {
        match &self.payment.state {
            PaymentState::Failed { decline, .. } => Some(decline),
            _ => None,
        }
    }

    fn hold_end(&self) -> Option<Timestamp> {
        match &self.payment.state {
            PaymentState::Authorized { hold }
            | PaymentState::PartiallyCaptured { hold, .. }
            | PaymentState::Voided { hold, .. }
            | PaymentState::Expired { hold } => Some(hold.expires_at),
            PaymentState::Processing { .. } | PaymentState::Captured { .. } | PaymentState::Failed { .. } => {
                None
            }
        }
    }
}

/// What of an operation or refund is read where a list asks for no more.
const BRIEF: [&str; 7] = [
    "id",
    "kind",
    "status",
    "amount",
    "createdAt",
    "settledAt",
    "__typename",
];

/// What `selection` asks to be read beside each payment. `at_once` says that the payments are written at once: then, and only
/// then, nobody else asks an operation or refund for what `selection` does not name.
pub fn relations(selection: &[Lookahead<'_>], at_once: bool) -> Relations {
    let asked = |relation: &str| selection.iter().any(|selected| selected.field(relation).exists());
    let brief = |relation: &str| {
        let mut fields = selection
            .iter()
            .flat_map(|selected| selected.field(relation).selection_fields());
        fields.all(|field| {
            let mut children = field.selection_set();
            children.all(|child| BRIEF.contains(&child.name()))
        })
    };
    Relations {
        operations: asked("operations"),
        refunds: asked("refunds"),
        card: asked("card"),
        brief: at_once && brief("operations") && brief("refunds"),
    }
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

/// An error that several resolvers wait for together; each of them says why.
pub fn shared(error: Arc<Error>) -> async_graphql::Error {
    shared_failure(&error)
}

plain! {
    Payment as this {
        /// Its id, `pay_…`.
        pub id: Shown<ID, PaymentId> = Shown::new(this.payment.id);
        /// The mode it belongs to.
        mode: Mode = this.payment.tenant.mode.into();
        /// What its amounts and operations add up to, as of now.
        status: PaymentStatus = this.payment.status_at(this.now).into();
        /// What was asked for.
        amount: Money = this.payment.amount.into();
        /// What the provider agreed to hold or take.
        authorized_amount: Money = this.payment.state.authorized().unwrap_or(this.none()).into();
        /// What was taken.
        captured_amount: Money = this.taken(Taken::captured);
        /// What went back.
        refunded_amount: Money = this.taken(Taken::refunded);
        /// What is promised to go back.
        refund_pending_amount: Money = this.taken(Taken::refund_pending);
        /// What can still be captured, as of now.
        capturable_amount: Money = this.capturable().into();
        /// What can still be refunded.
        refundable_amount: Money = this.payment.refundable().into();
        /// How the payer pays.
        gateway: Gateway = this.payment.gateway.into();
        /// Name of the provider that moves the money.
        provider: &str = &this.payment.provider;
        /// Who pays, as the merchant says.
        customer: Customer = (&this.payment).into();
        /// What it is for, shown to the payer.
        description: Option<&str> = this.payment.description.as_deref();
        /// The merchant's own number for it.
        merchant_reference: Option<&str> = this.payment.merchant_reference.as_deref();
        /// The merchant's own notes.
        metadata: Metadata = (&this.payment.metadata).into();
        /// Whether the provider's answer to the first operation was lost, so that it is being asked again.
        outcome_unknown: bool = matches!(this.payment.state, PaymentState::Processing { outcome_unknown: true });
        /// Why no money was moved, for a failed payment.
        failure: Option<Failure> = this.decline().map(Failure::from);
        /// When the authorization ends or ended by itself.
        expires_at: Option<DateTime> = this.hold_end().map(DateTime);
        /// When money was first taken.
        captured_at: Option<DateTime> = this.payment.state.taken().map(|taken| taken.at().into());
        /// When the authorization was given up.
        voided_at: Option<DateTime> = this.release().map(|release| release.at.into());
        /// Why the authorization was given up, as the merchant said.
        void_reason: Option<&str> = this.release().and_then(|release| release.reason.as_deref());
        /// When it was created.
        created_at: DateTime = this.payment.created_at.into();
        /// When it last changed.
        updated_at: DateTime = this.payment.updated_at.into();
        /// Counts its changes.
        version: i32 = i32::try_from(this.payment.version).unwrap_or(i32::MAX);
    }
    loaded {
        /// The intent that it is an attempt to pay; null for a payment of its own.
        async fn intent(&self, ctx: &Context<'_>) -> Result<Option<Intent>> {
            let Some(id) = self.payment.intent else {
                return Ok(None);
            };
            let loaded = ctx.loaders()?.load_one(id).await.map_err(shared)?;
            Ok(loaded.map(|intent| Intent::new(Arc::new(intent), self.now)))
        }

        /// The vaulted card, for card payments.
        async fn card(&self, ctx: &Context<'_>) -> Result<Option<Card>> {
            if let Some(card) = &self.card {
                return Ok(card.clone());
            }
            let Some(id) = self.payment.card else {
                return Ok(None);
            };
            Ok(ctx.loaders()?.load_one(id).await.map_err(shared)?.map(Card::from))
        }

        /// What was tried on it: the newest 50, oldest first. The list of operations pages through all of them.
        async fn operations(&self, ctx: &Context<'_>) -> Result<Arc<[Operation]>> {
            if let Some(Held::Whole(operations)) = &self.operations {
                return Ok(Arc::clone(operations));
            }
            let key = OperationsOf(self.payment.id);
            let loaded = ctx.loaders()?.load_one(key).await.map_err(shared)?;
            let payment = || Some(Arc::clone(&self.payment));
            let operation = |operation| Operation::new(operation, payment());
            Ok(loaded.unwrap_or_default().into_iter().map(operation).collect())
        }

        /// What went or is going back: the newest 50, oldest first. The list of refunds pages through all of them.
        async fn refunds(&self, ctx: &Context<'_>) -> Result<Arc<[Refund]>> {
            if let Some(Held::Whole(refunds)) = &self.refunds {
                return Ok(Arc::clone(refunds));
            }
            let key = RefundsOf(self.payment.id);
            let loaded = ctx.loaders()?.load_one(key).await.map_err(shared)?;
            let payment = || Some(Arc::clone(&self.payment));
            let refund = |refund| Refund::new(refund, payment());
            Ok(loaded.unwrap_or_default().into_iter().map(refund).collect())
        }
    }
    held {
        card: Option<Card> = this.card.as_ref();
        operations: Held<Operation, BriefOperation> = this.operations.as_ref();
        refunds: Held<Refund, BriefRefund> = this.refunds.as_ref();
    }
}
