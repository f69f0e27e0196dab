//! The database goes away while sales run, and comes back, or does not.

use crate::support::{Engine, Hand, Program, Rush, TestApp, TestDatabase, iqd};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

/// Ends every connection of the server and leaves our own.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE datname = current_database() AND application_name = 'tahsil' AND pid <> pg_backend_pid()";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_while_sales_run_lose_and_double_nothing(
    #[values(Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let hand = Hand::at(&database.url).await;
    let node = program.serve(&[("TAHSIL_PROVIDER_TIMEOUT_MS", "100")]).await;
    let mut rush = Rush::new("cut", 400);

    rush.send(&shop, &node.url, 16, async |mut answered| {
        for cut in 1..=5 {
            answered.reach(cut * 60).await;
            hand.run(CUT).await;
        }
    })
    .await;

    let mut failed = 0;
    for reply in rush.heard() {
        let reply = reply
            .as_ref()
            .expect("the door answers whatever the database does");
        for error in &reply.errors {
            failed += 1;
            let code = error["extensions"]["code"].as_str().unwrap_or("none");
            assert!(["UNAVAILABLE", "INTERNAL"].contains(&code), "{error:#}");
        }
    }
    assert!(failed > 0, "no sale met a connection that was cut");
    let tally = rush.proves(&program, &shop, &node.url, &hand).await;
    assert!(tally.acknowledged > 200, "{tally:?}");
    node.ask_to_stop();
    let ended = node.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.log);
    let panics: Vec<_> = ended.log.iter().filter(|line| line.contains("panic")).collect();
    assert!(panics.is_empty(), "{panics:#?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_its_database_is_alive_not_ready_and_says_so(
    #[values(Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    school.sale(iqd(100)).await.succeeds();
    let probe = async |path: &str| {
        let response = app.anonymous().request(Method::GET, path).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    assert_eq!(
        probe("/readyz").await,
        (StatusCode::OK, json!({ "status": "ready" }).to_string())
    );

    app.database.destroy().await;

    let (status, body) = probe("/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &body["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable"))
    );
    assert_eq!(body["reason"], "database");
    assert_eq!(probe("/livez").await.0, StatusCode::OK);
    // Its key was read a moment ago; what it asks for fails. A second later not even the key can be read.
    let refused = school.sale(iqd(100)).await.fails_with("UNAVAILABLE");
    assert_eq!(refused.status, StatusCode::OK);
    let rest = async || {
        let post = app.anonymous().request(Method::POST, "/api/v1/payments/sale");
        let body = json!({ "amount": 10_000, "currency": "IQD", "gateway": "FIB" });
        let response = post
            .header("x-api-key", &school.secret)
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        (status, body["error_code"].clone(), body["success"].clone())
    };
    let unavailable = (
        StatusCode::SERVICE_UNAVAILABLE,
        json!("UNAVAILABLE"),
        json!(false),
    );
    assert_eq!(rest().await, unavailable);
    app.clock.advance(chrono::Duration::seconds(1));
    let refused = school.sale(iqd(100)).await.fails_with("UNAVAILABLE");
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(rest().await, unavailable);
}
