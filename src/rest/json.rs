//! Reading a JSON body.
//!
//! Invariant: what is wrong with a body is said by the path of its field and what was expected there, never with what came: it may be
//! a card number.

use super::fault::Fault;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

/// Reads `body`. Fields that nobody asks for are ignored.
///
/// # Errors
/// `invalid request: …` with the first field that is missing or of another type.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    // A list of values in the order of the fields would be read as well, and be another request in the next release.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Fault::invalid("the body must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json);
    let read = read.map_err(|error| {
        let (path, cause) = (written(error.path()), error.into_inner());
        Fault::invalid(match cause.classify() {
            Category::Data => misfit(&path, &cause.to_string()),
            Category::Syntax | Category::Eof | Category::Io => "the body is no JSON".to_owned(),
        })
    })?;
    json.end().map_err(|_| Fault::invalid("the body is no JSON"))?;
    Ok(read)
}

/// `card.number`; the place of the body itself is empty.
fn written(path: &Path) -> String {
    let parts = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        // Names in a map are the client's own, and may be anything.
        Segment::Map { key } => Some(key.chars().take(64).collect()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    parts.collect::<Vec<_>>().join(".")
}

/// What serde says about a field, without the value: `missing field …`, or what was expected.
fn misfit(path: &str, said: &str) -> String {
    let missing = said
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split_once('`'));
    if let Some((field, _)) = missing {
        let dot = if path.is_empty() { "" } else { "." };
        return format!("{path}{dot}{field} is required");
    }
    // What came stands before it and may hold the same words; what is expected is ours and stands last.
    let expected = said
        .rsplit_once(", expected ")
        .map_or(said, |(_, expected)| expected);
    let expected = expected.split(" at line ").next().unwrap_or_default();
    let kind = match expected {
        "a string" | "string" => "a string",
        "i64" | "i32" | "u32" | "u64" => "an integer",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        _ => "an object",
    };
    match (path, kind) {
        ("", _) => "the body must be a JSON object".to_owned(),
        _ => format!("{path} must be {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Card {
        number: String,
        exp_month: i64,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Body {
        amount: i64,
        card: Option<Card>,
        metadata: Option<BTreeMap<String, String>>,
        gateways: Option<Vec<String>>,
    }

    fn words(body: &str) -> String {
        read::<Body>(body.as_bytes()).unwrap_err().words.into_owned()
    }

    #[test]
    fn each_misfit_names_its_field_and_not_what_came() {
        for (body, expected) in [
            ("", "the body is no JSON"),
            ("{", "the body is no JSON"),
            ("{} {}", "amount is required"),
            (r#"{"amount":1} x"#, "the body is no JSON"),
            ("\"4242424242424242\"", "the body must be a JSON object"),
            ("7", "the body must be a JSON object"),
            ("null", "the body must be a JSON object"),
            (" [1,null,null,null]", "the body must be a JSON object"),
            ("{}", "amount is required"),
            (r#"{"amount":"1500"}"#, "amount must be an integer"),
            (r#"{"amount":15.0}"#, "amount must be an integer"),
            (r#"{"amount":1e3}"#, "amount must be an integer"),
            (r#"{"amount":99999999999999999999}"#, "amount must be an integer"),
            (r#"{"amount":null}"#, "amount must be an integer"),
            (
                r#"{"amount":1,"card":{"exp_month":1}}"#,
                "card.number is required",
            ),
            (
                r#"{"amount":1,"card":{"number":4242424242424242,"exp_month":1}}"#,
                "card.number must be a string",
            ),
            (
                r#"{"amount":1,"card":"4242424242424242"}"#,
                "card must be an object",
            ),
            (
                r#"{"amount":1,"card":{"number":"1, expected a boolean","exp_month":"x, expected a boolean"}}"#,
                "card.exp_month must be an integer",
            ),
            (
                r#"{"amount":1,"metadata":{"plan":7}}"#,
                "metadata.plan must be a string",
            ),
            (
                r#"{"amount":1,"metadata":{"plan":true}}"#,
                "metadata.plan must be a string",
            ),
            (r#"{"amount":1,"metadata":[]}"#, "metadata must be an object"),
            (r#"{"amount":1,"gateways":"FIB"}"#, "gateways must be a list"),
            (r#"{"amount":1,"gateways":[7]}"#, "gateways.0 must be a string"),
        ] {
            assert_eq!(words(body), format!("invalid request: {expected}"), "{body}");
        }
        let bytes = [b'{', b'"', 0xff, b'"', b':', b'1', b'}'];
        assert_eq!(
            read::<Body>(&bytes).unwrap_err().words,
            "invalid request: the body is no JSON"
        );
    }

    #[test]
    fn what_nobody_asks_for_is_ignored_and_null_is_nothing() {
        let body = r#"{"amount":1,"card":null,"metadata":null,"tip":{"deep":[1]}}"#;
        let read: Body = read(body.as_bytes()).unwrap();
        assert_eq!(
            read,
            Body {
                amount: 1,
                card: None,
                metadata: None,
                gateways: None,
            }
        );
    }
}
