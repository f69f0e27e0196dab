//! Amounts as people write them: `125,000 IQD`, `١٢٥٬٠٠٠ د.ع`.
//!
//! Invariant: what is shown has the digits of the amount, all of them; nothing is rounded for looks. Dinars of Iraq show no
//! fils, because whole dinars have none; an amount that does have fils shows them.
//!
//! Signs: Arabic ones are those of CLDR's `ar` without their last dot, as shops and banks print them; the dinar of Iraq in Sorani
//! is `د.ع` too (glibc's locale `ckb_IQ`, `currency_symbol`). Dollar and euro are written out, as they are said.

use super::{Currency, Money};
use crate::language::Language;
use std::fmt;

/// An amount in the writing of one language, with the sign of its currency after it.
///
/// In a sentence or beside other text use [`ShownMoney::isolated`], or an element with a direction of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownMoney {
    money: Money,
    language: Language,
}

impl Money {
    /// This amount as readers of `language` write it.
    #[must_use]
    pub const fn shown(self, language: Language) -> ShownMoney {
        ShownMoney {
            money: self,
            language,
        }
    }
}

impl Currency {
    /// What stands after an amount of this currency in `language`.
    #[must_use]
    pub const fn sign(self, language: Language) -> &'static str {
        match language {
            Language::English => self.code(),
            Language::Arabic => match self {
                Self::Iqd => "د.ع",
                Self::Usd => "دولار",
                Self::Eur => "يورو",
                Self::Mad => "د.م",
                Self::Aed => "د.إ",
                Self::Sar => "ر.س",
                Self::Kwd => "د.ك",
                Self::Bhd => "د.ب",
                Self::Jod => "د.أ",
                Self::Qar => "ر.ق",
                Self::Omr => "ر.ع",
                Self::Egp => "ج.م",
            },
            // Abbreviations of the others are not in use, so they are called by their names.
            Language::Sorani => match self {
                Self::Iqd => "د.ع",
                Self::Usd => "دۆلار",
                Self::Eur => "یۆرۆ",
                Self::Mad => "دیرهەمی مەغریبی",
                Self::Aed => "دیرهەمی ئیماراتی",
                Self::Sar => "ڕیاڵی سعوودی",
                Self::Kwd => "دیناری کوەیتی",
                Self::Bhd => "دیناری بەحرەینی",
                Self::Jod => "دیناری ئوردنی",
                Self::Qar => "ڕیاڵی قەتەری",
                Self::Omr => "ڕیاڵی عومانی",
                Self::Egp => "جونەیهی میسری",
            },
        }
    }
}

impl ShownMoney {
    /// The amount for the middle of a sentence in any language: text around it cannot reorder it.
    #[must_use]
    pub fn isolated(self) -> String {
        self.language.isolated(&self.to_string())
    }
}

impl fmt::Display for ShownMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = self.language;
        let text = self.money.decimal().to_string();
        let (minus, magnitude) = match text.strip_prefix('-') {
            Some(magnitude) => ("\u{2212}", magnitude),
            None => ("", text.as_str()),
        };
        // The letter mark keeps the minus in front of the number, as CLDR writes it.
        if !minus.is_empty() && language != Language::English {
            f.write_str("\u{61c}")?;
        }
        f.write_str(minus)?;
        let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                write!(f, "{}", language.grouping())?;
            }
            write!(f, "{}", language.digit(digit))?;
        }
        if !fraction.is_empty() {
            write!(f, "{}{}", language.decimal_point(), language.digits(fraction))?;
        }
        write!(f, " {}", self.money.currency().sign(language))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::currency;
    use super::*;
    use crate::language::latin_digits;
    use proptest::prelude::*;

    fn shown(minor: i64, currency: Currency) -> [String; 3] {
        [Language::English, Language::Arabic, Language::Sorani]
            .map(|language| Money::new(minor, currency).shown(language).to_string())
    }

    proptest! {
        #[test]
        fn every_digit_of_the_amount_is_shown(minor in any::<i64>(), currency in currency(), language in proptest::sample::select(Language::ALL)) {
            let money = Money::new(minor, currency);
            let text = money.shown(language).to_string();
            let number = text.strip_suffix(currency.sign(language)).expect("a sign").trim_end();
            let plain: String = latin_digits(number)
                .chars()
                .filter(|c| *c != language.grouping() && *c != '\u{61c}')
                .map(|c| if c == language.decimal_point() { '.' } else if c == '\u{2212}' { '-' } else { c })
                .collect();
            prop_assert_eq!(plain, money.decimal().to_string());
        }

        #[test]
        fn groups_have_three_digits(minor in 0..i64::MAX, currency in currency(), language in proptest::sample::select(Language::ALL)) {
            let text = Money::new(minor, currency).shown(language).to_string();
            let whole = text.split([language.decimal_point(), ' ']).next().expect("a number");
            let mut groups = whole.split(language.grouping());
            let first = groups.next().expect("a group").chars().count();
            prop_assert!((1..=3).contains(&first), "{}", text);
            prop_assert!(groups.all(|group| group.chars().count() == 3), "{}", text);
        }
    }

    #[test]
    fn amounts_look_as_in_the_shop() {
        assert_eq!(
            shown(125_000_000, Currency::Iqd),
            ["125,000 IQD", "١٢٥٬٠٠٠ د.ع", "١٢٥٬٠٠٠ د.ع"]
        );
        assert_eq!(
            shown(125_050, Currency::Usd),
            ["1,250.50 USD", "١٬٢٥٠٫٥٠ دولار", "١٬٢٥٠٫٥٠ دۆلار"]
        );
        assert_eq!(
            shown(1_250, Currency::Kwd),
            ["1.250 KWD", "١٫٢٥٠ د.ك", "١٫٢٥٠ دیناری کوەیتی"]
        );
        assert_eq!(shown(0, Currency::Iqd), ["0 IQD", "٠ د.ع", "٠ د.ع"]);
        assert_eq!(shown(500, Currency::Iqd)[0], "0.500 IQD");
        assert_eq!(
            shown(-12_500_000, Currency::Iqd),
            ["−12,500 IQD", "\u{61c}−١٢٬٥٠٠ د.ع", "\u{61c}−١٢٬٥٠٠ د.ع"]
        );
    }

    #[test]
    fn every_currency_has_a_sign_in_every_language_and_no_two_share_one() {
        for language in Language::ALL {
            let signs: std::collections::BTreeSet<_> =
                Currency::ALL.map(|currency| currency.sign(*language)).into();
            assert_eq!(signs.len(), Currency::ALL.len(), "{language}");
        }
    }

    #[test]
    fn an_isolated_amount_closes_what_it_opens() {
        for language in Language::ALL {
            let text = Money::new(1_000, Currency::Iqd).shown(*language).isolated();
            assert!(
                text.starts_with(['\u{2066}', '\u{2067}']) && text.ends_with('\u{2069}'),
                "{text:?}"
            );
        }
    }
}
