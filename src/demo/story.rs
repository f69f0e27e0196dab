//! What becomes of a payment: the plots of the demo.
//!
//! Invariant: every step of a plot is one that the payment's gateway and state allow, so playing it is refused nowhere.

use super::catalogue::Shop;
use super::dice::Dice;
use crate::provider::sandbox::{CARDS, Fault, TestCard, fault_key};
use chrono::Duration;
use domain::operation::OperationKind;
use domain::payment::{Finality, Intake};
use domain::provider::{Gateway, RefundSupport};
use domain::{Currency, Money};

/// A plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// Sold, and that was it.
    Sold,
    /// Sold; part of the money went back later.
    PartRefunded,
    /// Sold; all of it went back later.
    Refunded,
    /// Sold; a refund was tried and declined.
    RefundDeclined,
    /// Held and never asked for again: open, then expired.
    Forgotten,
    /// Held, then taken.
    Captured,
    /// Held, then taken in part; the rest was released.
    PartCaptured,
    /// Held, then taken in two parts.
    CapturedTwice,
    /// Held, then taken in part; the rest stays held until the hold ends.
    RestKept,
    /// Held, then given up.
    Voided,
    /// Refused by the issuer or the fraud check.
    Declined,
    /// Sold, with trouble on the way to the provider.
    Trouble(Fault),
}

/// What is done with a payment after it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Take `amount` of what is held, or all.
    Capture {
        amount: Option<Money>,
        finality: Finality,
    },
    /// Give up what is held.
    Void { reason: &'static str },
    /// Give `amount` back, or all.
    Refund {
        amount: Option<Money>,
        reason: &'static str,
    },
}

/// The first two cards of S2 are approved, the others are not.
const DECLINED: [TestCard; 6] = {
    let [_, _, declined @ ..] = CARDS;
    declined
};

impl Story {
    /// A choice from the mix of a test mode, where developers try everything out.
    pub(super) fn rehearsed(dice: &mut Dice) -> Self {
        let shares = [
            (8, Self::PartRefunded),
            (5, Self::Refunded),
            (2, Self::RefundDeclined),
            (7, Self::Forgotten),
            (12, Self::Captured),
            (5, Self::PartCaptured),
            (3, Self::CapturedTwice),
            (5, Self::RestKept),
            (5, Self::Voided),
            (10, Self::Declined),
            (3, Self::Trouble(Fault::TimeoutAfterCharge)),
            (2, Self::Trouble(Fault::TimeoutBeforeCharge)),
            (2, Self::Trouble(Fault::LateSuccess)),
        ];
        dice.share(&shares, Self::Sold)
    }

    /// A choice from the mix of a live mode: nobody asks for faults there.
    pub(super) fn real(dice: &mut Dice) -> Self {
        let shares = [
            (8, Self::PartRefunded),
            (5, Self::Refunded),
            (15, Self::Captured),
            (5, Self::Voided),
            (8, Self::Declined),
        ];
        dice.share(&shares, Self::Sold)
    }

    /// How the payment begins.
    pub(super) const fn intake(self) -> Intake {
        match self {
            Self::Sold
            | Self::PartRefunded
            | Self::Refunded
            | Self::RefundDeclined
            | Self::Declined
            | Self::Trouble(_) => Intake::Sale,
            Self::Forgotten
            | Self::Captured
            | Self::PartCaptured
            | Self::CapturedTwice
            | Self::RestKept
            | Self::Voided => Intake::Authorize,
        }
    }

    /// Whether a payment through `gateway` can go this way.
    pub(super) fn suits(self, gateway: Gateway) -> bool {
        let able = gateway.capabilities();
        match self {
            Self::Sold | Self::Trouble(_) => true,
            Self::PartRefunded => able.refunds == RefundSupport::Partial,
            Self::Refunded | Self::RefundDeclined => able.refunds != RefundSupport::None,
            Self::Declined => gateway == Gateway::CreditCard,
            Self::Forgotten | Self::Captured | Self::PartCaptured | Self::Voided => able.holds,
            Self::CapturedTwice | Self::RestKept => able.holds && able.several_captures,
        }
    }

    /// The card that makes it so, where the card does.
    pub(super) fn card(self, dice: &mut Dice) -> Option<&'static str> {
        (self == Self::Declined).then(|| dice.pick(&DECLINED).number)
    }

    /// The metadata that makes it so, where a fault does.
    pub(super) fn fault(self) -> Option<(String, String)> {
        let ask = |kind, fault: Fault| Some((fault_key(kind).to_owned(), fault.as_str().to_owned()));
        match self {
            Self::Trouble(fault) => ask(OperationKind::Sale, fault),
            Self::RefundDeclined => ask(OperationKind::Refund, Fault::Decline),
            _ => None,
        }
    }

    /// What `shop` does with a payment of `amount`, and how long after it began.
    pub(super) fn acts(self, shop: Shop, amount: Money, dice: &mut Dice) -> Vec<(Duration, Act)> {
        let soon = Duration::minutes(i64::from(5 + dice.below(360)));
        let later = Duration::hours(i64::from(8 + dice.below(96)));
        let reason = dice.pick(shop.reasons());
        let part = part(amount, dice);
        let (capture, keep) = (
            |amount| Act::Capture {
                amount,
                finality: Finality::Final,
            },
            Act::Capture {
                amount: Some(part),
                finality: Finality::KeepRest,
            },
        );
        let refund = |amount| Act::Refund { amount, reason };
        match self {
            Self::Sold | Self::Forgotten | Self::Declined | Self::Trouble(_) => Vec::new(),
            Self::PartRefunded => vec![(later, refund(Some(part)))],
            Self::Refunded | Self::RefundDeclined => vec![(later, refund(None))],
            Self::Captured => vec![(soon, capture(None))],
            Self::PartCaptured => vec![(soon, capture(Some(part)))],
            Self::CapturedTwice => vec![(soon, keep), (soon + later, capture(None))],
            Self::RestKept => vec![(soon, keep)],
            Self::Voided => vec![(later, Act::Void { reason })],
        }
    }
}

/// One to three quarters of `amount`, in a sum that people would name.
fn part(amount: Money, dice: &mut Dice) -> Money {
    let round = match amount.currency() {
        Currency::Iqd => 250 * amount.currency().minor_per_major(),
        _ => 25,
    };
    let quarters = i64::from(1 + dice.below(3));
    Money::new(amount.minor() / round * quarters / 4 * round, amount.currency())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::sandbox::Verdict;

    #[test]
    fn a_card_can_go_every_way() {
        let mut dice = Dice::new(2);
        for _ in 0..300 {
            let (rehearsed, real) = (Story::rehearsed(&mut dice), Story::real(&mut dice));
            assert!(rehearsed.suits(Gateway::CreditCard), "{rehearsed:?}");
            assert!(real.suits(Gateway::CreditCard), "{real:?}");
            assert_eq!(real.fault(), None, "{real:?}");
        }
    }

    #[test]
    fn declined_cards_are_declined() {
        for card in DECLINED {
            assert_ne!(card.verdict, Verdict::Approved, "{}", card.number);
        }
    }

    #[test]
    fn a_part_is_less_than_the_whole_and_can_be_charged() {
        let mut dice = Dice::new(1);
        for minor in [7_500_000, 125_000_000, 127_250_000] {
            for _ in 0..20 {
                let part = part(Money::new(minor, Currency::Iqd), &mut dice);
                assert_eq!(part.chargeable(), Ok(part));
                assert!(part.minor() < minor);
            }
        }
    }
}
