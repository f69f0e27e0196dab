//! `tahsil migrate`.

use super::Outcome;
use super::answer::{Answer, Output, count};
use crate::compose;
use crate::config::Config;
use serde::Serialize;

/// How to say what was done.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tahsil migrate --database-url postgres://tahsil@db/tahsil\n\n\
                  Many processes may run this at once: one works, the others wait."
)]
pub struct Args {
    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct Migrated {
    applied: usize,
    database: String,
}

impl Answer for Migrated {
    fn text(&self) -> String {
        let Self { applied, database } = self;
        match applied {
            0 => format!("nothing to do: {database} is up to date"),
            _ => format!(
                "applied {} to {database}",
                count(u64::try_from(*applied).unwrap_or(u64::MAX), "migration")
            ),
        }
    }
}

/// Runs what is pending.
pub async fn run(args: &Args, config: &Config) -> anyhow::Result<Outcome> {
    let url = &config.database.url;
    let applied = compose::migrate(url).await?;
    args.output.print(&Migrated {
        applied,
        database: url.to_string(),
    })?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_how_many() {
        let migrated = |applied| Migrated {
            applied,
            database: "sqlite://tahsil.db".into(),
        };
        assert_eq!(migrated(4).text(), "applied 4 migrations to sqlite://tahsil.db");
        assert_eq!(migrated(1).text(), "applied 1 migration to sqlite://tahsil.db");
        assert_eq!(
            migrated(0).text(),
            "nothing to do: sqlite://tahsil.db is up to date"
        );
        assert_eq!(
            serde_json::to_string(&migrated(4)).unwrap(),
            r#"{"applied":4,"database":"sqlite://tahsil.db"}"#
        );
    }
}
