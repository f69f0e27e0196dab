//! Money as the REST doors of S2 and S3 write it: a whole number of hundredths of the major unit, whatever the currency.
//!
//! Invariant: an amount crosses the wire exactly or not at all. Every currency has two decimals or more, so hundredths become minor
//! units by multiplication alone; what an incoming number or an outgoing amount cannot say is refused and never rounded.
//! Source: `reference/payments.md` 3, rules 2, 3 and 8 (1,500 IQD = 150000).

use super::{Currency, MAX_CHARGE_MAJOR, Money};

/// Hundredths in one major unit.
const PER_MAJOR: i64 = 100;
/// Longest text that is read; longer text is no amount.
const MAX_TEXT: usize = 19;

/// Why a number of hundredths cannot be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireRefusal {
    /// Text that is not a plain whole number in ASCII digits.
    #[error("amount must be a whole number without sign, spaces or exponent")]
    Malformed,
    /// Zero or less.
    #[error("amount must be at least {least}")]
    NotPositive {
        /// The smallest amount that can be charged, in hundredths.
        least: i64,
    },
    /// Finer than the currency is charged in.
    #[error("amount must be a multiple of {step}: {currency} is charged in steps of {step} hundredths")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// The smallest step, in hundredths.
        step: i64,
    },
    /// More than can be charged.
    #[error("amount must be at most {most}")]
    TooLarge {
        /// The largest charge, in hundredths.
        most: i64,
    },
}

/// An amount that has no exact number of hundredths. Only the books hold such amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no whole number of hundredths")]
pub struct NotHundredths(pub Money);

/// Minor units in a hundredth of the major unit: 10 where the minor unit is a thousandth.
const fn minor_per_hundredth(currency: Currency) -> i64 {
    currency.minor_per_major() / PER_MAJOR
}

/// The smallest charge, in hundredths.
const fn step(currency: Currency) -> i64 {
    currency.step() / minor_per_hundredth(currency)
}

/// Reads hundredths as an amount that can be charged.
///
/// # Errors
/// One refusal a cause.
pub fn from_hundredths(hundredths: i64, currency: Currency) -> Result<Money, WireRefusal> {
    let (step, most) = (step(currency), MAX_CHARGE_MAJOR.saturating_mul(PER_MAJOR));
    if hundredths <= 0 {
        return Err(WireRefusal::NotPositive { least: step });
    }
    if hundredths > most {
        return Err(WireRefusal::TooLarge { most });
    }
    if hundredths % step != 0 {
        return Err(WireRefusal::TooPrecise { currency, step });
    }
    let minor = hundredths.checked_mul(minor_per_hundredth(currency));
    minor
        .map(|minor| Money::new(minor, currency))
        .ok_or(WireRefusal::TooLarge { most })
}

/// Reads the text of a number of hundredths (`"150000"`) as an amount that can be charged.
///
/// # Errors
/// One refusal a cause.
pub fn parse_hundredths(text: &str, currency: Currency) -> Result<Money, WireRefusal> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || (text.len() > 1 && text.starts_with('0')) {
        return Err(WireRefusal::Malformed);
    }
    let most = MAX_CHARGE_MAJOR.saturating_mul(PER_MAJOR);
    if text.len() > MAX_TEXT {
        return Err(WireRefusal::TooLarge { most });
    }
    from_hundredths(
        text.parse().map_err(|_| WireRefusal::TooLarge { most })?,
        currency,
    )
}

impl Money {
    /// This amount in hundredths of the major unit.
    ///
    /// # Errors
    /// When it is finer than that.
    pub const fn hundredths(self) -> Result<i64, NotHundredths> {
        let per_hundredth = minor_per_hundredth(self.currency());
        if self.minor() % per_hundredth == 0 {
            Ok(self.minor() / per_hundredth)
        } else {
            Err(NotHundredths(self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::currency;
    use super::super::total;
    use super::*;
    use proptest::prelude::*;

    const MOST: i64 = MAX_CHARGE_MAJOR * PER_MAJOR;

    proptest! {
        #[test]
        fn what_came_in_goes_out_again(currency in currency(), steps in 1_i64..=MOST) {
            let hundredths = (steps / step(currency)).max(1) * step(currency);
            let money = from_hundredths(hundredths, currency).unwrap();
            prop_assert_eq!(money.hundredths(), Ok(hundredths));
            prop_assert_eq!(money.chargeable(), Ok(money), "what the wire takes can be charged");
            prop_assert_eq!(parse_hundredths(&hundredths.to_string(), currency), Ok(money));
        }

        #[test]
        fn what_can_be_charged_goes_out_and_comes_back(currency in currency(), minor in any::<i64>()) {
            let money = Money::new(minor, currency);
            match money.chargeable() {
                Ok(money) => prop_assert_eq!(from_hundredths(money.hundredths().unwrap(), currency), Ok(money)),
                Err(_) => {
                    let back = money.hundredths().ok().map(|hundredths| from_hundredths(hundredths, currency));
                    prop_assert!(!matches!(back, Some(Ok(_))), "{:?}", back);
                }
            }
        }

        #[test]
        fn the_lines_make_the_total(currency in currency(), steps in prop::collection::vec(1_i64..1_000_000, 1..40)) {
            let hundredths: Vec<i64> = steps.iter().map(|steps| steps * step(currency)).collect();
            let lines = hundredths.iter().map(|line| from_hundredths(*line, currency).unwrap());
            prop_assert_eq!(total(currency, lines).unwrap().hundredths(), Ok(hundredths.iter().sum()));
        }

        #[test]
        fn no_number_is_rounded(hundredths in any::<i64>(), currency in currency()) {
            match from_hundredths(hundredths, currency) {
                Ok(money) => prop_assert_eq!(
                    i128::from(money.minor()) * 100,
                    i128::from(hundredths) * i128::from(currency.minor_per_major())
                ),
                Err(WireRefusal::NotPositive { .. }) => prop_assert!(hundredths <= 0),
                Err(WireRefusal::TooLarge { .. }) => prop_assert!(hundredths > MOST),
                Err(WireRefusal::TooPrecise { .. }) => prop_assert!(hundredths % step(currency) != 0),
                Err(WireRefusal::Malformed) => prop_assert!(false, "a number is never malformed"),
            }
        }

        #[test]
        fn no_text_is_guessed_at(text in "[-+0-9.,eE _٠-٩]{0,24}", currency in currency()) {
            if let Ok(money) = parse_hundredths(&text, currency) {
                prop_assert_eq!(money.hundredths().unwrap().to_string(), text);
            }
        }
    }

    #[test]
    fn dinars_are_whole_and_written_in_hundredths() {
        assert_eq!(
            from_hundredths(150_000, Currency::Iqd),
            Ok(Money::new(1_500_000, Currency::Iqd))
        );
        let half = from_hundredths(100_050, Currency::Iqd).unwrap_err();
        assert_eq!(
            half.to_string(),
            "amount must be a multiple of 100: IQD is charged in steps of 100 hundredths"
        );
        assert_eq!(
            from_hundredths(9_999, Currency::Usd),
            Ok(Money::new(9_999, Currency::Usd))
        );
        assert_eq!(
            from_hundredths(125, Currency::Kwd),
            Ok(Money::new(1_250, Currency::Kwd))
        );
    }

    #[test]
    fn each_bad_amount_has_its_own_refusal() {
        for hundredths in [0, -1, i64::MIN] {
            let refused = from_hundredths(hundredths, Currency::Usd).unwrap_err();
            assert_eq!(refused.to_string(), "amount must be at least 1");
        }
        for hundredths in [MOST + 1, i64::MAX] {
            let refused = from_hundredths(hundredths, Currency::Iqd).unwrap_err();
            assert_eq!(refused, WireRefusal::TooLarge { most: MOST });
        }
        assert!(from_hundredths(MOST, Currency::Iqd).is_ok());
        for text in [
            "", "+1", "-1", " 1", "1 ", "1e3", "١٢٥", "1.0", "1,000", "0x10", "01", "1_000",
        ] {
            assert_eq!(
                parse_hundredths(text, Currency::Usd),
                Err(WireRefusal::Malformed),
                "{text:?}"
            );
        }
        assert!(matches!(
            parse_hundredths("0", Currency::Usd),
            Err(WireRefusal::NotPositive { .. })
        ));
        assert!(matches!(
            parse_hundredths("99999999999999999999", Currency::Usd),
            Err(WireRefusal::TooLarge { .. })
        ));
    }

    #[test]
    fn fils_of_the_books_do_not_go_out() {
        let fee = Money::new(1_005, Currency::Iqd);
        assert_eq!(fee.hundredths(), Err(NotHundredths(fee)));
        assert_eq!(Money::new(-1_010, Currency::Iqd).hundredths(), Ok(-101));
    }
}
