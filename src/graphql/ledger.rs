//! The books: what is owed, line by line, and the proof of it.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::error::query_failure;
use super::money::{BigInt, CurrencyCode, Money};
use super::payment;
use super::time::{Date, DateTime};
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::id::JournalId;

/// What the merchant is owed in one currency; an amount is negative where the merchant owes.
#[derive(SimpleObject, Clone, Debug)]
pub struct Balance {
    /// The currency of all amounts.
    pub currency: CurrencyCode,
    /// Owed, not yet available for payout.
    pub pending: Money,
    /// Owed and available for payout.
    pub available: Money,
    /// Held back as reserve.
    pub reserve: Money,
    /// Pending and available together.
    pub payable: Money,
}

/// One leg of a journal: an amount moved from one account to another.
#[derive(SimpleObject, Clone, Debug)]
pub struct LedgerEntry {
    /// The journal and the number of the leg: `jrn_…/1`.
    pub id: ID,
    /// The journal, `jrn_…`.
    pub journal_id: ID,
    /// Which event the journal records: `capture`, `refund_accepted`, `refund_succeeded` or `refund_failed`.
    pub kind: String,
    /// The operation or refund that it records.
    pub source_id: ID,
    /// Code of the debited account.
    pub debit_account: String,
    /// Code of the credited account.
    pub credit_account: String,
    /// How much.
    pub amount: Money,
    /// What the leg stands for: gross, fee, reserve or refund.
    pub code: String,
    /// The day it counts for, in Asia/Baghdad.
    pub business_date: Date,
    /// When it was written.
    pub booked_at: DateTime,
}

/// One thing that is wrong with the books.
#[derive(SimpleObject, Clone, Debug)]
pub struct LedgerProblem {
    /// The id of the payment, journal or transfer, or the code of the account.
    pub subject: String,
    /// What is wrong with it.
    pub message: String,
}

/// Proof that the books say what happened: every payment added up from its operations, every journal computed anew and compared
/// leg by leg, every digest recomputed.
#[derive(SimpleObject, Clone, Debug)]
pub struct LedgerIntegrity {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Payments added up.
    pub payments: BigInt,
    /// Journals compared.
    pub journals: BigInt,
    /// Transfers compared.
    pub transfers: BigInt,
    /// How much is wrong.
    pub problem_count: BigInt,
    /// The first 100 problems.
    pub problems: Vec<LedgerProblem>,
}

impl From<service::ledger::Entry> for LedgerEntry {
    fn from(entry: service::ledger::Entry) -> Self {
        let (journal, leg) = entry.edge;
        Self {
            id: format!("{journal}/{leg}").into(),
            journal_id: journal.to_string().into(),
            kind: entry.kind,
            source_id: entry.source_id.into(),
            debit_account: entry.debit,
            credit_account: entry.credit,
            amount: entry.amount.into(),
            code: entry.code,
            business_date: Date(entry.business_date),
            booked_at: entry.booked_at.into(),
        }
    }
}

fn count(number: u64) -> BigInt {
    BigInt(i64::try_from(number).unwrap_or(i64::MAX))
}

#[derive(Default)]
pub struct LedgerQuery;

#[Object]
impl LedgerQuery {
    /// What the merchant is owed, by currency.
    async fn balances(&self, ctx: &Context<'_>) -> Result<Vec<Balance>> {
        let balances = service::ledger::balances(ctx.app()?, ctx.actor()?)
            .await
            .map_err(query_failure)?;
        let balance = |balance: service::ledger::Balance| Balance {
            currency: CurrencyCode(balance.currency.code().to_owned()),
            pending: balance.pending.into(),
            available: balance.available.into(),
            reserve: balance.reserve.into(),
            payable: balance.payable.into(),
        };
        Ok(balances.into_iter().map(balance).collect())
    }

    /// The books line by line, newest journal first.
    async fn ledger_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what this payment wrote.")] payment: Option<ID>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Connection<Cursor<(JournalId, i16)>, LedgerEntry, EmptyFields>> {
        let payment = payment::filter(payment)?;
        let list = List::new(("ledger entries", payment));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let page = service::ledger::entries(ctx.app()?, ctx.actor()?, payment, &request)
            .await
            .map_err(query_failure)?;
        Ok(list.connection(page, EmptyFields, |entry| entry.edge, LedgerEntry::from))
    }

    /// Checks the books of this merchant and mode, now, from the rows themselves.
    async fn ledger_integrity(&self, ctx: &Context<'_>) -> Result<LedgerIntegrity> {
        let found = service::ledger::verify_tenant(ctx.app()?, ctx.actor()?)
            .await
            .map_err(query_failure)?;
        let problem = |problem: service::ledger::Problem| LedgerProblem {
            subject: problem.subject,
            message: problem.message,
        };
        Ok(LedgerIntegrity {
            ok: found.is_sound(),
            payments: count(found.payments),
            journals: count(found.journals),
            transfers: count(found.transfers),
            problem_count: count(found.problem_count),
            problems: found.problems.into_iter().map(problem).collect(),
        })
    }
}
