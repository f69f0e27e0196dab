//! Finding payments.

use super::whole::{Relations, Whole, whole};
use crate::page::{Page, PageRequest, Way};
use crate::{App, Result};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::PaymentId;
use domain::merchant::Tenant;
use domain::payment::{Payment, PaymentStatus};
use domain::{Currency, Timestamp};
use entity::{card, payment};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

/// Which payments; every part that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these statuses, as of now.
    pub statuses: Option<Vec<PaymentStatus>>,
    /// This currency.
    pub currency: Option<Currency>,
    /// Asked for at this instant or later.
    pub created_from: Option<Timestamp>,
    /// Asked for before this instant.
    pub created_before: Option<Timestamp>,
    /// At least so many minor units.
    pub amount_min: Option<i64>,
    /// At most so many minor units.
    pub amount_max: Option<i64>,
    /// Exactly this reference of the merchant.
    pub merchant_reference: Option<String>,
    /// Paid with a card that ends in these four digits.
    pub card_last4: Option<String>,
}

/// What a list is sorted by; the id breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// When it was asked for (ids sort by time).
    CreatedAt,
    /// How many minor units.
    Amount,
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderBy {
    /// By what.
    pub key: SortKey,
    /// Largest or newest first.
    pub descending: bool,
}

/// The key of a row in a sorted list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its amount in minor units.
    pub amount_minor: i64,
    /// Its id.
    pub id: PaymentId,
}

pub(crate) async fn one(app: &App, tenant: Tenant, id: PaymentId) -> Result<Option<Payment>> {
    let row = payment::Entity::of(tenant)
        .filter(payment::Column::Id.eq(id.to_string()))
        .one(app.db().reads())
        .await?;
    Ok(row.map(TryInto::try_into).transpose()?)
}

/// A payment of this merchant and mode.
///
/// # Errors
/// When the scope is missing.
pub async fn get(app: &App, who: &Actor, id: PaymentId) -> Result<Option<Payment>> {
    one(app, who.may(Scope::PaymentsRead)?.tenant, id).await
}

/// Payments of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[PaymentId]) -> Result<Vec<Payment>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let rows = payment::Entity::of(tenant)
        .filter(payment::Column::Id.is_in(ids))
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// Payments of this merchant and mode with what belongs to them, in no order and in one statement; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many_whole(
    app: &App,
    who: &Actor,
    ids: &[PaymentId],
    relations: Relations,
) -> Result<Vec<Whole>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let query = payment::Entity::of(tenant).filter(payment::Column::Id.is_in(ids));
    whole(app, query, None, relations).await
}

/// One page of payments with what belongs to them, in one statement.
///
/// # Errors
/// When the scope is missing.
pub async fn page(
    app: &App,
    who: &Actor,
    filter: &Filter,
    order: OrderBy,
    request: &PageRequest<Edge>,
    relations: Relations,
) -> Result<Page<Whole>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let descending = order.descending == (request.way == Way::Forward);
    let direction = if descending { Order::Desc } else { Order::Asc };
    let mut query = matching(tenant, filter, app.now());
    if let Some(edge) = request.edge {
        query = query.filter(beyond(order.key, edge, descending));
    }
    if order.key == SortKey::Amount {
        query = query.order_by(payment::Column::AmountMinor, direction.clone());
    }
    let query = query.order_by(payment::Column::Id, direction);
    Ok(request.page(whole(app, query, Some(request.rows()), relations).await?))
}

/// How many payments match.
///
/// # Errors
/// When the scope is missing.
pub async fn count(app: &App, who: &Actor, filter: &Filter) -> Result<u64> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    Ok(matching(tenant, filter, app.now())
        .count(app.db().reads())
        .await?)
}

/// The row-value form lets both databases search the index by both columns.
fn beyond(key: SortKey, edge: Edge, descending: bool) -> Condition {
    let id = Expr::value(edge.id.to_string());
    let column = Expr::col(payment::Column::Id);
    let compare = |left: sea_orm::sea_query::SimpleExpr, right: sea_orm::sea_query::SimpleExpr| {
        if descending {
            left.lt(right)
        } else {
            left.gt(right)
        }
    };
    let condition = match key {
        SortKey::CreatedAt => compare(column, id),
        SortKey::Amount => compare(
            Expr::tuple([Expr::col(payment::Column::AmountMinor), column]),
            Expr::tuple([Expr::value(edge.amount_minor), id]),
        ),
    };
    Condition::all().add(condition)
}

fn matching(tenant: Tenant, filter: &Filter, now: Timestamp) -> Select<payment::Entity> {
    use payment::Column;
    let mut query = payment::Entity::of(tenant);
    if let Some(statuses) = &filter.statuses {
        let any = statuses
            .iter()
            .fold(Condition::any(), |any, status| any.add(has_status(*status, now)));
        query = query.filter(any);
    }
    if let Some(currency) = filter.currency {
        query = query.filter(Column::Currency.eq(currency.code()));
    }
    if let Some(from) = filter.created_from {
        query = query.filter(Column::CreatedAt.gte(from));
    }
    if let Some(before) = filter.created_before {
        query = query.filter(Column::CreatedAt.lt(before));
    }
    if let Some(least) = filter.amount_min {
        query = query.filter(Column::AmountMinor.gte(least));
    }
    if let Some(most) = filter.amount_max {
        query = query.filter(Column::AmountMinor.lte(most));
    }
    if let Some(reference) = &filter.merchant_reference {
        query = query.filter(Column::MerchantReference.eq(reference.as_str()));
    }
    if let Some(last4) = &filter.card_last4 {
        let cards = card::Entity::of(tenant).filter(card::Column::Last4.eq(last4.as_str()));
        let cards = cards.select_only().column(card::Column::Id).into_query();
        query = query.filter(Column::CardId.in_subquery(cards));
    }
    query
}

/// The status as of `now`, in SQL: the twin of `Payment::status_at`, which a test holds it against.
fn has_status(status: PaymentStatus, now: Timestamp) -> Condition {
    use payment::Column;
    let lapsed = || {
        let over = Column::HoldOpen.eq(true).and(Column::HoldExpiresAt.lte(now));
        over.and(Column::InFlightOperationId.is_null())
    };
    let stored = |status: PaymentStatus| Condition::all().add(Column::Status.eq(status.as_str()));
    let standing = stored(status).add(lapsed().not());
    let all_refunded = || Expr::col(Column::RefundedMinor).eq(Expr::col(Column::CapturedMinor));
    let lapsed_into = match status {
        PaymentStatus::Expired => stored(PaymentStatus::Authorized),
        PaymentStatus::Captured => stored(PaymentStatus::PartiallyCaptured),
        PaymentStatus::Refunded => stored(PaymentStatus::PartiallyRefunded).add(all_refunded()),
        PaymentStatus::PartiallyRefunded => stored(status).add(all_refunded().not()),
        _ => return standing,
    };
    Condition::any().add(standing).add(lapsed_into.add(lapsed()))
}
