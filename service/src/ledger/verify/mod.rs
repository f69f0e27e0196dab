//! Proof that the books say what happened.
//!
//! Invariant: nothing is taken on trust. Payments are added up from their operations and refunds, every journal is computed anew
//! from what it records and compared leg by leg, its digest is recomputed from what the tables hold now, and an account is what
//! its code says. An intent says what its attempts add up to, and promo codes and links count the intents that hold them.

mod accounts;
mod intents;
mod journals;
mod payments;
mod rows;
mod slots;

use crate::db::sql;
use crate::{App, Result};
use domain::Money;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::merchant::Tenant;

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
    /// Intents compared with their attempts.
    pub intents: u64,
    /// How much is wrong.
    pub problem_count: u64,
    /// The first [`MAX_PROBLEMS`] of it.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The id of the payment, journal, transfer, intent, promo code or link, or the code of the account; a transfer is `jrn_…/leg`.
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
            .in_snapshot(move |txn| {
                Box::pin(async move { rows::read_page(txn, postgres, tenant, &from).await })
            })
            .await?;
        let Some(page) = page else { break };
        after.clone_from(&page.last);
        payments::check(page, &mut found);
    }
    for orphan in orphans(app, tenant).await? {
        found.problem(orphan, "records no operation or refund");
    }
    accounts::check(app, tenant, &mut found).await?;
    intents::check(app, tenant, &mut found).await?;
    slots::check(app, tenant, &mut found).await?;
    Ok(found)
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
