//! JSON as it is sent.
//!
//! Invariant: `JSON.stringify(JSON.parse(body))` is `body` again. S2's own sample checks the signature over what `JSON.stringify` makes
//! and not over the bytes that came, so a body that changes on that way is refused by receivers who do what S2 says.

use serde_json::{Map, Value};

/// The largest number that JavaScript keeps whole.
const LARGEST: i64 = (1 << 53) - 1;

/// Writes `value` so that JavaScript writes it the same way: keys that look like indices of a list come first and in the order of their
/// numbers, as objects there have them. A number that JavaScript would round is written as text.
#[must_use]
pub fn stable_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => write_object(object, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Number(number) if number.as_i64().is_none_or(|whole| whole.abs() > LARGEST) => {
            write(&Value::String(number.to_string()), out);
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn write_object(object: &Map<String, Value>, out: &mut String) {
    let mut indices: Vec<(u32, &String)> = object.keys().filter_map(|key| Some((index(key)?, key))).collect();
    indices.sort_unstable();
    let others = object.keys().filter(|key| index(key).is_none());
    out.push('{');
    for (place, key) in indices.into_iter().map(|(_, key)| key).chain(others).enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(&Value::String(key.clone()).to_string());
        out.push(':');
        if let Some(value) = object.get(key) {
            write(value, out);
        }
    }
    out.push('}');
}

/// The index that a key is in JavaScript: a whole number below 2^32 - 1 in its only spelling.
fn index(key: &str) -> Option<u32> {
    let number: u32 = key.parse().ok()?;
    (number < u32::MAX && number.to_string() == key).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn keys_that_look_like_indices_come_first_in_the_order_of_numbers() {
        let value = json!({ "b": 1, "10": 2, "9": 3, "01": 4, "-1": 5, "4294967295": 6, "4294967294": 7 });
        let expected = r#"{"9":3,"10":2,"4294967294":7,"-1":5,"01":4,"4294967295":6,"b":1}"#;
        assert_eq!(stable_json(&value), expected);
    }

    #[test]
    fn what_javascript_would_round_is_text() {
        let largest = 9_007_199_254_740_991_i64;
        assert_eq!(
            stable_json(&json!([largest, -largest])),
            "[9007199254740991,-9007199254740991]"
        );
        assert_eq!(
            stable_json(&json!([largest + 1, u64::MAX])),
            r#"["9007199254740992","18446744073709551615"]"#
        );
        assert_eq!(stable_json(&json!([0.5])), r#"["0.5"]"#);
    }

    proptest! {
        #[test]
        fn it_reads_back(text in ".*", key in ".*", number in -1_000_i64..1_000, yes: bool) {
            let value = json!({ "list": [text, null, yes], key: number });
            prop_assert_eq!(serde_json::from_str::<Value>(&stable_json(&value)).unwrap(), value);
        }
    }
}
