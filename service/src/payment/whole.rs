//! Payments together with what belongs to them, in one statement.
//!
//! Invariant: the payments come from a finder of the tenant, and what is read beside a payment must be of the same merchant and mode
//! as the payment itself. The database finds the children of each payment by its index; a plan that depends on statistics would be
//! a bad one for every table that grew within the last minute.

use super::CHILDREN_PER_PAYMENT;
use crate::db::{columns, records};
use crate::{App, Result};
use domain::card::Card;
use domain::operation::Operation;
use domain::payment::Payment;
use domain::refund::Refund;
use entity::{Inconsistency, card, operation, payment, refund};
use sea_orm::{DbBackend, EntityTrait, QueryTrait, Select, Statement};

/// What is read beside each payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// Its newest [`CHILDREN_PER_PAYMENT`] operations.
    pub operations: bool,
    /// Its newest [`CHILDREN_PER_PAYMENT`] refunds.
    pub refunds: bool,
    /// Its card.
    pub card: bool,
}

/// A payment and what was asked for beside it; `None` is what was not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The payment.
    pub payment: Payment,
    /// Its operations, oldest first.
    pub operations: Option<Vec<Operation>>,
    /// Its refunds, oldest first.
    pub refunds: Option<Vec<Refund>>,
    /// Its card; a payment by wallet has none.
    pub card: Option<Option<Card>>,
}

type Checked<T> = std::result::Result<T, Inconsistency>;

type Row = (
    payment::Model,
    Option<Vec<operation::Model>>,
    Option<Vec<refund::Model>>,
    Option<card::Model>,
);

/// The payments of `query`, in its order.
pub(super) async fn whole(
    app: &App,
    query: Select<payment::Entity>,
    relations: Relations,
) -> Result<Vec<Whole>> {
    let reads = app.db().reads();
    let inner = query.build(sea_orm::ConnectionTrait::get_database_backend(reads));
    let statement = Statement {
        sql: text(&inner.sql, inner.db_backend, relations),
        ..inner
    };
    let rows: Vec<Row> = records(reads, statement, "payments").await?;
    rows.into_iter()
        .map(|row| Ok(read(row, relations)?))
        .collect()
}

fn text(inner: &str, backend: DbBackend, relations: Relations) -> String {
    let none = || "NULL".to_owned();
    let operations = relations
        .operations
        .then(|| newest::<operation::Entity>(backend))
        .unwrap_or_else(none);
    let refunds = relations
        .refunds
        .then(|| newest::<refund::Entity>(backend))
        .unwrap_or_else(none);
    let card = if relations.card {
        format!(
            "(SELECT {} FROM cards c WHERE c.id = p.card_id AND c.merchant_id = p.merchant_id AND c.mode = p.mode)",
            columns::<card::Entity>(backend, "c")
        )
    } else {
        none()
    };
    let payment = columns::<payment::Entity>(backend, "p");
    match backend {
        DbBackend::Postgres => {
            format!("SELECT ROW({payment}, {operations}, {refunds}, {card}) FROM ({inner}) p")
        }
        _ => format!(
            "SELECT json_group_array(json_array({payment}, {operations}, {refunds}, {card})) FROM ({inner}) p"
        ),
    }
}

/// The newest rows of `E` of each payment `p`, newest first.
///
/// Merchant and mode are asked outside: inside, a database without statistics would rather read all of a merchant's rows backwards
/// than one range of the index by payment.
fn newest<E: EntityTrait>(backend: DbBackend) -> String {
    let row = columns::<E>(backend, "t");
    let all = match backend {
        DbBackend::Postgres => format!("array_agg({row})"),
        _ => format!("json_group_array({row})"),
    };
    format!(
        "(SELECT {all} FROM (SELECT * FROM {} WHERE payment_id = p.id ORDER BY id DESC LIMIT {CHILDREN_PER_PAYMENT}) t \
         WHERE t.merchant_id = p.merchant_id AND t.mode = p.mode)",
        E::default().table_name()
    )
}

fn read((payment, operations, refunds, card): Row, asked: Relations) -> Checked<Whole> {
    Ok(Whole {
        payment: payment.try_into()?,
        operations: asked
            .operations
            .then(|| oldest_first(operations))
            .transpose()?,
        refunds: asked.refunds.then(|| oldest_first(refunds)).transpose()?,
        card: asked
            .card
            .then(|| card.map(Card::try_from).transpose())
            .transpose()?,
    })
}

fn oldest_first<M, T: TryFrom<M, Error = Inconsistency>>(rows: Option<Vec<M>>) -> Checked<Vec<T>> {
    rows.unwrap_or_default()
        .into_iter()
        .rev()
        .map(T::try_from)
        .collect()
}
