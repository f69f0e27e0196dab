//! The values in force, each with who said it.

use super::error::ConfigError;
use super::mask::mask_password;
use super::setting::{Setting, Shape};
use super::settings;
use super::source::{Layer, Origin};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a secret looks like when it is set.
const HIDDEN: &str = "********";

/// Settings as text, after the layers are laid over each other. Values are not checked yet.
pub struct InForce(BTreeMap<&'static str, (String, Origin)>);

/// One line of `tahsil config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Name of the setting.
    pub key: &'static str,
    /// Its value, secrets and passwords masked; `None`: unset.
    pub value: Option<String>,
    /// Who said it.
    pub origin: Origin,
}

impl InForce {
    /// Lays flags over the environment, that over the file, that over the defaults.
    #[must_use]
    pub fn from_layers(file: Layer, env: Layer, flags: Layer) -> Self {
        let defaults = settings::ALL
            .iter()
            .filter_map(|setting| Some((setting.key, (setting.default?.to_owned(), Origin::Default))));
        let mut values: BTreeMap<_, _> = defaults.collect();
        for (origin, layer) in [(Origin::File, file), (Origin::Env, env), (Origin::Flag, flags)] {
            values.extend(layer.into_iter().map(|(key, text)| (key, (text, origin))));
        }
        let listen = values
            .get(settings::LISTEN.key)
            .map_or_else(String::new, |(text, _)| text.clone());
        for (text, _) in values
            .values_mut()
            .filter(|(_, origin)| *origin == Origin::Default)
        {
            *text = text.replace("{listen}", &listen);
        }
        Self(values)
    }

    /// Every setting in the order of the table, fit for a screen.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        settings::ALL
            .iter()
            .map(|setting| match self.0.get(setting.key) {
                Some((text, origin)) => Row {
                    key: setting.key,
                    value: Some(shown(setting, text)),
                    origin: *origin,
                },
                None => Row {
                    key: setting.key,
                    value: None,
                    origin: Origin::Default,
                },
            })
            .collect()
    }

    /// The value of `setting` as `parse` reads it; `Ok(None)` when it is unset.
    pub(super) fn optional<T>(
        &self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((text, origin)) = self.0.get(setting.key) else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| ConfigError::Value {
            name: setting.name_in(*origin),
            origin: *origin,
            expected: setting.shape.expected(),
            got: format!("`{}`", shown(setting, text)),
        })
    }

    /// The value of `setting`, which has a default, as `parse` reads it.
    pub(super) fn required<T>(
        &self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        self.optional(setting, parse)?.ok_or_else(|| ConfigError::Value {
            name: setting.key.to_owned(),
            origin: Origin::Default,
            expected: setting.shape.expected(),
            got: "nothing".into(),
        })
    }

    /// The number that `setting` gives, inside the limits of the table.
    pub(super) fn count<T: TryFrom<u64>>(&self, setting: &Setting) -> Result<T, ConfigError> {
        self.required(setting, |text| {
            let Shape::Count { min, max, .. } = setting.shape else {
                return None;
            };
            let number = text
                .parse::<u64>()
                .ok()
                .filter(|number| (min..=max).contains(number))?;
            T::try_from(number).ok()
        })
    }

    /// The time that a `…_ms` setting gives.
    pub(super) fn millis(&self, setting: &Setting) -> Result<Duration, ConfigError> {
        self.count(setting).map(Duration::from_millis)
    }
}

fn shown(setting: &Setting, text: &str) -> String {
    if setting.is_secret() {
        HIDDEN.to_owned()
    } else {
        mask_password(text)
    }
}
