//! Which payments there are: when each begins and how it goes, before its details are chosen.

use super::catalogue::Shop;
use super::dice::Dice;
use super::story::Story;
use crate::provider::sandbox::{CARDS, Fault, Verdict};
use chrono::{Duration, NaiveTime};
use domain::Timestamp;
use domain::merchant::Mode;
use domain::provider::Gateway;

/// Days that payments are spread over: the last ones before the end.
const BUSY_DAYS: u32 = 29;

/// Where a payment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Desk {
    pub(super) shop: Shop,
    pub(super) mode: Mode,
}

/// A payment to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sketch {
    pub(super) at: Timestamp,
    pub(super) by: Desk,
    pub(super) story: Story,
    /// Chosen later if not given.
    pub(super) gateway: Option<Gateway>,
    /// The number that the payer types in place of the payer's own.
    pub(super) card: Option<&'static str>,
}

/// All payments but those of the school's live mode, in the order of time.
pub(super) fn sketches(end: Timestamp, dice: &mut Dice) -> Vec<Sketch> {
    let mut sketches = showcase(end);
    for (shop, mode, count) in [
        (Shop::School, Mode::Test, 275),
        (Shop::Bookshop, Mode::Test, 45),
        (Shop::Bookshop, Mode::Live, 35),
    ] {
        let by = Desk { shop, mode };
        sketches.extend((0..count).map(|_| any(by, end, dice)));
    }
    sketches.sort_by_key(|sketch| sketch.at);
    sketches
}

/// Payments of the school's test mode that show each status, card and gateway, whatever the dice say.
fn showcase(end: Timestamp) -> Vec<Sketch> {
    let (days, hours, seconds) = (Duration::days, Duration::hours, Duration::seconds);
    let by = Desk {
        shop: Shop::School,
        mode: Mode::Test,
    };
    let sketch = |before, story| Sketch {
        at: end - before,
        by,
        story,
        gateway: Some(Gateway::CreditCard),
        card: None,
    };
    let mut sketches = vec![
        sketch(days(12), Story::Forgotten),
        sketch(days(6), Story::PartRefunded),
        sketch(days(6), Story::Refunded),
        sketch(days(5), Story::Voided),
        sketch(days(5), Story::CapturedTwice),
        sketch(days(2), Story::RestKept),
        sketch(days(2), Story::PartCaptured),
        sketch(days(1), Story::Trouble(Fault::Unreachable)),
        sketch(hours(5), Story::Forgotten),
        // No sweep comes after these: their answers are still lost when the demo ends.
        sketch(seconds(4), Story::Trouble(Fault::TimeoutAfterCharge)),
        sketch(seconds(2), Story::Trouble(Fault::LateSuccess)),
    ];
    for (nth, card) in (1..).zip(CARDS) {
        let story = match card.verdict {
            Verdict::Approved => Story::Sold,
            Verdict::Declined { .. } | Verdict::FraudRisk { .. } => Story::Declined,
        };
        sketches.push(Sketch {
            card: Some(card.number),
            ..sketch(hours(7 * nth), story)
        });
    }
    for (nth, gateway) in (1..).zip(Gateway::ALL) {
        sketches.push(Sketch {
            gateway: Some(gateway),
            ..sketch(hours(9 * nth), Story::Sold)
        });
    }
    sketches
}

fn any(by: Desk, end: Timestamp, dice: &mut Dice) -> Sketch {
    let story = match by.mode {
        Mode::Test => Story::rehearsed(dice),
        Mode::Live => Story::real(dice),
    };
    Sketch {
        at: opening_hour(end, dice),
        by,
        story,
        gateway: None,
        card: None,
    }
}

/// Some moment from 07:00 to 22:00 in Baghdad, which is UTC+3 all year.
fn opening_hour(end: Timestamp, dice: &mut Dice) -> Timestamp {
    let day = end - Duration::days(i64::from(dice.below(BUSY_DAYS)));
    let opens = day.date_naive().and_time(NaiveTime::MIN).and_utc() + Duration::hours(4);
    let at = opens + Duration::seconds(i64::from(dice.below(15 * 3_600)));
    // Today is not over yet.
    if at > end - Duration::minutes(1) {
        at - Duration::days(1)
    } else {
        at
    }
}
