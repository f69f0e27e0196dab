//! Intents as tests make and pay them.

use crate::support::{Merchant, Payer, Reply, TestApp, card, fresh_key, iqd};
use domain::id::IntentId;
use serde_json::{Value, json};
use service::intent;

/// All that an intent says of itself, without what it is related to.
pub const INTENT: &str = "id checkoutSessionId reference mode source status amount { amount currency } captureMethod gateways \
     collect { fee email phone promoCode } title description merchantReference metadata customer { email name phone } \
     successUrl cancelUrl callbackUrl checkoutUrl promo { promoCodeId code discount { amount } } declinedAttempts \
     remainingAttempts lastDecline { reason code message } paid { via at payout { amount } late } \
     lateMoney { via givenBack } canceledBy expiresAt createdAt updatedAt version \
     bills { gateway amount { amount } discount { amount } surcharge { amount } total { amount } }";

/// What stands over what by default.
pub fn with(mut input: Value, with: Value) -> Value {
    for (field, value) in with.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

/// Sends one mutation and asks for `shown` besides the errors.
pub async fn send(merchant: &Merchant, mutation: &str, input: Value, shown: &str) -> Reply {
    let capital = format!("{}{}", &mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!(
        "mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ {shown} userErrors {{ code message field }} }} }}"
    );
    merchant
        .ask(&query, json!({ "input": input }))
        .await
        .field(mutation)
}

/// Makes an intent of 125,000 dinars; `own` says what is different.
pub async fn create(merchant: &Merchant, own: Value) -> Reply {
    let input = with(
        json!({ "idempotencyKey": fresh_key(), "amount": iqd(125_000) }),
        own,
    );
    let shown = format!("intent {{ {INTENT} }} clientSecret checkoutUrl idempotentReplay");
    send(merchant, "intentCreate", input, &shown).await
}

/// Makes an intent and gives its id.
pub async fn made(merchant: &Merchant, own: Value) -> String {
    let reply = create(merchant, own).await.succeeds();
    reply.data["intent"]["id"].as_str().unwrap().to_owned()
}

/// Tries to pay; `own` says with what.
pub async fn confirm(merchant: &Merchant, intent: &str, own: Value) -> Reply {
    let input = with(json!({ "idempotencyKey": fresh_key(), "id": intent }), own);
    let shown = format!(
        "intent {{ {INTENT} }} payment {{ id status amount {{ amount }} gateway failure {{ code }} }} \
         operation {{ id kind status }} ledgerLines {{ code amount {{ amount }} }} idempotentReplay"
    );
    send(merchant, "intentConfirm", input, &shown).await
}

/// Tries to pay with a card.
pub async fn pay(merchant: &Merchant, intent: &str, payer: Payer) -> Reply {
    confirm(merchant, intent, json!({ "card": card(payer.number()) })).await
}

/// Gives an intent up.
pub async fn cancel(merchant: &Merchant, intent: &str) -> Reply {
    let shown = format!("intent {{ {INTENT} }}");
    send(merchant, "intentCancel", json!({ "id": intent }), &shown).await
}

/// What an intent says of itself now; null if it is not there.
pub async fn intent(merchant: &Merchant, id: &str) -> Value {
    let query = format!("query($id: ID!) {{ intent(id: $id) {{ {INTENT} }} }}");
    let reply = merchant.ask(&query, json!({ "id": id })).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    reply.data["intent"].clone()
}

/// The status of the intent in an answer.
pub fn status(reply: &Reply) -> &str {
    reply.data["intent"]["status"].as_str().unwrap_or("none")
}

/// Puts a promo code on an intent, as its payer does on the page.
pub async fn apply(app: &TestApp, created: &Reply, code: &str) -> service::Result<domain::intent::Intent> {
    let id: IntentId = created.data["intent"]["id"].as_str().unwrap().parse().unwrap();
    let secret = created.data["clientSecret"].as_str().unwrap();
    let payer = intent::by_secret(&app.app, id, secret).await?;
    intent::apply_promo_code(&app.app, payer, code.to_owned()).await
}

/// The errors as codes and fields.
pub fn errors(reply: &Reply) -> Vec<(String, String)> {
    let errors = reply.data["userErrors"].as_array().cloned().unwrap_or_default();
    let field = |error: &Value| {
        let words = error["field"].as_array().cloned().unwrap_or_default();
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        words.join(".")
    };
    errors
        .iter()
        .map(|error| (error["code"].as_str().unwrap().to_owned(), field(error)))
        .collect()
}
