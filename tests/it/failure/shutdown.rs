//! SIGTERM: what was begun is finished and answered, then the process ends.

use crate::support::{Engine, Hand, Program, Rush, Shop, TestDatabase, card, iqd, until};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_answers_what_it_has_begun(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let hand = Hand::at(&database.url).await;
    let node = program.serve(&[("TAHSIL_SHUTDOWN_GRACE_MS", "30000")]).await;
    let url = node.url.clone();
    let mut rush = Rush::new("last", 300);

    let stop = rush.send(&shop, &url, 50, async |mut answered| {
        answered.reach(20).await;
        node.ask_to_stop();
        node.ended().await
    });
    let ended = stop.await;

    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.log);
    assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
    let answered = rush.heard().iter().flatten().count();
    assert!((20..300).contains(&answered), "{answered} of 300 were answered");
    // Nothing was left for anybody to finish, and whoever got no answer was not let in.
    assert_eq!(
        hand.number("SELECT COUNT(*) FROM operations WHERE settled_at IS NULL")
            .await,
        0
    );
    assert_eq!(
        hand.number("SELECT COUNT(*) FROM payments").await,
        i64::try_from(answered).unwrap()
    );
    let next = program.serve(&[]).await;
    let tally = rush.proves(&program, &shop, &next.url, &hand).await;
    assert_eq!((tally.acknowledged, tally.done_unheard), (answered, 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_at_a_silent_provider_is_answered_before_the_server_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let hand = Hand::at(&database.url).await;
    let node = program.serve(&[("TAHSIL_PROVIDER_TIMEOUT_MS", "2000")]).await;
    let url = node.url.clone();
    let input = |number: usize| {
        json!({
            "idempotencyKey": format!("silent-{number}"), "amount": iqd(1_000), "card": card("4242424242424242"),
            "metadata": { "sandbox_fault": "hang" },
        })
    };

    let asked = join_all((0..10).map(|number| {
        let (shop, url) = (shop.clone(), url.clone());
        async move { shop.sale(&url, &input(number)).await }
    }));
    let stop = async {
        let sent = "SELECT COUNT(*) FROM operations WHERE status = 'sent'";
        until("all are at the provider", async || hand.number(sent).await == 10).await;
        node.ask_to_stop();
        node.ended().await
    };
    let (replies, ended) = tokio::join!(asked, stop);

    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.log);
    for reply in replies {
        assert_eq!(
            reply.expect("an answer").succeeds().payment_status(),
            "PROCESSING"
        );
    }
    assert_eq!(
        hand.number("SELECT COUNT(*) FROM operations WHERE status = 'outcome_unknown'")
            .await,
        10
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_finishes_its_request_does_not_keep_the_server_alive(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let node = program.serve(&[("TAHSIL_SHUTDOWN_GRACE_MS", "500")]).await;
    let mut half = TcpStream::connect(node.url.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: tahsil\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        shop.secret
    );
    half.write_all(head.as_bytes()).unwrap();
    in_flight(&shop, &node.url, 1).await;

    node.ask_to_stop();
    let ended = node.ended().await;

    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.log);
    assert!(
        (500..10_000).contains(&ended.took.as_millis()),
        "{:?}",
        ended.took
    );
    drop(half);
}

/// Waits until so many requests besides this question itself are waiting for their answers.
async fn in_flight(shop: &Shop, node: &str, count: u32) {
    let expected = format!("tahsil_http_requests_in_flight {}", count + 1);
    until("the requests are in flight", async || {
        shop.get(node, "/metrics").await.contains(&expected)
    })
    .await;
}
