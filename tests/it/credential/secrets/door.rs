//! Whoever talks to the node.

use crate::support::{Reply, card, fresh_key, iqd};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// Whoever talks to the node.
pub struct Door {
    /// Where the node listens.
    pub url: String,
    /// The connections.
    pub client: Client,
}

impl Door {
    /// A POST of GraphQL, without anything yet.
    pub fn post(&self) -> RequestBuilder {
        self.client.post(format!("{}/graphql", self.url))
    }

    /// Asks with a key.
    pub async fn ask(&self, key: &str, query: &str, variables: Value) -> Reply {
        let post = self.post().header("x-api-key", key);
        Reply::read(
            post.json(&json!({ "query": query, "variables": variables }))
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// Sends a mutation that shows keys.
    pub async fn keys(&self, key: &str, mutation: &str, input: Value) -> Value {
        let capital = format!("{}{}", &mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ secret privateKey \
             credential {{ id token }} userErrors {{ code message field }} }} }}"
        );
        self.ask(key, &query, json!({ "input": input }))
            .await
            .field(mutation)
            .succeeds()
            .data
    }

    /// Sells on a card, with this verification value.
    pub async fn sell(&self, key: &str, number: &str, cvv: &str) -> Reply {
        let mut card = card(number);
        card["cvv"] = cvv.into();
        let input = json!({ "idempotencyKey": fresh_key(), "amount": iqd(1_000), "card": card });
        let query = "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id status } userErrors { code message } } }";
        self.ask(key, query, json!({ "input": input })).await
    }

    /// The same by the REST door, and once with a number where a text belongs: the status of each.
    pub async fn sell_by_rest(&self, key: &str, number: &str, cvv: &str) -> [u16; 2] {
        let card = json!({
            "number": number, "cardholder_name": "Zainab Al-Saadi", "exp_month": 12, "exp_year": 2027, "cvv": cvv,
        });
        let body = json!({ "amount": 100_000, "currency": "IQD", "card": card });
        let mut wrong = body.clone();
        wrong["card"]["number"] = number.parse::<u64>().unwrap().into();
        let mut statuses = [0; 2];
        for (status, body) in statuses.iter_mut().zip([body, wrong]) {
            let post = self.client.post(format!("{}/api/v1/payments/sale", self.url));
            let answer = post.header("x-api-key", key).json(&body).send().await.unwrap();
            *status = answer.status().as_u16();
            let text = answer.text().await.unwrap();
            assert!(!text.contains(number), "{text}");
        }
        statuses
    }
}
