//! The reference page of the settings, from their table.

use super::setting::Setting;
use super::settings;

/// A Markdown table of every setting: names, default, allowed values, purpose.
#[must_use]
pub fn reference() -> String {
    let head =
        "| Setting | Environment | Default | Takes | Purpose |\n| --- | --- | --- | --- | --- |\n".to_owned();
    settings::ALL
        .iter()
        .fold(head, |page, setting| page + &row(setting))
}

fn row(setting: &Setting) -> String {
    let default = setting
        .default
        .map_or_else(|| "unset".to_owned(), |text| format!("`{text}`"));
    let Setting { key, env, doc, .. } = setting;
    format!(
        "| `{key}` | `{env}` | {default} | {} | {doc} |\n",
        setting.shape.expected()
    )
}
