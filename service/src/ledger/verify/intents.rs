//! Intents against their attempts.

use super::Integrity;
use crate::{App, Result, Txn};
use domain::Money;
use domain::intent::{CanceledBy, Intent, IntentState};
use domain::merchant::Tenant;
use domain::operation::{Operation, OperationKind, OperationState};
use domain::payment::{Payment, PaymentState};
use domain::provider::DeclineReason;
use entity::{Inconsistency, intent, operation, payment};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashMap;

/// Intents that are checked on one view of the database.
const PAGE: u64 = 500;

/// Some intents and their attempts, as they were at one instant.
struct Rows {
    last: String,
    intents: Vec<intent::Model>,
    payments: Vec<payment::Model>,
    operations: Vec<operation::Model>,
}

/// Checks all intents, or those of one merchant and mode.
pub(super) async fn check(app: &App, tenant: Option<Tenant>, found: &mut Integrity) -> Result<()> {
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = app
            .db()
            .in_snapshot(move |txn| Box::pin(async move { read(txn, tenant, &from).await }))
            .await?;
        let Some(page) = page else { return Ok(()) };
        after.clone_from(&page.last);
        check_page(page, found);
    }
}

async fn read(txn: &Txn, tenant: Option<Tenant>, after: &str) -> Result<Option<Rows>> {
    let query = match tenant {
        Some(tenant) => intent::Entity::of(tenant),
        None => intent::Entity::find(),
    };
    let intents = query
        .filter(intent::Column::Id.gt(after))
        .order_by_asc(intent::Column::Id)
        .limit(PAGE)
        .all(txn)
        .await?;
    let Some(last) = intents.last().map(|row| row.id.clone()) else {
        return Ok(None);
    };
    let ids = intents.iter().map(|row| row.id.clone());
    let payments = payment::Entity::find()
        .filter(payment::Column::IntentId.is_in(ids))
        .all(txn)
        .await?;
    let paid = intents.iter().filter(|row| row.paid_at.is_some());
    let paid = paid.filter_map(|row| row.payment_id.clone());
    let operations = operation::Entity::find()
        .filter(operation::Column::PaymentId.is_in(paid))
        .all(txn)
        .await?;
    Ok(Some(Rows {
        last,
        intents,
        payments,
        operations,
    }))
}

fn check_page(page: Rows, found: &mut Integrity) {
    let mut payments: HashMap<String, Vec<payment::Model>> = HashMap::new();
    for row in page.payments {
        payments
            .entry(row.intent_id.clone().unwrap_or_default())
            .or_default()
            .push(row);
    }
    let mut operations: HashMap<String, Vec<operation::Model>> = HashMap::new();
    for row in page.operations {
        operations.entry(row.payment_id.clone()).or_default().push(row);
    }
    for row in page.intents {
        found.intents += 1;
        let id = row.id.clone();
        let attempts = payments.remove(&id).unwrap_or_default();
        let taken = row.payment_id.as_ref().and_then(|id| operations.remove(id));
        let checked = || -> std::result::Result<Vec<String>, Inconsistency> {
            let attempts = attempts.into_iter().map(Payment::try_from);
            let attempts: Vec<Payment> = attempts.collect::<std::result::Result<_, _>>()?;
            let taken = taken.unwrap_or_default().into_iter().map(Operation::try_from);
            let taken: Vec<Operation> = taken.collect::<std::result::Result<_, _>>()?;
            Ok(problems(&row.try_into()?, &attempts, &taken))
        };
        match checked() {
            Ok(problems) => problems
                .into_iter()
                .for_each(|problem| found.problem(&id, problem)),
            Err(inconsistency) => found.problem(&id, inconsistency.to_string()),
        }
    }
}

/// What an intent says that its attempts do not bear out.
fn problems(intent: &Intent, attempts: &[Payment], operations: &[Operation]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut unless = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    let strangers = attempts.iter().find(|payment| payment.tenant != intent.tenant);
    unless(
        strangers.is_none(),
        "an attempt belongs to another merchant or mode".to_owned(),
    );
    let declined = attempts
        .iter()
        .filter(|payment| was_declined(&payment.state))
        .count();
    unless(
        declined == usize::from(intent.attempts),
        format!("it counts {} attempts, {declined} were declined", intent.attempts),
    );
    // Failed attempts are history: what is left is the one that is open, or that has or had money.
    let mut others = attempts
        .iter()
        .filter(|payment| !matches!(payment.state, PaymentState::Failed { .. }));
    let (attempt, second) = (others.next(), others.next());
    unless(
        second.is_none(),
        "more than one of its attempts did not fail".to_owned(),
    );
    unless(
        bears_out(&intent.state, attempt),
        format!(
            "it is {}, its attempt {}",
            intent.state.status(),
            attempt.map_or("is not there".to_owned(), |payment| format!(
                "{} through {} is {}",
                payment.id,
                payment.gateway,
                payment.state.status()
            ))
        ),
    );
    if let Some(paid) = intent.state.paid() {
        let payout = payout(operations, intent);
        unless(
            payout == Some(paid.payout),
            format!("its payout is {}, its captures leave {payout:?}", paid.payout),
        );
    }
    problems
}

fn was_declined(state: &PaymentState) -> bool {
    matches!(state, PaymentState::Failed { decline, .. } if decline.reason != DeclineReason::NotSent)
}

/// Whether the one attempt that did not fail is what the state says of it.
fn bears_out(state: &IntentState, attempt: Option<&Payment>) -> bool {
    let is = |id, gateway, expected: fn(&PaymentState) -> bool| {
        attempt
            .is_some_and(|payment| payment.id == id && payment.gateway == gateway && expected(&payment.state))
    };
    let ended = |expected: fn(&PaymentState) -> bool| attempt.is_some_and(|payment| expected(&payment.state));
    match state {
        IntentState::Created { .. }
        | IntentState::Failed { .. }
        | IntentState::Expired { late: None, .. } => attempt.is_none(),
        IntentState::Processing { attempt } => is(attempt.payment, attempt.gateway, |state| {
            matches!(state, PaymentState::Processing { .. })
        }),
        IntentState::RequiresCapture {
            attempt: known,
            lapses_at,
            ..
        } => {
            let held = is(known.payment, known.gateway, |state| {
                matches!(state, PaymentState::Authorized { .. })
            });
            let ends = attempt.and_then(|payment| payment.state.hold().map(|hold| hold.expires_at));
            held && (lapses_at.is_none() || *lapses_at == ends)
        }
        IntentState::Succeeded { paid } => is(paid.payment, paid.via, |state| state.taken().is_some()),
        IntentState::Canceled { by, .. } => match by {
            CanceledBy::Merchant | CanceledBy::Payer => attempt.is_none(),
            CanceledBy::Void => ended(|state| matches!(state, PaymentState::Voided { .. })),
            CanceledBy::AuthorizationExpired => ended(|state| matches!(state, PaymentState::Expired { .. })),
        },
        IntentState::Expired { late: Some(late), .. } => {
            let gone = is(late.payment, late.gateway, PaymentState::is_gone);
            let came = is(late.payment, late.gateway, |state| {
                !matches!(state, PaymentState::Processing { .. })
            });
            came && gone == late.given_back
        }
    }
}

/// What the captures leave to the merchant.
fn payout(operations: &[Operation], intent: &Intent) -> Option<Money> {
    let took = operations.iter().filter(|operation| {
        matches!(operation.kind, OperationKind::Sale | OperationKind::Capture)
            && matches!(operation.state, OperationState::Succeeded { .. })
    });
    took.map(|operation| operation.amount.checked_sub(operation.fee))
        .try_fold(Money::zero(intent.amount.currency()), |sum, part| {
            sum.checked_add(part?)
        })
        .ok()
}
