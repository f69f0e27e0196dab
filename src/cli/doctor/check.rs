//! One finding.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Works, but somebody should know.
    Warn,
    /// Does not work.
    Fail,
}

/// What was looked at, what was found, and how to mend it.
#[derive(Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How bad it is.
    pub status: Status,
    /// What was found.
    pub detail: String,
    /// How to mend it, unless the detail says that.
    pub mend: Option<String>,
}

impl Check {
    /// As it should be.
    pub fn ok(name: &'static str, detail: impl ToString) -> Self {
        Self {
            name,
            status: Status::Ok,
            detail: detail.to_string(),
            mend: None,
        }
    }

    /// Works, but somebody should know.
    pub fn warn(name: &'static str, detail: impl ToString, mend: impl ToString) -> Self {
        Self {
            status: Status::Warn,
            mend: Some(mend.to_string()),
            ..Self::ok(name, detail)
        }
    }

    /// Does not work.
    pub fn fail(name: &'static str, detail: impl ToString, mend: impl ToString) -> Self {
        Self {
            status: Status::Fail,
            mend: Some(mend.to_string()),
            ..Self::ok(name, detail)
        }
    }

    /// Does not work, and the detail says what to do.
    pub fn broken(name: &'static str, detail: impl ToString) -> Self {
        Self {
            status: Status::Fail,
            ..Self::ok(name, detail)
        }
    }

    /// A line for people, with the name in a column of `width`, and a second line with the way to mend it.
    pub fn text(&self, width: usize) -> String {
        let word = match self.status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "fail",
        };
        let mend = self.mend.as_ref().map_or_else(String::new, |mend| {
            format!("{:6}{:width$}  mend: {mend}\n", "", "")
        });
        format!("{word:4}  {:width$}  {}\n{mend}", self.name, self.detail)
    }
}
