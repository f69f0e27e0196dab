//! Sales through the GraphQL door.

use super::client::{Connection, Measured, drive, post};
use super::setup::Installation;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

static KEY: AtomicU64 = AtomicU64::new(0);

/// The request of one sale, with a key that nobody used before.
pub fn request(secret: &str) -> Vec<u8> {
    let key = KEY.fetch_add(1, Ordering::Relaxed);
    let body = format!(
        r#"{{"query":"mutation($input: PaymentSaleInput!) {{ paymentSale(input: $input) {{ payment {{ id status amount {{ amount currency }} }} operation {{ id authCode }} userErrors {{ code message field }} idempotentReplay }} }}","variables":{{"input":{{"idempotencyKey":"bench-{key}","amount":{{"amount":"125000","currency":"IQD"}},"card":{{"number":"4242424242424242","cardholderName":"Zainab Al-Saadi","expMonth":12,"expYear":2030,"cvv":"123"}},"description":"Tuition","merchantReference":"SCH-{key}"}}}}}}"#
    );
    post("/graphql", secret, &body)
}

/// Sales per second.
pub async fn measure(installation: &Installation, connections: usize, each: Duration) -> Measured {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Arc::new(Mutex::new(Connection::open(installation.address).await)));
    }
    let secret: Arc<str> = installation.secret.as_str().into();
    drive(connections, each, move |worker| {
        let (connection, secret) = (Arc::clone(&open[worker]), Arc::clone(&secret));
        move || {
            let (connection, secret) = (Arc::clone(&connection), Arc::clone(&secret));
            async move {
                let mut connection = connection.lock().await;
                let answer = connection.exchange(&request(&secret)).await;
                let captured = answer.windows(10).any(|window| window == b"\"CAPTURED\"");
                assert!(captured, "{}", String::from_utf8_lossy(answer));
            }
        }
    })
    .await
}
