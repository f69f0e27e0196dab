//! Finding refunds.

use crate::page::{self, Page, PageRequest};
use crate::payment::newest_of_each;
use crate::{App, Result};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::{PaymentId, RefundId};
use domain::refund::Refund;
use entity::refund;
use sea_orm::{ColumnTrait, QueryFilter};

/// Refunds of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[RefundId]) -> Result<Vec<Refund>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let rows = refund::Entity::of(tenant)
        .filter(refund::Column::Id.is_in(ids))
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// The newest [`CHILDREN_PER_PAYMENT`](crate::payment::CHILDREN_PER_PAYMENT) refunds of each of these payments, oldest first, in one statement.
///
/// # Errors
/// When the scope is missing.
pub async fn of_payments(app: &App, who: &Actor, payments: &[PaymentId]) -> Result<Vec<Refund>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let rows = newest_of_each::<refund::Entity>(app, tenant, "payment_id", payments).await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// One page of refunds, newest first; of one payment, or of all.
///
/// # Errors
/// When the scope is missing.
pub async fn page(
    app: &App,
    who: &Actor,
    payment: Option<PaymentId>,
    request: &PageRequest<RefundId>,
) -> Result<Page<Refund>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let mut query = refund::Entity::of(tenant);
    if let Some(payment) = payment {
        query = query.filter(refund::Column::PaymentId.eq(payment.to_string()));
    }
    page::newest_first(app, query, refund::Column::Id, request).await
}
