//! Settling an operation: the provider's answer becomes status, journal, events and the stored answer, all or nothing.
//!
//! Invariant: [`decide`] is pure and is all there is to decide, so a rehearsal gives exactly what the real run would. Whoever settles
//! first wins; a second answer to the same operation finds it settled and gives the first one back. One that contradicts it is
//! never lost: it becomes a warning of the integrity report.

use super::Answer;
use super::answer::capture_journal;
use crate::event::{self, NewEvent};
use crate::idempotency::{self, Command};
use crate::{App, Error, Result, Txn, integrity, intent, ledger};
use domain::Timestamp;
use domain::event::EventType;
use domain::id::JournalId;
use domain::ledger::Draft;
use domain::operation::{Operation, OperationKind, OperationState, OperationStatus};
use domain::payment::{Intake, Payment, PaymentState};
use domain::provider::{Answer as ProviderAnswer, Approval, Decline};
use domain::refund::Refund;
use entity::inconsistency::At;
use entity::{journal, operation, payment, refund};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// How long to wait before the provider is asked again what became of an operation: 5 s, doubling, at most an hour.
const ASK_AGAIN_FIRST_S: i64 = 5;
const ASK_AGAIN_MOST_S: i64 = 3_600;

/// What a rehearsal assumes of a provider that cannot tell beforehand.
pub(crate) fn assumed_approval() -> ProviderAnswer {
    let provider_reference = "simulated".to_owned();
    ProviderAnswer::Approved(Approval {
        provider_reference,
        auth_code: None,
        fraud: None,
    })
}

/// The objects after `answer`. Pure.
pub(crate) fn decide(before: Answer, answer: ProviderAnswer, now: Timestamp) -> Result<Answer> {
    let Answer {
        mut payment,
        mut operation,
        refund,
        intent,
    } = before;
    operation.state = operation.state.answered(answer.clone(), now)?.into_state();
    operation.ask_again_at = ask_again(&operation, now);
    let (state, refund) = match answer {
        ProviderAnswer::Approved(_) => (approved(&payment, &operation, now)?, succeeded(refund, now)?),
        ProviderAnswer::Declined(decline) => (
            declined(&payment, &operation, &decline, now)?,
            failed(refund, decline, now)?,
        ),
        ProviderAnswer::Unknown => (lost(&payment, &operation)?, refund),
    };
    payment.state = state;
    if operation.state.is_settled() && payment.in_flight == Some(operation.id) {
        payment.in_flight = None;
    }
    payment.updated_at = now;
    Ok(Answer {
        payment,
        operation,
        refund,
        intent,
    })
}

fn approved(payment: &Payment, operation: &Operation, now: Timestamp) -> Result<PaymentState> {
    let state = payment.state.clone();
    // Money moved at the provider when we asked, not when we heard: a hold that ends in between was still there.
    let sent_at = operation.created_at;
    Ok(match operation.kind {
        OperationKind::Authorize => state
            // Its seven days count from then too: the issuer counts from when it promised, and must not have let go before us.
            .approve(Intake::Authorize, operation.amount, sent_at)?
            .into_state(),
        OperationKind::Sale => state.approve(Intake::Sale, operation.amount, now)?.into_state(),
        OperationKind::Capture => state.capture(operation.amount, operation.finality, sent_at)?,
        OperationKind::Void => state.void(operation.reason.clone(), sent_at)?,
        OperationKind::Refund => state.refund_succeeded(operation.amount)?,
    })
}

fn declined(
    payment: &Payment,
    operation: &Operation,
    decline: &Decline,
    now: Timestamp,
) -> Result<PaymentState> {
    let state = payment.state.clone();
    Ok(match operation.kind {
        OperationKind::Authorize | OperationKind::Sale => state.decline(decline.clone(), now)?.into_state(),
        OperationKind::Capture | OperationKind::Void => state,
        OperationKind::Refund => state.refund_failed(operation.amount)?,
    })
}

fn lost(payment: &Payment, operation: &Operation) -> Result<PaymentState> {
    let state = payment.state.clone();
    Ok(match operation.kind {
        OperationKind::Authorize | OperationKind::Sale => state.lose_track()?.into_state(),
        OperationKind::Capture | OperationKind::Void | OperationKind::Refund => state,
    })
}

fn succeeded(refund: Option<Refund>, now: Timestamp) -> Result<Option<Refund>> {
    let settle = |refund: Refund| {
        Ok(Refund {
            state: refund.state.clone().succeed(now)?.into_state(),
            ..refund
        })
    };
    refund.map(settle).transpose()
}

fn failed(refund: Option<Refund>, decline: Decline, now: Timestamp) -> Result<Option<Refund>> {
    let settle = |refund: Refund| {
        Ok(Refund {
            state: refund.state.clone().fail(now, decline)?.into_state(),
            ..refund
        })
    };
    refund.map(settle).transpose()
}

fn ask_again(operation: &Operation, now: Timestamp) -> Option<Timestamp> {
    match &operation.state {
        OperationState::Sent => operation.ask_again_at,
        OperationState::OutcomeUnknown { asked } => {
            let wait = (0..*asked).try_fold(ASK_AGAIN_FIRST_S, |wait, _| {
                let doubled = wait * 2;
                if doubled < ASK_AGAIN_MOST_S {
                    Ok(doubled)
                } else {
                    Err(ASK_AGAIN_MOST_S)
                }
            });
            Some(now + chrono::Duration::seconds(wait.unwrap_or_else(|most| most)))
        }
        OperationState::Succeeded { .. } | OperationState::Failed { .. } => None,
    }
}

/// Settles a reserved operation with what the provider answered.
///
/// # Errors
/// Storage errors, after which the operation stays open and is asked about again.
pub(crate) async fn settle(app: &App, reserved: Answer, answer: ProviderAnswer) -> Result<Answer> {
    let now = app.now();
    let (context, operation) = (app.clone(), reserved.operation.id);
    let (first, second) = (answer.clone(), answer);
    let quick = app
        .db()
        .in_txn(move |txn| Box::pin(async move { write(&context, txn, reserved, first, now).await }))
        .await;
    match quick {
        Err(Error::Conflict) => {}
        other => return other,
    }
    // Somebody changed the payment since it was read: a refund beside a capture, or another settler. Read it under its lock.
    let context = app.clone();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let mut current = super::resolve::load_locked(txn, operation).await?;
                if current.operation.state.is_settled() {
                    compare(txn, &current.operation, second, now).await?;
                    current.intent = intent::of(txn, &current.payment).await?.map(Box::new);
                    return Ok(current);
                }
                write(&context, txn, current, second, now).await
            })
        })
        .await
}

/// Compares a late answer with the one that settled the operation. The first one stands, because the world was told of it; where the
/// late one contradicts it, money moved or did not move against our books, and the operator has to know.
async fn compare(txn: &Txn, settled: &Operation, late: ProviderAnswer, now: Timestamp) -> Result<()> {
    let reference = match &late {
        ProviderAnswer::Approved(approval) => Some(approval.provider_reference.clone()),
        ProviderAnswer::Declined(decline) => decline.provider_reference.clone(),
        ProviderAnswer::Unknown => None,
    };
    let Err(contradiction) = settled.state.clone().answered(late, now) else {
        return Ok(());
    };
    tracing::error!(
        %contradiction,
        operation = %settled.id,
        payment = %settled.payment,
        kind = %settled.kind,
        provider_reference = reference,
        "the provider's late answer contradicts the one that settled the operation"
    );
    integrity::warn(txn, integrity::PROVIDER_CONTRADICTION, settled.id, now).await
}

/// Decides and writes. [`Error::Conflict`] says that `before` is no longer how things are.
async fn write(
    app: &App,
    txn: &Txn,
    before: Answer,
    answer: ProviderAnswer,
    now: Timestamp,
) -> Result<Answer> {
    let was = before.operation.state.status();
    let mut after = decide(before, answer, now)?;
    save(txn, &mut after.payment, now).await?;
    let tenant = after.payment.tenant;

    let open = operation::Entity::update_many()
        .set(operation::change(&after.operation))
        .filter(operation::Column::Id.eq(after.operation.id.to_string()))
        .filter(operation::Column::SettledAt.is_null())
        .exec(txn)
        .await?;
    expect_one(open.rows_affected)?;
    if let Some(refund) = &after.refund {
        let changed = refund::Entity::update_many()
            .set(refund::change(refund))
            .filter(refund::Column::Id.eq(refund.id.to_string()))
            .exec(txn)
            .await?;
        expect_one(changed.rows_affected)?;
    }
    if after.operation.state.is_settled() {
        book(app, txn, &after, now).await?;
    }
    event::write(app, txn, tenant, events(was, &after)?, now).await?;
    after.intent = intent::follow(app, txn, &after.payment, Some(&after.operation), now)
        .await?
        .map(Box::new);
    let commands = [Command::Operation(after.operation.kind), Command::IntentConfirm];
    let key = &after.operation.idempotency_key;
    idempotency::answer(txn, tenant, commands, key, after.operation.id, &after).await?;
    Ok(after)
}

/// Writes the payment if nobody changed it since it was read, and counts its version up.
///
/// # Errors
/// [`Error::Conflict`] if somebody did.
pub(crate) async fn save(txn: &Txn, payment: &mut Payment, now: Timestamp) -> Result<()> {
    let read = payment.version;
    payment.version = read.checked_add(1).ok_or(Error::Conflict)?;
    payment.updated_at = now;
    let written = payment::Entity::update_many()
        .set(payment::change(payment))
        .filter(payment::Column::Id.eq(payment.id.to_string()))
        .filter(payment::Column::Version.eq(read))
        .exec(txn)
        .await?;
    expect_one(written.rows_affected)
}

fn expect_one(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// Writes the journal that a settled operation owes the books.
async fn book(app: &App, txn: &Txn, after: &Answer, now: Timestamp) -> Result<()> {
    let succeeded = matches!(after.operation.state, OperationState::Succeeded { .. });
    let (tenant, provider) = (after.payment.tenant, after.payment.provider.as_str());
    match (after.operation.kind, &after.refund) {
        (OperationKind::Sale | OperationKind::Capture, _) if succeeded => {
            let draft = capture_journal(&after.payment, &after.operation);
            ledger::post(app, txn, &draft, &after.operation.id.to_string(), None, now).await?;
        }
        (OperationKind::Refund, Some(refund)) => {
            let (draft, reverses) = if succeeded {
                (Draft::refund_succeeded(tenant, provider, refund.amount), None)
            } else {
                let accepted = accepted_journal(txn, after, refund).await?;
                (
                    Draft::refund_failed(tenant, provider, refund.amount),
                    Some(accepted),
                )
            };
            ledger::post(app, txn, &draft, &refund.id.to_string(), reverses, now).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn accepted_journal(txn: &Txn, after: &Answer, refund: &Refund) -> Result<JournalId> {
    let row = journal::Entity::of(after.payment.tenant)
        .filter(journal::Column::SourceId.eq(refund.id.to_string()))
        .filter(journal::Column::Kind.eq(domain::ledger::JournalKind::RefundAccepted.as_str()))
        .one(txn)
        .await?
        .at("journals", "source_id", &refund.id.to_string())?;
    Ok(row.id.parse().at("journals", "id", &row.id)?)
}

/// What the world is told about an operation that was settled, or whose answer was lost. That it is still lost is no news.
fn events(was: OperationStatus, after: &Answer) -> Result<Vec<NewEvent>> {
    let payment = |event_type| NewEvent::about(event_type, after.payment.id, &after.payment);
    if !after.operation.state.is_settled() {
        let is_news = was == OperationStatus::Sent && after.operation.state.status() != was;
        return Ok(match after.operation.kind {
            OperationKind::Authorize | OperationKind::Sale if is_news => {
                vec![payment(EventType::PaymentProcessing)?]
            }
            // The payment is as it was.
            _ => Vec::new(),
        });
    }
    let succeeded = matches!(after.operation.state, OperationState::Succeeded { .. });
    Ok(match (after.operation.kind, succeeded, &after.refund) {
        (OperationKind::Authorize, true, _) => vec![payment(EventType::PaymentAuthorized)?],
        (OperationKind::Sale | OperationKind::Capture, true, _) => vec![payment(EventType::PaymentCaptured)?],
        (OperationKind::Authorize | OperationKind::Sale, false, _) => {
            vec![payment(EventType::PaymentFailed)?]
        }
        (OperationKind::Void, true, _) if after.payment.state.taken().is_some() => {
            vec![payment(EventType::PaymentClosed)?]
        }
        (OperationKind::Void, true, _) => vec![payment(EventType::PaymentVoided)?],
        (OperationKind::Refund, true, Some(refund)) => vec![
            NewEvent::about(EventType::RefundSucceeded, refund.id, refund)?,
            payment(EventType::PaymentRefunded)?,
        ],
        (OperationKind::Refund, false, Some(refund)) => {
            vec![NewEvent::about(EventType::RefundFailed, refund.id, refund)?]
        }
        _ => Vec::new(),
    })
}
