//! A merchant's server that speaks S2, and what it hears.

use crate::support::{Merchant, Payer};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// The version whose statuses are those of S2's examples.
pub const TIGRIS: (&str, &str) = ("x-api-version", "2025-12-01.tigris");

/// What a refusal says besides S2's keys.
pub const OURS: [&str; 2] = ["error_code", "request_id"];
/// What a decline says besides.
pub const OF_DECLINE: [&str; 5] = [
    "error_code",
    "request_id",
    "payment_id",
    "transaction_id",
    "decline_reason",
];

/// What came back.
#[derive(Clone, Debug)]
pub struct Heard {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Heard {
    /// Reads an answer; whatever this door says, it says it in JSON.
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: not JSON: {text}"));
        Self {
            status,
            headers,
            text,
            body,
        }
    }

    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A word of the answer.
    #[track_caller]
    pub fn word(&self, key: &str) -> &str {
        self.body["data"][key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key} in {}", self.text))
    }

    /// It succeeded with this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// It is a refusal with exactly this status, code and text, in the shape of S2's examples.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: &str, error: &str) -> &Self {
        let expected = json!({ "success": false, "error": error });
        let extra: &[&str] = if status == 402 { &OF_DECLINE } else { &OURS };
        self.looks_like(status, &expected, extra);
        let said = (self.body["error"].as_str(), self.body["error_code"].as_str());
        assert_eq!(said, (Some(error), Some(code)), "{}", self.text);
        assert_eq!(
            self.body["request_id"],
            self.header("x-request-id"),
            "{}",
            self.text
        );
        self
    }

    /// It has the status, the keys and the types of an example, and no other key but `extra`.
    #[track_caller]
    pub fn looks_like(&self, status: u16, example: &Value, extra: &[&str]) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        let mut wrong = Vec::new();
        compare("", &self.body, example, extra, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}: {}", self.text);
        self
    }
}

/// Keys and types, all the way down; a list of one example says what each of its items looks like.
fn compare(place: &str, ours: &Value, example: &Value, extra: &[&str], wrong: &mut Vec<String>) {
    match (ours, example) {
        (Value::Object(ours), Value::Object(example)) => {
            for (key, example) in example {
                match ours.get(key) {
                    Some(ours) => compare(&format!("{place}.{key}"), ours, example, extra, wrong),
                    None => wrong.push(format!("{place}.{key} is missing")),
                }
            }
            let unknown = ours
                .keys()
                .filter(|key| !example.contains_key(*key) && !extra.contains(&key.as_str()));
            wrong.extend(unknown.map(|key| format!("{place}.{key} is not in the example")));
        }
        (Value::Array(ours), Value::Array(example)) => {
            for ours in ours {
                compare(&format!("{place}[]"), ours, &example[0], extra, wrong);
            }
        }
        (Value::String(ours), Value::String(example)) => {
            // Times are written alike, to the second.
            let time = |text: &str| text.len() == 20 && text.ends_with('Z') && text.contains('T');
            if time(ours) != time(example) {
                wrong.push(format!("{place} is {ours}, like {example}"));
            }
        }
        (Value::Number(ours), Value::Number(example)) if ours.is_i64() == example.is_i64() => {}
        (Value::Bool(ours), Value::Bool(example)) if ours == example => {}
        _ => wrong.push(format!("{place} is {ours}, like {example}")),
    }
}

/// A merchant's server that speaks S2.
pub struct Desk {
    url: String,
    key: String,
    client: Client,
}

impl Desk {
    /// The server of a merchant, at the same node.
    pub fn of(app: &crate::support::TestApp, merchant: &Merchant) -> Self {
        Self {
            url: app.url.clone(),
            key: merchant.secret.clone(),
            client: Client::new(),
        }
    }

    /// Sends a command.
    pub async fn post(&self, path: &str, body: Value) -> Heard {
        self.post_with(path, body, &[]).await
    }

    /// Sends a command with headers.
    pub async fn post_with(&self, path: &str, body: Value, headers: &[(&str, &str)]) -> Heard {
        self.raw(Method::POST, path, body.to_string(), headers).await
    }

    /// Asks.
    pub async fn get(&self, path: &str) -> Heard {
        self.raw(Method::GET, path, String::new(), &[]).await
    }

    /// Sends anything.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
        headers: &[(&str, &str)],
    ) -> Heard {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = request
            .header("x-api-key", &self.key)
            .header("content-type", "application/json");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        Heard::read(request.body(body).send().await.unwrap()).await
    }

    /// Holds money on a Visa card; the id of the payment.
    pub async fn authorized(&self, amount: i64) -> String {
        let heard = self.post(AUTHORIZE, charge(amount)).await;
        heard.is(200).word("id").to_owned()
    }

    /// Sells on a Visa card; the id of the payment.
    pub async fn sold(&self, amount: i64) -> String {
        let heard = self.post(SALE, charge(amount)).await;
        heard.is(200).word("id").to_owned()
    }
}

pub const AUTHORIZE: &str = "/api/v1/payments/authorize";
pub const SALE: &str = "/api/v1/payments/sale";

/// The path of a command on a payment, or of the payment itself.
pub fn path(payment: &str, command: &str) -> String {
    let slash = if command.is_empty() { "" } else { "/" };
    format!("/api/v1/payments/{payment}{slash}{command}")
}

/// So many cents on a Visa card.
pub fn charge(amount: i64) -> Value {
    charge_on(Payer::Visa, amount)
}

/// So many cents on a card.
pub fn charge_on(payer: Payer, amount: i64) -> Value {
    json!({ "amount": amount, "currency": "USD", "card": card(payer) })
}

/// The body of S2's example of an authorization.
pub fn example() -> Value {
    json!({
        "amount": 9999,
        "currency": "USD",
        "card": {
            "number": "4242424242424242", "cardholder_name": "John Doe", "exp_month": 12, "exp_year": 2027, "cvv": "123",
        },
        "customer": { "email": "john@example.com", "name": "John Doe" },
        "description": "Order #12345 - Premium Plan",
        "metadata": { "order_id": "12345", "plan": "premium" },
    })
}

/// A card by its number.
pub fn card(payer: Payer) -> Value {
    json!({
        "number": payer.number(), "cardholder_name": "Jane Smith", "exp_month": 6, "exp_year": 2028, "cvv": "456",
    })
}

/// The same body with something else in it.
pub fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}
