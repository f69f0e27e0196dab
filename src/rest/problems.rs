//! Everything that is wrong with a request, collected so that the client hears all of it at once.

use super::fault::Fault;
use crate::graphql::UserErrorCode;
use std::fmt::Display;

/// What is wrong so far; the first one gives the answer its code.
#[derive(Debug, Default)]
pub struct Problems(Vec<(UserErrorCode, String)>);

impl Problems {
    /// Notes a problem.
    pub fn add(&mut self, code: UserErrorCode, what: impl Display) {
        self.0.push((code, what.to_string()));
    }

    /// The value, or nothing and its problem noted.
    pub fn take<T, E: Display>(&mut self, code: UserErrorCode, read: Result<T, E>) -> Option<T> {
        read.map_err(|problem| self.add(code, problem)).ok()
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// All problems, under the code of the first.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Fault> {
        match (self.0.first(), read) {
            (None, Some(read)) => Ok(read),
            (Some((code, _)), _) => {
                let all: Vec<&str> = self.0.iter().map(|(_, what)| what.as_str()).collect();
                Err(Fault::because(*code, all.join("; ")))
            }
            (None, None) => Err(Fault::internal()),
        }
    }
}
