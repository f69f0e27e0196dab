//! A merchant's server that sends payers to pages.

use super::{Browser, Seen};
use crate::support::{Merchant, TestApp, fresh_key};
use reqwest::Client;
use serde_json::{Value, json};
use std::ops::Deref;

/// A payment that somebody was asked for.
#[derive(Clone, Debug)]
pub struct Order {
    pub id: String,
    pub secret: String,
    /// The page's path, with the secret in it.
    pub opens: String,
    /// The page's path.
    pub page: String,
}

/// A merchant, by S2.
pub struct Counter {
    url: String,
    merchant: Merchant,
}

impl Deref for Counter {
    type Target = Merchant;

    fn deref(&self) -> &Merchant {
        &self.merchant
    }
}

/// What is asked for if nothing else is said: 150,000 dinars.
pub fn order(with: Value) -> Value {
    let mut body = json!({
        "amount": 15_000_000,
        "currency": "IQD",
        "success_url": "https://shop.example/done?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/basket",
        "order_id": "order-1241",
        "title": "Books",
    });
    for (name, value) in with.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

impl Counter {
    /// A new merchant at this node.
    pub async fn open(app: &TestApp) -> Self {
        Self::of(app, app.merchant("Zubaida School").await)
    }

    /// A merchant that there is.
    pub fn of(app: &TestApp, merchant: Merchant) -> Self {
        Self {
            url: app.url.clone(),
            merchant,
        }
    }

    /// Asks for 150,000 dinars; `with` says what is different.
    pub async fn asks(&self, with: Value) -> Order {
        let post = Client::new().post(format!("{}/api/v1/payment-intents", self.url));
        let post = post
            .header("x-api-key", &self.merchant.secret)
            .header("idempotency-key", fresh_key());
        let answer = post.json(&order(with)).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        Order::read(&body["data"])
    }

    /// What became of an order, as the merchant reads it.
    pub async fn hears(&self, order: &Order) -> String {
        let get = Client::new().get(format!("{}/api/public/payment-intents/{}", self.url, order.id));
        let body: Value = get.send().await.unwrap().json().await.unwrap();
        body["data"]["status"].as_str().unwrap().to_owned()
    }

    /// Asks for a payment and opens its page in a browser of its own.
    pub async fn sends(&self, app: &TestApp, with: Value) -> (Order, Browser, Seen) {
        let (order, browser) = (self.asks(with).await, Browser::at(app));
        let page = browser.open(&order.opens).await;
        (order, browser, page)
    }
}

impl Order {
    /// From the answer of the door.
    pub fn read(data: &Value) -> Self {
        let word = |name: &str| data[name].as_str().unwrap_or_else(|| panic!("{data}")).to_owned();
        let (id, secret) = (word("id"), word("client_secret"));
        let page = format!("/checkout/{id}");
        let opens = format!("{page}?client_secret={secret}");
        assert!(word("checkout_url").ends_with(&opens), "{data}");
        Self {
            id,
            secret,
            opens,
            page,
        }
    }
}
