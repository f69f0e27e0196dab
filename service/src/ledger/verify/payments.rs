//! Payments against their operations and refunds.

use super::Integrity;
use super::journals;
use super::rows::{PageRows, Written};
use crate::payment::Answer;
use domain::Money;
use domain::ledger::JournalKind;
use domain::operation::{Operation, OperationKind, OperationState};
use domain::payment::Payment;
use domain::refund::{Refund, RefundStatus};
use entity::Inconsistency;
use std::collections::HashMap;

/// Checks a page of payments, and every journal of theirs.
pub(super) fn check(page: PageRows, found: &mut Integrity) {
    let mut journals: HashMap<(String, String), Written> = page
        .journals
        .into_iter()
        .map(|journal| ((journal.source_id.clone(), journal.kind.clone()), journal))
        .collect();
    let mut operations = grouped(page.operations, |row| row.payment_id.clone());
    let mut refunds = grouped(page.refunds, |row| row.payment_id.clone());
    for row in page.payments {
        found.payments += 1;
        let id = row.id.clone();
        let read = || -> Result<_, Inconsistency> {
            let operations = operations.remove(&id).unwrap_or_default();
            let refunds = refunds.remove(&id).unwrap_or_default();
            Ok((
                Payment::try_from(row)?,
                operations
                    .into_iter()
                    .map(Operation::try_from)
                    .collect::<Result<Vec<_>, _>>()?,
                refunds
                    .into_iter()
                    .map(Refund::try_from)
                    .collect::<Result<Vec<_>, _>>()?,
            ))
        };
        match read() {
            Err(inconsistency) => found.problem(&id, inconsistency.to_string()),
            Ok((payment, operations, refunds)) => {
                check_payment(&payment, operations, &refunds, &mut journals, found)
            }
        }
    }
    for journal in journals.into_values() {
        found.problem(
            &journal.id,
            format!("{} of {} should not be there", journal.kind, journal.source_id),
        );
    }
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> String) -> HashMap<String, Vec<T>> {
    let mut groups: HashMap<String, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

fn check_payment(
    payment: &Payment,
    operations: Vec<Operation>,
    refunds: &[Refund],
    journals: &mut HashMap<(String, String), Written>,
    found: &mut Integrity,
) {
    let taken = |operation: &&Operation| {
        matches!(operation.kind, OperationKind::Sale | OperationKind::Capture)
            && matches!(operation.state, OperationState::Succeeded { .. })
    };
    let currency = payment.amount.currency();
    let sum = |amounts: &mut dyn Iterator<Item = Money>| {
        amounts.fold(Money::zero(currency), |sum, amount| {
            sum.checked_add(amount).unwrap_or(sum)
        })
    };
    let captured = sum(&mut operations.iter().filter(taken).map(|operation| operation.amount));
    let with = |wanted: fn(&Refund) -> bool| sum(&mut refunds.iter().filter(|r| wanted(r)).map(|r| r.amount));
    let kept = payment.state.taken();
    let of = |part: Option<Money>| part.unwrap_or(Money::zero(currency));
    found.expect(
        payment.id,
        "captured",
        captured,
        of(kept.map(|taken| taken.captured())),
    );
    let refunded = with(|refund| refund.state.status() == RefundStatus::Succeeded);
    found.expect(
        payment.id,
        "refunded",
        refunded,
        of(kept.map(|taken| taken.refunded())),
    );
    let pending = with(|refund| refund.state.is_open());
    found.expect(
        payment.id,
        "refund pending",
        pending,
        of(kept.map(|taken| taken.refund_pending())),
    );

    for operation in operations {
        let refund = refunds
            .iter()
            .find(|refund| refund.operation == operation.id)
            .cloned();
        let source = refund
            .as_ref()
            .map_or(operation.id.to_string(), |refund| refund.id.to_string());
        let answer = Answer {
            payment: payment.clone(),
            operation,
            refund,
            intent: None,
        };
        let mut accepted = None;
        for draft in answer.journals() {
            match journals.remove(&(source.clone(), draft.kind.as_str().to_owned())) {
                None => found.problem(&source, format!("its {} journal is missing", draft.kind.as_str())),
                Some(journal) => {
                    let reverses = accepted
                        .as_deref()
                        .filter(|_| draft.kind == JournalKind::RefundFailed);
                    journals::check(&journal, &draft, reverses, found);
                    accepted = Some(journal.id);
                }
            }
        }
    }
}
