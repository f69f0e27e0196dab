//! Decimal text in and out, and what may be charged.
//!
//! Invariant: text becomes an amount exactly or not at all. Nothing is rounded on the way in, whatever the client meant.

use super::{Currency, Money};
use rust_decimal::Decimal;
use std::{fmt, str::FromStr};

/// The largest charge, in major units: ten thousand million.
///
/// Far above any card or bank limit, and low enough that a million charges of this size still add up in 64 bits of fils.
pub const MAX_CHARGE_MAJOR: i64 = 10_000_000_000;

/// Longest decimal text that is read; longer text is refused before it is parsed.
const MAX_TEXT: usize = 32;

/// Why an amount cannot be charged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountRefusal {
    /// The text is not a plain decimal number in ASCII digits.
    #[error(
        "amount must be a decimal number such as \"125000\" or \"12.50\", without sign, spaces or exponent"
    )]
    Malformed,
    /// Zero or less.
    #[error("amount must be at least {least}")]
    NotPositive {
        /// The smallest amount that can be charged.
        least: Money,
    },
    /// More digits than the currency is charged in.
    #[error("amount is too precise: {currency} is charged in steps of {step}")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// The smallest step.
        step: MoneyText,
    },
    /// Above [`MAX_CHARGE_MAJOR`].
    #[error("amount must be at most {MAX_CHARGE_MAJOR} {currency}")]
    TooLarge {
        /// The currency.
        currency: Currency,
    },
}

/// Prints the decimal of an amount without its currency: `125000`, `12.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoneyText(Money);

impl fmt::Display for MoneyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (money, per_major) = (self.0, self.0.currency().minor_per_major().unsigned_abs());
        let sign = if money.minor() < 0 { "-" } else { "" };
        let magnitude = money.minor().unsigned_abs();
        let (major, minor) = (magnitude / per_major, magnitude % per_major);
        let width = usize::try_from(money.currency().exponent()).unwrap_or_default();
        // Whole dinars are written as people write them; a fraction, which only a ledger can hold, is never hidden.
        if money.currency() == Currency::Iqd && minor == 0 {
            write!(f, "{sign}{major}")
        } else {
            write!(f, "{sign}{major}.{minor:0width$}")
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency())
    }
}

impl Money {
    /// The decimal in major units without the currency.
    #[must_use]
    pub const fn decimal(self) -> MoneyText {
        MoneyText(self)
    }

    /// Whether this amount can be charged: positive, in whole steps of its currency, within [`MAX_CHARGE_MAJOR`].
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn chargeable(self) -> Result<Self, AmountRefusal> {
        let (currency, step) = (
            self.currency(),
            Self::new(self.currency().step(), self.currency()),
        );
        if !self.is_positive() {
            return Err(AmountRefusal::NotPositive { least: step });
        }
        if self.minor() % step.minor() != 0 {
            return Err(AmountRefusal::TooPrecise {
                currency,
                step: step.decimal(),
            });
        }
        if self.minor() / currency.minor_per_major() >= MAX_CHARGE_MAJOR
            && self.minor() != MAX_CHARGE_MAJOR.saturating_mul(currency.minor_per_major())
        {
            return Err(AmountRefusal::TooLarge { currency });
        }
        Ok(self)
    }
}

/// Reads decimal text in major units as an amount that can be charged.
///
/// # Errors
/// One refusal a cause; a negative number is [`AmountRefusal::NotPositive`], not malformed.
pub fn parse_charge(text: &str, currency: Currency) -> Result<Money, AmountRefusal> {
    parse_amount(text, currency)?.chargeable()
}

/// Reads decimal text in major units as zero or an amount that can be charged: a fixed fee, the bound of a filter.
///
/// # Errors
/// As [`parse_charge`].
pub fn parse_charge_or_zero(text: &str, currency: Currency) -> Result<Money, AmountRefusal> {
    let amount = parse_amount(text, currency)?;
    if amount.is_zero() {
        Ok(amount)
    } else {
        amount.chargeable()
    }
}

/// Reads decimal text exactly: zero or more, no finer than the minor unit.
fn parse_amount(text: &str, currency: Currency) -> Result<Money, AmountRefusal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.len() <= MAX_TEXT
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit());
    if !plain {
        return Err(AmountRefusal::Malformed);
    }
    if digits.len() < text.len() {
        return Err(AmountRefusal::NotPositive {
            least: Money::new(currency.step(), currency),
        });
    }
    // More than 28 digits is more than a decimal holds: too large before the point, too precise after it.
    let whole = digits
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_start_matches('0');
    if whole.len() > 18 {
        return Err(AmountRefusal::TooLarge { currency });
    }
    let decimal = Decimal::from_str_exact(digits).map_err(|_| {
        if digits.matches('.').count() > 1 {
            AmountRefusal::Malformed
        } else {
            AmountRefusal::TooPrecise {
                currency,
                step: Money::new(currency.step(), currency).decimal(),
            }
        }
    })?;
    let minor = decimal
        .checked_mul(Decimal::from(currency.minor_per_major()))
        .ok_or(AmountRefusal::TooLarge { currency })?
        .normalize();
    if minor.scale() > 0 {
        let step = Money::new(currency.step(), currency).decimal();
        return Err(AmountRefusal::TooPrecise { currency, step });
    }
    let minor = i64::try_from(minor.mantissa()).map_err(|_| AmountRefusal::TooLarge { currency })?;
    Ok(Money::new(minor, currency))
}

impl FromStr for Money {
    type Err = AmountRefusal;

    /// Reads `125000 IQD`, the form that [`Money`] prints, if it can be charged.
    fn from_str(text: &str) -> Result<Self, AmountRefusal> {
        let (decimal, code) = text.split_once(' ').ok_or(AmountRefusal::Malformed)?;
        parse_charge(decimal, code.parse().map_err(|_| AmountRefusal::Malformed)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::currency;
    use super::*;
    use proptest::prelude::*;

    fn refusal(text: &str, currency: Currency) -> AmountRefusal {
        parse_charge(text, currency).expect_err("must be refused")
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(currency in currency(), steps in 1_i64..10_000_000_000) {
            let money = Money::new(steps * currency.step(), currency);
            prop_assert_eq!(parse_charge(&money.decimal().to_string(), currency), Ok(money));
            prop_assert_eq!(money.to_string().parse(), Ok(money));
        }

        #[test]
        fn no_text_panics_or_is_rounded(text in "[-+0-9.,eE _٠-٩]{0,40}", currency in currency()) {
            if let Ok(money) = parse_charge(&text, currency) {
                let typed: Decimal = text.parse().expect("accepted text is a decimal");
                let read = Decimal::from_i128_with_scale(i128::from(money.minor()), currency.exponent());
                prop_assert_eq!(typed.normalize(), read.normalize());
            }
        }

        #[test]
        fn every_amount_prints(minor in any::<i64>(), currency in currency()) {
            let text = Money::new(minor, currency).decimal().to_string();
            let read: Decimal = text.parse().expect("printed text is a decimal");
            prop_assert_eq!(read, Decimal::from_i128_with_scale(i128::from(minor), currency.exponent()));
        }
    }

    #[test]
    fn dinars_are_whole() {
        assert_eq!(
            parse_charge("125000", Currency::Iqd),
            Ok(Money::new(125_000_000, Currency::Iqd))
        );
        assert_eq!(
            parse_charge("125000.000", Currency::Iqd),
            Ok(Money::new(125_000_000, Currency::Iqd))
        );
        assert!(matches!(
            refusal("1000.5", Currency::Iqd),
            AmountRefusal::TooPrecise { .. }
        ));
        assert_eq!(
            refusal("1000.5", Currency::Iqd).to_string(),
            "amount is too precise: IQD is charged in steps of 1"
        );
    }

    #[test]
    fn each_bad_amount_has_its_own_refusal() {
        for text in [
            "", "+1", " 1", "1 ", "1e3", "١٢٥", "1,000", ".5", "1.", "1.2.3", "0x10", "1_000", "--1", "-",
        ] {
            assert_eq!(refusal(text, Currency::Usd), AmountRefusal::Malformed, "{text:?}");
        }
        for text in ["0", "0.00", "-1", "-0.01"] {
            assert!(
                matches!(refusal(text, Currency::Usd), AmountRefusal::NotPositive { .. }),
                "{text:?}"
            );
        }
        for text in ["0.001", "12.345", "1.0000000000000000000000000001"] {
            assert!(
                matches!(refusal(text, Currency::Usd), AmountRefusal::TooPrecise { .. }),
                "{text:?}"
            );
        }
        for text in ["10000000000.01", "99999999999999999999", "9223372036854775807"] {
            assert!(
                matches!(refusal(text, Currency::Usd), AmountRefusal::TooLarge { .. }),
                "{text:?}"
            );
        }
        assert!(parse_charge("10000000000", Currency::Usd).is_ok());
    }

    #[test]
    fn three_decimals_are_charged_in_hundredths() {
        assert_eq!(
            parse_charge("1.25", Currency::Kwd),
            Ok(Money::new(1_250, Currency::Kwd))
        );
        assert!(matches!(
            refusal("1.251", Currency::Kwd),
            AmountRefusal::TooPrecise { .. }
        ));
    }
}
