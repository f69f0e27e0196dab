//! What an event is called on its way to an endpoint, and which events an endpoint is told.
//!
//! Invariant: an endpoint hears of an event only under a name of the list that it asked for, and a pattern that can match nothing is
//! refused when it is given. Sources: S1, S2 and S4 "Webhook Events"; `domain::event::names`.

use crate::event::{EventType, Names};
use crate::provider::Gateway;
use crate::word::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most patterns of an endpoint.
pub const MOST_PATTERNS: usize = 50;
/// Longest pattern.
const LONGEST_PATTERN: usize = 100;

words! {
    /// Whose names an endpoint is told.
    Naming, "naming" {
        /// Dotted names, `payment.captured` (S0, S2).
        Dotted = "dotted",
        /// S1: `BusinessRequestStatusChanged`.
        Business = "business",
        /// S4: `card_transaction`.
        Category = "category",
    }
}

impl Naming {
    /// What `event_type` is called; `None` where there is no word for it. `gateway` is the one of the payment that it is about.
    #[must_use]
    pub fn name(self, event_type: EventType, gateway: Option<Gateway>) -> Option<&'static str> {
        match self {
            Self::Dotted => Some(event_type.as_str()),
            Self::Business => event_type.names().s1,
            Self::Category => category(event_type, gateway),
        }
    }
}

fn category(event_type: EventType, gateway: Option<Gateway>) -> Option<&'static str> {
    gateway.map_or_else(|| event_type.names().s4, |gateway| event_type.s4(gateway))
}

/// Why a list of patterns is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternRefusal {
    /// There are too many.
    #[error("at most {MOST_PATTERNS} event types can be named")]
    TooMany,
    /// It matches no event that there is.
    #[error("{0:?} matches no event")]
    Nothing(String),
}

/// Which events an endpoint is told: names of any of the lists, `*` standing for any characters. Without any, all. What was kept is read as it
/// is: a pattern may be of a version that knows more events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventPatterns(Vec<String>);

impl EventPatterns {
    /// These patterns, each once.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, PatternRefusal> {
        let mut seen = BTreeSet::new();
        let patterns: Vec<String> = patterns
            .into_iter()
            .filter(|pattern| seen.insert(pattern.clone()))
            .collect();
        if patterns.len() > MOST_PATTERNS {
            return Err(PatternRefusal::TooMany);
        }
        match patterns.iter().find(|pattern| !matches_something(pattern)) {
            Some(pattern) => Err(PatternRefusal::Nothing(
                pattern.chars().take(LONGEST_PATTERN).collect(),
            )),
            None => Ok(Self(patterns)),
        }
    }

    /// The patterns, as they were given.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether an endpoint with these is told of `event_type`, under whichever name it was asked for.
    #[must_use]
    pub fn take(&self, event_type: EventType, gateway: Option<Gateway>) -> bool {
        let names = event_type.names();
        let called = [
            Some(event_type.as_str()),
            names.s0,
            names.s1,
            category(event_type, gateway),
        ];
        let asked_for = |pattern: &String| called.into_iter().flatten().any(|name| glob(pattern, name));
        self.0.is_empty() || self.0.iter().any(asked_for)
    }
}

fn matches_something(pattern: &str) -> bool {
    // What has no cause yet may be asked for: it comes with the part that causes it.
    let later = Names::LATER.iter().map(|later| later.name);
    let now = EventType::ALL.iter().flat_map(|event_type| {
        let names = event_type.names();
        let wallet = event_type.s4(Gateway::Fib);
        [Some(event_type.as_str()), names.s0, names.s1, names.s4, wallet]
    });
    pattern.len() <= LONGEST_PATTERN && now.flatten().chain(later).any(|name| glob(pattern, name))
}

/// Whether `pattern`, in which `*` stands for any characters, matches all of `name`.
fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(all: &[&str]) -> EventPatterns {
        EventPatterns::new(all.iter().map(ToString::to_string)).unwrap()
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, matches) in [
            ("payment.captured", "payment.captured", true),
            ("payment.captured", "payment.capture", false),
            ("payment.*", "payment.captured", true),
            ("payment.*", "payment_intent.created", false),
            ("*.created", "refund.created", true),
            ("*", "anything", true),
            ("pay*nt.*ed", "payment.captured", true),
            ("pay*nt.*ed", "payment.capturedx", false),
            ("*ment*ment*", "payment.captured", false),
            ("a*a", "a", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern, name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn an_endpoint_hears_what_it_asked_for_by_any_name() {
        let wallet = Some(Gateway::Fib);
        let card = Some(Gateway::CreditCard);
        let captured = EventType::PaymentCaptured;
        assert!(EventPatterns::default().take(captured, wallet));
        assert!(patterns(&["payment.*"]).take(captured, wallet));
        assert!(patterns(&["BusinessRequestStatusChanged"]).take(captured, wallet));
        assert!(patterns(&["card_transaction"]).take(captured, card));
        assert!(!patterns(&["card_transaction"]).take(captured, wallet));
        assert!(patterns(&["account_transaction"]).take(captured, wallet));
        assert!(patterns(&["checkout.session.completed"]).take(EventType::IntentSucceeded, None));
        assert!(!patterns(&["refund.*", "payment_link.*"]).take(captured, card));
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_refused() {
        let refused = EventPatterns::new(["payment.*".to_owned(), "payment.paid".to_owned()]);
        assert_eq!(refused, Err(PatternRefusal::Nothing("payment.paid".to_owned())));
        assert!(EventPatterns::new([String::new()]).is_err());
        assert_eq!(
            EventPatterns::new((0..51).map(|n| format!("*{}", "*".repeat(n)))),
            Err(PatternRefusal::TooMany)
        );
        assert_eq!(patterns(&["*", "*"]).as_slice(), ["*"]);
        assert!(EventPatterns::new(["card_state".to_owned(), "account_topup".to_owned()]).is_ok());
    }

    #[test]
    fn what_has_no_name_in_a_list_is_not_told_under_it() {
        assert_eq!(Naming::Business.name(EventType::IntentCreated, None), None);
        assert_eq!(Naming::Category.name(EventType::CredentialCreated, None), None);
        let told = Naming::Category.name(EventType::PaymentCaptured, Some(Gateway::Zain));
        assert_eq!(told, Some("account_transaction"));
        assert_eq!(
            Naming::Dotted.name(EventType::MerchantUpdated, None),
            Some("merchant.updated")
        );
    }
}
