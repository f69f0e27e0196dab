//! People who use the application, each by its own door.

use super::app::TestApp;
use super::reply::Reply;
use domain::id::CredentialId;
use domain::merchant::Tenant;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

static KEYS: AtomicU32 = AtomicU32::new(0);

/// An idempotency key that nobody used before.
pub fn fresh_key() -> String {
    format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

/// The test cards of S2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// Visa, approved.
    Visa,
    /// Mastercard, approved.
    Mastercard,
    /// Declined, 05.
    Declined,
    /// Insufficient funds, 51.
    Poor,
    /// Stopped by the fraud check.
    Risky,
}

impl Payer {
    /// The number of the card.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Visa => "4242424242424242",
            Self::Mastercard => "5555555555554444",
            Self::Declined => "4000000000000002",
            Self::Poor => "4000000000009995",
            Self::Risky => "4000000000000259",
        }
    }
}

/// The input of a card by its number.
pub fn card(number: &str) -> Value {
    json!({ "number": number, "cardholderName": "Zainab Al-Saadi", "expMonth": 12, "expYear": 2027, "cvv": "123" })
}

/// The input of a sale or authorization on a Visa card under a fresh key; `with` says what is different.
pub fn charge(amount: Value, with: Value) -> Value {
    command(
        json!({ "amount": amount, "card": card(Payer::Visa.number()) }),
        with,
    )
}

/// The input of a command on a payment under a fresh key; `with` says what else it asks for.
pub fn on(payment: &str, with: Value) -> Value {
    command(json!({ "id": payment }), with)
}

fn command(mut input: Value, with: Value) -> Value {
    input["idempotencyKey"] = fresh_key().into();
    for (field, value) in with.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

/// All that a payment says of itself, without what it is related to.
pub const PAYMENT: &str = "id mode status amount { amount currency minor } authorizedAmount { amount } \
     capturedAmount { amount } refundedAmount { amount } refundPendingAmount { amount } capturableAmount { amount } \
     refundableAmount { amount } gateway provider customer { email name } description merchantReference metadata \
     outcomeUnknown failure { reason code message } expiresAt capturedAt voidedAt voidReason createdAt updatedAt version";

/// What every money mutation answers.
pub const PAYLOAD: &str = "payment { id status amount { amount currency minor } authorizedAmount { amount } \
     capturedAmount { amount } refundedAmount { amount } refundPendingAmount { amount } capturableAmount { amount } \
     refundableAmount { amount } outcomeUnknown voidReason failure { reason code message } } \
     operation { id kind status amount { amount } fee { amount } reserve { amount } authCode fraudScore \
     failure { reason code message } } \
     ledgerLines { debitAccount creditAccount amount { amount } code } userErrors { code message field } \
     idempotentReplay simulated";

/// Sends GraphQL as `post` prepares it.
async fn graphql(post: RequestBuilder, query: &str, variables: Value) -> Reply {
    Reply::read(
        post.json(&json!({ "query": query, "variables": variables }))
            .send()
            .await
            .unwrap(),
    )
    .await
}

/// A merchant's server.
#[derive(Clone)]
pub struct Merchant {
    /// Whose data it sees.
    pub tenant: Tenant,
    /// The credential that it shows.
    pub credential: CredentialId,
    /// The secret of the credential.
    pub secret: String,
    url: String,
    client: Client,
}

impl Merchant {
    pub(super) fn new(url: String, secret: &str, tenant: Tenant, credential: CredentialId) -> Self {
        Self {
            tenant,
            credential,
            secret: secret.to_owned(),
            url,
            client: Client::new(),
        }
    }

    /// Asks anything.
    pub async fn ask(&self, query: &str, variables: Value) -> Reply {
        let post = self
            .client
            .post(format!("{}/graphql", self.url))
            .header("x-api-key", &self.secret);
        graphql(post, query, variables).await
    }

    /// The same server, talking to another node, or to the same after a restart.
    pub fn at(&self, app: &TestApp) -> Self {
        Self {
            url: app.url.clone(),
            client: Client::new(),
            ..self.clone()
        }
    }

    /// Sends a money mutation: `paymentSale` with its input, for example.
    pub async fn send(&self, mutation: &str, input: Value) -> Reply {
        let capital = format!("{}{}", &mutation[..1].to_uppercase(), &mutation[1..]);
        let refund = if mutation == "paymentRefund" {
            "refund { id status amount { amount } reason }"
        } else {
            ""
        };
        let query = format!(
            "mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ {PAYLOAD} {refund} }} }}"
        );
        self.ask(&query, json!({ "input": input })).await.field(mutation)
    }

    /// Holds money on a Visa card.
    pub async fn authorize(&self, amount: Value) -> Reply {
        let input =
            json!({ "idempotencyKey": fresh_key(), "amount": amount, "card": card(Payer::Visa.number()) });
        self.send("paymentAuthorize", input).await
    }

    /// Sells on a Visa card.
    pub async fn sale(&self, amount: Value) -> Reply {
        self.sale_by(Payer::Visa, amount).await
    }

    /// Sells on a card.
    pub async fn sale_by(&self, payer: Payer, amount: Value) -> Reply {
        let input = json!({ "idempotencyKey": fresh_key(), "amount": amount, "card": card(payer.number()) });
        self.send("paymentSale", input).await
    }

    /// Takes money that is held.
    pub async fn capture(&self, payment: &str, amount: Value) -> Reply {
        let input = json!({ "idempotencyKey": fresh_key(), "id": payment, "amount": amount });
        self.send("paymentCapture", input).await
    }

    /// Takes money that is held and keeps the rest held.
    pub async fn capture_and_keep(&self, payment: &str, amount: Value) -> Reply {
        let input =
            json!({ "idempotencyKey": fresh_key(), "id": payment, "amount": amount, "finalCapture": false });
        self.send("paymentCapture", input).await
    }

    /// Gives up what is held.
    pub async fn void(&self, payment: &str) -> Reply {
        let input = json!({ "idempotencyKey": fresh_key(), "id": payment, "reason": "customer canceled" });
        self.send("paymentVoid", input).await
    }

    /// Gives money back.
    pub async fn refund(&self, payment: &str, amount: Value) -> Reply {
        let input =
            json!({ "idempotencyKey": fresh_key(), "id": payment, "amount": amount, "reason": "returned" });
        self.send("paymentRefund", input).await
    }

    /// All that a payment says of itself now; null if it is not there.
    pub async fn payment(&self, id: &str) -> Value {
        let query = format!("query($id: ID!) {{ payment(id: $id) {{ {PAYMENT} }} }}");
        let reply = self.ask(&query, json!({ "id": id })).await;
        assert_eq!(reply.errors, Vec::<Value>::new());
        reply.data["payment"].clone()
    }

    /// The status of a payment, as the door says it now.
    pub async fn status(&self, payment: &str) -> String {
        let reply = self
            .ask(
                "query($id: ID!) { payment(id: $id) { status } }",
                json!({ "id": payment }),
            )
            .await;
        reply.data["payment"]["status"]
            .as_str()
            .unwrap_or("none")
            .to_owned()
    }

    /// What the merchant is owed in a currency, in major units.
    pub async fn payable(&self, currency: &str) -> String {
        let reply = self
            .ask("{ balances { currency payable { amount } } }", json!({}))
            .await;
        let balances = reply.data["balances"].as_array().unwrap().clone();
        let balance = balances.iter().find(|balance| balance["currency"] == currency);
        balance.map_or("0".to_owned(), |balance| {
            balance["payable"]["amount"].as_str().unwrap().to_owned()
        })
    }
}

/// Somebody who runs the installation.
pub struct Operator {
    url: String,
    secret: String,
    client: Client,
}

impl Operator {
    pub(super) fn new(url: String, secret: &str) -> Self {
        Self {
            url,
            secret: secret.to_owned(),
            client: Client::new(),
        }
    }

    /// The key that it shows.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Asks anything.
    pub async fn ask(&self, query: &str, variables: Value) -> Reply {
        let post = self
            .client
            .post(format!("{}/graphql", self.url))
            .bearer_auth(&self.secret);
        graphql(post, query, variables).await
    }
}

/// Somebody without a key, or with one that opens nothing.
pub struct Anonymous {
    url: String,
    client: Client,
}

impl Anonymous {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            client: Client::new(),
        }
    }

    /// Any request to any path.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Asks with a key.
    pub async fn ask_with(&self, key: &str, query: &str) -> Reply {
        graphql(
            self.request(reqwest::Method::POST, "/graphql")
                .header("x-api-key", key),
            query,
            json!({}),
        )
        .await
    }

    /// Asks without a key.
    pub async fn ask(&self, query: &str) -> Reply {
        graphql(self.request(reqwest::Method::POST, "/graphql"), query, json!({})).await
    }
}
