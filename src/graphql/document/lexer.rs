//! A document's tokens, counted before anybody parses it.
//!
//! Invariant: one pass over the bytes, no recursion, no memory. The parser has limits of its own, but reaches them late, and says
//! so with the text of the document.

use super::excess::Excess;
use super::{DEEPEST_NESTING, MOST_TOKENS};

/// Counts the tokens of `document`, comments and white space aside; brackets inside texts are no brackets.
///
/// # Errors
/// As soon as a limit is passed.
pub fn count(document: &str) -> Result<usize, Excess> {
    let mut rest = document.as_bytes();
    let (mut depth, mut tokens) = (0_usize, 0_usize);
    while let [first, behind @ ..] = rest {
        rest = behind;
        match first {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => {
                rest = after_line(behind);
                continue;
            }
            b'"' => {
                rest = behind
                    .strip_prefix(b"\"\"")
                    .map_or_else(|| after_text(behind), after_block);
            }
            b'.' => rest = behind.strip_prefix(b"..").unwrap_or(behind),
            byte if is_word(*byte) => rest = after_word(behind),
            // Commas are white space in GraphQL; the byte order mark comes in three bytes.
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xef | 0xbb | 0xbf => continue,
            _ => {}
        }
        tokens += 1;
        if depth > DEEPEST_NESTING {
            return Err(Excess::Nesting);
        }
        if tokens > MOST_TOKENS {
            return Err(Excess::Tokens);
        }
    }
    Ok(tokens)
}

/// Names and numbers; a number may hold `-`, `+` and `.`, which only makes it fewer tokens by a constant factor.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn after_word(mut rest: &[u8]) -> &[u8] {
    while let [byte, behind @ ..] = rest {
        if !is_word(*byte) {
            break;
        }
        rest = behind;
    }
    rest
}

fn after_line(mut rest: &[u8]) -> &[u8] {
    while let [byte, behind @ ..] = rest {
        if matches!(byte, b'\n' | b'\r') {
            break;
        }
        rest = behind;
    }
    rest
}

/// Behind the quotation mark that ends a text, or where its line ends, which is no document.
fn after_text(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = match rest {
            [b'\\', _, behind @ ..] => behind,
            [b'"', behind @ ..] => return behind,
            [b'\n' | b'\r', ..] | [] => return rest,
            [_, behind @ ..] => behind,
        };
    }
}

/// Behind the three quotation marks that end a block of text.
fn after_block(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = match rest {
            [b'\\', b'"', b'"', b'"', behind @ ..] => behind,
            [b'"', b'"', b'"', behind @ ..] => return behind,
            [] => return rest,
            [_, behind @ ..] => behind,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_too_deep(document: &str) -> bool {
        count(document) == Err(Excess::Nesting)
    }

    #[test]
    fn every_kind_of_bracket_counts() {
        for (open, close) in [("{", "}"), ("[", "]"), ("(", ")")] {
            let nested = |depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
            assert!(!is_too_deep(&nested(DEEPEST_NESTING)));
            assert!(is_too_deep(&nested(DEEPEST_NESTING + 1)));
            assert!(
                !is_too_deep(&nested(1).repeat(DEEPEST_NESTING + 1)),
                "beside each other is not deep"
            );
        }
        assert!(is_too_deep(&"{[(".repeat(DEEPEST_NESTING)));
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not() {
        let brackets = "{".repeat(DEEPEST_NESTING + 1);
        for document in [
            format!("\"{brackets}\""),
            format!("\"\\\"{brackets}\""),
            format!("\"\"\"{brackets} \" \\\"\"\" \n {brackets}\"\"\""),
            format!("# {brackets}"),
            format!("# \" {brackets}\r"),
        ] {
            assert!(!is_too_deep(&document), "{document}");
        }
        for document in [
            format!("\"\"{brackets}"),
            format!("\"\\\\\"{brackets}"),
            format!("\"unfinished\n{brackets}"),
            format!("\"\"\"text\"\"\"{brackets}"),
            format!("# comment\n{brackets}"),
        ] {
            assert!(is_too_deep(&document), "{document}");
        }
        for unfinished in ["\"", "\"\\", "\"\"\"", "\"\"\"\\\"\"", "#"] {
            assert!(!is_too_deep(unfinished));
        }
    }

    #[test]
    fn tokens_are_counted_as_the_grammar_has_them() {
        for (document, tokens) in [
            ("", 0),
            (" \t\r\n,,, # a comment { }\n", 0),
            ("{ __typename }", 3),
            ("query A($id: ID! = \"x y\") { payment(id: $id) { ...F } }", 24),
            ("{ a(n: -12, s: \"\"\"block \\\"\"\" text\"\"\") }", 11),
            ("\u{feff}{ a }", 3),
        ] {
            assert_eq!(count(document), Ok(tokens), "{document}");
        }
        assert_eq!(count(&"a ".repeat(MOST_TOKENS)), Ok(MOST_TOKENS));
        assert_eq!(count(&"a ".repeat(MOST_TOKENS + 1)), Err(Excess::Tokens));
        assert_eq!(count(&"!".repeat(MOST_TOKENS + 1)), Err(Excess::Tokens));
        assert_eq!(count(&"\"\" ".repeat(MOST_TOKENS + 1)), Err(Excess::Tokens));
    }
}
