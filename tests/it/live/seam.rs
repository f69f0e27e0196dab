//! Readers that lose their connection all the time read every event once and in order. `make soak` runs the long form.

use super::working;
use crate::support::{Engine, Hand, Seam, until};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_come_and_go_miss_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let seam = Seam {
        nodes: Arc::new(RwLock::new(vec![app.url.clone()])),
        secret: school.secret.clone(),
        readers: 8,
        resumes: 60,
        sellers: 2,
        ..Seam::default()
    };
    let seen = seam.proves(&Hand::at(&app.database.url).await).await;
    assert!(seen.events > 0 && seen.resumes >= 60, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_hop_between_two_nodes_miss_nothing() {
    let app = working(Engine::Postgres).await;
    let other = app.another_node().await;
    let school = app.merchant("school").await;
    let seam = Seam {
        nodes: Arc::new(RwLock::new(vec![app.url.clone(), other.url.clone()])),
        secret: school.secret.clone(),
        readers: 8,
        resumes: 60,
        sellers: 2,
        ..Seam::default()
    };
    let seen = seam.proves(&Hand::at(&app.database.url).await).await;
    assert!(seen.events > 0 && seen.resumes >= 60, "{seen:?}");
    other.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_its_cursor_lose_nothing_between_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let seller = {
        let school = school.clone();
        tokio::spawn(async move {
            for _ in 0..60 {
                school.sale(crate::support::iqd(1_000)).await.succeeds();
            }
        })
    };
    let ask = "{ payments(first: 100) { nodes { id status } } eventCursor }";
    let rest =
        "query($after: EventCursor) { events(first: 100, after: $after) { edges { node { subjectId } } } }";
    while !seller.is_finished() {
        let asked = school.ask(ask, Value::Null).await.data;
        let listed: Vec<String> = asked["payments"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|payment| payment["status"] == "CAPTURED")
            .map(|payment| payment["id"].as_str().unwrap().to_owned())
            .collect();
        // What has happened before the cursor stands in the list, whatever was going on meanwhile.
        let before = school
            .ask(
                "query($before: EventCursor) { events(last: 100, before: $before) { edges { node { subjectId } } } }",
                json!({ "before": asked["eventCursor"] }),
            )
            .await
            .data;
        for edge in before["events"]["edges"].as_array().unwrap() {
            let id = edge["node"]["subjectId"].as_str().unwrap();
            assert!(
                listed.iter().any(|listed| listed == id),
                "{id} happened before the cursor and is not listed"
            );
        }
    }
    seller.await.unwrap();
    until("all have their places", async || {
        app.count("outbox_events WHERE pos IS NULL").await == 0
    })
    .await;
    let all = school.ask(rest, Value::Null).await.data;
    assert_eq!(all["events"]["edges"].as_array().unwrap().len(), 60);
}
