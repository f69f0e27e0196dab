//! Sales of a merchant that nobody follows.

use super::server::Ours;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;
static KEY: AtomicU64 = AtomicU64::new(0);

/// Sales a second through the GraphQL door.
pub async fn per_second(ours: &Ours, each: Duration) -> f64 {
    let (client, sold) = (reqwest::Client::new(), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let sellers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, sold) = (client.clone(), Arc::clone(&sold));
            let (url, key) = (format!("http://{}/graphql", ours.http), ours.seller.clone());
            tokio::spawn(async move {
                while begun.elapsed() < each {
                    let number = KEY.fetch_add(1, Ordering::Relaxed);
                    let body = format!(
                        r#"{{"query":"mutation($input: PaymentSaleInput!) {{ paymentSale(input: $input) {{ payment {{ id status }} userErrors {{ code }} }} }}","variables":{{"input":{{"idempotencyKey":"live-{number}","amount":{{"amount":"125000","currency":"IQD"}},"card":{{"number":"4242424242424242","expMonth":12,"expYear":2030,"cvv":"123"}}}}}}}}"#
                    );
                    let post = client.post(&url).header("x-api-key", &key).header("content-type", "application/json");
                    let answer = post.body(body).send().await.expect("an answer").text().await.expect("a text");
                    assert!(answer.contains("CAPTURED"), "{answer}");
                    sold.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for seller in sellers {
        seller.await.expect("it sells");
    }
    sold.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
}
