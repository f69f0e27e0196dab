//! Payments of S3: its merchants know an intent by its reference code, and see those that its door has made.
//!
//! Invariant: an intent of another door, mode or merchant is here like one that does not exist, whatever the key may do.

use crate::{App, Error, Result, intent};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::IntentId;
use domain::intent::{Intent, Source};

const NOT_FOUND: Error = Error::NotFound("payment");

/// A payment of this merchant and mode.
///
/// # Errors
/// When the scope is missing; not found.
pub async fn get(app: &App, who: &Actor, id: IntentId) -> Result<Intent> {
    let intent = intent::get(app, who, id).await?;
    intent
        .filter(|intent| intent.source == Source::Rasedi)
        .ok_or(NOT_FOUND)
}

/// Gives a payment up. Doing it twice does it once.
///
/// # Errors
/// Refusals of scope and state; not found.
pub async fn cancel(app: &App, who: &Actor, id: IntentId) -> Result<Intent> {
    // The scope first: what is looked for next is not the merchant's own only.
    let mode = who.may(Scope::PaymentsCreate)?.tenant.mode;
    let payer = intent::by_reference(app, mode, id.reference()).await?;
    intent::cancel(app, who, payer.intent()).await
}
