//! Readers that lose their connection all the time read every event once and in order. `make soak` runs the long form.

use super::working;
use crate::support::{Engine, Hand, Node, Program, Seam, TestApp, TestDatabase, numbering, until};
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
    assert!(
        seen.events > 0 && seen.resumes >= 60,
        "{seen:?}, {:?}",
        seen.stall
    );
}

#[rstest]
#[case::over_postgres(&[])]
#[cfg_attr(feature = "nats", case::over_nats(&[("TAHSIL_NATS_URL", "nats://127.0.0.1:4222")]))]
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_hop_between_two_nodes_miss_nothing(#[case] bus: &[(&'static str, &str)]) {
    let name = format!("it-{}", std::process::id());
    let own = [("TAHSIL_ROLE", "all"), ("TAHSIL_NATS_NAME", name.as_str())];
    let app = TestApp::with_settings(Engine::Postgres, &[&own[..], bus].concat()).await;
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
    assert!(
        seen.events > 0 && seen.resumes >= 60,
        "{seen:?}, {:?}",
        seen.stall
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_numbering_node_that_is_killed_costs_time_and_no_event() {
    let database = TestDatabase::create(Engine::Postgres).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let mut nodes = [Some(program.serve(&[]).await), Some(program.serve(&[]).await)];
    let seam = Seam {
        secret: shop.secret.clone(),
        readers: 6,
        sellers: 2,
        ..Seam::default()
    };
    let list = |nodes: &[Option<Node>]| nodes.iter().flatten().map(|node| node.url.clone()).collect();
    *seam.nodes.write().unwrap() = list(&nodes);
    let kill = async {
        until("somebody numbers", async || {
            numbering(&nodes, &shop).await.is_some()
        })
        .await;
        let leader = numbering(&nodes, &shop).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let dead = nodes[leader].take().unwrap();
        *seam.nodes.write().unwrap() = list(&nodes);
        dead.kill().await;
        until("the other node numbers", async || {
            numbering(&nodes, &shop).await.is_some()
        })
        .await;
        seam.killed();
    };
    let (seen, ()) = tokio::join!(seam.proves_while(&database.url, 1), kill);
    assert!(seen.events > 0, "{seen:?}");
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
    let rest = "query($after: EventCursor) { events(first: 100, after: $after, types: [PAYMENT_CAPTURED]) { edges { node { subjectId } } } }";
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
                "query($before: EventCursor) { events(last: 100, before: $before, types: [PAYMENT_CAPTURED]) { edges { node { subjectId } } } }",
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
