//! Finding payment links.

use crate::page::{self, Page, PageRequest};
use crate::{App, Result};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::PaymentLinkId;
use domain::payment_link::PaymentLink;
use entity::payment_link as table;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};

/// A payment link of this merchant and mode.
///
/// # Errors
/// When the scope is missing.
pub async fn get(app: &App, who: &Actor, id: PaymentLinkId) -> Result<Option<PaymentLink>> {
    Ok(get_many(app, who, &[id]).await?.pop())
}

/// Payment links of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[PaymentLinkId]) -> Result<Vec<PaymentLink>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let rows = table::Entity::of(tenant)
        .filter(table::Column::Id.is_in(ids))
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// One page of payment links, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn page(app: &App, who: &Actor, request: &PageRequest<PaymentLinkId>) -> Result<Page<PaymentLink>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    page::newest_first(app, table::Entity::of(tenant), table::Column::Id, request).await
}

/// How many payment links there are.
///
/// # Errors
/// When the scope is missing.
pub async fn count(app: &App, who: &Actor) -> Result<u64> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    Ok(table::Entity::of(tenant).count(app.db().reads()).await?)
}
