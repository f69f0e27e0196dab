//! Constraints in the text of a table, which is the only place where SQLite keeps them.
//!
//! Invariant: only what the database would read counts: comments are no constraints, nor is what stands in quotes.

/// Words with which the next thing about a column begins.
const BEGINS: [&str; 10] = [
    "check",
    "collate",
    "constraint",
    "default",
    "generated",
    "not",
    "null",
    "primary",
    "references",
    "unique",
];

/// The definition of the constraint `name` in the `CREATE TABLE` of a table, in small letters and with single spaces: from behind
/// its name to where the next column or constraint begins.
pub(super) fn constraint(table: &str, name: &str) -> Option<String> {
    let words = words(table);
    let mut at = words.iter().enumerate();
    let (named, _) = at.find(|(place, word)| {
        let before = place.checked_sub(1).and_then(|before| words.get(before));
        *word == name && before.is_some_and(|before| before == "constraint")
    })?;
    let mut depth = 0_i32;
    let mut definition: Vec<&str> = Vec::new();
    for word in words.get(named + 1..)? {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => break,
            next if depth == 0 && !definition.is_empty() && BEGINS.contains(&next) => break,
            _ => {}
        }
        if depth < 0 {
            break;
        }
        definition.push(word);
    }
    Some(joined(&definition))
}

/// The name of the column in whose definition the constraint `name` stands.
pub(super) fn column_of(table: &str, name: &str) -> Option<String> {
    let words = words(table);
    let mut depth = 0_i32;
    let mut begins = false;
    let mut column = None;
    for (place, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => {
                depth += 1;
                begins = depth == 1;
                continue;
            }
            ")" => depth -= 1,
            "," if depth == 1 => {
                begins = true;
                continue;
            }
            _ => {}
        }
        if begins {
            column = Some(word.clone());
            begins = false;
        }
        let before = place.checked_sub(1).and_then(|before| words.get(before));
        if word == name && before.is_some_and(|before| before == "constraint") {
            return column;
        }
    }
    None
}

fn joined(words: &[&str]) -> String {
    let mut text = String::new();
    for word in words {
        let tight =
            matches!(*word, ")" | ",") || text.ends_with('(') || (*word == "(" && !ends_in_keyword(&text));
        if !text.is_empty() && !tight {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// A function is written without a space before its bracket, a keyword with one.
fn ends_in_keyword(text: &str) -> bool {
    ["check", "unique", "and", "or", "not", "in"]
        .iter()
        .any(|keyword| text.rsplit(' ').next() == Some(*keyword))
}

/// Words, numbers, signs and brackets, outside of texts in small letters; a text in single quotes is one word.
fn words(table: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = table.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '-' if rest.peek() == Some(&'-') => while rest.next().is_some_and(|c| c != '\n') {},
            '/' if rest.peek() == Some(&'*') => {
                rest.next();
                let mut star = false;
                for c in rest.by_ref() {
                    if star && c == '/' {
                        break;
                    }
                    star = c == '*';
                }
            }
            '\'' => {
                let text: String = rest.by_ref().take_while(|c| *c != '\'').collect();
                words.push(format!("'{text}'"));
            }
            '"' | '`' | '[' => {
                let end = if next == '[' { ']' } else { next };
                let name: String = rest.by_ref().take_while(|c| *c != end).collect();
                words.push(name.to_lowercase());
            }
            '<' | '>' | '=' | '!' => {
                let mut sign = String::from(next);
                while let Some(c) = rest.next_if(|c| matches!(c, '<' | '>' | '=')) {
                    sign.push(c);
                }
                words.push(sign);
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                words.push(word.to_lowercase());
            }
            c if c.is_whitespace() => {}
            c => words.push(c.to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE \"things\" (
        id   TEXT PRIMARY KEY, -- CONSTRAINT in_a_comment CHECK (id <> '')
        hash TEXT NOT NULL CONSTRAINT unique_hash UNIQUE
             CONSTRAINT hashed CHECK (length(hash) = 64 AND hash NOT LIKE 'constraint in_a_text check%'),
        name TEXT DEFAULT ('a, b') CONSTRAINT named CHECK (name  <>  '') NOT NULL,
        once TEXT CONSTRAINT once_only UNIQUE CHECK (once <> ''),
        here TEXT CONSTRAINT or_not UNIQUE ON CONFLICT IGNORE,
        /* CONSTRAINT in_another CHECK (1) */
        Constraint both check(length (hash)=64 and name IN ('a', 'b'))
    )";

    #[test]
    fn constraints_are_found_with_what_they_say() {
        for (name, definition) in [
            ("unique_hash", "unique"),
            (
                "hashed",
                "check (length(hash) = 64 and hash not like 'constraint in_a_text check%')",
            ),
            ("named", "check (name <> '')"),
            ("once_only", "unique"),
            ("or_not", "unique on conflict ignore"),
            ("both", "check (length(hash) = 64 and name in ('a', 'b'))"),
        ] {
            assert_eq!(constraint(TABLE, name).as_deref(), Some(definition), "{name}");
        }
        assert_eq!(column_of(TABLE, "unique_hash").as_deref(), Some("hash"));
        assert_eq!(column_of(TABLE, "named").as_deref(), Some("name"));
    }

    #[test]
    fn comments_and_texts_are_no_constraints() {
        for name in ["in_a_comment", "in_a_text", "in_another", "hash", "missing"] {
            assert_eq!(constraint(TABLE, name), None, "{name}");
        }
        assert_eq!(constraint("CREATE TABLE t (a, constraint", "constraint"), None);
        assert_eq!(constraint("/* CONSTRAINT x CHECK (1)", "x"), None);
        assert_eq!(constraint("'CONSTRAINT x CHECK (1)", "x"), None);
    }
}
