//! Live payments before there is a provider for them: refused, and the sandbox only where somebody named it.

use crate::support::{Engine, Program, Shop, TestDatabase, card, iqd};
use rstest::rstest;
use serde_json::json;

const WARNS: &str = "live payments go to the sandbox";

async fn live_shop(program: &Program) -> Shop {
    let merchant = program.json(&["merchant", "create", "--name", "shop"]).await;
    let id = merchant["id"].as_str().unwrap();
    let create = ["credential", "create", "--merchant", id, "--mode", "live"];
    let made = program
        .json(&[&create[..], &["--name", "server", "--scopes", "all"]].concat())
        .await;
    Shop::with(made["secret"].as_str().unwrap())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_takes_live_payments_only_where_it_was_named(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = live_shop(&program).await;
    let sale =
        |key: &str| json!({ "idempotencyKey": key, "amount": iqd(1_000), "card": card("4242424242424242") });

    let node = program.serve(&[]).await;
    let refused = shop.sale(&node.url, &sale("live-1")).await.unwrap();
    assert!(!refused.errors.is_empty(), "{refused:?}");
    let log = stopped(node).await;
    assert!(!log.iter().any(|line| line.contains(WARNS)), "{log:#?}");

    let node = program.serve(&[("TAHSIL_LIVE_PROVIDER", "sandbox")]).await;
    let sold = shop.sale(&node.url, &sale("live-1")).await.unwrap().succeeds();
    assert_eq!(sold.payment_status(), "CAPTURED");
    let log = stopped(node).await;
    assert!(
        log.iter()
            .any(|line| line.contains(WARNS) && line.contains("WARN")),
        "{log:#?}"
    );
}

async fn stopped(node: crate::support::Node) -> Vec<String> {
    node.ask_to_stop();
    node.ended().await.log
}
