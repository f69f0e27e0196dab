//! Amounts as tests write them.

use serde_json::{Value, json};

/// Whole Iraqi dinars, as an input.
pub fn iqd(dinars: i64) -> Value {
    json!({ "amount": dinars.to_string(), "currency": "IQD" })
}

/// Whole United States dollars, as an input.
pub fn usd(dollars: i64) -> Value {
    json!({ "amount": dollars.to_string(), "currency": "USD" })
}

/// Any decimal text in any currency, as an input.
pub fn money(amount: &str, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}
