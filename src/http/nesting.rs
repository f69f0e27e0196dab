//! How deep a document nests, counted before anybody parses it.
//!
//! Invariant: one pass over the bytes, no recursion, no memory. The parser has a limit of its own, but says so with the text of the
//! document, and lists and objects in arguments are not under it.

/// Deepest nesting of braces, brackets and parentheses; the introspection query of common clients needs about 15.
const DEEPEST: usize = 48;

/// Whether `document` nests deeper than any document that has a meaning here. Brackets in texts and comments do not count.
pub(super) fn is_too_deep(document: &str) -> bool {
    let mut rest = document.as_bytes();
    let mut depth = 0_usize;
    while let [first, behind @ ..] = rest {
        rest = behind;
        match first {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => rest = after_line(behind),
            b'"' => {
                rest = behind
                    .strip_prefix(b"\"\"")
                    .map_or_else(|| after_text(behind), after_block)
            }
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
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

    #[test]
    fn every_kind_of_bracket_counts() {
        for (open, close) in [("{", "}"), ("[", "]"), ("(", ")")] {
            let nested = |depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
            assert!(!is_too_deep(&nested(DEEPEST)));
            assert!(is_too_deep(&nested(DEEPEST + 1)));
            assert!(
                !is_too_deep(&nested(1).repeat(DEEPEST + 1)),
                "beside each other is not deep"
            );
        }
        assert!(is_too_deep(&"{[(".repeat(DEEPEST)));
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not() {
        let brackets = "{".repeat(DEEPEST + 1);
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
}
