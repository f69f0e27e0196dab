//! Why a payer sees another page than the one that was asked for.

use domain::intent::ConfirmRefusal;
use domain::limit::Exceeded;
use service::db::{Trouble, trouble};
use service::{Error, Refusal};

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// There is no such page, or nothing here opens it.
    NotFound,
    /// The browser brought nothing that opens the page: it is another one, or it keeps no cookies.
    Cookies,
    /// The address asks too often.
    TooMany {
        /// When to come back.
        after_seconds: u32,
    },
    /// The form was sent by another site.
    Foreign,
    /// The form is longer than any of ours.
    TooLong,
    /// The form did not arrive in time.
    Cut,
    /// The database or the provider does not answer.
    Away,
    /// A defect, of which the log says more.
    WentWrong,
}

impl From<Exceeded> for Halt {
    fn from(exceeded: Exceeded) -> Self {
        let seconds = exceeded.retry_after.num_seconds().saturating_add(1);
        Self::TooMany {
            after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        }
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        match &error {
            // A wrong secret and no such page look alike.
            Error::NotFound(_) | Error::Refused(Refusal::Confirm(ConfirmRefusal::InvalidClientSecret)) => {
                Self::NotFound
            }
            Error::Unavailable(what) => {
                tracing::error!(what, "a page cannot be served");
                Self::Away
            }
            Error::Storage(cause) => {
                tracing::error!(%cause, "storage failed");
                match trouble(cause) {
                    Trouble::Unreachable | Trouble::TooSlow => Self::Away,
                    Trouble::Defect => Self::WentWrong,
                }
            }
            Error::Conflict => {
                tracing::warn!("an intent was changed by others more often than we try");
                Self::Away
            }
            Error::Refused(_) | Error::Inconsistent(_) => {
                tracing::error!(%error, "a page could not be made");
                Self::WentWrong
            }
        }
    }
}
