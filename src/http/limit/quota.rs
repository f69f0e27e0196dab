//! How a rate stands for somebody, for headers and for words.

use chrono::Duration;
use std::fmt;

/// The window of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A second.
    Second,
    /// An hour.
    Hour,
}

impl Per {
    /// The window in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Hour => 3_600,
        }
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Second => "second",
            Self::Hour => "hour",
        })
    }
}

/// A rate and what is left of it. Prints as S2 says it: `20 requests per second`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its name in headers.
    pub name: &'static str,
    /// Its window.
    pub per: Per,
    /// How many requests it allows in its window.
    pub most: u32,
    /// How many are left now.
    pub left: u32,
    /// After how long all of them are there again.
    pub full_in: Duration,
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests per {}", self.most, self.per)
    }
}

impl Quota {
    /// Its item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
    #[must_use]
    pub fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.most, self.per.seconds())
    }

    /// Its item of `RateLimit`.
    #[must_use]
    pub fn standing(&self) -> String {
        let millis = u64::try_from(self.full_in.num_milliseconds()).unwrap_or_default();
        format!("\"{}\";r={};t={}", self.name, self.left, millis.div_ceil(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_prints_as_headers_and_words_write_it() {
        let quota = Quota {
            name: "payments-hourly",
            per: Per::Hour,
            most: 10_000,
            left: 9_998,
            full_in: Duration::milliseconds(720),
        };
        assert_eq!(quota.to_string(), "10000 requests per hour");
        assert_eq!(quota.policy(), "\"payments-hourly\";q=10000;w=3600");
        assert_eq!(quota.standing(), "\"payments-hourly\";r=9998;t=1");
    }
}
