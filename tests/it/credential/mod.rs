//! Credentials: who makes them, what opens them, and what every denial leaves behind.

mod legacy;
mod managing;
mod places;
mod rotating;
mod secrets;
mod sessions;
mod signed;
mod versions;

use crate::support::{Merchant, Reply};
use serde_json::{Value, json};

/// All that a credential says of itself.
const CREDENTIAL: &str = "id name merchantId mode token status scopes ipAllowlist apiVersion expiresAt rotatingUntil revokedAt \
     lastUsedAt lastUsedIp lastSecurityAction { action at by } createdBy createdAt \
     signingKeys { id algorithm publicKey fingerprint validUntil }";

/// Sends a mutation that answers with keys.
async fn keys(who: &Merchant, mutation: &str, input: Value) -> Reply {
    command(
        who,
        mutation,
        "secret privateKey signingKey { id algorithm publicKey }",
        input,
    )
    .await
}

/// Sends a mutation on a credential and asks for `more` besides the credential.
async fn command(who: &Merchant, mutation: &str, more: &str, input: Value) -> Reply {
    let capital = format!("{}{}", &mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!(
        "mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ \
         credential {{ {CREDENTIAL} }} {more} userErrors {{ code message field }} }} }}"
    );
    who.ask(&query, json!({ "input": input })).await.field(mutation)
}

/// The reasons in the request log, newest first.
async fn reasons(who: &Merchant) -> Vec<String> {
    let log = "{ apiRequests(first: 50, filter: { outcome: DENIED }) { nodes { reason } } }";
    let reply = who.ask(log, json!({})).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    let rows = reply.data["apiRequests"]["nodes"].as_array().unwrap().clone();
    rows.iter()
        .map(|row| row["reason"].as_str().unwrap().to_owned())
        .collect()
}
