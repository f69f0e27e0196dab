//! An intent follows its payment.

use super::{slot, write};
use crate::event::{self, NewEvent};
use crate::{App, Result, Txn, merchant};
use domain::Timestamp;
use domain::event::EventType;
use domain::intent::{Followed, Heard, Intent, IntentState};
use domain::merchant::LateSuccess;
use domain::operation::Operation;
use domain::payment::Payment;

/// Moves the intent of `payment`, in the transaction that moved the payment; gives it if it moved. `operation` is what was answered, or
/// none when the hold ran out.
pub(crate) async fn follow(
    app: &App,
    txn: &Txn,
    payment: &Payment,
    operation: Option<&Operation>,
    now: Timestamp,
) -> Result<Option<Intent>> {
    let Some(id) = payment.intent else {
        return Ok(None);
    };
    let intent = write::locked(txn, payment.tenant, id).await?;
    let before = intent.state.status();
    let heard = operation.map_or(Heard::InTime, |operation| heard(app, operation, now));
    let policy = match heard {
        Heard::InTime => LateSuccess::Accept,
        Heard::Later => {
            merchant::of(txn, payment.tenant.merchant)
                .await?
                .checkout
                .late_success
        }
    };
    let Followed::Moved(mut moved) = intent.follow(payment, operation, heard, policy, now) else {
        return Ok(None);
    };
    slot::settle(txn, before, &moved).await?;
    write::save(app, txn, before, &mut moved, now).await?;
    if came_late(&moved.state) && !came_late(&intent.state) {
        let late = NewEvent::about(EventType::PaymentLateSuccess, payment.id, payment)?;
        event::write(app, txn, payment.tenant, vec![late], now).await?;
    }
    Ok(Some(*moved))
}

/// Whoever sent it waits no longer than a provider may take; afterwards they were told that nobody knows.
fn heard(app: &App, operation: &Operation, now: Timestamp) -> Heard {
    let waited = chrono::Duration::from_std(app.provider_timeout()).unwrap_or(chrono::Duration::MAX);
    if now - operation.created_at > waited {
        Heard::Later
    } else {
        Heard::InTime
    }
}

const fn came_late(state: &IntentState) -> bool {
    match state {
        IntentState::Succeeded { paid } => paid.late,
        IntentState::Expired { late, .. } => late.is_some(),
        _ => false,
    }
}
