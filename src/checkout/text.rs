//! Text of merchants and payers on a page.
//!
//! Invariant: it can neither leave its place nor reorder what stands around it. Templates escape it; here it loses the characters that
//! turn the direction of writing (U+202A to U+202E, U+2066 to U+2069), with which "paid 10" can be made to look like "01 diap", and
//! control characters. Joiners stay: Sorani and emoji need them.

use std::fmt;

/// Text that somebody else wrote. Prints without what could disturb the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Takes `text` as it came.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let calm = |c: &char| !turns_direction(*c) && !c.is_control();
        let spaced = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
        Self(
            text.chars()
                .map(spaced)
                .filter(calm)
                .collect::<String>()
                .trim()
                .to_owned(),
        )
    }

    /// The text, if there is any.
    #[must_use]
    pub fn some(text: &str) -> Option<Self> {
        Some(Self::new(text)).filter(|text| !text.0.is_empty())
    }

    /// The text by itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text for the middle of a sentence: in its own direction, whatever that of the sentence.
    #[must_use]
    pub fn isolated(&self) -> String {
        format!("\u{2068}{}\u{2069}", self.0)
    }

    /// The text with no line that ends at a hyphen: a name like al-Nahrain stays in one piece.
    #[must_use]
    pub fn unbroken(&self) -> Self {
        Self(self.0.replace('-', "-\u{2060}"))
    }

    /// The first letter, as a sign for the whole.
    #[must_use]
    pub fn initial(&self) -> String {
        let letter = self.0.chars().find(|c| c.is_alphanumeric());
        letter.map_or_else(|| "·".to_owned(), |c| c.to_uppercase().collect())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_isolate_holds_its_text(text in any::<String>()) {
            let isolated = Text::new(&text).isolated();
            let marks: Vec<char> = isolated.chars().filter(|c| turns_direction(*c)).collect();
            prop_assert_eq!(marks, ['\u{2068}', '\u{2069}']);
            prop_assert!(!isolated.chars().any(char::is_control));
        }
    }

    #[test]
    fn what_turns_the_direction_is_dropped_and_letters_stay() {
        assert_eq!(Text::new("paid \u{202e}01 DQI\u{202c}").as_str(), "paid 01 DQI");
        assert_eq!(
            Text::new(" می\u{200c}خواهم\nدوو ").as_str(),
            "می\u{200c}خواهم دوو"
        );
        assert_eq!(Text::some("\u{2066}\u{2069} "), None);
    }

    #[test]
    fn a_name_is_not_broken_at_its_hyphen() {
        let name = Text::new("al-Nahrain School");
        assert_eq!(name.unbroken().as_str(), "al-\u{2060}Nahrain School");
        assert_eq!(Text::new("مدرسة النهرين").unbroken().as_str(), "مدرسة النهرين");
    }

    #[test]
    fn a_name_has_an_initial() {
        assert_eq!(Text::new("«al-Nahrain»").initial(), "A");
        assert_eq!(Text::new("مدرسة النهرين").initial(), "م");
        assert_eq!(Text::new("***").initial(), "·");
    }
}
