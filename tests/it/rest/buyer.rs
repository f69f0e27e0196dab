//! A payer's browser at the public door of S2, and what it hears.

use super::desk::{Desk, Heard, card};
use crate::support::{Payer, TestApp};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// Where merchants make intents.
pub const INTENTS: &str = "/api/v1/payment-intents";

/// What the public door says of a refusal besides S2's keys.
const OURS: [&str; 2] = ["request_id", "decline_reason"];

/// The body of S2's example of an intent.
pub fn intent_example() -> Value {
    json!({
        "amount": 9999,
        "currency": "USD",
        "success_url": "https://yourstore.com/order/success?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://yourstore.com/order/cancel",
        "description": "Order #12345 - Premium Plan",
        "customer_email": "john@example.com",
        "metadata": { "order_id": "12345" },
    })
}

/// The path of giving an intent up.
pub fn cancel(id: &str) -> String {
    format!("{INTENTS}/{id}/cancel")
}

/// The path that anybody may look at.
pub fn public(id: &str) -> String {
    format!("/api/public/payment-intents/{id}")
}

/// The path of paying.
pub fn confirm(id: &str) -> String {
    format!("{}/confirm", public(id))
}

/// A card, as the body of an attempt has it.
pub fn with_card(payer: Payer) -> Value {
    json!({ "card": card(payer) })
}

/// An intent that waits: its id and its client secret.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: String,
    pub secret: String,
}

impl Waiting {
    /// Reads the answer to create.
    #[track_caller]
    pub fn read(heard: &Heard) -> Self {
        assert_eq!(heard.status, 201, "{}", heard.text);
        Self {
            id: heard.word("id").to_owned(),
            secret: heard.word("client_secret").to_owned(),
        }
    }

    /// A new intent.
    pub async fn at(desk: &Desk, body: Value) -> Self {
        Self::read(&desk.post(INTENTS, body).await)
    }
}

/// A payer's browser.
#[derive(Clone)]
pub struct Buyer {
    url: String,
    client: Client,
}

impl Buyer {
    /// A browser that was sent to this node.
    pub fn of(app: &TestApp) -> Self {
        Self {
            url: app.url.clone(),
            client: Client::new(),
        }
    }

    /// Sends anything; no key is in it.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
        headers: &[(&str, &str)],
    ) -> reqwest::Response {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(body).send().await.unwrap()
    }

    /// Looks at an intent.
    pub async fn sees(&self, id: &str) -> Heard {
        Heard::read(self.raw(Method::GET, &public(id), "", &[]).await).await
    }

    /// Tries to pay, with the client secret in its header.
    pub async fn pays(&self, intent: &Waiting, body: Value) -> Heard {
        let headers = [("x-client-secret", intent.secret.as_str())];
        self.confirms(&confirm(&intent.id), body, &headers).await
    }

    /// Tries to pay at a path of its own, with headers of its own.
    pub async fn confirms(&self, path: &str, body: Value, headers: &[(&str, &str)]) -> Heard {
        Heard::read(self.raw(Method::POST, path, body.to_string(), headers).await).await
    }
}

impl Heard {
    /// It is a refusal of the public door with exactly this status, code and message, in the shape of S2's examples.
    #[track_caller]
    pub fn turns_away(&self, status: u16, code: &str, message: &str) -> &Self {
        let mut expected = json!({ "success": false, "error": { "code": code, "message": message } });
        if status == 402 {
            expected["error"]["remaining_attempts"] = 3.into();
        }
        self.looks_like(status, &expected, &OURS);
        let error = &self.body["error"];
        assert_eq!(
            (error["code"].as_str(), error["message"].as_str()),
            (Some(code), Some(message)),
            "{}",
            self.text
        );
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        self
    }

    /// How many attempts a decline leaves.
    #[track_caller]
    pub fn leaves(&self) -> i64 {
        self.body["error"]["remaining_attempts"]
            .as_i64()
            .unwrap_or_else(|| panic!("no decline: {}", self.text))
    }
}
