//! Cancel: nobody is to pay this any more.

use super::payer::Payer;
use super::write;
use crate::{App, Result};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::IntentId;
use domain::intent::{CanceledBy, Intent};
use domain::merchant::Tenant;
use domain::operation::Transition;

/// Gives an intent up. Doing it twice does it once.
///
/// # Errors
/// Refusals of scope and state; not found.
pub async fn cancel(app: &App, who: &Actor, intent: IntentId) -> Result<Intent> {
    let tenant = who.may(Scope::PaymentsCreate)?.tenant;
    run(app, tenant, intent, CanceledBy::Merchant).await
}

/// Gives an intent up as its payer.
///
/// # Errors
/// Refusals of state.
pub async fn cancel_as_payer(app: &App, payer: Payer) -> Result<Intent> {
    run(app, payer.tenant(), payer.intent(), CanceledBy::Payer).await
}

async fn run(app: &App, tenant: Tenant, id: IntentId, by: CanceledBy) -> Result<Intent> {
    let context = app.clone();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let now = context.now();
                let intent = write::locked(txn, tenant, id).await?;
                let before = intent.state.status();
                match intent.cancel(by, now)? {
                    Transition::Applied(mut canceled) => {
                        write::save(&context, txn, before, &mut canceled, now).await?;
                        Ok(canceled)
                    }
                    Transition::AlreadyApplied(canceled) => Ok(canceled),
                }
            })
        })
        .await
}
