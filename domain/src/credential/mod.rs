//! Credentials: API keys of merchants and operators, and the sessions that they open.
//!
//! Invariant: a secret exists in clear only between its making and its showing. What is kept is a keyed hash that is compared
//! in constant time; the public token inside the secret finds it. Status is computed from instants, never set. Source: S0
//! workbench, design.md 2.

mod allowlist;
mod denial;
mod refusal;
mod scope;
mod secret;
pub mod signing;
mod signing_key;

pub use allowlist::{AllowlistRefusal, IpAllowlist, MAX_NETWORKS};
pub use denial::{Denial, UnknownDenial};
pub use refusal::CredentialRefusal;
pub use scope::{Scope, Scopes, UnknownScope};
pub use secret::{KeyKind, MalformedSecret, Secret, SecretHash, Token, secret_entropy};
pub use signing_key::{KeyMaterial, PublicKey, PublicKeyRefusal, RsaPublicKey, SigningAlgorithm, SigningKey};

use crate::Timestamp;
use crate::api_version::ApiVersion;
use crate::id::{CredentialId, MalformedId, OperatorId, SessionId};
use crate::merchant::Tenant;
use crate::word::words;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::{fmt, str::FromStr};

/// Longest time for which the old secret goes on beside the new one.
pub const MAX_OVERLAP: Duration = Duration::days(7);
/// How long the old secret goes on unless somebody says otherwise.
pub const DEFAULT_OVERLAP: Duration = Duration::days(1);
/// Longest life of a session.
pub const MAX_SESSION: Duration = Duration::hours(24);
/// Life of a session unless somebody says otherwise.
pub const DEFAULT_SESSION: Duration = Duration::hours(8);

/// A merchant's API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Whose data it reaches, in which mode.
    pub tenant: Tenant,
    /// What people call it.
    pub name: String,
    /// The public token, as text.
    pub token: String,
    /// What it may do.
    pub scopes: Scopes,
    /// From where it may be used.
    pub allowlist: IpAllowlist,
    /// By which version its requests are answered unless they name one.
    pub api_version: ApiVersion,
    /// From when on it opens nothing; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// Until when the secret before this one goes on too.
    pub rotating_until: Option<Timestamp>,
    /// When it was revoked; it opens nothing from then on.
    pub revoked_at: Option<Timestamp>,
    /// When and from where it was used last, to the minute or so.
    pub last_used: Option<LastUse>,
    /// What was done with it last.
    pub last_action: LastAction,
    /// Who made it.
    pub created_by: Author,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The last use of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: IpAddr,
}

/// The last thing that was done with a credential for the sake of security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAction {
    /// What.
    pub action: SecurityAction,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Author,
}

words! {
    /// What can be done with a credential.
    SecurityAction, "security action" {
        /// It was made.
        Created = "created",
        /// Its name, scopes, allowlist, expiry or signing keys were changed.
        Updated = "updated",
        /// It got a new secret.
        Rotated = "rotated",
        /// It got a new signing key.
        SigningKeyRotated = "signing_key_rotated",
        /// It went to another API version.
        ApiVersionUpgraded = "api_version_upgraded",
        /// It was revoked.
        Revoked = "revoked",
    }
}

/// Who did something with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Author {
    /// Whoever owns the machine, by the command line.
    Console,
    /// An operator.
    Operator(OperatorId),
    /// Another credential of the same merchant.
    Credential(CredentialId),
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Console => f.write_str("console"),
            Self::Operator(id) => id.fmt(f),
            Self::Credential(id) => id.fmt(f),
        }
    }
}

impl FromStr for Author {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        if text == "console" {
            return Ok(Self::Console);
        }
        let operator = text.parse().map(Self::Operator);
        operator.or_else(|_| text.parse().map(Self::Credential))
    }
}

impl From<Author> for String {
    fn from(author: Author) -> Self {
        author.to_string()
    }
}

impl TryFrom<String> for Author {
    type Error = MalformedId;

    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

/// What a credential is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialStatus {
    /// It opens what its scopes say.
    Active,
    /// It does, and so does the secret before this one.
    Rotating,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl CredentialStatus {
    /// The word on the REST doors and in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Rotating => "rotating",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Credential {
    /// What it is good for at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> CredentialStatus {
        match self.usable(now) {
            Err(Denial::KeyRevoked) => CredentialStatus::Revoked,
            Err(_) => CredentialStatus::Expired,
            Ok(()) if self.rotating_until.is_some_and(|until| now < until) => CredentialStatus::Rotating,
            Ok(()) => CredentialStatus::Active,
        }
    }

    /// Whether it opens anything at `now`.
    ///
    /// # Errors
    /// [`Denial::KeyRevoked`] before [`Denial::KeyExpired`].
    pub fn usable(&self, now: Timestamp) -> Result<(), Denial> {
        if self.revoked_at.is_some() {
            Err(Denial::KeyRevoked)
        } else if self.expires_at.is_some_and(|at| at <= now) {
            Err(Denial::KeyExpired)
        } else {
            Ok(())
        }
    }
}

/// Somebody who runs the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What people call it.
    pub name: String,
    /// The public token, as text.
    pub token: String,
    /// When it was revoked; it opens nothing from then on.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whose session it is: it may do what its holder may, as long as the holder's key opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionHolder {
    /// A credential.
    Credential(CredentialId),
    /// An operator.
    Operator(OperatorId),
}

/// A dashboard's session: a cookie in place of a key, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The public half of its cookie, as text.
    pub token: String,
    /// Whose it is.
    pub holder: SessionHolder,
    /// From where it was opened.
    pub address: IpAddr,
    /// What the browser called itself.
    pub user_agent: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked; it opens nothing from then on.
    pub revoked_at: Option<Timestamp>,
    /// When it was opened.
    pub created_at: Timestamp,
}

impl Session {
    /// Whether it opens anything at `now`.
    ///
    /// # Errors
    /// [`Denial::SessionUnknown`] when it was revoked, [`Denial::SessionExpired`] when its time is over.
    pub fn usable(&self, now: Timestamp) -> Result<(), Denial> {
        if self.revoked_at.is_some() {
            Err(Denial::SessionUnknown)
        } else if self.expires_at <= now {
            Err(Denial::SessionExpired)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SeededIds, new_id};
    use crate::merchant::Mode;

    fn at(hours: i64) -> Timestamp {
        "2026-06-15T10:00:00Z".parse::<Timestamp>().unwrap() + Duration::hours(hours)
    }

    fn credential() -> Credential {
        let ids = SeededIds::new(1);
        Credential {
            id: new_id(&ids, at(0)),
            tenant: Tenant {
                merchant: new_id(&ids, at(0)),
                mode: Mode::Live,
            },
            name: "server".into(),
            token: "epk_live_1".into(),
            scopes: Scopes::all(),
            allowlist: IpAllowlist::default(),
            api_version: ApiVersion::NEWEST,
            expires_at: None,
            rotating_until: None,
            revoked_at: None,
            last_used: None,
            last_action: LastAction {
                action: SecurityAction::Created,
                at: at(0),
                by: Author::Console,
            },
            created_by: Author::Console,
            created_at: at(0),
        }
    }

    #[test]
    fn status_follows_the_clock() {
        let mut key = credential();
        assert_eq!(key.status(at(0)), CredentialStatus::Active);
        key.rotating_until = Some(at(2));
        assert_eq!(key.status(at(1)), CredentialStatus::Rotating);
        assert_eq!(key.status(at(2)), CredentialStatus::Active);
        key.expires_at = Some(at(1));
        assert_eq!(key.status(at(0)), CredentialStatus::Rotating);
        assert_eq!(
            (key.status(at(1)), key.usable(at(1))),
            (CredentialStatus::Expired, Err(Denial::KeyExpired))
        );
        key.revoked_at = Some(at(0));
        assert_eq!(
            (key.status(at(1)), key.usable(at(0))),
            (CredentialStatus::Revoked, Err(Denial::KeyRevoked))
        );
    }

    #[test]
    fn authors_and_actions_read_as_they_are_written() {
        let ids = SeededIds::new(1);
        for author in [
            Author::Console,
            Author::Operator(new_id(&ids, at(0))),
            Author::Credential(new_id(&ids, at(0))),
        ] {
            assert_eq!(author.to_string().parse(), Ok(author));
        }
        assert!("pay_1".parse::<Author>().is_err());
        for action in SecurityAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(*action));
        }
    }

    #[test]
    fn a_session_ends_by_time_or_by_hand() {
        let ids = SeededIds::new(1);
        let mut session = Session {
            id: new_id(&ids, at(0)),
            token: "esp_1".into(),
            holder: SessionHolder::Operator(new_id(&ids, at(0))),
            address: "192.0.2.1".parse().unwrap(),
            user_agent: None,
            expires_at: at(8),
            revoked_at: None,
            created_at: at(0),
        };
        assert_eq!(session.usable(at(7)), Ok(()));
        assert_eq!(session.usable(at(8)), Err(Denial::SessionExpired));
        session.revoked_at = Some(at(1));
        assert_eq!(session.usable(at(7)), Err(Denial::SessionUnknown));
    }
}
