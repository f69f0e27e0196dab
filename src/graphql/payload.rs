//! Payloads of the money mutations: one shape, one type a mutation.

use super::context::ContextExt;
use super::error::{Reply, reply};
use super::money::Money;
use super::operation::Operation;
use super::payment::Payment;
use super::refund::Refund;
use super::user_error::UserError;
use async_graphql::{Context, Result, SimpleObject};
use domain::Timestamp;
use service::payment::{Outcome, Run};
use std::sync::Arc;

/// One line of the books that a command writes.
#[derive(SimpleObject, Clone, Debug)]
pub struct LedgerLine {
    /// Code of the debited account.
    pub debit_account: String,
    /// Code of the credited account.
    pub credit_account: String,
    /// How much.
    pub amount: Money,
    /// What it stands for: gross, fee, reserve or refund.
    pub code: String,
}

/// What a money command did, before it has the type of its mutation.
pub struct Done {
    /// The payment after it.
    pub payment: Option<Payment>,
    /// The operation that it sent.
    pub operation: Option<Operation>,
    /// The refund that it made.
    pub refund: Option<Refund>,
    /// What it wrote into the books.
    pub ledger_lines: Vec<LedgerLine>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
    /// How the answer came about.
    pub run: Option<Run>,
}

impl Done {
    /// A refusal.
    pub fn refused(user_errors: Vec<UserError>) -> Self {
        Self {
            payment: None,
            operation: None,
            refund: None,
            ledger_lines: Vec::new(),
            user_errors,
            run: None,
        }
    }

    /// What was done by `now`.
    pub fn of(outcome: Outcome, now: Timestamp) -> Self {
        let lines = outcome.answer.ledger_lines().into_iter().map(|line| LedgerLine {
            debit_account: line.debit,
            credit_account: line.credit,
            amount: line.amount.into(),
            code: line.code.to_string(),
        });
        let ledger_lines = lines.collect();
        let payment = Arc::new(outcome.answer.payment);
        // The first answer stays, so a hold that has run out since is still open in it.
        let now = if outcome.run == Run::Replayed {
            payment.updated_at
        } else {
            now
        };
        Self {
            operation: Some(Operation::new(
                outcome.answer.operation,
                Some(Arc::clone(&payment)),
            )),
            refund: outcome
                .answer
                .refund
                .map(|refund| Refund::new(refund, Some(Arc::clone(&payment)))),
            payment: Some(Payment::new(payment, now)),
            ledger_lines,
            user_errors: Vec::new(),
            run: Some(outcome.run),
        }
    }
}

/// Notes for the request log what a command made; a rehearsal makes nothing.
pub fn note(ctx: &Context<'_>, outcome: &Outcome) {
    if outcome.run == Run::Simulated {
        return;
    }
    ctx.note_made(outcome.answer.payment.id);
    ctx.note_made(outcome.answer.operation.id);
    if let Some(refund) = &outcome.answer.refund {
        ctx.note_made(refund.id);
    }
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* }) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The payment after the command; null when it was refused.
            pub payment: Option<Payment>,
            /// The operation that the command sent; null when it was refused.
            pub operation: Option<Operation>,
            $($(#[$field_doc])* pub $field: $type,)*
            /// What the command has written into the books by now, or would have.
            pub ledger_lines: Vec<LedgerLine>,
            /// Why it was refused; empty when it was not. A decline is no refusal: it is a payment with a failure.
            pub user_errors: Vec<UserError>,
            /// Whether this is the answer of an earlier request with the same idempotency key.
            pub idempotent_replay: bool,
            /// Whether this was only rehearsed, so that nothing was written.
            pub simulated: bool,
        }

        impl $name {
            /// A refusal.
            pub fn refused(user_errors: Vec<UserError>) -> Self {
                Done::refused(user_errors).into()
            }

            /// What became of the command.
            pub fn of(ctx: &Context<'_>, result: service::Result<Outcome>) -> Result<Self> {
                match result.map_err(reply) {
                    Ok(outcome) => {
                        note(ctx, &outcome);
                        Ok(Done::of(outcome, ctx.app()?.now()).into())
                    }
                    Err(Reply::UserErrors(errors)) => {
                        ctx.note_refusal(&errors);
                        Ok(Self::refused(errors))
                    }
                    Err(Reply::Failure(error)) => Err(error),
                }
            }
        }

        impl From<Done> for $name {
            fn from(done: Done) -> Self {
                Self {
                    payment: done.payment,
                    operation: done.operation,
                    $($field: done.$field,)*
                    ledger_lines: done.ledger_lines,
                    user_errors: done.user_errors,
                    idempotent_replay: done.run == Some(Run::Replayed),
                    simulated: done.run == Some(Run::Simulated),
                }
            }
        }
    };
}

payload! {
    /// What became of an authorization.
    PaymentAuthorizePayload {}
}

payload! {
    /// What became of a sale.
    PaymentSalePayload {}
}

payload! {
    /// What became of a capture.
    PaymentCapturePayload {}
}

payload! {
    /// What became of a void.
    PaymentVoidPayload {}
}

payload! {
    /// What became of a refund.
    PaymentRefundPayload {
        /// The refund; null when it was refused.
        refund: Option<Refund>
    }
}
