//! The languages in which people read: on hosted pages, receipts and shared links.
//!
//! Invariant: digits change their shape only where a person reads them. What is stored, sent or typed into a field is ASCII, and
//! [`latin_digits`] makes it so: a keyboard in Baghdad types ١٢٣.

use crate::word::words;

words! {
    /// A language that pages are written in.
    Language, "language" {
        /// English, left to right.
        English = "en",
        /// Arabic, right to left.
        Arabic = "ar",
        /// Sorani, the Kurdish of Erbil and Sulaymaniyah, right to left.
        Sorani = "ckb",
    }
}

/// Where lines begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// On the left.
    LeftToRight,
    /// On the right.
    RightToLeft,
}

impl Direction {
    /// The word of HTML's `dir`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

impl Language {
    /// Where its lines begin.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::English => Direction::LeftToRight,
            Self::Arabic | Self::Sorani => Direction::RightToLeft,
        }
    }

    /// What its speakers call it.
    #[must_use]
    pub const fn endonym(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Arabic => "العربية",
            Self::Sorani => "کوردی",
        }
    }

    /// The digit nought; the other nine follow it in Unicode.
    #[must_use]
    pub const fn zero(self) -> char {
        match self {
            Self::English => '0',
            Self::Arabic | Self::Sorani => '٠',
        }
    }

    /// What parts thousands.
    #[must_use]
    pub const fn grouping(self) -> char {
        match self {
            Self::English => ',',
            Self::Arabic | Self::Sorani => '\u{66c}',
        }
    }

    /// What parts the whole from the fraction.
    #[must_use]
    pub const fn decimal_point(self) -> char {
        match self {
            Self::English => '.',
            Self::Arabic | Self::Sorani => '\u{66b}',
        }
    }

    /// `text` with ASCII digits in the shape of this language.
    #[must_use]
    pub fn digits(self, text: &str) -> String {
        text.chars().map(|c| self.digit(c)).collect()
    }

    /// One ASCII digit in the shape of this language; anything else as it is.
    #[must_use]
    pub fn digit(self, digit: char) -> char {
        digit
            .to_digit(10)
            .and_then(|value| char::from_u32(u32::from(self.zero()) + value))
            .unwrap_or(digit)
    }

    /// `text` kept apart from the direction of what stands around it (UAX #9, isolates).
    #[must_use]
    pub fn isolated(self, text: &str) -> String {
        let open = match self.direction() {
            Direction::LeftToRight => '\u{2066}',
            Direction::RightToLeft => '\u{2067}',
        };
        format!("{open}{text}\u{2069}")
    }
}

/// `text` with Arabic-Indic (٠…٩) and Persian (۰…۹) digits as ASCII, for fields that hold numbers.
#[must_use]
pub fn latin_digits(text: &str) -> String {
    let latin = |c: char| match c {
        '٠'..='٩' => char::from_digit(u32::from(c) - u32::from('٠'), 10),
        '۰'..='۹' => char::from_digit(u32::from(c) - u32::from('۰'), 10),
        _ => None,
    };
    text.chars().map(|c| latin(c).unwrap_or(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_come_back_as_they_were(number in any::<u64>(), language in proptest::sample::select(Language::ALL)) {
            let shown = language.digits(&number.to_string());
            prop_assert_eq!(latin_digits(&shown), number.to_string());
        }

        #[test]
        fn only_digits_change(text in "[^0-9٠-٩۰-۹]{0,40}", language in proptest::sample::select(Language::ALL)) {
            prop_assert_eq!(language.digits(&text), text.clone());
            prop_assert_eq!(latin_digits(&text), text);
        }
    }

    #[test]
    fn digits_of_three_keyboards_are_read() {
        assert_eq!(latin_digits("٤٢٤٢ ۴۲۴۲ 4242"), "4242 4242 4242");
        assert_eq!(Language::Arabic.digits("125"), "١٢٥");
        assert_eq!(Language::Sorani.digits("3/5"), "٣/٥");
    }
}
