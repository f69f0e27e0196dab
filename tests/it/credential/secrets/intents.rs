//! Payment intents: what opens one, and the card that pays it.

use super::door::Door;
use super::search::Secrets;
use super::{CVV, NUMBERS};
use crate::support::fresh_key;
use serde_json::{Value, json};

/// Intents by both doors that make them, paid with the client secret in each place, right and wrong.
pub async fn intents(door: &Door, key: &str, secrets: &mut Secrets) {
    let address = |path: &str| format!("{}{path}", door.url);
    for (number, status) in NUMBERS.into_iter().zip([200, 402, 400]) {
        for place in ["header", "query"] {
            let body = json!({ "amount": 100_000, "currency": "IQD", "success_url": "https://school.example.iq/paid" });
            let post = door.client.post(address("/api/v1/payment-intents"));
            let made = post
                .header("x-api-key", key)
                .header("idempotency-key", fresh_key());
            let made: Value = made.json(&body).send().await.unwrap().json().await.unwrap();
            let (id, secret) = (
                made["data"]["id"].as_str().unwrap(),
                made["data"]["client_secret"].as_str().unwrap(),
            );
            secrets.add("client secret", secret.split_once("_secret_").unwrap().1);
            let card = json!({
                "number": number, "cardholder_name": "Zainab Al-Saadi", "exp_month": 12, "exp_year": 2027, "cvv": CVV,
            });
            let confirm = address(&format!("/api/public/payment-intents/{id}/confirm"));
            let wrong = secret.replace("_secret_", "_secret_0");
            for (shown, status) in [(wrong.as_str(), 401), (secret, status)] {
                let post = door.client.post(&confirm).json(&json!({ "card": card }));
                let post = match place {
                    "header" => post.header("x-client-secret", shown),
                    _ => post.query(&[("client_secret", shown)]),
                };
                let answer = post.send().await.unwrap();
                assert_eq!(answer.status(), status, "{number} in the {place}");
                let text = answer.text().await.unwrap();
                assert!(!text.contains(number) && !text.contains(secret), "{text}");
            }
            // The page takes it out of the address; whoever puts it where an id belongs is not told it again.
            for path in [
                format!("/checkout/{id}?client_secret={secret}"),
                format!("/api/public/payment-intents/{secret}"),
                format!("/api/v1/payments/{secret}"),
            ] {
                let get = door.client.get(address(&path)).header("x-api-key", key);
                let text = get.send().await.unwrap().text().await.unwrap();
                assert!(!text.contains(secret), "{path}: {text}");
            }
        }
    }
}
