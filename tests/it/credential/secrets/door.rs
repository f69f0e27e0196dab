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
}
