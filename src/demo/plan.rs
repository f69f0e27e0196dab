//! The whole demo as a list of steps, decided before the first one is played.
//!
//! Invariant: a plan is a function of the instant at which it ends. Its steps are in the order of time, none after the end, so
//! a clock that follows them never goes back.

use super::catalogue::{PAYERS, Payer, Shop};
use super::counter::{SCENES, Scene};
use super::dice::Dice;
use super::sketch::{Desk, Sketch, sketches};
use super::story::{Act, Story};
use chrono::{Datelike, Duration};
use domain::card::Expiry;
use domain::merchant::Mode;
use domain::payment::{Finality, Intake};
use domain::provider::Gateway;
use domain::{Currency, Money, Timestamp};

/// How far back the demo begins.
pub(super) const DAYS: i64 = 30;
/// Makes this demo and no other.
const SEED: u64 = 0x0074_6168_7369_6c31;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) at: Timestamp,
    pub(super) what: What,
}

/// What happens. Payments are known by their number in the plan until they have an id.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Somebody pays.
    Order { number: usize, order: Box<Order> },
    /// The merchant does something with a payment.
    Act { number: usize, by: Desk, act: Act },
    /// Something happens at the school's hosted pages.
    Page(Scene),
    /// The jobs run that end holds and intents and ask for lost answers.
    Sweep,
}

/// A payment that somebody asks for.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) by: Desk,
    pub(super) intake: Intake,
    pub(super) amount: Money,
    pub(super) gateway: Gateway,
    pub(super) payer: Payer,
    /// The number and expiry, for card payments.
    pub(super) card: Option<(&'static str, Expiry)>,
    pub(super) description: &'static str,
    pub(super) reference: Option<String>,
    pub(super) metadata: Vec<(String, String)>,
}

struct Planner {
    end: Timestamp,
    dice: Dice,
    steps: Vec<Step>,
    orders: usize,
}

/// The plan of the demo that ends at `end`.
pub(super) fn plan(end: Timestamp) -> Vec<Step> {
    let mut planner = Planner {
        end,
        dice: Dice::new(SEED),
        steps: Vec::new(),
        orders: 0,
    };
    planner.school_fees();
    for sketch in sketches(end, &mut planner.dice) {
        planner.order(sketch);
    }
    for (before, scene) in SCENES {
        planner.push(end - before, What::Page(scene));
    }
    for day in 1..=DAYS {
        planner.push(end - Duration::days(DAYS - day), What::Sweep);
    }
    // Stable: what was planned first happens first within one instant.
    planner.steps.sort_by_key(|step| step.at);
    planner.steps
}

impl Planner {
    fn push(&mut self, at: Timestamp, what: What) {
        if at <= self.end {
            self.steps.push(Step { at, what });
        }
    }

    /// The school's live mode, the story of the handoff: two captures that leave 155,310 IQD payable.
    fn school_fees(&mut self) {
        let by = Desk {
            shop: Shop::School,
            mode: Mode::Live,
        };
        let [zainab, omar, ..] = PAYERS;
        for (before, payer, dinars, description, number) in [
            (Duration::hours(29), zainab, 125_000, "القسط الدراسي الأول", 41),
            (Duration::hours(4), omar, 42_000, "Textbooks, grade 7", 42),
        ] {
            let at = self.end - before;
            let order = Order {
                by,
                intake: Intake::Authorize,
                amount: Money::new(dinars * Currency::Iqd.minor_per_major(), Currency::Iqd),
                gateway: Gateway::CreditCard,
                payer,
                card: Some((payer.card, self.expiry(payer))),
                description,
                // The reference of the story, whatever the year.
                reference: Some(format!("SCH-2026-{number:05}")),
                metadata: Shop::School.notes(number),
            };
            let capture = Act::Capture {
                amount: None,
                finality: Finality::Final,
            };
            self.begin(at, order, vec![(Duration::minutes(6), capture)]);
        }
    }

    /// Chooses what the sketch leaves open, and plans the payment with all that follows.
    fn order(&mut self, sketch: Sketch) {
        let Sketch { at, by, story, .. } = sketch;
        let gateway = sketch.gateway.unwrap_or_else(|| self.gateway());
        // A card can do everything, so it stands in for a wallet that cannot.
        let gateway = if story.suits(gateway) {
            gateway
        } else {
            Gateway::CreditCard
        };
        let currency = if gateway == Gateway::CreditCard {
            self.dice
                .share(&[(12, Currency::Usd), (5, Currency::Eur)], Currency::Iqd)
        } else {
            Currency::Iqd
        };
        let (item, extras) = (self.dice.pick(by.shop.items()), self.dice.below(12));
        let payer = self.dice.pick(&PAYERS);
        let number = sketch
            .card
            .or_else(|| story.card(&mut self.dice))
            .unwrap_or(payer.card);
        let amount = item.price(currency, extras);
        let serial = u32::try_from(self.orders).unwrap_or_default();
        let mut metadata: Vec<_> = story.fault().into_iter().collect();
        if self.dice.once_in(3) {
            metadata.extend(by.shop.notes(serial));
        }
        let reference = format!("{}-{}-{}", by.shop.reference(), self.end.year(), 10_000 + serial);
        let order = Order {
            by,
            intake: story.intake(),
            amount,
            gateway,
            payer,
            card: (gateway == Gateway::CreditCard).then(|| (number, self.expiry(payer))),
            description: item.what,
            reference: (!self.dice.once_in(7)).then_some(reference),
            metadata,
        };
        let acts = story.acts(by.shop, amount, &mut self.dice);
        self.begin(at, order, acts);
        if matches!(story, Story::Trouble(_)) {
            // Each asks once; a late success takes three.
            for minutes in 1..=3 {
                self.push(at + Duration::minutes(minutes), What::Sweep);
            }
        }
    }

    fn begin(&mut self, at: Timestamp, order: Order, acts: Vec<(Duration, Act)>) {
        let (number, by) = (self.orders, order.by);
        self.orders += 1;
        let order = Box::new(order);
        self.push(at, What::Order { number, order });
        for (after, act) in acts {
            self.push(at + after, What::Act { number, by, act });
        }
    }

    fn gateway(&mut self) -> Gateway {
        let wallets = [
            (12, Gateway::FastPay),
            (11, Gateway::Zain),
            (9, Gateway::Fib),
            (6, Gateway::AsiaPay),
            (4, Gateway::NassWallet),
        ];
        self.dice.share(&wallets, Gateway::CreditCard)
    }

    fn expiry(&self, payer: Payer) -> Expiry {
        Expiry {
            year: self.end.year() + payer.expiry_years,
            month: payer.expiry_month,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end() -> Timestamp {
        "2026-06-15T13:42:00Z".parse().unwrap()
    }

    #[test]
    fn the_steps_are_in_order_and_within_the_thirty_days() {
        let steps = plan(end());
        assert!(steps.is_sorted_by_key(|step| step.at));
        let (first, last) = (steps.first().unwrap(), steps.last().unwrap());
        assert!(first.at >= end() - Duration::days(DAYS));
        assert_eq!(last.at, end());
    }

    #[test]
    fn every_order_comes_before_what_is_done_with_it() {
        let mut begun = Vec::new();
        for step in plan(end()) {
            match step.what {
                What::Order { number, order } => {
                    assert!(order.amount.chargeable().is_ok());
                    begun.push(number);
                }
                What::Act { number, .. } => assert!(begun.contains(&number)),
                What::Page(_) | What::Sweep => {}
            }
        }
        assert!((360..=420).contains(&begun.len()), "{}", begun.len());
    }

    #[test]
    fn the_same_end_gives_the_same_plan() {
        assert_eq!(format!("{:?}", plan(end())), format!("{:?}", plan(end())));
    }

    #[test]
    fn the_school_has_two_live_payments() {
        let steps = plan(end());
        let live = steps.iter().filter(|step| match &step.what {
            What::Order { order, .. } => order.by.shop == Shop::School && order.by.mode == Mode::Live,
            _ => false,
        });
        assert_eq!(live.count(), 2);
    }
}
