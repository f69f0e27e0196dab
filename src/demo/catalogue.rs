//! Who sells what to whom: the words and prices of the demo.

use domain::{Currency, Money};

/// A merchant of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shop {
    /// The school of the handoff story: fees of pupils.
    School,
    /// A second tenant, which must never show up at the first.
    Bookshop,
}

/// Something that is sold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    /// What the payer reads.
    pub(super) what: &'static str,
    dinars: i64,
    /// About the same in cents of a dollar or euro.
    cents: i64,
}

/// Somebody who pays, with a card that the sandbox approves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payer {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    /// The name on the card.
    pub(super) holder: &'static str,
    pub(super) card: &'static str,
    pub(super) expiry_month: u32,
    /// Years from the end of the demo to the card's.
    pub(super) expiry_years: i32,
}

impl Shop {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::School => "Al-Nahrain School",
            Self::Bookshop => "Dijla Bookshop",
        }
    }

    /// The colour of its hosted pages.
    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::School => "#0b6e4f",
            Self::Bookshop => "#8a3b12",
        }
    }

    /// What the shop's own numbers begin with.
    pub(super) const fn reference(self) -> &'static str {
        match self {
            Self::School => "SCH",
            Self::Bookshop => "DJL",
        }
    }

    pub(super) const fn items(self) -> &'static [Item; 10] {
        match self {
            Self::School => &SCHOOL,
            Self::Bookshop => &BOOKSHOP,
        }
    }

    /// Why the shop gives up holds and gives money back.
    pub(super) const fn reasons(self) -> &'static [&'static str; 4] {
        match self {
            Self::School => &["انسحاب الطالب", "paid twice", "خطأ في المبلغ", "course cancelled"],
            Self::Bookshop => &["out of stock", "إرجاع الكتاب", "customer request", "طلب مكرر"],
        }
    }

    /// The notes that the shop's own system would leave on a payment.
    pub(super) fn notes(self, number: u32) -> Vec<(String, String)> {
        let note = |key: &str, value: String| (key.to_owned(), value);
        match self {
            Self::School => vec![
                note("student", format!("ST-{}", 1_000 + number % 400)),
                note("grade", format!("{}", 1 + number % 12)),
            ],
            Self::Bookshop => vec![
                note("branch", "شارع المتنبي".to_owned()),
                note("basket", format!("B-{number}")),
            ],
        }
    }
}

impl Item {
    /// The price with `extras` small steps on top, always a chargeable amount.
    pub(super) fn price(self, currency: Currency, extras: u32) -> Money {
        let extras = i64::from(extras);
        let minor = match currency {
            // Cash in Iraq is counted in steps of 250 dinars, so prices are too.
            Currency::Iqd => (self.dinars + 250 * extras) * currency.minor_per_major(),
            _ => self.cents + 25 * extras,
        };
        Money::new(minor, currency)
    }
}

const fn item(what: &'static str, dinars: i64, cents: i64) -> Item {
    Item { what, dinars, cents }
}

const SCHOOL: [Item; 10] = [
    item("القسط الدراسي الأول", 125_000, 9_500),
    item("Second term tuition", 250_000, 19_000),
    item("اشتراك النقل المدرسي لشهر واحد", 60_000, 4_600),
    item("School bus, one month", 45_000, 3_400),
    item("الزي المدرسي", 35_000, 2_700),
    item("Textbooks, grade 7", 42_000, 3_200),
    item("أجور الامتحانات النهائية", 25_000, 1_900),
    item("Science camp", 90_000, 6_900),
    item("دورة تقوية في الرياضيات", 50_000, 3_800),
    item("After-school English course", 75_000, 5_700),
];

const BOOKSHOP: [Item; 10] = [
    item("رواية: عزازيل", 12_000, 900),
    item("The Adventures of Sindbad, illustrated", 18_000, 1_400),
    item("معجم عربي إنكليزي", 30_000, 2_300),
    item("English dictionary for learners", 27_500, 2_100),
    item("قصص للأطفال، خمسة أجزاء", 22_000, 1_700),
    item("World atlas", 48_000, 3_700),
    item("دفاتر وأقلام", 7_500, 600),
    item("Drawing set, 24 colours", 15_000, 1_150),
    item("ملازم الصف السادس الإعدادي", 10_000, 800),
    item("Gift card", 25_000, 1_900),
];

pub(super) const PAYERS: [Payer; 10] = [
    payer(
        "زينب حسن",
        "zainab.hassan@example.com",
        "ZAINAB HASSAN",
        "4242424242424242",
        (12, 2),
    ),
    payer(
        "Omar Al-Jubouri",
        "omar.jubouri@example.com",
        "OMAR ALJUBOURI",
        "5555555555554444",
        (3, 1),
    ),
    payer(
        "مصطفى كريم",
        "mustafa.kareem@example.com",
        "MUSTAFA KAREEM",
        "4012888888881881",
        (7, 3),
    ),
    payer(
        "Sara Ibrahim",
        "sara.ibrahim@example.com",
        "SARA IBRAHIM",
        "378282246310005",
        (9, 4),
    ),
    payer(
        "نور عبد الله",
        "noor.abdullah@example.com",
        "NOOR ABDULLAH",
        "2223003122003222",
        (1, 3),
    ),
    payer(
        "Ahmed Al-Tamimi",
        "ahmed.tamimi@example.com",
        "AHMED ALTAMIMI",
        "4242424242424242",
        (5, 1),
    ),
    payer(
        "هدى الساعدي",
        "huda.saadi@example.com",
        "HUDA ALSAADI",
        "5105105105105100",
        (11, 2),
    ),
    payer(
        "Rebin Aziz",
        "rebin.aziz@example.com",
        "REBIN AZIZ",
        "4111111111111111",
        (8, 2),
    ),
    payer(
        "فاطمة جواد",
        "fatima.jawad@example.com",
        "FATIMA JAWAD",
        "5555555555554444",
        (6, 4),
    ),
    payer(
        "Lana Kamal",
        "lana.kamal@example.com",
        "LANA KAMAL",
        "6011111111111117",
        (10, 1),
    ),
];

const fn payer(
    name: &'static str,
    email: &'static str,
    holder: &'static str,
    card: &'static str,
    (expiry_month, expiry_years): (u32, i32),
) -> Payer {
    Payer {
        name,
        email,
        holder,
        card,
        expiry_month,
        expiry_years,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::sandbox::{Verdict, verdict};

    #[test]
    fn every_price_can_be_charged() {
        for shop in [Shop::School, Shop::Bookshop] {
            for item in shop.items() {
                for currency in [Currency::Iqd, Currency::Usd, Currency::Eur] {
                    let price = item.price(currency, 11);
                    assert_eq!(price.chargeable(), Ok(price), "{}", item.what);
                }
            }
        }
    }

    #[test]
    fn the_payers_own_cards_are_approved() {
        for payer in PAYERS {
            let last4 = &payer.card[payer.card.len() - 4..];
            assert_eq!(verdict(last4), Verdict::Approved, "{}", payer.name);
        }
    }
}
