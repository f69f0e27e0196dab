//! What a failing database means for whoever asked.
//!
//! Invariant: "try again" is said only where trying again may help, and never because a statement is wrong.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::Error as Cause;

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The database does not answer, or took no more work.
    Unreachable,
    /// A statement ran into its time limit.
    TooSlow,
    /// Anything else: a defect.
    Defect,
}

/// What `error` means.
#[must_use]
pub fn trouble(error: &DbErr) -> Trouble {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Trouble::Unreachable,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            of_cause(cause)
        }
        _ => Trouble::Defect,
    }
}

fn of_cause(cause: &Cause) -> Trouble {
    match cause {
        Cause::Io(_) | Cause::PoolTimedOut | Cause::PoolClosed | Cause::WorkerCrashed | Cause::Tls(_) => {
            Trouble::Unreachable
        }
        Cause::Database(said) => said.code().map_or(Trouble::Defect, |code| of_state(&code)),
        _ => Trouble::Defect,
    }
}

/// A state of SQL (PostgreSQL, appendix A): connections, resources and shutdowns pass; a cancelled query was too slow. SQLite's
/// codes are numbers of its own: 5 and its extensions mean that the writer was busy for too long.
fn of_state(code: &str) -> Trouble {
    match code {
        "57014" => Trouble::TooSlow,
        "5" | "261" | "517" | "3D000" => Trouble::Unreachable,
        code if code.len() == 5 && ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) => {
            Trouble::Unreachable
        }
        _ => Trouble::Defect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_and_what_does_not() {
        for (code, expected) in [
            ("08006", Trouble::Unreachable),
            ("53300", Trouble::Unreachable),
            ("57P01", Trouble::Unreachable),
            ("57P03", Trouble::Unreachable),
            ("3D000", Trouble::Unreachable),
            ("5", Trouble::Unreachable),
            ("57014", Trouble::TooSlow),
            ("23505", Trouble::Defect),
            ("42P01", Trouble::Defect),
            ("1", Trouble::Defect),
            ("53", Trouble::Defect),
        ] {
            assert_eq!(of_state(code), expected, "{code}");
        }
        assert_eq!(of_cause(&Cause::PoolTimedOut), Trouble::Unreachable);
        assert_eq!(of_cause(&Cause::RowNotFound), Trouble::Defect);
    }
}
