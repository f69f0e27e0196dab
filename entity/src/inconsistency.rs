//! A row that says what cannot be.
//!
//! Invariant: nothing in a row is guessed. A word that is none of ours, amounts that contradict each other or a column that is
//! empty although the rest needs it stop the reading and name the place, so that somebody can look. A default in its stead
//! would move money on a guess.

use std::fmt::Display;

/// A column that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table}.{column} of {row} cannot be read: {why}")]
pub struct Inconsistency {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The id of the row.
    pub row: String,
    /// What was expected there. For logs and operators, never for clients.
    pub why: String,
}

/// Says where a value was read, so that its absence or refusal becomes an [`Inconsistency`].
pub trait At<T> {
    /// The value, or the place that does not hold one.
    ///
    /// # Errors
    /// When there is no value: the column is empty or was refused.
    fn at(self, table: &'static str, column: &'static str, row: &str) -> Result<T, Inconsistency>;
}

impl<T, E: Display> At<T> for Result<T, E> {
    fn at(self, table: &'static str, column: &'static str, row: &str) -> Result<T, Inconsistency> {
        self.map_err(|why| Inconsistency {
            table,
            column,
            row: row.to_owned(),
            why: why.to_string(),
        })
    }
}

impl<T> At<T> for Option<T> {
    fn at(self, table: &'static str, column: &'static str, row: &str) -> Result<T, Inconsistency> {
        self.ok_or("it is empty, and the rest of the row needs it")
            .at(table, column, row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    #[test]
    fn the_message_names_the_place_and_what_was_expected() {
        let read: Result<Currency, _> = "XXX".parse().at("payments", "currency", "pay_1");
        let message = read.unwrap_err().to_string();
        assert!(
            message.starts_with("payments.currency of pay_1 cannot be read: unsupported currency"),
            "{message}"
        );
        let missing = None::<i64>.at("payments", "hold_at", "pay_1").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "payments.hold_at of pay_1 cannot be read: it is empty, and the rest of the row needs it"
        );
    }
}
