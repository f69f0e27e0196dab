//! Where values come from: the file, the environment, the command line.
//!
//! Invariant: nothing here reads the process; file text, environment and flags are arguments.

use super::error::ConfigError;
use super::setting::Setting;
use super::settings;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

/// What every environment name of ours begins with.
const PREFIX: &str = "TAHSIL_";

/// Who says a value; the later one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Nobody: the default of the table.
    Default,
    /// `tahsil.toml`.
    File,
    /// A `TAHSIL_*` variable.
    Env,
    /// A command line flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Env => "env",
            Self::Flag => "flag",
        })
    }
}

/// Values of one origin by the key of their setting, as text.
pub type Layer = BTreeMap<&'static str, String>;

/// The layer of a configuration file's text; `path` is for error messages.
///
/// # Errors
/// When the text is not TOML, has a key that is no setting, or a value that is neither text, whole number nor boolean.
pub fn from_file(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| ConfigError::Malformed {
            path: path.to_owned(),
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })?;
    table
        .into_iter()
        .map(|(key, value)| {
            let setting = settings::ALL.iter().find(|setting| setting.key == key);
            let setting = setting.ok_or_else(|| ConfigError::UnknownKey {
                path: path.to_owned(),
                key,
            })?;
            Ok((setting.key, scalar(setting, value)?))
        })
        .collect()
}

fn scalar(setting: &Setting, value: toml::Value) -> Result<String, ConfigError> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(switch) => Ok(switch.to_string()),
        other => Err(ConfigError::Value {
            name: setting.name_in(Origin::File),
            origin: Origin::File,
            expected: setting.shape.expected(),
            got: format!("a TOML {}", other.type_str()),
        }),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        .saturating_add(1)
}

/// The layer of environment variables. Names that are no settings are somebody else's; [`unrecognised`] lists them.
///
/// # Errors
/// When the value of a setting is not UTF-8.
pub fn from_env(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Layer, ConfigError> {
    variables
        .into_iter()
        .filter_map(|(name, value)| {
            let setting = settings::ALL.iter().find(|setting| name == setting.env)?;
            let value = value.into_string().map_err(|_| ConfigError::Value {
                name: setting.env.to_owned(),
                origin: Origin::Env,
                expected: setting.shape.expected(),
                got: "bytes that are not UTF-8".into(),
            });
            Some(value.map(|value| (setting.key, value)))
        })
        .collect()
}

/// Names that begin like ours and are no settings, sorted: a misspelt one would otherwise be ignored without a word.
pub fn unrecognised(names: impl IntoIterator<Item = OsString>) -> Vec<String> {
    let known = |name: &str| settings::ALL.iter().any(|setting| setting.env == name);
    let ours = names.into_iter().filter_map(|name| name.into_string().ok());
    let mut strangers: Vec<_> = ours
        .filter(|name| name.starts_with(PREFIX) && !known(name))
        .collect();
    strangers.sort_unstable();
    strangers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Layer, ConfigError> {
        from_file(Path::new("tahsil.toml"), text)
    }

    #[test]
    fn a_file_takes_text_numbers_and_booleans() {
        let layer = file("listen = '0.0.0.0:80'\ndb_max_connections = 4\ngraphiql = true\n").unwrap();
        assert_eq!(layer["listen"], "0.0.0.0:80");
        assert_eq!(layer["db_max_connections"], "4");
        assert_eq!(layer["graphiql"], "true");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = file("listne = '0.0.0.0:80'").unwrap_err();
        assert_eq!(
            error.to_string(),
            "tahsil.toml: unknown setting `listne`; `tahsil config --reference` lists the settings"
        );
        assert!(
            matches!(file("[database]\nurl = ''"), Err(ConfigError::UnknownKey { key, .. }) if key == "database")
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let error = file("db_max_connections = 1.5").unwrap_err();
        let expected = "db_max_connections (file): expected a whole number of connections from 1 to 1000, got a TOML float";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_broken_file_names_the_line_and_keeps_its_secrets() {
        let error = file("listen = '0.0.0.0:80'\nmaster_key = 'c0ffee").unwrap_err();
        assert!(error.to_string().starts_with("tahsil.toml, line 2: "), "{error}");
        assert!(!format!("{error} {error:?}").contains("c0ffee"));
    }

    #[test]
    fn the_environment_is_read_by_name_and_strangers_are_listed() {
        let variables = [
            ("TAHSIL_LISTEN", "0.0.0.0:80"),
            ("TAHSIL_TEST_POSTGRES_URL", "postgres://db"),
            ("TAHSIL_LISTNE", "0.0.0.0:81"),
            ("LISTEN", "0.0.0.0:82"),
        ]
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));

        let layer = from_env(variables.clone()).unwrap();
        assert_eq!(
            layer.into_iter().collect::<Vec<_>>(),
            [("listen", "0.0.0.0:80".to_owned())]
        );
        let strangers = unrecognised(variables.map(|(name, _)| name));
        assert_eq!(strangers, ["TAHSIL_LISTNE", "TAHSIL_TEST_POSTGRES_URL"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_a_setting_has_to_be_utf_8() {
        use std::os::unix::ffi::OsStringExt;
        let broken = OsString::from_vec(vec![0xff]);
        assert!(
            from_env([
                ("TAHSIL_OTHER".into(), broken.clone()),
                (broken.clone(), "x".into())
            ])
            .is_ok()
        );
        assert!(matches!(
            from_env([("TAHSIL_LISTEN".into(), broken)]),
            Err(ConfigError::Value {
                origin: Origin::Env,
                ..
            })
        ));
    }
}
