//! Endpoints that keep an order.

use super::{advance, endpoint, log, sending};
use crate::support::{Answering, Engine, Receiver, iqd, until};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_one_object_waits_for_what_was_before_it_and_the_others_do_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let settings = json!({ "eventTypes": ["payment.authorized", "payment.voided"], "ordering": "OBJECT" });
    endpoint(&school, &receiver, json!({ "settings": settings })).await;
    receiver.answers([Answering::status(500)]);
    let first = school.authorize(iqd(1_000)).await.succeeds().payment();
    receiver.after(1).await;
    school.void(&first).await.succeeds();
    let second = school.authorize(iqd(2_000)).await.succeeds().payment();
    school.void(&second).await.succeeds();
    let came = receiver.after(3).await;
    let told: Vec<(String, String)> = came
        .iter()
        .map(|it| {
            (
                it.json()["event"].as_str().unwrap().to_owned(),
                it.json()["data"]["id"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let event = |name: &str, payment: &String| (name.to_owned(), payment.clone());
    assert_eq!(
        told,
        [
            event("payment.authorized", &first),
            event("payment.authorized", &second),
            event("payment.voided", &second)
        ]
    );
    advance(&app, Duration::minutes(5));
    let came = receiver.after(5).await;
    assert_eq!(came[3].json()["event"], "payment.authorized");
    assert_eq!(came[4].json()["event"], "payment.voided");
    assert_eq!(came[4].json()["data"]["id"], first);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_keeps_one_order_gets_one_after_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let settings = json!({ "eventTypes": ["payment.captured"], "ordering": "ENDPOINT" });
    endpoint(&school, &receiver, json!({ "settings": settings })).await;
    receiver.answers([Answering::status(500)]);
    let mut sold = Vec::new();
    for dinars in 1..=5 {
        sold.push(school.sale(iqd(dinars * 1_000)).await.succeeds().payment());
    }
    receiver.after(1).await;
    until("the first waits", async || {
        log(&school)
            .await
            .iter()
            .any(|it| it["status"] == "RETRY_SCHEDULED")
    })
    .await;
    assert_eq!(receiver.received().len(), 1, "the others wait for it");
    advance(&app, Duration::minutes(5));
    let came = receiver.after(6).await;
    let told: Vec<String> = came[1..]
        .iter()
        .map(|it| it.json()["data"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, sold);
}
