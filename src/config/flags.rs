//! One command line flag for each setting that is no secret.

use super::setting::{Setting, Shape};
use super::settings;
use super::source::Layer;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, error::Error, value_parser};
use std::{fmt, path::PathBuf};

const CONFIG: &str = "config";

/// The settings that were given as flags. `#[command(flatten)]` it into a command line.
#[derive(Clone, Default)]
pub struct SettingFlags {
    /// The configuration file that was asked for; then it has to exist.
    pub config: Option<PathBuf>,
    /// Values by key.
    pub layer: Layer,
}

impl fmt::Debug for SettingFlags {
    /// Names only: the address of a database can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingFlags")
            .field("config", &self.config)
            .field("given", &self.layer.keys())
            .finish()
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Configuration file [default: tahsil.toml, if there is one]");
        let flags = settings::ALL.iter().filter_map(|setting| flag(setting));
        command.args(
            std::iter::once(config)
                .chain(flags)
                .map(|arg| arg.global(true).help_heading("Settings")),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &'static Setting) -> Option<Arg> {
    let arg = Arg::new(setting.key)
        .long(setting.flag?)
        .help(setting.doc)
        .hide_short_help(true);
    Some(match setting.shape {
        // `--graphiql` alone says yes. A value needs the `=`, or the next word of the command line would be taken for it.
        Shape::Switch => arg
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Shape::Choice(words) => arg.value_parser(words.to_vec()),
        Shape::Count { .. } => arg.value_name("NUMBER"),
        Shape::DatabaseUrl | Shape::HttpUrl | Shape::NatsUrl => arg.value_name("URL"),
        Shape::Path => arg.value_name("FILE"),
        Shape::Origins | Shape::Networks | Shape::Ports => arg.value_name("LIST"),
        Shape::Address | Shape::Key | Shape::LogFilter | Shape::Name => arg.value_name("VALUE"),
    })
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |setting: &&Setting| {
            setting.flag?;
            matches
                .get_one::<String>(setting.key)
                .map(|text| (setting.key, text.clone()))
        };
        let layer = settings::ALL.iter().filter_map(given).collect();
        Ok(Self {
            config: matches.get_one::<PathBuf>(CONFIG).cloned(),
            layer,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let new = Self::from_arg_matches(matches)?;
        self.config = new.config.or(self.config.take());
        self.layer.extend(new.layer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<SettingFlags, Error> {
        let command = Command::new("tahsil").subcommand(Command::new("serve"));
        let matches = SettingFlags::augment_args(command).try_get_matches_from(line)?;
        SettingFlags::from_arg_matches(matches.subcommand().map_or(&matches, |(_, inner)| inner))
    }

    #[test]
    fn flags_stand_before_and_after_the_command() {
        let flags = parse(&[
            "tahsil",
            "--graphiql",
            "serve",
            "--listen",
            "0.0.0.0:80",
            "--config",
            "/etc/tahsil.toml",
        ])
        .unwrap();
        let given: Vec<_> = flags
            .layer
            .iter()
            .map(|(key, text)| (*key, text.as_str()))
            .collect();
        assert_eq!(given, [("graphiql", "true"), ("listen", "0.0.0.0:80")]);
        assert_eq!(flags.config, Some("/etc/tahsil.toml".into()));
    }

    #[test]
    fn a_switch_can_be_turned_off() {
        assert_eq!(
            parse(&["tahsil", "serve", "--graphiql=false"]).unwrap().layer["graphiql"],
            "false"
        );
    }

    #[test]
    fn a_secret_has_no_flag() {
        assert!(parse(&["tahsil", "serve", "--master-key", "00"]).is_err());
    }

    #[test]
    fn the_flags_form_a_valid_command() {
        SettingFlags::augment_args(Command::new("tahsil")).debug_assert();
    }
}
