//! Payments together with what belongs to them, in one statement.
//!
//! Invariant: the payments come from a finder of the tenant, and what is read beside a payment must be of the same merchant and mode
//! as the payment itself. The database finds the children of each payment by its index; a plan that depends on statistics would be
//! a bad one for every table that grew within the last minute.

use super::CHILDREN_PER_PAYMENT;
use crate::db::{columns, json, record, some_columns};
use crate::{App, Error, Result};
use domain::card::Card;
use domain::payment::Payment;
use domain::{operation as operations, refund as refunds};
use entity::{Inconsistency, card, operation, payment, refund};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, QueryResult, QueryTrait, Select, Statement};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// What is read beside each payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// Its newest [`CHILDREN_PER_PAYMENT`] operations.
    pub operations: bool,
    /// Its newest [`CHILDREN_PER_PAYMENT`] refunds.
    pub refunds: bool,
    /// Its card.
    pub card: bool,
    /// Whether what a list shows of operations and refunds is enough. Two thirds of their columns are then not read.
    pub brief: bool,
}

/// A payment and what was asked for beside it; `None` is what was not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The payment.
    pub payment: Payment,
    /// Its operations, oldest first.
    pub operations: Option<Operations>,
    /// Its refunds, oldest first.
    pub refunds: Option<Refunds>,
    /// Its card; a payment by wallet has none.
    pub card: Option<Option<Card>>,
}

/// What belongs to a payment, whole or in brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Children<W, B> {
    /// All that is known of each.
    Whole(Vec<W>),
    /// What a list shows of each.
    Brief(Vec<B>),
}

type Checked<T> = std::result::Result<T, Inconsistency>;

/// A payment with its children, newest first, and its card.
type Row<O, R> = (
    payment::Model,
    Option<Vec<O>>,
    Option<Vec<R>>,
    Option<card::Model>,
);

/// A row of a child that says whose it is.
trait Child: DeserializeOwned {
    fn payment(&self) -> &str;
}

macro_rules! children {
    ($($row:ty),+) => {
        $(impl Child for $row {
            fn payment(&self) -> &str {
                &self.payment_id
            }
        })+
    };
}

children!(operation::Model, operation::Brief, refund::Model, refund::Brief);

/// The payments of `query`, in its order; at most `limit`.
pub(super) async fn whole(
    app: &App,
    query: Select<payment::Entity>,
    limit: Option<u64>,
    relations: Relations,
) -> Result<Vec<Whole>> {
    let reads = app.db().reads();
    let mut inner = query.build(reads.get_database_backend());
    if let Some(limit) = limit {
        // As a number in the text: PostgreSQL keeps no plan for a statement whose limit is a parameter, because it cannot know how
        // many rows there will be, and planning this one takes as long as running it.
        inner.sql.push_str(&format!(" LIMIT {limit}"));
    }
    let statement = Statement {
        sql: if inner.db_backend == DbBackend::Postgres {
            postgres(&inner.sql, relations)
        } else {
            sqlite(&inner.sql, relations)
        },
        ..inner
    };
    let answer = reads.query_all_raw(statement).await?;
    let postgres = app.db().is_postgres();
    if relations.brief {
        let rows = rows::<operation::Brief, refund::Brief>(&answer, postgres)?;
        read(rows, relations, Children::Brief, Children::Brief)
    } else {
        let rows = rows::<operation::Model, refund::Model>(&answer, postgres)?;
        read(rows, relations, Children::Whole, Children::Whole)
    }
}

/// What a row of PostgreSQL's answer is.
mod kind {
    pub(super) const PAYMENT: i32 = 0;
    pub(super) const OPERATION: i32 = 1;
    pub(super) const REFUND: i32 = 2;
    pub(super) const CARD: i32 = 3;
}

/// One row a payment, child or card, each a record behind its kind. As arrays beside their payment the children cost a quarter more,
/// and a card would come once a payment.
fn postgres(inner: &str, relations: Relations) -> String {
    let backend = DbBackend::Postgres;
    let payment = columns::<payment::Entity>(backend, "p");
    let mut sql = format!(
        "WITH p AS MATERIALIZED ({inner}) SELECT {}, {payment} FROM p",
        kind::PAYMENT
    );
    let mut also = |kind: i32, row: &str, from: &str| {
        sql.push_str(&format!(" UNION ALL SELECT {kind}, {row} FROM {from}"));
    };
    let (of_operation, of_refund) = children(backend, relations);
    if relations.operations {
        let from = format!("p CROSS JOIN LATERAL {}", newest("operations"));
        also(kind::OPERATION, &of_operation, &from);
    }
    if relations.refunds {
        let from = format!("p CROSS JOIN LATERAL {}", newest("refunds"));
        also(kind::REFUND, &of_refund, &from);
    }
    if relations.card {
        let from = "cards c WHERE EXISTS (SELECT FROM p \
                    WHERE c.id = p.card_id AND c.merchant_id = p.merchant_id AND c.mode = p.mode)";
        also(kind::CARD, &columns::<card::Entity>(backend, "c"), from);
    }
    sql
}

/// One JSON text: an array of payments, each with its children and its card.
fn sqlite(inner: &str, relations: Relations) -> String {
    let backend = DbBackend::Sqlite;
    let (of_operation, of_refund) = children(backend, relations);
    let part = |asked: bool, sql: String| if asked { sql } else { "NULL".to_owned() };
    let all = |row: &str, table| format!("(SELECT json_group_array({row}) FROM {})", newest(table));
    let card = format!(
        "(SELECT {} FROM cards c WHERE c.id = p.card_id AND c.merchant_id = p.merchant_id AND c.mode = p.mode)",
        columns::<card::Entity>(backend, "c")
    );
    format!(
        "SELECT json_group_array(json_array({}, {}, {}, {})) FROM ({inner}) p",
        columns::<payment::Entity>(backend, "p"),
        part(relations.operations, all(&of_operation, "operations")),
        part(relations.refunds, all(&of_refund, "refunds")),
        part(relations.card, card),
    )
}

/// The rows of operations and of refunds.
fn children(backend: DbBackend, relations: Relations) -> (String, String) {
    fn row<C: ColumnTrait>(
        backend: DbBackend,
        brief: bool,
        some: impl IntoIterator<Item = C>,
        all: String,
    ) -> String {
        if brief {
            some_columns(backend, "t", some)
        } else {
            all
        }
    }
    let brief = relations.brief;
    (
        row(
            backend,
            brief,
            operation::BRIEF,
            columns::<operation::Entity>(backend, "t"),
        ),
        row(
            backend,
            brief,
            refund::BRIEF,
            columns::<refund::Entity>(backend, "t"),
        ),
    )
}

/// The newest rows of each payment `p`, newest first.
///
/// Merchant and mode are asked outside: inside, a database without statistics would rather read all of a merchant's rows backwards
/// than one range of the index by payment.
fn newest(table: &str) -> String {
    format!(
        "(SELECT * FROM {table} o WHERE o.payment_id = p.id ORDER BY o.id DESC LIMIT {CHILDREN_PER_PAYMENT}) t \
         WHERE t.merchant_id = p.merchant_id AND t.mode = p.mode"
    )
}

fn rows<O: Child, R: Child>(answer: &[QueryResult], postgres: bool) -> Result<Vec<Row<O, R>>> {
    if !postgres {
        return answer.first().map_or(Ok(Vec::new()), |row| json(row, "payments"));
    }
    let mut payments = Vec::new();
    let (mut operations, mut refunds) = (Vec::new(), Vec::new());
    let mut cards: HashMap<String, card::Model> = HashMap::new();
    for row in answer {
        match row.try_get_by_index::<i32>(0)? {
            kind::PAYMENT => payments.push(record::<payment::Model>(row, 1, "payments")?),
            kind::OPERATION => operations.push(record::<O>(row, 1, "operations")?),
            kind::REFUND => refunds.push(record::<R>(row, 1, "refunds")?),
            kind::CARD => {
                let card: card::Model = record(row, 1, "cards")?;
                cards.insert(card.id.clone(), card);
            }
            _ => return Err(Error::Unavailable("the database answers something else")),
        }
    }
    let (mut operations, mut refunds) = (by_payment(operations), by_payment(refunds));
    let whole = |payment: payment::Model| {
        let card = payment.card_id.as_ref().and_then(|id| cards.get(id).cloned());
        let (operations, refunds) = (operations.remove(&payment.id), refunds.remove(&payment.id));
        (payment, operations, refunds, card)
    };
    Ok(payments.into_iter().map(whole).collect())
}

fn by_payment<C: Child>(rows: Vec<C>) -> HashMap<String, Vec<C>> {
    let mut groups: HashMap<String, Vec<C>> = HashMap::new();
    for row in rows {
        match groups.get_mut(row.payment()) {
            Some(group) => group.push(row),
            None => {
                groups.insert(row.payment().to_owned(), vec![row]);
            }
        }
    }
    groups
}

/// Operations of a payment.
pub type Operations = Children<operations::Operation, operations::Brief>;
/// Refunds of a payment.
pub type Refunds = Children<refunds::Refund, refunds::Brief>;

fn read<O, R, TO, TR>(
    rows: Vec<Row<O, R>>,
    asked: Relations,
    as_operations: fn(Vec<TO>) -> Operations,
    as_refunds: fn(Vec<TR>) -> Refunds,
) -> Result<Vec<Whole>>
where
    TO: TryFrom<O, Error = Inconsistency>,
    TR: TryFrom<R, Error = Inconsistency>,
{
    let one = |(payment, operations, refunds, card): Row<O, R>| -> Checked<Whole> {
        let operations = asked.operations.then(|| oldest_first(operations));
        let refunds = asked.refunds.then(|| oldest_first(refunds));
        let card = asked.card.then(|| card.map(Card::try_from).transpose());
        Ok(Whole {
            payment: payment.try_into()?,
            operations: operations.transpose()?.map(as_operations),
            refunds: refunds.transpose()?.map(as_refunds),
            card: card.transpose()?,
        })
    };
    Ok(rows.into_iter().map(one).collect::<Checked<_>>()?)
}

fn oldest_first<M, T: TryFrom<M, Error = Inconsistency>>(rows: Option<Vec<M>>) -> Checked<Vec<T>> {
    rows.unwrap_or_default()
        .into_iter()
        .rev()
        .map(T::try_from)
        .collect()
}
