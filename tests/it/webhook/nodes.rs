//! Several processes, and those that die.

use super::{endpoint, sending};
use crate::support::{Answering, Engine, Program, Receiver, TestDatabase, iqd, until};
use rstest::rstest;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_when_the_process_was_killed_is_sent_again_under_the_next_number(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("school").await;
    let settings = [
        ("TAHSIL_ROLE", "all"),
        ("TAHSIL_WEBHOOK_ALLOW_CIDRS", "127.0.0.0/8"),
    ];
    let node = program.serve(&settings).await;
    let receiver = Receiver::start().await;
    // The first waits for minutes; what is under way when the process dies must not wait with it.
    receiver.answers([
        Answering::status(500),
        Answering {
            after: Duration::from_secs(9),
            ..Answering::default()
        },
    ]);
    let input = json!({ "url": format!("{}/hook", receiver.url), "settings": { "eventTypes": ["payment.captured"] } });
    let made = shop
        .ask(&node.url, super::CREATE, json!({ "input": input }))
        .await
        .unwrap();
    assert_eq!(made.data["webhookEndpointCreate"]["userErrors"], json!([]));
    let log = "{ webhookDeliveries(first: 9) { nodes { status attemptCount attempts { number failure success url } } } }";
    let all = async |url: &str| {
        let reply = shop.ask(url, log, json!({})).await.unwrap();
        reply.data["webhookDeliveries"]["nodes"]
            .as_array()
            .unwrap()
            .clone()
    };
    let sell = async |key: &str| {
        let sold = json!({ "idempotencyKey": key, "amount": iqd(1_000), "card": crate::support::card("4242424242424242") });
        shop.sale(&node.url, &sold).await.unwrap();
    };
    sell("sale-1").await;
    until("the first waits", async || {
        all(&node.url)
            .await
            .iter()
            .any(|it| it["status"] == "RETRY_SCHEDULED")
    })
    .await;
    sell("sale-2").await;
    receiver.after(2).await;
    node.kill().await;

    let node = program.serve(&settings).await;
    let delivered = async || {
        all(&node.url)
            .await
            .into_iter()
            .find(|it| it["status"] == "DELIVERED")
    };
    until("it was sent again", async || delivered().await.is_some()).await;
    let delivery = delivered().await.unwrap();
    let attempts = delivery["attempts"].as_array().unwrap();
    let url = format!("{}/hook", receiver.url);
    assert_eq!(
        attempts[0],
        json!({ "number": 1, "failure": "INTERRUPTED", "success": false, "url": url })
    );
    assert_eq!(
        attempts[1],
        json!({ "number": 2, "failure": null, "success": true, "url": url })
    );
    let came = receiver.received();
    assert_eq!((came.len(), &came[1].body), (3, &came[2].body));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_endpoints_and_send_each_delivery_once() {
    let app = sending(Engine::Postgres).await;
    let other = app.another_node().await;
    let receiver = Receiver::start().await;
    let mut merchants = Vec::new();
    for name in ["one", "two", "three", "four"] {
        let merchant = app.merchant(name).await;
        endpoint(
            &merchant,
            &receiver,
            json!({ "settings": { "eventTypes": ["payment.captured"] } }),
        )
        .await;
        merchants.push(merchant);
    }
    for round in 0..5 {
        for (index, merchant) in merchants.iter().enumerate() {
            let at = if (round + index) % 2 == 0 {
                merchant.clone()
            } else {
                merchant.at(&other)
            };
            at.sale(iqd(1_000)).await.succeeds();
        }
    }
    let came = receiver.after(20).await;
    until("all are written down", async || {
        app.count("webhook_deliveries WHERE state = 'delivered'").await == 20
    })
    .await;
    let ids: BTreeSet<String> = came.iter().map(|it| it.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), receiver.received().len()), (20, 20));
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_enabled_again_through_another_node_begins_afresh() {
    let app = sending(Engine::Postgres).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    let schedule = json!({ "delaysSeconds": [0], "lifetimeSeconds": 86_400 });
    let settings = json!({ "eventTypes": ["payment.captured"], "retrySchedule": schedule });
    let made = endpoint(&school, &receiver, json!({ "settings": settings })).await;
    receiver.always(Answering::status(500));
    let failed = async |count: i64| {
        until("they have failed", async || {
            app.count("webhook_deliveries WHERE state = 'failed'").await == count
        })
        .await;
    };
    school.sale(iqd(1_000)).await.succeeds();
    failed(1).await;
    super::advance(&app, chrono::Duration::days(5));
    school.sale(iqd(1_000)).await.succeeds();
    failed(2).await;
    assert_eq!(super::standing(&school).await["status"], "DISABLED");
    // The lane is looked at while nothing may be sent.
    school.sale(iqd(1_000)).await.succeeds();

    let other = app.another_node().await;
    super::update(&school.at(&other), &made, json!({ "enabled": true })).await;
    super::advance(&app, chrono::Duration::zero());
    failed(3).await;
    assert_eq!(super::standing(&school).await["status"], "ENABLED");
    other.stop().await;
}
