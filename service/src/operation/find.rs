//! Finding operations: by id, by payment, page after page.

use super::Became;
use crate::page::{self, MAX_PAGE, Page, PageRequest};
use crate::payment::newest_of_each;
use crate::{App, Result};
use domain::actor::Actor;
use domain::card::Card;
use domain::credential::Scope;
use domain::id::{OperationId, PaymentId};
use domain::operation::Operation;
use entity::{card, operation, payment};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// Most operations that a list may pass over. A list by offset reads all that it passes over; who goes further takes the pages by key.
pub const MAX_OFFSET: u64 = 10_000;

/// Part of a list, and how long the whole of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The operations of this part, newest first.
    pub items: Vec<Operation>,
    /// How many there are altogether.
    pub total: u64,
}

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

/// One operation with the card of its payment; `None` when there is no such operation in this merchant and mode.
///
/// # Errors
/// When the scope is missing.
pub async fn get_with_card(
    app: &App,
    who: &Actor,
    id: OperationId,
) -> Result<Option<(Operation, Option<Card>)>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let row = operation::Entity::of(tenant)
        .filter(operation::Column::Id.eq(id.to_string()))
        .one(app.db().reads())
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let of_payment = Query::select()
        .column(payment::Column::CardId)
        .from(payment::Entity)
        .and_where(Expr::col(payment::Column::Id).eq(row.payment_id.clone()))
        .to_owned();
    let card = card::Entity::of(tenant)
        .filter(card::Column::Id.in_subquery(of_payment))
        .one(app.db().reads())
        .await?;
    Ok(Some((row.try_into()?, card.map(TryInto::try_into).transpose()?)))
}

/// Operations by offset, newest first, and how many there are: those that became `became`, or all. At most [`MAX_PAGE`] at once, and
/// none beyond [`MAX_OFFSET`].
///
/// # Errors
/// When the scope is missing.
pub async fn list(app: &App, who: &Actor, became: Option<Became>, limit: u64, offset: u64) -> Result<Listed> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let mut query = operation::Entity::of(tenant);
    if let Some(became) = became {
        query = query.filter(became.condition());
    }
    let total = query.clone().count(app.db().reads()).await?;
    if offset > MAX_OFFSET || offset >= total {
        return Ok(Listed {
            items: Vec::new(),
            total,
        });
    }
    let rows = query
        .order_by_desc(operation::Column::Id)
        .limit(limit.clamp(1, MAX_PAGE))
        .offset(offset)
        .all(app.db().reads())
        .await?;
    let items = rows.into_iter().map(TryInto::try_into);
    Ok(Listed {
        items: items.collect::<std::result::Result<_, _>>()?,
        total,
    })
}
