//! What a payer typed, and what is wrong with it.

use super::visit::Fields;
use crate::checkout::view::{CardTyped, Problem, PromoProblem};
use domain::card::{CardDetails, CardRefusal, Expiry};
use domain::intent::ConfirmRefusal;
use domain::language::latin_digits;
use domain::provider::Gateway;
use domain::{Money, Timestamp};

/// What comes back into the form.
#[derive(Default)]
pub struct Typed {
    pub gateway: Option<Gateway>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub card: CardTyped,
    pub promo_code: Option<String>,
    pub promo_problem: Option<PromoProblem>,
    pub problems: Vec<Problem>,
}

impl Typed {
    /// Reads the form that pays.
    pub fn of(fields: &Fields) -> Self {
        let text = |name: &str| {
            fields
                .get(name)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        Self {
            gateway: text("gateway").and_then(|word| word.parse().ok()),
            email: text("email"),
            phone: text("phone").map(|phone| latin_digits(&phone)),
            card: CardTyped {
                holder: text("card_holder").unwrap_or_default(),
                expiry: text("card_expiry")
                    .map(|expiry| latin_digits(&expiry))
                    .unwrap_or_default(),
            },
            ..Self::default()
        }
    }

    /// What was typed `before` stands where nothing is typed now.
    pub fn or(self, before: Self) -> Self {
        let filled = |now: String, before: String| if now.is_empty() { before } else { now };
        Self {
            gateway: self.gateway.or(before.gateway),
            email: self.email.or(before.email),
            phone: self.phone.or(before.phone),
            card: CardTyped {
                holder: filled(self.card.holder, before.card.holder),
                expiry: filled(self.card.expiry, before.card.expiry),
            },
            ..self
        }
    }

    /// Whether nothing is wrong with anything typed.
    pub fn is_untouched(&self) -> bool {
        self.problems.is_empty() && self.promo_problem.is_none()
    }

    /// The card of the form, or what is wrong with it.
    pub fn card(&mut self, fields: &Fields, now: Timestamp) -> Option<CardDetails> {
        let digits = |name: &str| {
            fields
                .get(name)
                .map(|text| latin_digits(text.trim()))
                .unwrap_or_default()
        };
        let expiry = expiry(&self.card.expiry, now);
        if expiry.is_none() {
            self.problems.push(Problem::CardExpiry);
        }
        if self.card.holder.is_empty() {
            self.problems.push(Problem::CardHolder);
        }
        let holder = Some(self.card.holder.as_str()).filter(|holder| !holder.is_empty());
        let unknown = Expiry { year: 0, month: 0 };
        let read = CardDetails::new(
            &digits("card_number"),
            holder,
            expiry.unwrap_or(unknown),
            &digits("card_cvv"),
            now,
        );
        match read {
            Ok(card) if self.problems.is_empty() => Some(card),
            Ok(_) => None,
            Err(refusals) => {
                for problem in refusals.iter().map(problem_of) {
                    if !self.problems.contains(&problem) {
                        self.problems.push(problem);
                    }
                }
                self.problems
                    .sort_by_key(|problem| Problem::ALL.iter().position(|known| known == problem));
                None
            }
        }
    }

    /// Notes what an attempt was refused for; `None` if it is nothing that the form shows.
    pub fn refused(&mut self, refusal: &ConfirmRefusal) -> Option<()> {
        self.problems.push(match refusal {
            ConfirmRefusal::GatewayNotOffered { .. } => Problem::GatewayMissing,
            ConfirmRefusal::EmailRequired => Problem::EmailMissing,
            ConfirmRefusal::EmailInvalid => Problem::EmailInvalid,
            ConfirmRefusal::PhoneRequired => Problem::PhoneMissing,
            ConfirmRefusal::PhoneInvalid => Problem::PhoneInvalid,
            _ => return None,
        });
        Some(())
    }
}

const fn problem_of(refusal: &CardRefusal) -> Problem {
    match refusal {
        CardRefusal::InvalidNumber => Problem::CardNumber,
        CardRefusal::InvalidExpiry => Problem::CardExpiry,
        CardRefusal::Expired => Problem::CardExpired,
        CardRefusal::InvalidCvv { .. } => Problem::CardCvv,
        CardRefusal::InvalidHolder(_) => Problem::CardHolder,
    }
}

/// `MM / YY`, `MM/YYYY`, `MMYY`: a month and a year of this century.
fn expiry(text: &str, now: Timestamp) -> Option<Expiry> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let apart = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    let parts: Vec<&str> = apart.collect();
    let (month, year) = match parts.as_slice() {
        [month, year] => (*month, *year),
        [_] if matches!(digits.len(), 4 | 6) => digits.split_at_checked(2)?,
        _ => return None,
    };
    let year: i32 = match year.len() {
        2 => {
            let century = chrono::Datelike::year(&now) / 100 * 100;
            century.checked_add(year.parse().ok()?)?
        }
        4 => year.parse().ok()?,
        _ => return None,
    };
    Some(Expiry {
        year,
        month: month.parse().ok()?,
    })
}

/// The hidden field that says what the payer was shown for a gateway, in minor units.
pub const fn said(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::CreditCard => "total_CREDIT_CARD",
        Gateway::FastPay => "total_FAST_PAY",
        Gateway::Fib => "total_FIB",
        Gateway::Zain => "total_ZAIN",
        Gateway::AsiaPay => "total_ASIA_PAY",
        Gateway::NassWallet => "total_NASS_WALLET",
    }
}

/// What the payer was shown for `gateway`.
pub fn seen_total(fields: &Fields, gateway: Gateway, of: Money) -> Option<Money> {
    let minor = fields.get(said(gateway))?.parse().ok()?;
    Some(Money::new(minor, of.currency()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_read_however_it_is_typed() {
        let now = "2026-06-15T10:00:00Z".parse().unwrap();
        for text in [
            "12/27", "12 / 27", "1227", "12/2027", "122027", "12-27", "12 2027",
        ] {
            assert_eq!(
                expiry(text, now),
                Some(Expiry {
                    year: 2027,
                    month: 12
                }),
                "{text}"
            );
        }
        for text in ["", "12", "1/2/3", "12/7", "12/20277", "ab/cd", "127"] {
            assert_eq!(expiry(text, now), None, "{text}");
        }
    }

    #[test]
    fn every_problem_of_a_card_is_told_once() {
        let now = "2026-06-15T10:00:00Z".parse().unwrap();
        let mut typed = Typed::of(&Fields::new());
        assert!(typed.card(&Fields::new(), now).is_none());
        assert_eq!(
            typed.problems,
            [
                Problem::CardNumber,
                Problem::CardExpiry,
                Problem::CardCvv,
                Problem::CardHolder
            ]
        );
        let form = [
            ("card_number", "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢"),
            ("card_holder", "نور حسن"),
            ("card_expiry", "١٢ / ٢٧"),
            ("card_cvv", "١٢٣"),
        ];
        let fields: Fields = form
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let mut typed = Typed::of(&fields);
        assert_eq!(
            typed
                .card(&fields, now)
                .map(|card| card.last4().to_owned())
                .as_deref(),
            Some("4242")
        );
    }
}
