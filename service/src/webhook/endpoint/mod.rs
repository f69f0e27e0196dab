//! Endpoints of a merchant: made, changed, given new secrets, deleted.
//!
//! Invariant: whatever changes an endpoint holds its row, and wakes whoever sends, so that a change holds from the next attempt on.

mod change;
mod create;
mod find;
mod secret;
mod slot;

pub use change::{EndpointChange, delete, update};
pub(super) use create::callback_slot;
pub use create::{Created, NewEndpoint, create};
pub use find::{get, get_many, list};
pub(super) use find::{told, told_of};
pub use secret::{Overlap, Revealed, reveal, rotate};
pub use slot::{NewConfig, SecretChange, config, remove_config, set_config};

use crate::{Error, Result, Txn};
use domain::id::WebhookEndpointId;
use domain::merchant::Tenant;
use domain::webhook::Endpoint;
use entity::webhook_endpoint as table;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

const NOT_FOUND: Error = Error::NotFound("webhook endpoint");

/// The endpoint, held until the transaction ends.
pub(super) async fn locked(txn: &Txn, tenant: Tenant, id: WebhookEndpointId) -> Result<Endpoint> {
    let row = table::Entity::of(tenant)
        .filter(table::Column::Id.eq(id.to_string()))
        .filter(table::Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(txn)
        .await?;
    Ok(row.ok_or(NOT_FOUND)?.try_into()?)
}

/// The endpoint, if it was not deleted.
pub(super) async fn live(txn: &Txn, tenant: Tenant, id: WebhookEndpointId) -> Result<Endpoint> {
    let row = table::Entity::of(tenant)
        .filter(table::Column::Id.eq(id.to_string()))
        .filter(table::Column::DeletedAt.is_null())
        .one(txn)
        .await?;
    Ok(row.ok_or(NOT_FOUND)?.try_into()?)
}

/// Writes the endpoint over its row.
async fn store(txn: &Txn, endpoint: &Endpoint) -> Result<()> {
    table::Entity::update(table::row(endpoint))
        .exec_without_returning(txn)
        .await?;
    Ok(())
}
