//! How a command ended.

use std::process::ExitCode;

/// What a command that ran to its end has to say by its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it says: code 0.
    Done,
    /// It looked for problems and found some: code 1.
    FoundProblems,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::FoundProblems => Self::FAILURE,
        }
    }
}
