//! Whether text may hold a card number.
//!
//! Why: a plain hash of a text with a card number gives the number away to whoever can guess the rest of the text, so such a hash
//! is never kept.

use super::details::is_card_number;

/// Whether digits in a row, with spaces or dashes between them, are a card number. Digits that JSON hides behind `\u003`
/// count as one.
#[must_use]
pub fn may_hold_card_number(text: &[u8]) -> bool {
    if text
        .windows(5)
        .any(|window| window.eq_ignore_ascii_case(b"\\u003"))
    {
        return true;
    }
    let mut digits = String::new();
    for byte in text.iter().chain(&[0]) {
        match byte {
            b'0'..=b'9' => digits.push(char::from(*byte)),
            // However they are grouped: who takes a card number ignores these too.
            b' ' | b'-' => {}
            _ if is_card_number(&digits) => return true,
            _ => digits.clear(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_however_they_are_typed() {
        for text in [
            "4242424242424242",
            r#"{"card":{"number":"4242 4242 4242 4242","cvv":"123"}}"#,
            "number: 4242-4242-4242-4242.",
            "378282246310005",
            "4242  4242--4242 4242",
            r#"{"number":"\u003424242424242424"}"#,
        ] {
            assert!(may_hold_card_number(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            r#"{"amount":"125000","currency":"IQD","reference":"SCH-2026-00041"}"#,
            "4242 4242 4242 4241",
            "2026-06-15T10:42:07Z",
        ] {
            assert!(!may_hold_card_number(text.as_bytes()), "{text}");
        }
    }
}
