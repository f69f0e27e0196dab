//! Proof that the books say what happened.
//!
//! Invariant: nothing is taken on trust. Payments are added up from their operations and refunds, every journal is computed anew
//! from what it records and compared leg by leg, and its digest is recomputed from what the tables hold now.

use crate::db::{Txn, sql};
use crate::payment::Answer;
use crate::{App, Result};
use domain::Money;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::ledger::{Draft, digest};
use domain::merchant::Tenant;
use domain::operation::{Operation, OperationKind, OperationState};
use domain::payment::Payment;
use domain::refund::{Refund, RefundStatus};
use entity::inconsistency::{At, Inconsistency};
use entity::{operation, payment, refund};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect};
use std::collections::HashMap;

/// Payments that are checked on one view of the database.
const PAGE: u64 = 500;
/// Problems that are kept with their words; more are only counted.
pub const MAX_PROBLEMS: usize = 100;

/// What was checked, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// Payments added up.
    pub payments: u64,
    /// Journals compared.
    pub journals: u64,
    /// Transfers compared.
    pub transfers: u64,
    /// How much is wrong.
    pub problem_count: u64,
    /// The first [`MAX_PROBLEMS`] of it.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The id of the payment, journal or transfer; a transfer is `jrn_…/leg`.
    pub subject: String,
    /// What is wrong with it.
    pub message: String,
}

impl Integrity {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.problem_count == 0
    }

    fn problem(&mut self, subject: impl ToString, message: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem {
                subject: subject.to_string(),
                message: message.into(),
            });
        }
    }

    fn expect(&mut self, subject: impl ToString, what: &str, expected: Money, found: Money) {
        if expected != found {
            self.problem(subject, format!("{what} is {found}, expected {expected}"));
        }
    }
}

/// Checks everything.
///
/// # Errors
/// Storage errors. A row that cannot be read is a problem, not an error.
pub async fn verify_all(app: &App) -> Result<Integrity> {
    verify(app, None).await
}

/// Checks what belongs to this merchant and mode.
///
/// # Errors
/// When the scope is missing; storage errors.
pub async fn verify_tenant(app: &App, who: &Actor) -> Result<Integrity> {
    let tenant = who.may(Scope::ReportsRead)?.tenant;
    verify(app, Some(tenant)).await
}

async fn verify(app: &App, tenant: Option<Tenant>) -> Result<Integrity> {
    let postgres = app.db().is_postgres();
    let mut found = Integrity::default();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = app
            .db()
            .in_snapshot(move |txn| Box::pin(async move { read_page(txn, postgres, tenant, &from).await }))
            .await?;
        let Some(page) = page else { break };
        after.clone_from(&page.last);
        check_page(page, &mut found);
    }
    for orphan in orphans(app, tenant).await? {
        found.problem(orphan, "records no operation or refund");
    }
    Ok(found)
}

/// The rows of some payments, as they were at one instant.
struct PageRows {
    last: String,
    payments: Vec<payment::Model>,
    operations: Vec<operation::Model>,
    refunds: Vec<refund::Model>,
    journals: Vec<Written>,
}

/// A journal as the tables hold it now.
struct Written {
    id: String,
    kind: String,
    source_id: String,
    business_date: chrono::NaiveDate,
    digest: String,
    legs: i16,
    transfers: Vec<WrittenLeg>,
}

struct WrittenLeg {
    leg: i16,
    debit: String,
    credit: String,
    amount: Money,
    code: String,
}

async fn read_page(
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

const JOURNALS: &str = "SELECT j.id, j.kind, j.source_id, j.business_date, j.digest, j.legs, t.leg, d.code AS debit, \
     c.code AS credit, t.amount_minor, t.currency, t.code \
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
        kind: row.try_get_by("kind")?,
        source_id: row.try_get_by("source_id")?,
        business_date: row.try_get_by("business_date")?,
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
    }))
}

fn check_page(page: PageRows, found: &mut Integrity) {
    let mut journals: HashMap<(String, String), Written> = page
        .journals
        .into_iter()
        .map(|journal| ((journal.source_id.clone(), journal.kind.clone()), journal))
        .collect();
    let mut operations = grouped(page.operations, |row| row.payment_id.clone());
    let mut refunds = grouped(page.refunds, |row| row.payment_id.clone());
    for row in page.payments {
        found.payments += 1;
        let id = row.id.clone();
        let read = || -> std::result::Result<_, Inconsistency> {
            let operations = operations.remove(&id).unwrap_or_default();
            let refunds = refunds.remove(&id).unwrap_or_default();
            Ok((
                Payment::try_from(row)?,
                operations
                    .into_iter()
                    .map(Operation::try_from)
                    .collect::<std::result::Result<Vec<_>, _>>()?,
                refunds
                    .into_iter()
                    .map(Refund::try_from)
                    .collect::<std::result::Result<Vec<_>, _>>()?,
            ))
        };
        match read() {
            Err(inconsistency) => found.problem(&id, inconsistency.to_string()),
            Ok((payment, operations, refunds)) => {
                check_payment(&payment, operations, &refunds, &mut journals, found)
            }
        }
    }
    for journal in journals.into_values() {
        found.problem(
            &journal.id,
            format!("{} of {} should not be there", journal.kind, journal.source_id),
        );
    }
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> String) -> HashMap<String, Vec<T>> {
    let mut groups: HashMap<String, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

fn check_payment(
    payment: &Payment,
    operations: Vec<Operation>,
    refunds: &[Refund],
    journals: &mut HashMap<(String, String), Written>,
    found: &mut Integrity,
) {
    let taken = |operation: &&Operation| {
        matches!(operation.kind, OperationKind::Sale | OperationKind::Capture)
            && matches!(operation.state, OperationState::Succeeded { .. })
    };
    let currency = payment.amount.currency();
    let sum = |amounts: &mut dyn Iterator<Item = Money>| {
        amounts.fold(Money::zero(currency), |sum, amount| {
            sum.checked_add(amount).unwrap_or(sum)
        })
    };
    let captured = sum(&mut operations.iter().filter(taken).map(|operation| operation.amount));
    let with = |wanted: fn(&Refund) -> bool| sum(&mut refunds.iter().filter(|r| wanted(r)).map(|r| r.amount));
    let kept = payment.state.taken();
    let of = |part: Option<Money>| part.unwrap_or(Money::zero(currency));
    found.expect(
        payment.id,
        "captured",
        captured,
        of(kept.map(|taken| taken.captured())),
    );
    let refunded = with(|refund| refund.state.status() == RefundStatus::Succeeded);
    found.expect(
        payment.id,
        "refunded",
        refunded,
        of(kept.map(|taken| taken.refunded())),
    );
    let pending = with(|refund| refund.state.is_open());
    found.expect(
        payment.id,
        "refund pending",
        pending,
        of(kept.map(|taken| taken.refund_pending())),
    );

    for operation in operations {
        let refund = refunds
            .iter()
            .find(|refund| refund.operation == operation.id)
            .cloned();
        let source = refund
            .as_ref()
            .map_or(operation.id.to_string(), |refund| refund.id.to_string());
        let answer = Answer {
            payment: payment.clone(),
            operation,
            refund,
        };
        for draft in answer.journals() {
            match journals.remove(&(source.clone(), draft.kind.as_str().to_owned())) {
                None => found.problem(&source, format!("its {} journal is missing", draft.kind.as_str())),
                Some(journal) => check_journal(&journal, &draft, found),
            }
        }
    }
}

fn check_journal(journal: &Written, draft: &Draft, found: &mut Integrity) {
    found.journals += 1;
    if i64::from(journal.legs) != i64::try_from(journal.transfers.len()).unwrap_or(i64::MAX)
        || journal.transfers.len() != draft.legs.len()
    {
        let (written, due) = (journal.transfers.len(), draft.legs.len());
        found.problem(&journal.id, format!("it has {written} transfers, expected {due}"));
    }
    for (transfer, leg) in journal.transfers.iter().zip(&draft.legs) {
        found.transfers += 1;
        let name = format!("{}/{}", journal.id, transfer.leg);
        found.expect(&name, "its amount", leg.amount, transfer.amount);
        let expected = (leg.debit.to_string(), leg.credit.to_string(), leg.code.as_str());
        if (
            transfer.debit.as_str(),
            transfer.credit.as_str(),
            transfer.code.as_str(),
        ) != (expected.0.as_str(), expected.1.as_str(), expected.2)
        {
            let (debit, credit, code) = (&transfer.debit, &transfer.credit, &transfer.code);
            found.problem(
                &name,
                format!("it moves {code} from {debit} to {credit}, which its event does not"),
            );
        }
    }
    let legs = journal.transfers.iter();
    let said = legs.map(|leg| {
        (
            leg.debit.as_str(),
            leg.credit.as_str(),
            leg.amount,
            leg.code.as_str(),
        )
    });
    match journal.id.parse() {
        Ok(id)
            if digest(id, &journal.kind, &journal.source_id, journal.business_date, said)
                == journal.digest => {}
        _ => found.problem(
            &journal.id,
            "its digest does not match: the journal or a transfer of it was changed",
        ),
    }
}

/// Journals whose operation or refund is not there.
async fn orphans(app: &App, tenant: Option<Tenant>) -> Result<Vec<String>> {
    let text = "SELECT id FROM journals j WHERE NOT EXISTS (SELECT 1 FROM operations o WHERE o.id = j.source_id) \
         AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.id = j.source_id)";
    let postgres = app.db().is_postgres();
    let query = match tenant {
        None => sql(postgres, &format!("{text} ORDER BY id LIMIT {MAX_PROBLEMS}")),
        Some(tenant) => {
            let scoped = format!("{text} AND merchant_id = ? AND mode = ? ORDER BY id LIMIT {MAX_PROBLEMS}");
            sql(postgres, &scoped)
                .bind(tenant.merchant.to_string())
                .bind(tenant.mode.as_str())
        }
    };
    let rows = query.all(app.db().reads()).await?;
    rows.iter().map(|row| Ok(row.try_get_by("id")?)).collect()
}
