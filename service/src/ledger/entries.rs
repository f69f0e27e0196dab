//! Reading the books line by line.

use crate::db::sql;
use crate::page::{Page, PageRequest, Way};
use crate::{App, Result};
use chrono::NaiveDate;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::{JournalId, PaymentId};
use domain::{Money, Timestamp};
use entity::inconsistency::At;
use sea_orm::QueryResult;

/// One leg of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The journal and the number of the leg in it: what identifies the entry and sorts it.
    pub edge: (JournalId, i16),
    /// Which event the journal records.
    pub kind: String,
    /// The operation or refund that it records.
    pub source_id: String,
    /// Code of the debited account.
    pub debit: String,
    /// Code of the credited account.
    pub credit: String,
    /// How much.
    pub amount: Money,
    /// What the leg stands for.
    pub code: String,
    /// The day it counts for, in Asia/Baghdad.
    pub business_date: NaiveDate,
    /// When it was written.
    pub booked_at: Timestamp,
}

const COLUMNS: &str = "SELECT t.journal_id, t.leg, j.kind, j.source_id, d.code AS debit, c.code AS credit, t.amount_minor, \
     t.currency, t.code, t.business_date, j.booked_at \
     FROM journals j JOIN transfers t ON t.journal_id = j.id \
     JOIN ledger_accounts d ON d.id = t.debit_account_id JOIN ledger_accounts c ON c.id = t.credit_account_id \
     WHERE j.merchant_id = ? AND j.mode = ?";

const OF_PAYMENT: &str = " AND j.source_id IN (SELECT id FROM operations WHERE payment_id = ? \
     UNION ALL SELECT id FROM refunds WHERE payment_id = ?)";

/// One page of ledger entries of this merchant and mode, newest journal first; of one payment, or of all.
///
/// # Errors
/// When the scope is missing.
pub async fn entries(
    app: &App,
    who: &Actor,
    payment: Option<PaymentId>,
    request: &PageRequest<(JournalId, i16)>,
) -> Result<Page<Entry>> {
    let tenant = who.may(Scope::ReportsRead)?.tenant;
    let (compare, order) = if request.way == Way::Forward {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    let mut text = COLUMNS.to_owned();
    if payment.is_some() {
        text.push_str(OF_PAYMENT);
    }
    if request.edge.is_some() {
        text.push_str(&format!(" AND (t.journal_id, -t.leg) {compare} (?, ?)"));
    }
    // Newest journal first, but the legs of one journal in the order they were written in.
    text.push_str(&format!(
        " ORDER BY t.journal_id {order}, -t.leg {order} LIMIT {}",
        request.rows()
    ));

    let mut query = sql(app.db().is_postgres(), &text)
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str());
    if let Some(payment) = payment {
        query = query.bind(payment.to_string()).bind(payment.to_string());
    }
    if let Some((journal, leg)) = request.edge {
        query = query.bind(journal.to_string()).bind(-leg);
    }
    let rows = query.all(app.db().reads()).await?;
    Ok(request.page(rows.iter().map(entry).collect::<Result<Vec<_>>>()?))
}

fn entry(row: &QueryResult) -> Result<Entry> {
    let journal: String = row.try_get_by("journal_id")?;
    let currency: String = row.try_get_by("currency")?;
    let currency = currency.parse().at("transfers", "currency", &journal)?;
    Ok(Entry {
        edge: (
            journal.parse().at("transfers", "journal_id", &journal)?,
            row.try_get_by("leg")?,
        ),
        kind: row.try_get_by("kind")?,
        source_id: row.try_get_by("source_id")?,
        debit: row.try_get_by("debit")?,
        credit: row.try_get_by("credit")?,
        amount: Money::new(row.try_get_by("amount_minor")?, currency),
        code: row.try_get_by("code")?,
        business_date: row.try_get_by("business_date")?,
        booked_at: row.try_get_by("booked_at")?,
    })
}
