//! `tahsil verify`.

use super::answer::{Answer, Output, count};
use super::{Outcome, installation};
use crate::config::Config;
use serde::Serialize;
use service::integrity::{self, RuleState, Status};
use service::ledger::{self, Integrity};

/// How to say what was found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tahsil verify || mail -s 'the ledger does not tie' finance@example.iq\n\n\
                  Only reads; safe beside a running server. Ends with code 1 when something is wrong: with the books, with intents\n\
                  and their attempts, or with a rule of the database that should refuse rows."
)]
pub struct Args {
    #[command(flatten)]
    output: Output,
}

/// Adds everything up again, and looks whether the rules of the database stand.
pub async fn run(args: &Args, config: &Config) -> anyhow::Result<Outcome> {
    let (found, rules) = installation::with(config, async |app| {
        Ok((ledger::verify_all(app).await?, integrity::report_all(app).await?))
    })
    .await?;
    let report = Report::new(found, &rules);
    args.output.print(&report)?;
    Ok(if report.sound {
        Outcome::Done
    } else {
        Outcome::FoundProblems
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    sound: bool,
    payments: u64,
    journals: u64,
    transfers: u64,
    intents: u64,
    problem_count: u64,
    problems: Vec<Problem>,
    integrity: Rules,
}

/// The integrity report. What only warns is said, and is no reason to fail.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rules {
    healthy: bool,
    installed: usize,
    total: usize,
    legacy_issues: u64,
    rules: Vec<Rule>,
    issues: Vec<Issue>,
}

#[derive(Serialize)]
struct Rule {
    name: &'static str,
    table: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issue {
    name: &'static str,
    rule: &'static str,
    rows: u64,
    blocks_future: bool,
}

#[derive(Serialize)]
struct Problem {
    subject: String,
    message: String,
}

impl Report {
    fn new(found: Integrity, rules: &integrity::Report) -> Self {
        Self {
            sound: found.is_sound() && rules.blocks_and_is_clean(),
            payments: found.payments,
            journals: found.journals,
            transfers: found.transfers,
            intents: found.intents,
            problem_count: found.problem_count,
            problems: found
                .problems
                .into_iter()
                .map(|problem| Problem {
                    subject: problem.subject,
                    message: problem.message,
                })
                .collect(),
            integrity: rules.into(),
        }
    }
}

impl From<&integrity::Report> for Rules {
    fn from(report: &integrity::Report) -> Self {
        let rule = |state: &RuleState| Rule {
            name: state.rule.name,
            table: state.rule.table,
            status: match state.status {
                Status::Installed => "installed",
                Status::Missing => "missing",
                Status::NotValidated => "not validated",
            },
        };
        let issue = |issue: &integrity::Issue| Issue {
            name: issue.rule.audit,
            rule: issue.rule.name,
            rows: issue.rows,
            blocks_future: issue.blocks_future,
        };
        Self {
            healthy: report.is_healthy(),
            installed: report.installed(),
            total: report.rules.len(),
            legacy_issues: report.offending_rows(),
            rules: report.rules.iter().map(rule).collect(),
            issues: report.issues.iter().map(issue).collect(),
        }
    }
}

impl Rules {
    fn text(&self) -> String {
        let rows = match self.legacy_issues {
            0 => "no offending rows".to_owned(),
            rows => count(rows, "offending row"),
        };
        let standing = self.rules.iter().filter(|rule| rule.status != "installed");
        let standing = standing.map(|rule| format!("\n  {} on {}: {}", rule.name, rule.table, rule.status));
        let offending = self.issues.iter().filter(|issue| issue.rows > 0);
        let offending = offending.map(|issue| {
            let rows = count(issue.rows, "row");
            format!("\n  {}: {rows} against {}", issue.name, issue.rule)
        });
        format!(
            "{} of {} rules installed, {rows}{}{}",
            self.installed,
            self.total,
            standing.collect::<String>(),
            offending.collect::<String>()
        )
    }
}

impl Answer for Report {
    fn text(&self) -> String {
        let checked = format!(
            "checked {}, {}, {}, {}: {}",
            count(self.payments, "payment"),
            count(self.journals, "journal"),
            count(self.transfers, "transfer"),
            count(self.intents, "intent"),
            match self.problem_count {
                0 => "everything ties".to_owned(),
                problems => count(problems, "problem"),
            }
        );
        let problems = self
            .problems
            .iter()
            .map(|problem| format!("\n  {}: {}", problem.subject, problem.message));
        let listed = u64::try_from(self.problems.len()).unwrap_or(u64::MAX);
        let rest = match self.problem_count.saturating_sub(listed) {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        let integrity = self.integrity.text();
        format!("{checked}{}{rest}\n{integrity}", problems.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use integrity::{Enforcement, RULES};
    use serde_json::json;

    fn sound() -> Integrity {
        Integrity {
            payments: 2,
            journals: 3,
            transfers: 1,
            intents: 4,
            ..Integrity::default()
        }
    }

    fn rules() -> integrity::Report {
        let state = |rule| RuleState {
            rule,
            status: Status::Installed,
            enforced: true,
        };
        let issue = |rule: &'static integrity::Rule| integrity::Issue {
            rule,
            rows: 0,
            blocks_future: rule.enforcement == Enforcement::Block,
        };
        integrity::Report {
            rules: RULES.iter().map(state).collect(),
            issues: RULES.iter().map(issue).collect(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_sound_ledger_and_all_rules_are_two_lines() {
        let report = Report::new(sound(), &rules());
        assert_eq!(
            report.text(),
            "checked 2 payments, 3 journals, 1 transfer, 4 intents: everything ties\n5 of 5 rules installed, no offending rows"
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["sound"], &json["payments"]), (&json!(true), &json!(2)));
        assert_eq!(
            (&json["problemCount"], &json["problems"]),
            (&json!(0), &json!([]))
        );
        assert_eq!(json["integrity"]["healthy"], true);
        assert_eq!(
            json["integrity"]["issues"][0],
            json!({
                "name": "Plaintext credential audit", "rule": "api_keys_no_plaintext_secret", "rows": 0, "blocksFuture": true,
            })
        );
    }

    #[test]
    fn problems_are_listed_and_the_rest_is_counted() {
        let found = Integrity {
            problem_count: 3,
            problems: vec![ledger::Problem {
                subject: "jrn_1".into(),
                message: "its digest does not match".into(),
            }],
            ..sound()
        };
        let report = Report::new(found, &rules());
        let text = report.text();
        assert!(
            text.contains(": 3 problems\n  jrn_1: its digest does not match\n  and 2 more\n5 of 5"),
            "{text}"
        );
        assert_eq!(
            serde_json::to_value(&report).unwrap()["problems"],
            json!([{ "subject": "jrn_1", "message": "its digest does not match" }])
        );
    }

    #[test]
    fn a_rule_that_is_missing_fails_and_one_that_warns_does_not() {
        let mut rules = rules();
        rules.rules[0].status = Status::Missing;
        rules.issues[0].blocks_future = false;
        let report = Report::new(sound(), &rules);
        assert!(!report.sound);
        let missing = "4 of 5 rules installed, no offending rows\n  api_keys_no_plaintext_secret on credentials: missing";
        assert!(report.text().ends_with(missing), "{}", report.text());

        let mut rules = self::rules();
        rules.issues[4].rows = 2;
        let report = Report::new(sound(), &rules);
        assert!(report.sound && !report.integrity.healthy);
        let said = "2 offending rows\n  IP allowlist audit: 2 rows against ip_allowlist_valid_cidr";
        assert!(report.text().ends_with(said), "{}", report.text());
    }
}
