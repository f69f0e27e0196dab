//! The rows of some payments, as they were at one instant.

use crate::Result;
use crate::db::{Txn, sql};
use chrono::NaiveDate;
use domain::Money;
use domain::merchant::Tenant;
use entity::inconsistency::At;
use entity::{operation, payment, refund};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect};

/// Payments that are checked on one view of the database.
const PAGE: u64 = 500;

/// The rows of some payments, as they were at one instant.
pub(super) struct PageRows {
    /// Id of the last payment: the next page begins after it.
    pub(super) last: String,
    pub(super) payments: Vec<payment::Model>,
    pub(super) operations: Vec<operation::Model>,
    pub(super) refunds: Vec<refund::Model>,
    pub(super) journals: Vec<Written>,
}

/// A journal as the tables hold it now.
pub(super) struct Written {
    pub(super) id: String,
    pub(super) merchant_id: String,
    pub(super) mode: String,
    pub(super) kind: String,
    pub(super) source_id: String,
    pub(super) business_date: NaiveDate,
    pub(super) reverses: Option<String>,
    pub(super) digest: String,
    pub(super) legs: i16,
    pub(super) transfers: Vec<WrittenLeg>,
}

/// A transfer as the tables hold it now.
pub(super) struct WrittenLeg {
    pub(super) leg: i16,
    pub(super) debit: String,
    pub(super) credit: String,
    pub(super) amount: Money,
    pub(super) code: String,
    pub(super) business_date: NaiveDate,
}

/// The payments after `after`, with all that hangs on them; `None` when there are no more.
pub(super) async fn read_page(
    txn: &Txn,
    postgres: bool,
    tenant: Option<Tenant>,
    after: &str,
) -> Result<Option<PageRows>> {
    let query = match tenant {
        Some(tenant) => payment::Entity::of(tenant),
        None => payment::Entity::find(),
    };
    let payments = query
        .filter(payment::Column::Id.gt(after))
        .order_by_asc(payment::Column::Id)
        .limit(PAGE)
        .all(txn)
        .await?;
    let Some(last) = payments.last().map(|row| row.id.clone()) else {
        return Ok(None);
    };
    let ids = || payments.iter().map(|row| row.id.clone());
    let operations = operation::Entity::find()
        .filter(operation::Column::PaymentId.is_in(ids()))
        .all(txn)
        .await?;
    let refunds = refund::Entity::find()
        .filter(refund::Column::PaymentId.is_in(ids()))
        .all(txn)
        .await?;
    let sources = operations
        .iter()
        .map(|row| &row.id)
        .chain(refunds.iter().map(|row| &row.id));
    let journals = read_journals(txn, postgres, &sources.cloned().collect::<Vec<_>>()).await?;
    Ok(Some(PageRows {
        last,
        payments,
        operations,
        refunds,
        journals,
    }))
}

const JOURNALS: &str = "SELECT j.id, j.merchant_id, j.mode, j.kind, j.source_id, j.business_date, j.reverses_journal_id, \
     j.digest, j.legs, t.leg, d.code AS debit, c.code AS credit, t.amount_minor, t.currency, t.code, t.business_date AS day \
     FROM journals j LEFT JOIN transfers t ON t.journal_id = j.id \
     LEFT JOIN ledger_accounts d ON d.id = t.debit_account_id LEFT JOIN ledger_accounts c ON c.id = t.credit_account_id \
     WHERE j.source_id IN ";

async fn read_journals(
    on: &impl ConnectionTrait,
    postgres: bool,
    sources: &[String],
) -> Result<Vec<Written>> {
    let mut journals: Vec<Written> = Vec::new();
    // Both databases limit how many values one statement takes; a payment may have many operations.
    for chunk in sources.chunks(1_000) {
        let text = format!(
            "{JOURNALS} ({}) ORDER BY j.id, t.leg",
            vec!["?"; chunk.len()].join(", ")
        );
        let query = chunk
            .iter()
            .fold(sql(postgres, &text), |query, source| query.bind(source.as_str()));
        for row in query.all(on).await? {
            let id: String = row.try_get_by("id")?;
            if journals.last().is_none_or(|journal| journal.id != id) {
                journals.push(written(&row, id)?);
            }
            if let (Some(leg), Some(journal)) = (written_leg(&row)?, journals.last_mut()) {
                journal.transfers.push(leg);
            }
        }
    }
    Ok(journals)
}

fn written(row: &QueryResult, id: String) -> Result<Written> {
    Ok(Written {
        id,
        merchant_id: row.try_get_by("merchant_id")?,
        mode: row.try_get_by("mode")?,
        kind: row.try_get_by("kind")?,
        source_id: row.try_get_by("source_id")?,
        business_date: row.try_get_by("business_date")?,
        reverses: row.try_get_by("reverses_journal_id")?,
        digest: row.try_get_by("digest")?,
        legs: row.try_get_by("legs")?,
        transfers: Vec::new(),
    })
}

fn written_leg(row: &QueryResult) -> Result<Option<WrittenLeg>> {
    let Some(leg) = row.try_get_by::<Option<i16>, _>("leg")? else {
        return Ok(None);
    };
    let currency: String = row.try_get_by("currency")?;
    let currency = currency.parse().at("transfers", "currency", &leg.to_string())?;
    Ok(Some(WrittenLeg {
        leg,
        debit: row.try_get_by("debit")?,
        credit: row.try_get_by("credit")?,
        amount: Money::new(row.try_get_by("amount_minor")?, currency),
        code: row.try_get_by("code")?,
        business_date: row.try_get_by("day")?,
    }))
}
