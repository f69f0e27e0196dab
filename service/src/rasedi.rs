//! Payments of S3: its merchants know an intent by its reference code, and see those that its door has made.
//!
//! Invariant: an intent of another door, mode or merchant is here like one that does not exist, whatever the key may do.

use crate::{App, Error, Result, intent};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::IntentId;
use domain::intent::{Intent, Source};
use domain::merchant::Tenant;
use entity::intent as table;
use sea_orm::{ColumnTrait, QueryFilter};

const NOT_FOUND: Error = Error::NotFound("payment");

/// A payment of this merchant and mode.
///
/// # Errors
/// When the scope is missing; not found.
pub async fn get(app: &App, who: &Actor, id: IntentId) -> Result<Intent> {
    own(app, who.may(Scope::PaymentsRead)?.tenant, id).await
}

/// Gives a payment up. Doing it twice does it once.
///
/// # Errors
/// Refusals of scope and state; not found.
pub async fn cancel(app: &App, who: &Actor, id: IntentId) -> Result<Intent> {
    let tenant = who.may(Scope::PaymentsCreate)?.tenant;
    let known = own(app, tenant, id).await?;
    intent::cancel(app, who, known.id).await
}

/// An intent that this door has made for this tenant.
async fn own(app: &App, tenant: Tenant, id: IntentId) -> Result<Intent> {
    let row = table::Entity::of(tenant)
        .filter(table::Column::Id.eq(id.to_string()))
        .one(app.db().reads())
        .await?
        .ok_or(NOT_FOUND)?;
    let intent: Intent = row.try_into()?;
    if intent.source == Source::Rasedi {
        Ok(intent)
    } else {
        Err(NOT_FOUND)
    }
}
