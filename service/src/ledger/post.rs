//! Writing a journal.

use crate::db::Txn;
use crate::{App, Error, Result};
use chrono::NaiveDate;
use domain::Timestamp;
use domain::clock::business_date;
use domain::id::JournalId;
use domain::ledger::{Draft, digest};
use entity::{business_day, journal, transfer};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

/// Writes `draft` as the one journal of its kind for `source`, into the first business day that is open.
///
/// A second journal for the same event violates `journals_once_per_event` and takes the whole transaction with it.
pub(crate) async fn post(
    app: &App,
    txn: &Txn,
    draft: &Draft,
    source: &str,
    reverses: Option<JournalId>,
    now: Timestamp,
) -> Result<JournalId> {
    let id: JournalId = app.id(now);
    let date = open_day(txn, now).await?;
    let codes: Vec<(String, String)> = draft
        .legs
        .iter()
        .map(|leg| (leg.debit.to_string(), leg.credit.to_string()))
        .collect();
    let legs = draft.legs.iter().zip(&codes);
    let said =
        legs.map(|(leg, (debit, credit))| (debit.as_str(), credit.as_str(), leg.amount, leg.code.as_str()));
    let journal = journal::ActiveModel {
        id: Set(id.to_string()),
        merchant_id: Set(draft.tenant.merchant.to_string()),
        mode: Set(draft.tenant.mode.as_str().to_owned()),
        kind: Set(draft.kind.as_str().to_owned()),
        source_id: Set(source.to_owned()),
        business_date: Set(date),
        reverses_journal_id: Set(reverses.map(|id| id.to_string())),
        legs: Set(i16::try_from(draft.legs.len()).unwrap_or(i16::MAX)),
        digest: Set(digest(id, draft.kind.as_str(), source, date, said)),
        booked_at: Set(now),
    };
    journal::Entity::insert(journal)
        .exec_without_returning(txn)
        .await?;

    let mut rows = Vec::with_capacity(draft.legs.len());
    for (number, leg) in (1_i16..).zip(&draft.legs) {
        rows.push(transfer::ActiveModel {
            journal_id: Set(id.to_string()),
            leg: Set(number),
            debit_account_id: Set(app.accounts().id(&leg.debit)?),
            credit_account_id: Set(app.accounts().id(&leg.credit)?),
            currency: Set(leg.amount.currency().code().to_owned()),
            amount_minor: Set(leg.amount.minor()),
            code: Set(leg.code.as_str().to_owned()),
            business_date: Set(date),
            ..Default::default()
        });
    }
    transfer::Entity::insert_many(rows)
        .exec_without_returning(txn)
        .await?;
    Ok(id)
}

/// Days looked at: more than any run of days that are closed ahead of their time.
const DAYS_AHEAD: u64 = 32;

/// The business day that a posting at `now` belongs to: today's, or the next one that is not closed. A day that nobody has
/// opened is opened.
async fn open_day(txn: &Txn, now: Timestamp) -> Result<NaiveDate> {
    let today = business_date(now);
    let known = business_day::Entity::find()
        .filter(business_day::Column::BusinessDate.gte(today))
        .order_by_asc(business_day::Column::BusinessDate)
        .limit(DAYS_AHEAD)
        .all(txn)
        .await?;
    let mut date = today;
    for day in known {
        if day.business_date != date {
            break;
        }
        if day.state == "open" {
            return Ok(date);
        }
        date = date
            .succ_opt()
            .ok_or(Error::Unavailable("the calendar ends here"))?;
    }
    let day = business_day::ActiveModel {
        business_date: Set(date),
        state: Set("open".to_owned()),
        opened_at: Set(now),
    };
    let once = OnConflict::column(business_day::Column::BusinessDate)
        .do_nothing()
        .to_owned();
    business_day::Entity::insert(day)
        .on_conflict(once)
        .exec_without_returning(txn)
        .await?;
    Ok(date)
}
