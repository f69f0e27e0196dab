//! Dated versions of the API.
//!
//! Invariant: a version keeps its meaning for ever. What one request gets is decided once: its header, else the pin of its
//! credential, else the newest. Source: S0 API versions; the differences are those inside S2 (`docs/api.md`, API versions).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ApiVersion {
    /// `2025-12-01.tigris`.
    Tigris,
    /// `2026-06-14.basra`.
    Basra,
}

/// How long a version is looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// The newest: what new credentials get.
    Current,
    /// Older, and kept.
    Supported,
}

/// Something that a version does otherwise than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiChange {
    /// Where it shows.
    pub area: &'static str,
    /// What the older version does.
    pub before: &'static str,
    /// What this version does.
    pub after: &'static str,
}

/// A word that is not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown API version {word:?} (known: {known})", known = ApiVersion::ALL.map(ApiVersion::as_str).join(", "))]
pub struct UnknownApiVersion {
    /// What was given, cut to 64 characters.
    pub word: String,
}

/// What `2026-06-14.basra` does otherwise than `2025-12-01.tigris`.
const BASRA: [ApiChange; 4] = [
    ApiChange {
        area: "REST: a payment or intent that is in the wrong state (already captured, voided, refunded or paid)",
        before: "400 Bad Request",
        after: "409 Conflict, with the same words",
    },
    ApiChange {
        area: "REST with a key: an authorization or intent that has run out, or has no attempts left",
        before: "400 Bad Request",
        after: "410 Gone, with the same words",
    },
    ApiChange {
        area: "REST: the words about a currency that is not supported",
        before: "unsupported currency (only USD, EUR, and MAD supported), whatever else is supported",
        after: "the same form with every currency that is supported",
    },
    ApiChange {
        area: "Events: an authorization that runs out after seven days",
        before: "payment.expired and payment.voided",
        after: "payment.expired",
    },
];

impl ApiVersion {
    /// Every version, newest first.
    pub const ALL: [Self; 2] = [Self::Basra, Self::Tigris];
    /// What new credentials get, and requests that name none.
    pub const NEWEST: Self = Self::Basra;

    /// The word that merchants read and write.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tigris => "2025-12-01.tigris",
            Self::Basra => "2026-06-14.basra",
        }
    }

    /// The day on which it came out.
    #[must_use]
    pub fn released_on(self) -> NaiveDate {
        let day = match self {
            Self::Tigris => NaiveDate::from_ymd_opt(2025, 12, 1),
            Self::Basra => NaiveDate::from_ymd_opt(2026, 6, 14),
        };
        day.unwrap_or_default()
    }

    /// How long it is looked after.
    #[must_use]
    pub const fn support(self) -> Support {
        match self {
            Self::Tigris => Support::Supported,
            Self::Basra => Support::Current,
        }
    }

    /// What it does otherwise than the version before it.
    #[must_use]
    pub const fn changes(self) -> &'static [ApiChange] {
        match self {
            Self::Tigris => &[],
            Self::Basra => &BASRA,
        }
    }

    /// What changes for somebody who goes from this version to `other`, oldest change first; nothing when `other` is not newer.
    pub fn changes_until(self, other: Self) -> impl Iterator<Item = ApiChange> {
        let newer = Self::ALL.into_iter().rev();
        newer
            .filter(move |version| *version > self && *version <= other)
            .flat_map(|version| version.changes().iter().copied())
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApiVersion {
    type Err = UnknownApiVersion;

    fn from_str(word: &str) -> Result<Self, UnknownApiVersion> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == word)
            .ok_or_else(|| UnknownApiVersion {
                word: word.chars().take(64).collect(),
            })
    }
}

impl From<ApiVersion> for String {
    fn from(version: ApiVersion) -> Self {
        version.as_str().to_owned()
    }
}

impl TryFrom<String> for ApiVersion {
    type Error = UnknownApiVersion;

    fn try_from(word: String) -> Result<Self, UnknownApiVersion> {
        word.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_as_they_are_written_and_begin_with_their_day() {
        for version in ApiVersion::ALL {
            assert_eq!(version.as_str().parse(), Ok(version));
            assert!(version.as_str().starts_with(&version.released_on().to_string()));
        }
        assert!("2026-06-14".parse::<ApiVersion>().is_err());
        assert_eq!(ApiVersion::ALL.into_iter().max(), Some(ApiVersion::NEWEST));
    }

    #[test]
    fn an_upgrade_says_what_changes() {
        let (old, new) = (ApiVersion::Tigris, ApiVersion::Basra);
        assert_eq!(old.changes_until(new).count(), 4);
        assert_eq!(new.changes_until(new).count() + new.changes_until(old).count(), 0);
    }
}
