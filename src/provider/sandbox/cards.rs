//! The eight test cards of S2.
//!
//! Invariant: a card decides by its last four digits alone. The number is known only while the first operation is sent; a later
//! question knows the last four, and must get the same answer. Any other card ending is approved.

use domain::provider::DeclineReason;

/// A card number with a fixed fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestCard {
    /// The whole number, 16 digits.
    pub number: &'static str,
    /// What becomes of a charge.
    pub verdict: Verdict,
}

/// What becomes of a charge on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The issuer agrees.
    Approved,
    /// The issuer does not.
    Declined {
        /// Why.
        reason: DeclineReason,
        /// The issuer's response code.
        code: &'static str,
        /// The same in S2's words.
        message: &'static str,
    },
    /// The fraud check stops the charge before the issuer is asked.
    FraudRisk {
        /// What the fraud check says, above what is let through.
        score: u8,
    },
}

/// The test cards, in the order of S2.
pub const CARDS: [TestCard; 8] = [
    approved("4242424242424242"),
    approved("5555555555554444"),
    declined(
        "4000000000000002",
        DeclineReason::DoNotHonor,
        "05",
        "do not honor",
    ),
    declined(
        "4000000000009995",
        DeclineReason::InsufficientFunds,
        "51",
        "insufficient funds",
    ),
    declined(
        "4000000000000069",
        DeclineReason::ExpiredCard,
        "54",
        "expired card",
    ),
    declined(
        "4000000000000127",
        DeclineReason::CvvMismatch,
        "N7",
        "CVV mismatch",
    ),
    declined(
        "4000000000000119",
        DeclineReason::ProcessingError,
        "96",
        "processing error",
    ),
    TestCard {
        number: "4000000000000259",
        verdict: Verdict::FraudRisk { score: 85 },
    },
];

const fn approved(number: &'static str) -> TestCard {
    TestCard {
        number,
        verdict: Verdict::Approved,
    }
}

const fn declined(
    number: &'static str,
    reason: DeclineReason,
    code: &'static str,
    message: &'static str,
) -> TestCard {
    TestCard {
        number,
        verdict: Verdict::Declined {
            reason,
            code,
            message,
        },
    }
}

/// What becomes of a charge on a card that ends in `last4`.
#[must_use]
pub fn verdict(last4: &str) -> Verdict {
    CARDS
        .iter()
        .find(|card| card.number.ends_with(last4) && last4.len() == 4)
        .map_or(Verdict::Approved, |card| card.verdict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::provider::FraudCheck;

    #[test]
    fn the_last_four_digits_name_one_card() {
        for card in CARDS {
            assert_eq!(verdict(&card.number[12..]), card.verdict, "{}", card.number);
        }
        let mut endings: Vec<_> = CARDS.iter().map(|card| &card.number[12..]).collect();
        endings.sort_unstable();
        endings.dedup();
        assert_eq!(endings.len(), CARDS.len());
    }

    #[test]
    fn every_other_ending_is_approved() {
        for last4 in ["1881", "0000", "2", "", "00002"] {
            assert_eq!(verdict(last4), Verdict::Approved, "{last4:?}");
        }
    }

    #[test]
    fn a_risky_card_is_above_the_limit() {
        for card in CARDS {
            if let Verdict::FraudRisk { score } = card.verdict {
                assert!(!FraudCheck { score }.passes());
            }
        }
    }
}
