//! `tahsil doctor`.
//!
//! Invariant: it looks and changes nothing that stays: no database, key file or table is made by asking how they are.

mod check;
mod database;
mod files;
mod machine;

use super::Outcome;
use super::answer::{Answer, Output, count};
use crate::compose;
use crate::config::{self, Config, LiveProvider, MasterKeySource, SettingFlags};
use check::{Check, Status};
use domain::{Clock, SystemClock};
use serde::Serialize;
use service::Db;

/// How to say what was found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tahsil doctor\n  tahsil doctor --output json | jq '.checks[] | select(.status != \"ok\")'\n\n\
                  Ends with code 1 when a check fails; warnings do not count."
)]
pub struct Args {
    #[command(flatten)]
    output: Output,
}

/// Looks everywhere.
pub async fn run(args: &Args, flags: &SettingFlags) -> anyhow::Result<Outcome> {
    let report = Report::new(examine(flags).await);
    args.output.print(&report)?;
    Ok(if report.healthy {
        Outcome::Done
    } else {
        Outcome::FoundProblems
    })
}

async fn examine(flags: &SettingFlags) -> Vec<Check> {
    let configuration =
        config::in_force(flags, std::env::vars_os()).and_then(|values| Config::from_values(&values));
    let variables = machine::variables(std::env::vars_os().map(|(name, _)| name));
    let config = match configuration {
        Ok(config) => config,
        Err(error) => {
            let wrong = Check::fail(
                "configuration",
                error,
                "correct it there; `tahsil config --reference` lists what each setting takes",
            );
            return vec![wrong, variables];
        }
    };
    let mut checks = vec![Check::ok("configuration", "understood"), variables];
    let (db, found) = database::examine(&config.database).await;
    checks.extend(found);
    checks.push(master_key(&config.master_key, db.as_ref()).await);
    checks.push(machine::clock(SystemClock.now()));
    checks.push(machine::listener(config.http.listen));
    checks.extend(machine::open_files());
    checks.push(live_payments(config.provider.live));
    if let Some(Err(error)) = match &db {
        Some(db) => Some(db.close().await),
        None => None,
    } {
        tracing::warn!(%error, "the database did not close");
    }
    checks
}

async fn master_key(source: &MasterKeySource, db: Option<&Db>) -> Check {
    const NAME: &str = "master key";
    let path = match source {
        MasterKeySource::Given(_) => return Check::ok(NAME, "given by the configuration"),
        MasterKeySource::File(path) => path,
    };
    if path.exists() {
        return match source.key() {
            Ok(_) => Check::ok(NAME, format!("{}, for its owner only", path.display())),
            // These errors say themselves what to do.
            Err(error) => Check::broken(NAME, error),
        };
    }
    if let Some(db) = db
        && let Ok(Some(path)) = compose::lost_key_file(source, db).await
    {
        return Check::broken(NAME, compose::ComposeError::KeyFileLost(path));
    }
    Check::warn(
        NAME,
        format!("there is no key file {} yet", path.display()),
        "the first start makes it; then keep a copy apart from the database",
    )
}

fn live_payments(provider: LiveProvider) -> Check {
    const NAME: &str = "live payments";
    match provider {
        LiveProvider::Sandbox => Check::warn(
            NAME,
            "live payments move no money: the sandbox takes them",
            "set live_provider = \"none\" to refuse them until there is a provider",
        ),
        LiveProvider::None => Check::ok(NAME, "refused, as no provider is set up"),
    }
}

#[derive(Serialize)]
struct Report {
    healthy: bool,
    checks: Vec<Check>,
}

impl Report {
    fn new(checks: Vec<Check>) -> Self {
        Self {
            healthy: checks.iter().all(|check| check.status != Status::Fail),
            checks,
        }
    }

    fn count(&self, status: Status) -> u64 {
        let checks = self.checks.iter().filter(|check| check.status == status);
        u64::try_from(checks.count()).unwrap_or(u64::MAX)
    }
}

impl Answer for Report {
    fn text(&self) -> String {
        let width = self.checks.iter().map(|check| check.name.chars().count()).max();
        let lines: String = self
            .checks
            .iter()
            .map(|check| check.text(width.unwrap_or_default()))
            .collect();
        format!(
            "{lines}\n{}: {}, {}",
            count(u64::try_from(self.checks.len()).unwrap_or(u64::MAX), "check"),
            count(self.count(Status::Warn), "warning"),
            count(self.count(Status::Fail), "failure"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_warning_is_healthy_and_a_failure_is_not() {
        let warned = || vec![Check::ok("a", "fine"), Check::warn("bb", "odd", "look")];
        let report = Report::new(warned());
        assert!(report.healthy);
        assert_eq!(
            report.text(),
            "ok    a   fine\nwarn  bb  odd\n          mend: look\n\n2 checks: 1 warning, 0 failures"
        );
        assert!(!Report::new(warned().into_iter().chain([Check::broken("c", "no")]).collect()).healthy);
    }

    #[test]
    fn the_json_is_one_object() {
        let report = Report::new(vec![Check::ok("a", "fine"), Check::fail("b", "no", "do")]);
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            json!({
                "healthy": false,
                "checks": [
                    { "name": "a", "status": "ok", "detail": "fine", "mend": null },
                    { "name": "b", "status": "fail", "detail": "no", "mend": "do" },
                ],
            })
        );
    }

    #[tokio::test]
    async fn a_key_file_that_others_can_read_is_a_failure_and_a_missing_one_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tahsil.key");
        let source = MasterKeySource::File(path.clone());
        assert_eq!(master_key(&source, None).await.status, Status::Warn);
        assert!(!path.exists());

        source.key().unwrap();
        assert_eq!(master_key(&source, None).await.status, Status::Ok);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            let check = master_key(&source, None).await;
            assert_eq!(check.status, Status::Fail);
            assert!(check.detail.contains("chmod 600"), "{}", check.detail);
        }
    }

    #[test]
    fn a_sandbox_in_live_mode_is_worth_a_warning() {
        assert_eq!(live_payments(LiveProvider::Sandbox).status, Status::Warn);
        assert_eq!(live_payments(LiveProvider::None).status, Status::Ok);
    }
}
