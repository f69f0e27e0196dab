//! Cancel: nobody is to pay this any more.

use super::payer::Payer;
use super::write;
use crate::idempotency::{self, Claim, Claimed, Command};
use crate::payment::Run;
use crate::{App, Result, Txn};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::IntentId;
use domain::idempotency::IdempotencyKey;
use domain::intent::{CanceledBy, Intent};
use domain::merchant::Tenant;
use domain::operation::Transition;

/// An intent that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canceled {
    /// The intent, as it was then.
    pub intent: Intent,
    /// Whether it was done now or before.
    pub run: Run,
}

/// Gives an intent up. Doing it twice does it once.
///
/// # Errors
/// Refusals of scope and state; not found.
pub async fn cancel(app: &App, who: &Actor, intent: IntentId) -> Result<Intent> {
    Ok(cancel_under_key(app, who, intent, None).await?.intent)
}

/// The same under an idempotency key, if there is one: it stands for this intent and no other.
///
/// # Errors
/// Also refusals of the key.
pub async fn cancel_under_key(
    app: &App,
    who: &Actor,
    intent: IntentId,
    key: Option<IdempotencyKey>,
) -> Result<Canceled> {
    let tenant = who.may(Scope::PaymentsCreate)?.tenant;
    let claim = key.map(|key| Claim {
        tenant,
        command: Command::IntentCancel,
        key,
        input_hash: app
            .keys()
            .input_hash()
            .field("intent", intent.to_string())
            .finish(),
    });
    let context = app.clone();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let now = context.now();
                let Some(claim) = claim else {
                    let intent = run(&context, txn, tenant, intent, CanceledBy::Merchant, now).await?;
                    return Ok(Canceled {
                        intent,
                        run: Run::Done,
                    });
                };
                if let Claimed::Answered(before) =
                    idempotency::claim::<Intent>(txn, &claim, intent, now).await?
                {
                    return Ok(Canceled {
                        intent: *before,
                        run: Run::Replayed,
                    });
                }
                let canceled = run(&context, txn, tenant, intent, CanceledBy::Merchant, now).await?;
                let commands = [Command::IntentCancel; 2];
                idempotency::answer(txn, tenant, commands, &claim.key, intent, &canceled).await?;
                Ok(Canceled {
                    intent: canceled,
                    run: Run::Done,
                })
            })
        })
        .await
}

/// Gives an intent up as its payer.
///
/// # Errors
/// Refusals of state.
pub async fn cancel_as_payer(app: &App, payer: Payer) -> Result<Intent> {
    let context = app.clone();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let (now, by) = (context.now(), CanceledBy::Payer);
                run(&context, txn, payer.tenant(), payer.intent(), by, now).await
            })
        })
        .await
}

async fn run(
    app: &App,
    txn: &Txn,
    tenant: Tenant,
    id: IntentId,
    by: CanceledBy,
    now: Timestamp,
) -> Result<Intent> {
    let intent = write::locked(txn, tenant, id).await?;
    let before = intent.state.status();
    match intent.cancel(by, now)? {
        Transition::Applied(mut canceled) => {
            write::save(app, txn, before, &mut canceled, now).await?;
            Ok(canceled)
        }
        Transition::AlreadyApplied(canceled) => Ok(canceled),
    }
}
