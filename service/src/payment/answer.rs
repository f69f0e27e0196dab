//! What a money command answers, the first time and every time after.

use domain::Money;
use domain::fee::Breakdown;
use domain::intent::Intent;
use domain::ledger::{Draft, LegCode};
use domain::operation::{Operation, OperationKind, OperationStatus};
use domain::payment::Payment;
use domain::refund::{Refund, RefundStatus};
use serde::{Deserialize, Serialize};

/// The objects as they were when the command was done. Stored under the idempotency key, so a replay gives these, not today's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The payment.
    pub payment: Payment,
    /// What was tried on it.
    pub operation: Operation,
    /// The refund, for a refund.
    pub refund: Option<Refund>,
    /// The intent of which the payment is an attempt, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Box<Intent>>,
}

/// An answer, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The objects.
    pub answer: Answer,
    /// Whether this was done, repeated or only rehearsed.
    pub run: Run,
}

/// How an answer came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It was done now.
    Done,
    /// It was done before, under the same idempotency key.
    Replayed,
    /// It was only rehearsed; nothing was written.
    Simulated,
}

/// One line of the books that a command writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// Code of the debited account.
    pub debit: String,
    /// Code of the credited account.
    pub credit: String,
    /// How much.
    pub amount: Money,
    /// What it stands for.
    pub code: LegCode,
}

impl Answer {
    /// The journals that this command has written by now: a pure function of what was decided, so a rehearsal, a replay and the
    /// books cannot disagree.
    #[must_use]
    pub fn journals(&self) -> Vec<Draft> {
        let (tenant, provider) = (self.payment.tenant, self.payment.provider.as_str());
        match (self.operation.kind, &self.refund) {
            (OperationKind::Sale | OperationKind::Capture, _)
                if self.status() == OperationStatus::Succeeded =>
            {
                vec![capture_journal(&self.payment, &self.operation)]
            }
            (OperationKind::Refund, Some(refund)) => {
                let accepted = Draft::refund_accepted(tenant, provider, refund.amount);
                match refund.state.status() {
                    RefundStatus::Succeeded => {
                        vec![accepted, Draft::refund_succeeded(tenant, provider, refund.amount)]
                    }
                    RefundStatus::Failed => {
                        vec![accepted, Draft::refund_failed(tenant, provider, refund.amount)]
                    }
                    _ => vec![accepted],
                }
            }
            _ => Vec::new(),
        }
    }

    /// The lines of those journals.
    #[must_use]
    pub fn ledger_lines(&self) -> Vec<LedgerLine> {
        let legs = self.journals().into_iter().flat_map(|journal| journal.legs);
        legs.map(|leg| LedgerLine {
            debit: leg.debit.to_string(),
            credit: leg.credit.to_string(),
            amount: leg.amount,
            code: leg.code,
        })
        .collect()
    }

    fn status(&self) -> OperationStatus {
        self.operation.state.status()
    }
}

/// The journal of a sale or capture, from the parts that were decided with it.
pub(crate) fn capture_journal(payment: &Payment, operation: &Operation) -> Draft {
    let currency = operation.amount.currency();
    let kept = operation.fee.minor().saturating_add(operation.reserve.minor());
    let parts = Breakdown {
        gross: operation.amount,
        fee: operation.fee,
        reserve: operation.reserve,
        net: Money::new(operation.amount.minor().saturating_sub(kept), currency),
    };
    Draft::capture(payment.tenant, &payment.provider, &parts)
}
