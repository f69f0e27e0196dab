//! Proof that the rules about secrets, scopes and networks stand in the database itself (S0, "rules").
//!
//! Invariant: nothing is taken on trust. Whether a rule is there is read from the live catalogue, never from the list of migrations;
//! and what offends against it is counted from the rows, never concluded from the rule being there.

mod audit;
mod catalogue;
mod rule;
mod table_text;

pub use rule::{Enforcement, Kind, RULES, Rule, Status};

use crate::{App, Error, Result, Txn};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::OperationId;
use domain::merchant::Tenant;
use entity::{credential, integrity_warning};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set};

/// The rule that a provider answers once: a later answer about an operation contradicted the one that settled it.
pub(crate) const PROVIDER_CONTRADICTION: &str = "provider_answers_once";

/// Most warnings that a report carries.
pub const MAX_WARNINGS: u64 = 50;

/// A rule and what the catalogue says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleState {
    /// The rule.
    pub rule: &'static Rule,
    /// Whether it is there.
    pub status: Status,
    /// Whether the database holds new rows to it, which it may do although older ones were never checked.
    pub enforced: bool,
}

/// An audit: rows that a rule should not let be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The rule that they offend against; its `audit` names this.
    pub rule: &'static Rule,
    /// How many.
    pub rows: u64,
    /// Whether the database refuses more of them.
    pub blocks_future: bool,
}

/// Something that a rule saw and let pass. The rule may be one of [`RULES`], which the database holds, or one that only the
/// application can see broken: `provider_answers_once`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The name of the rule.
    pub rule: String,
    /// The table.
    pub table: String,
    /// The row, as it was called then.
    pub row: String,
    /// When.
    pub at: Timestamp,
}

/// Rules, audits and warnings at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Every rule there should be.
    pub rules: Vec<RuleState>,
    /// One audit for each rule, also without rows.
    pub issues: Vec<Issue>,
    /// The last warnings, newest first, [`MAX_WARNINGS`] at the most.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// How many rules are installed.
    #[must_use]
    pub fn installed(&self) -> usize {
        let installed = self
            .rules
            .iter()
            .filter(|state| state.status == Status::Installed);
        installed.count()
    }

    /// How many rows offend against any rule.
    #[must_use]
    pub fn offending_rows(&self) -> u64 {
        self.issues
            .iter()
            .fold(0, |rows, issue| rows.saturating_add(issue.rows))
    }

    /// Whether every rule is installed and no row offends.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.installed() == self.rules.len() && self.offending_rows() == 0
    }

    /// Whether every rule that refuses rows does so, and none is there that it would have refused.
    #[must_use]
    pub fn blocks_and_is_clean(&self) -> bool {
        self.issues
            .iter()
            .filter(|issue| issue.rule.enforcement == Enforcement::Block)
            .all(|issue| issue.blocks_future && issue.rows == 0)
    }
}

/// The report. Rules are the installation's; of rows, operators see all, merchants those within their own reach.
///
/// # Errors
/// When the scope is missing; storage errors.
pub async fn report(app: &App, who: &Actor) -> Result<Report> {
    let tenants = match who {
        Actor::Operator(_) => None,
        Actor::Merchant(_) => Some(who.may(Scope::LogsRead)?.reach()),
    };
    read(app, tenants).await
}

/// The report over all rows, for whoever owns the machine.
///
/// # Errors
/// Storage errors.
pub async fn report_all(app: &App) -> Result<Report> {
    read(app, None).await
}

async fn read(app: &App, tenants: Option<Vec<Tenant>>) -> Result<Report> {
    let postgres = app.db().is_postgres();
    app.db()
        .in_snapshot(move |txn| {
            Box::pin(async move {
                let rules = catalogue::read(txn, postgres).await?;
                let mut issues = Vec::with_capacity(rules.len());
                for state in &rules {
                    issues.push(Issue {
                        rule: state.rule,
                        rows: audit::count(txn, postgres, state.rule, tenants.as_deref()).await?,
                        blocks_future: state.enforced && state.rule.enforcement == Enforcement::Block,
                    });
                }
                let warnings = warnings(txn, tenants.as_deref()).await?;
                Ok(Report {
                    rules,
                    issues,
                    warnings,
                })
            })
        })
        .await
}

/// Writes down, in the transaction that saw it, that an operation offends against `rule`.
pub(crate) async fn warn(
    txn: &Txn,
    rule: &'static str,
    operation: OperationId,
    now: Timestamp,
) -> Result<()> {
    let warning = integrity_warning::ActiveModel {
        rule: Set(rule.to_owned()),
        table_name: Set("operations".to_owned()),
        row_id: Set(operation.to_string()),
        at: Set(now),
        ..Default::default()
    };
    integrity_warning::Entity::insert(warning)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

async fn warnings(txn: &Txn, tenants: Option<&[Tenant]>) -> Result<Vec<Warning>> {
    use integrity_warning::{Column, Entity};
    let mut query = Entity::find();
    if let Some(tenants) = tenants {
        // What is about another table than credentials shows to operators only: they have to ask the provider.
        let own = credential::Entity::of_each(tenants)
            .select_only()
            .column(credential::Column::Id);
        query = query
            .filter(Column::TableName.eq("credentials"))
            .filter(Column::RowId.in_subquery(own.into_query()));
    }
    let rows = query
        .order_by_desc(Column::Id)
        .limit(MAX_WARNINGS)
        .all(txn)
        .await
        .map_err(Error::from)?;
    let warning = |row: integrity_warning::Model| Warning {
        rule: row.rule,
        table: row.table_name,
        row: row.row_id,
        at: row.at,
    };
    Ok(rows.into_iter().map(warning).collect())
}
