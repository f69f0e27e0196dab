//! Webhooks: what merchants' servers receive, when, and what the log says of it.

mod callbacks;
mod delivering;
mod failing;
mod forgetting;
mod hanging;
mod managing;
mod nodes;
mod ordering;

use crate::support::{Engine, Merchant, Receiver, TestApp};
use chrono::Duration;
use domain::webhook::WebhookSecret;
use serde_json::{Value, json};

/// A server that sends webhooks, to this machine too.
pub async fn sending(engine: Engine) -> TestApp {
    let settings = [
        ("TAHSIL_ROLE", "all"),
        ("TAHSIL_WEBHOOK_ALLOW_CIDRS", "127.0.0.0/8"),
        ("TAHSIL_WEBHOOK_JITTER", "false"),
    ];
    TestApp::with_settings(engine, &settings).await
}

/// An endpoint that a merchant has set up.
struct Endpoint {
    id: String,
    secret: WebhookSecret,
}

const CREATE: &str = "mutation($input: WebhookEndpointCreateInput!) { webhookEndpointCreate(input: $input) { \
    webhookEndpoint { id status secretFingerprint } secret userErrors { code message field } } }";

/// An endpoint of `merchant` at this receiver; `with` says what else is asked for.
async fn endpoint(merchant: &Merchant, receiver: &Receiver, with: Value) -> Endpoint {
    let mut input = json!({ "url": format!("{}/hook", receiver.url) });
    for (field, value) in with.as_object().unwrap() {
        input[field] = value.clone();
    }
    let reply = merchant.ask(CREATE, json!({ "input": input })).await;
    let made = &reply.data["webhookEndpointCreate"];
    assert_eq!(made["userErrors"], json!([]));
    Endpoint {
        id: made["webhookEndpoint"]["id"].as_str().unwrap().to_owned(),
        secret: WebhookSecret::given(made["secret"].as_str().unwrap()).unwrap(),
    }
}

/// The log of deliveries of `merchant`, newest first.
async fn log(merchant: &Merchant) -> Vec<Value> {
    let query = "{ webhookDeliveries(first: 100) { nodes { id eventName eventType status attemptCount nextAttemptAt endedAt lastStatus \
        lastFailure messageId body attempts { number status success failure failureRule startedAt requestUuid bodyHash \
        requestHeaders { name value } responseBody } } } }";
    let reply = merchant.ask(query, json!({})).await;
    reply.data["webhookDeliveries"]["nodes"]
        .as_array()
        .unwrap()
        .clone()
}

/// Moves the clock on and lets the dispatcher look.
pub fn advance(app: &TestApp, by: Duration) {
    app.clock.advance(by);
    app.app.db().due().tell_all();
}

/// Waits until a delivery of `merchant` stands so, and gives it.
async fn stands(merchant: &Merchant, status: &str) -> Value {
    let found = async || log(merchant).await.into_iter().find(|it| it["status"] == status);
    crate::support::until(&format!("a delivery is {status}"), async || {
        found().await.is_some()
    })
    .await;
    found().await.unwrap()
}

/// Changes an endpoint.
async fn update(merchant: &Merchant, endpoint: &Endpoint, with: Value) -> Value {
    let mut input = json!({ "id": endpoint.id });
    for (field, value) in with.as_object().unwrap() {
        input[field] = value.clone();
    }
    let query = "mutation($input: WebhookEndpointUpdateInput!) { webhookEndpointUpdate(input: $input) { \
        webhookEndpoint { status disabledReason heldSince eventTypes } userErrors { code field } } }";
    let reply = merchant.ask(query, json!({ "input": input })).await;
    reply.data["webhookEndpointUpdate"].clone()
}

/// How an endpoint stands.
async fn standing(merchant: &Merchant) -> Value {
    let query = "{ webhookEndpoints { status disabledReason } }";
    merchant.ask(query, json!({})).await.data["webhookEndpoints"][0].clone()
}
