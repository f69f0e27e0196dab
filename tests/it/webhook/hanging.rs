//! Servers that take their time, beside one that answers.

use super::{endpoint, log, sending};
use crate::support::{Answering, Engine, Receiver, iqd, until};
use rstest::rstest;
use serde_json::json;
use std::time::Duration;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sixty_endpoints_that_do_not_answer_keep_nobody_waiting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let (hanging, fast) = (Receiver::start().await, Receiver::start().await);
    // Longer than anything here takes, and than the server waits when it stops.
    hanging.always(Answering {
        after: Duration::from_secs(300),
        ..Answering::default()
    });
    let wanted = json!({ "settings": { "eventTypes": ["payment.captured"], "timeoutMs": 30_000, "maxInFlight": 100 } });
    for name in ["one", "two", "three"] {
        let merchant = app.merchant(name).await;
        for _ in 0..20 {
            endpoint(&merchant, &hanging, wanted.clone()).await;
        }
        for _ in 0..5 {
            merchant.sale(iqd(1_000)).await.succeeds();
        }
    }
    until("many hang", async || hanging.received().len() >= 100).await;
    let school = app.merchant("school").await;
    endpoint(&school, &fast, wanted).await;
    for _ in 0..30 {
        school.sale(iqd(1_000)).await.succeeds();
    }
    fast.after(30).await;
    until("all are written down", async || {
        log(&school).await.iter().all(|it| it["status"] == "DELIVERED")
    })
    .await;
    assert_eq!(
        app.count("webhook_attempts WHERE status IS NULL").await,
        0,
        "none of the others has ended meanwhile"
    );
    let under_way = app.count("webhook_deliveries WHERE state = 'sending'").await;
    assert!(
        under_way <= 192,
        "{under_way} hang: half of all, and one more for each endpoint while a quarter is left"
    );
}
