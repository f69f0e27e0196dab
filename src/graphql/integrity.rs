//! The rules that the database holds, and what offends against them.

use super::context::ContextExt;
use super::enums::{IntegrityEnforcement, IntegrityRuleKind, IntegrityRuleStatus};
use super::error::query_failure;
use super::time::DateTime;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use service::integrity::{Issue, Report, RuleState, Warning};

/// A rule of the database about secrets, scopes or networks.
#[derive(SimpleObject, Clone, Debug)]
pub struct IntegrityRule {
    /// Its name in the database.
    pub name: String,
    /// The table whose rows it is about.
    pub table: String,
    /// Whether it is about each row by itself or about all together.
    pub kind: IntegrityRuleKind,
    /// Whether it is there, read from the catalogue of the database just now.
    pub status: IntegrityRuleStatus,
    /// What happens to a row that offends.
    pub enforcement: IntegrityEnforcement,
}

/// An audit: rows that a rule should not let be, counted just now without believing the rule.
#[derive(SimpleObject, Clone, Debug)]
pub struct IntegrityIssue {
    /// The title of the audit.
    pub name: String,
    /// The name of the rule that the rows offend against.
    pub rule: String,
    /// How many rows; a merchant's key counts those of its merchant, an operator's all.
    pub rows: i32,
    /// Whether the database refuses more of them.
    pub blocks_future: bool,
}

/// A row that offended against a rule that only warns, when it was written. `provider_answers_once` is told to operators: a provider's
/// late answer about an operation contradicted the one that settled it.
#[derive(SimpleObject, Clone, Debug)]
pub struct IntegrityWarning {
    /// The name of the rule.
    pub rule: String,
    /// The table of the row.
    pub table: String,
    /// The id that the row had; it may be mended or gone by now.
    pub row_id: ID,
    /// When it was written.
    pub at: DateTime,
}

/// Proof that the rules about secrets, scopes and networks stand in the database itself.
#[derive(SimpleObject, Clone, Debug)]
pub struct IntegrityReport {
    /// Whether every rule is installed and no row offends.
    pub healthy: bool,
    /// How many rules are installed.
    pub installed: i32,
    /// How many rules there should be.
    pub total: i32,
    /// How many rows offend against any of them.
    pub legacy_issues: i32,
    /// Every rule there should be.
    pub rules: Vec<IntegrityRule>,
    /// One audit for each rule, also when nothing offends.
    pub issues: Vec<IntegrityIssue>,
    /// The last warnings, newest first, 50 at the most.
    pub warnings: Vec<IntegrityWarning>,
}

fn whole<N>(number: N) -> i32
where
    i32: TryFrom<N>,
{
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl From<RuleState> for IntegrityRule {
    fn from(RuleState { rule, status, .. }: RuleState) -> Self {
        Self {
            name: rule.name.to_owned(),
            table: rule.table.to_owned(),
            kind: rule.kind.into(),
            status: status.into(),
            enforcement: rule.enforcement.into(),
        }
    }
}

impl From<Issue> for IntegrityIssue {
    fn from(issue: Issue) -> Self {
        Self {
            name: issue.rule.audit.to_owned(),
            rule: issue.rule.name.to_owned(),
            rows: whole(issue.rows),
            blocks_future: issue.blocks_future,
        }
    }
}

impl From<Warning> for IntegrityWarning {
    fn from(warning: Warning) -> Self {
        Self {
            rule: warning.rule,
            table: warning.table,
            row_id: warning.row.into(),
            at: warning.at.into(),
        }
    }
}

impl From<Report> for IntegrityReport {
    fn from(report: Report) -> Self {
        Self {
            healthy: report.is_healthy(),
            installed: whole(report.installed()),
            total: whole(report.rules.len()),
            legacy_issues: whole(report.offending_rows()),
            rules: report.rules.into_iter().map(Into::into).collect(),
            issues: report.issues.into_iter().map(Into::into).collect(),
            warnings: report.warnings.into_iter().map(Into::into).collect(),
        }
    }
}

#[derive(Default)]
pub struct IntegrityQuery;

#[Object]
impl IntegrityQuery {
    /// The rules about secrets, scopes and networks, read from the catalogue of the database, and the rows that offend against
    /// them. Needs the scope `logs:read`; operators see the rows of all merchants.
    async fn integrity_report(&self, ctx: &Context<'_>) -> Result<IntegrityReport> {
        let report = service::integrity::report(ctx.app()?, ctx.actor()?).await;
        Ok(report.map_err(query_failure)?.into())
    }
}
