//! What can be wrong with a configuration.

use super::LONGER_THAN_A_PROVIDER;
use super::source::Origin;
use std::{io, path::PathBuf, time::Duration};

/// Why the configuration cannot be used. Names the place to look at; never repeats a secret or a password.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file was asked for and cannot be read.
    #[error("cannot read the configuration file {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The file is not TOML. The offending line is not quoted: it may hold a secret.
    #[error("{}, line {line}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line of the fault, from 1.
        line: usize,
        /// What the parser expected.
        reason: String,
    },
    /// The file has a key that is no setting: probably a slip of the pen.
    #[error("{}: unknown setting `{key}`; `tahsil config --reference` lists the settings", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A value is not what its setting takes.
    #[error("{name} ({origin}): expected {expected}, got {got}")]
    Value {
        /// The setting as it is called where the value came from.
        name: String,
        /// Where the value came from.
        origin: Origin,
        /// What the setting takes.
        expected: String,
        /// What came; of a secret, only that it came.
        got: String,
    },
    /// A request would end before its provider's answer is given up.
    #[error(
        "request_timeout_ms is {} and provider_timeout_ms is {}: a request has to last at least {} milliseconds longer than a \
         provider may take, or whoever pays is told of a time-out instead of a payment under way",
        request.as_millis(), provider.as_millis(), LONGER_THAN_A_PROVIDER.as_millis()
    )]
    RequestTooShort {
        /// Longest request.
        request: Duration,
        /// Longest wait for a provider.
        provider: Duration,
    },
}
