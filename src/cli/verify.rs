//! `tahsil verify`.

use super::answer::{Answer, Output, count};
use super::{Outcome, installation};
use crate::config::Config;
use serde::Serialize;
use service::ledger::Integrity;

/// How to say what was found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tahsil verify || mail -s 'the ledger does not tie' finance@example.iq\n\n\
                  Only reads; safe beside a running server. Ends with code 1 when something is wrong."
)]
pub struct Args {
    #[command(flatten)]
    output: Output,
}

/// Adds everything up again.
pub async fn run(args: &Args, config: &Config) -> anyhow::Result<Outcome> {
    let found = installation::with(config, async |app| Ok(service::ledger::verify_all(app).await?)).await?;
    let report = Report::from(found);
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
    problem_count: u64,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Problem {
    subject: String,
    message: String,
}

impl From<Integrity> for Report {
    fn from(found: Integrity) -> Self {
        Self {
            sound: found.is_sound(),
            payments: found.payments,
            journals: found.journals,
            transfers: found.transfers,
            problem_count: found.problem_count,
            problems: found
                .problems
                .into_iter()
                .map(|problem| Problem {
                    subject: problem.subject,
                    message: problem.message,
                })
                .collect(),
        }
    }
}

impl Answer for Report {
    fn text(&self) -> String {
        let checked = format!(
            "checked {}, {}, {}: {}",
            count(self.payments, "payment"),
            count(self.journals, "journal"),
            count(self.transfers, "transfer"),
            if self.sound {
                "everything ties".to_owned()
            } else {
                count(self.problem_count, "problem")
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
        format!("{checked}{}{rest}", problems.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sound() -> Integrity {
        Integrity {
            payments: 2,
            journals: 3,
            transfers: 1,
            ..Integrity::default()
        }
    }

    #[test]
    fn a_sound_ledger_is_one_line() {
        let report = Report::from(sound());
        assert_eq!(
            report.text(),
            "checked 2 payments, 3 journals, 1 transfer: everything ties"
        );
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            json!({
                "sound": true, "payments": 2, "journals": 3, "transfers": 1, "problemCount": 0, "problems": [],
            })
        );
    }

    #[test]
    fn problems_are_listed_and_the_rest_is_counted() {
        let report = Report::from(Integrity {
            problem_count: 3,
            problems: vec![service::ledger::Problem {
                subject: "jrn_1".into(),
                message: "its digest does not match".into(),
            }],
            ..sound()
        });
        let text = report.text();
        assert!(
            text.contains(": 3 problems\n  jrn_1: its digest does not match\n  and 2 more"),
            "{text}"
        );
        assert_eq!(
            serde_json::to_value(&report).unwrap()["problems"],
            json!([{ "subject": "jrn_1", "message": "its digest does not match" }])
        );
    }
}
