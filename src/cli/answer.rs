//! What a command answers: the same facts for people and for programs.
//!
//! Invariant: this is the only place that writes to standard output. A reader that goes away, such as `head`, is no failure.

use clap::{Args, ValueEnum};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write};

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Lines and tables for people.
    #[default]
    Text,
    /// One JSON object on one line.
    Json,
}

/// The flag of commands whose answer programs read too.
#[derive(Clone, Copy, Debug, Args)]
pub struct Output {
    /// How the answer is written.
    #[arg(long = "output", value_name = "FORM", value_enum, default_value_t)]
    pub form: Form,
}

/// An answer: its serialisation is the JSON form.
pub trait Answer: Serialize {
    /// The form for people, without the last line break.
    fn text(&self) -> String;
}

impl Output {
    /// Writes the answer to standard output.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(self, answer: &impl Answer) -> anyhow::Result<()> {
        line(&match self.form {
            Form::Text => answer.text(),
            Form::Json => serde_json::to_string(answer)?,
        })
    }
}

/// Writes `text` and a line break to standard output.
///
/// # Errors
/// When it cannot be written.
pub fn line(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Rows under a heading, in columns as wide as their widest cell.
pub fn table<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let mut lines = vec![heading.map(str::to_owned)];
    lines.extend(rows);
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    });
    let lines = lines.iter().map(|line| {
        let cells = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}  "));
        cells.collect::<String>().trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Names and values, one pair a line.
pub fn fields(pairs: &[(&str, &dyn Display)]) -> String {
    let width = pairs
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default();
    let lines = pairs
        .iter()
        .map(|(name, value)| format!("  {name:width$}  {value}").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// `word` in the number that fits `count`: `1 merchant`, `2 merchants`.
pub fn count(count: u64, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["mer_1", "Al-Noor School"], ["mer_2", "مدرسة"]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["ID", "NAME"], rows),
            "ID     NAME\nmer_1  Al-Noor School\nmer_2  مدرسة"
        );
        assert_eq!(table(["ID", "NAME"], []), "ID  NAME");
    }

    #[test]
    fn names_and_values_stand_in_two_columns() {
        assert_eq!(
            fields(&[("id", &"mer_1"), ("currency", &"IQD")]),
            "  id        mer_1\n  currency  IQD"
        );
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            (count(1, "payment"), count(0, "payment")),
            ("1 payment".into(), "0 payments".into())
        );
    }
}
