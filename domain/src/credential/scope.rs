//! What a credential may do: the one list of scopes.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Scope {
    /// Authorize and sell.
    PaymentsCreate,
    /// See payments, operations, refunds and cards.
    PaymentsRead,
    /// Capture and void.
    PaymentsCapture,
    /// Refund.
    RefundsCreate,
    /// See balances and the ledger.
    ReportsRead,
    /// Set up webhook endpoints and replay deliveries.
    WebhooksManage,
    /// See, create, rotate and revoke credentials.
    CredentialsManage,
    /// See the request log and the integrity report.
    LogsRead,
}

/// A word that is not a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {word:?} (known: {known})", known = Scopes::all())]
pub struct UnknownScope {
    /// What was given, cut to 64 characters.
    pub word: String,
}

impl Scope {
    /// Every scope, in the order in which documents list them.
    pub const ALL: [Self; 8] = [
        Self::PaymentsCreate,
        Self::PaymentsRead,
        Self::PaymentsCapture,
        Self::RefundsCreate,
        Self::ReportsRead,
        Self::WebhooksManage,
        Self::CredentialsManage,
        Self::LogsRead,
    ];

    const fn bit(self) -> u16 {
        1 << self as u16
    }

    /// The word that merchants read and write.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentsCreate => "payments:create",
            Self::PaymentsRead => "payments:read",
            Self::PaymentsCapture => "payments:capture",
            Self::RefundsCreate => "refunds:create",
            Self::ReportsRead => "reports:read",
            Self::WebhooksManage => "webhooks:manage",
            Self::CredentialsManage => "credentials:manage",
            Self::LogsRead => "logs:read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == word)
            .ok_or_else(|| UnknownScope {
                word: word.chars().take(64).collect(),
            })
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownScope;

    fn try_from(word: String) -> Result<Self, UnknownScope> {
        word.parse()
    }
}

/// The permissions of one credential: at least one, each once, in list order. A set of bits, because every request has a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Scopes(u16);

impl Scopes {
    /// Every permission there is.
    #[must_use]
    pub fn all() -> Self {
        Self(Scope::ALL.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Those in `scopes`; `None` when there are none.
    #[must_use]
    pub fn of(scopes: &[Scope]) -> Option<Self> {
        let bits = scopes.iter().fold(0, |bits, scope| bits | scope.bit());
        (bits != 0).then_some(Self(bits))
    }

    /// Whether `scope` is among them.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The first permission among these that `other` lacks.
    #[must_use]
    pub fn beyond(self, other: Self) -> Option<Scope> {
        self.iter().find(|scope| !other.contains(*scope))
    }

    /// The permissions in list order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    /// Reads `all`, or scopes separated by commas.
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        if text == "all" {
            return Ok(Self::all());
        }
        let scopes = text
            .split(',')
            .map(|word| word.trim().parse())
            .collect::<Result<Vec<Scope>, _>>()?;
        Self::of(&scopes).ok_or_else(|| UnknownScope { word: String::new() })
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl TryFrom<String> for Scopes {
    type Error = UnknownScope;

    fn try_from(text: String) -> Result<Self, UnknownScope> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_as_they_are_written() {
        let scopes: Scopes = "refunds:create, payments:read,payments:read".parse().unwrap();
        assert_eq!(scopes.to_string(), "payments:read,refunds:create");
        assert_eq!("all".parse(), Ok(Scopes::all()));
        assert_eq!(Scopes::all().to_string().parse(), Ok(Scopes::all()));
    }

    #[test]
    fn scopes_beyond_others_are_found() {
        let few: Scopes = "payments:read".parse().unwrap();
        let more: Scopes = "payments:read,refunds:create".parse().unwrap();
        assert_eq!(more.beyond(few), Some(Scope::RefundsCreate));
        assert_eq!(few.beyond(more), None);
        assert_eq!(
            Scopes::of(&[Scope::RefundsCreate, Scope::PaymentsRead, Scope::RefundsCreate]),
            Some(more)
        );
        assert_eq!(Scopes::of(&[]), None);
    }

    #[test]
    fn unknown_and_empty_scopes_are_refused() {
        for text in ["", "payments:delete", "all,payments:read", "payments:read,"] {
            assert!(text.parse::<Scopes>().is_err(), "{text:?}");
        }
    }
}
