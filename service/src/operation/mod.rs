//! Finding operations.

use crate::page::{self, Page, PageRequest};
use crate::payment::newest_of_each;
use crate::{App, Result};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::{OperationId, PaymentId};
use domain::operation::Operation;
use entity::operation;
use sea_orm::{ColumnTrait, QueryFilter};

/// Operations of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[OperationId]) -> Result<Vec<Operation>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let rows = operation::Entity::of(tenant)
        .filter(operation::Column::Id.is_in(ids))
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// The newest [`CHILDREN_PER_PAYMENT`](crate::payment::CHILDREN_PER_PAYMENT) operations of each of these payments, oldest first, in one statement.
///
/// # Errors
/// When the scope is missing.
pub async fn of_payments(app: &App, who: &Actor, payments: &[PaymentId]) -> Result<Vec<Operation>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let rows = newest_of_each::<operation::Entity>(app, tenant, "payment_id", payments).await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// One page of operations, newest first; of one payment, or of all.
///
/// # Errors
/// When the scope is missing.
pub async fn page(
    app: &App,
    who: &Actor,
    payment: Option<PaymentId>,
    request: &PageRequest<OperationId>,
) -> Result<Page<Operation>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let mut query = operation::Entity::of(tenant);
    if let Some(payment) = payment {
        query = query.filter(operation::Column::PaymentId.eq(payment.to_string()));
    }
    page::newest_first(app, query, operation::Column::Id, request).await
}
