//! `tahsil config`.

use super::Outcome;
use super::answer::{Answer, Output, line, table};
use crate::config::{self, Config, Row, SettingFlags, reference};
use serde::Serialize;

/// How to print them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tahsil config\n  TAHSIL_ROLE=api tahsil config --output json\n  \
                  tahsil config --reference    every setting, its default and what it takes"
)]
pub struct Args {
    /// Print what can be set, as a Markdown table, in place of what is set.
    #[arg(long, conflicts_with = "form")]
    reference: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct Settings {
    settings: Vec<Row>,
}

impl Answer for Settings {
    fn text(&self) -> String {
        let rows = self.settings.iter().map(|row| {
            let value = row.value.as_deref().unwrap_or("(unset)");
            [row.key.to_owned(), value.to_owned(), row.origin.to_string()]
        });
        table(["SETTING", "VALUE", "FROM"], rows)
    }
}

/// Prints the settings even when one of them is refused: that is when people look at them.
pub fn run(args: &Args, flags: &SettingFlags) -> anyhow::Result<Outcome> {
    if args.reference {
        line(reference().trim_end())?;
        return Ok(Outcome::Done);
    }
    let values = config::in_force(flags, std::env::vars_os())?;
    args.output.print(&Settings {
        settings: values.rows(),
    })?;
    match Config::from_values(&values) {
        Ok(_) => Ok(Outcome::Done),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{InForce, Layer};

    fn settings(values: &[(&'static str, &str)]) -> Settings {
        let flags: Layer = values
            .iter()
            .map(|(key, text)| (*key, (*text).to_owned()))
            .collect();
        Settings {
            settings: InForce::from_layers(Layer::new(), Layer::new(), flags).rows(),
        }
    }

    #[test]
    fn each_setting_says_its_value_and_who_said_it() {
        let text = settings(&[("role", "api")]).text();
        let line = |key: &str| {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap();
            line.split_whitespace().collect::<Vec<_>>()
        };
        assert_eq!(line("role"), ["role", "api", "flag"]);
        assert_eq!(line("master_key"), ["master_key", "(unset)", "default"]);
    }

    #[test]
    fn the_json_is_one_object_without_secrets() {
        let key = "5e".repeat(32);
        let json = serde_json::to_string(&settings(&[("master_key", &key)])).unwrap();
        assert!(!json.contains(&key));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["settings"][0]["key"], "database_url");
        assert_eq!(json["settings"][0]["origin"], "default");
    }
}
