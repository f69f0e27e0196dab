//! Finding endpoints.

use super::NOT_FOUND;
use crate::{App, Result, Txn};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::WebhookEndpointId;
use domain::merchant::Tenant;
use domain::webhook::Endpoint;
use entity::webhook_endpoint as table;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

/// All endpoints of the merchant and mode, oldest first; there are few.
///
/// # Errors
/// When the scope is missing.
pub async fn list(app: &App, who: &Actor) -> Result<Vec<Endpoint>> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let living = living(tenant).all(app.db().reads()).await?;
    living.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

/// An endpoint.
///
/// # Errors
/// When the scope is missing; not found.
pub async fn get(app: &App, who: &Actor, id: WebhookEndpointId) -> Result<Endpoint> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let row = living(tenant)
        .filter(table::Column::Id.eq(id.to_string()))
        .one(app.db().reads())
        .await?;
    Ok(row.ok_or(NOT_FOUND)?.try_into()?)
}

/// Endpoints of this merchant and mode, in no order; ids of others and of deleted ones are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[WebhookEndpointId]) -> Result<Vec<Endpoint>> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let rows = living(tenant)
        .filter(table::Column::Id.is_in(ids.iter().map(ToString::to_string)))
        .all(app.db().reads())
        .await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

/// Who is told of events of this merchant and mode, now. One that this program cannot read, written by a newer version or by hand, is told
/// nothing and stops nobody: a payment must not fail for it.
pub(in crate::webhook) async fn told(txn: &Txn, tenant: Tenant) -> Result<Vec<Endpoint>> {
    Ok(readable(living(tenant).all(txn).await?))
}

/// These endpoints, of whomever, deleted ones among them: for who sends.
pub(in crate::webhook) async fn told_of(txn: &Txn, ids: &[String]) -> Result<Vec<Endpoint>> {
    let rows = table::Entity::find()
        .filter(table::Column::Id.is_in(ids))
        .all(txn)
        .await?;
    Ok(readable(rows))
}

fn readable(rows: Vec<table::Model>) -> Vec<Endpoint> {
    rows.into_iter()
        .filter_map(|row| {
            let endpoint = Endpoint::try_from(row);
            endpoint
                .inspect_err(|error| tracing::error!(%error, "a webhook endpoint cannot be read"))
                .ok()
        })
        .collect()
}

/// Uses the index `webhook_endpoints_by_merchant`.
pub(super) fn living(tenant: Tenant) -> sea_orm::Select<table::Entity> {
    table::Entity::of(tenant)
        .filter(table::Column::DeletedAt.is_null())
        .order_by_asc(table::Column::Id)
}
