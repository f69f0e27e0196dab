//! Amounts as S3 writes them: text in hundredths of a dinar, `"150000"` for 1,500 IQD.
//!
//! Invariant: what is read is printed again as it came, and nothing is rounded on the way (`reference/payments.md` 3).

use domain::money::parse_hundredths;
use domain::{Currency, Money};

/// The currency of every amount of S3.
const CURRENCY: Currency = Currency::Iqd;

/// Reads an amount that can be charged. One spelling of each: ASCII digits, without sign, point or leading zero.
pub fn read(text: &str) -> Option<Money> {
    parse_hundredths(text, CURRENCY).ok()
}

/// Prints an amount; none for one that hundredths cannot say.
pub fn print(money: Money) -> Option<String> {
    let hundredths = money.hundredths().ok().filter(|_| money.currency() == CURRENCY)?;
    Some(hundredths.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_read_is_printed_as_it_came(dinars in 1_i64..=10_000_000_000) {
            let text = (dinars * 100).to_string();
            let money = read(&text).unwrap();
            prop_assert_eq!(money, Money::new(dinars * 1_000, CURRENCY));
            prop_assert_eq!(print(money), Some(text));
        }

        #[test]
        fn text_is_read_exactly_or_not_at_all(text in "[-+0-9.,eE _٠-٩]{0,24}") {
            if let Some(money) = read(&text) {
                prop_assert_eq!(print(money), Some(text));
            }
        }
    }

    #[test]
    fn the_seeds_amounts_are_dinars() {
        assert_eq!(read("150000"), Some(Money::new(1_500_000, CURRENCY)));
        assert_eq!(read("100"), Some(Money::new(1_000, CURRENCY)));
        assert_eq!(read("1000000000000").map(Money::minor), Some(10_000_000_000_000));
        for refused in [
            "",
            "0",
            "00",
            "-1",
            "-100",
            "+100",
            "1e3",
            "١٥٠",
            "150,000",
            "1500.00",
            " 100",
            "100 ",
            "0100",
            "100050",
            "99",
            "1",
            "1000000000100",
            "999999999999999999",
            "99999999999999999999",
            "NaN",
        ] {
            assert_eq!(read(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn what_hundredths_cannot_say_is_not_printed() {
        assert_eq!(print(Money::new(5, CURRENCY)), None);
        assert_eq!(print(Money::new(500, Currency::Usd)), None);
        assert_eq!(print(Money::zero(CURRENCY)), Some("0".into()));
    }
}
