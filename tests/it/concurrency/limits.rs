//! Rate limits of several nodes over one PostgreSQL. The clock of the shared buckets is the database's, so they are large here and
//! fill slowly: what comes back while a test runs is less than one unit.

use crate::support::{Engine, Hand, Merchant, TestApp, iqd, until};
use domain::limit::Told;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use service::rate_limit::{Key, exchange, purge};

/// The task in the background waits so long that only the test exchanges.
const BY_HAND: (&str, &str) = ("TAHSIL_LIMIT_EXCHANGE_MS", "60000");
const THIRTY_AN_HOUR: (&str, &str) = ("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "30");
const HOUR: i64 = 3_600_000_000;

async fn sell(merchant: &Merchant, times: usize) {
    for _ in 0..times {
        merchant.sale(iqd(1_000)).await.succeeds();
    }
}

async fn is_refused(merchant: &Merchant) {
    let refused = merchant.sale(iqd(1_000)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    refused.fails_with("THROTTLED");
}

async fn ask(merchant: &Merchant, query: &str) -> Value {
    let reply = merchant.ask(query, json!({})).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    reply.data
}

/// How many cost points are left.
async fn left(merchant: &Merchant) -> i64 {
    let data = ask(merchant, "{ rateLimit { remaining } }").await;
    data["rateLimit"]["remaining"].as_i64().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_up_on_one_node_is_refused_on_the_other_after_one_exchange(
    #[values(Engine::Postgres)] engine: Engine,
) {
    let one = TestApp::with_settings(engine, &[BY_HAND, THIRTY_AN_HOUR]).await;
    let two = one.another_node().await;
    let school = one.merchant("school").await;
    let there = school.at(&two);
    sell(&school, 30).await;
    is_refused(&school).await;
    // The other node has heard nothing yet, and gives what it may until it does.
    sell(&there, 1).await;

    one.exchange_limits().await.unwrap();
    two.exchange_limits().await.unwrap();

    is_refused(&there).await;
    is_refused(&school).await;
    // Another merchant has buckets of its own, on both.
    let shop = one.merchant("shop").await;
    sell(&shop, 1).await;
    sell(&shop.at(&two), 1).await;

    // An hour and the one that was owed later, by the clock of the database, thirty are there again, for both together.
    let hand = Hand::at(&one.database.url).await;
    hand.change_all("UPDATE rate_limits SET full_at = full_at - INTERVAL '62 minutes'")
        .await;
    two.exchange_limits().await.unwrap();
    sell(&there, 20).await;
    two.exchange_limits().await.unwrap();
    one.exchange_limits().await.unwrap();
    sell(&school, 10).await;
    is_refused(&school).await;
    drop(two.stop().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn points_that_were_not_used_come_back_to_every_node(#[values(Engine::Postgres)] engine: Engine) {
    let settings = [
        BY_HAND,
        ("TAHSIL_LIMIT_COST", "100000"),
        ("TAHSIL_LIMIT_COST_PER_SECOND", "1"),
    ];
    let one = TestApp::with_settings(engine, &settings).await;
    let two = one.another_node().await;
    let school = one.merchant("school").await;
    let there = school.at(&two);
    let before = left(&there).await;
    // Priced at some twelve hundred points, worth two: there are no payments.
    let pages = "{ a: payments(first: 100) { nodes { id card { id } operations { id } refunds { id } } } }";
    for _ in 0..8 {
        ask(&school, pages).await;
    }

    one.exchange_limits().await.unwrap();
    two.exchange_limits().await.unwrap();

    // What the eight have cost, and not what they were priced at.
    let after = left(&there).await;
    assert!((before - 50..before).contains(&after), "{before}, {after}");
    drop(two.stop().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_told_is_told_with_the_next_exchange(#[values(Engine::Postgres)] engine: Engine) {
    let one = TestApp::with_settings(engine, &[BY_HAND, THIRTY_AN_HOUR]).await;
    let two = one.another_node().await;
    let school = one.merchant("school").await;
    let there = school.at(&two);
    let hand = Hand::at(&one.database.url).await;
    sell(&school, 15).await;
    hand.run("ALTER TABLE rate_limits RENAME TO away").await;
    one.exchange_limits().await.unwrap_err();
    sell(&school, 10).await;
    one.exchange_limits().await.unwrap_err();

    hand.run("ALTER TABLE away RENAME TO rate_limits").await;
    one.exchange_limits().await.unwrap();
    sell(&there, 1).await;
    two.exchange_limits().await.unwrap();

    sell(&there, 4).await;
    is_refused(&there).await;
    sell(&school, 5).await;
    is_refused(&school).await;
    drop(two.stop().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_database_is_gone_goes_on_alone(#[values(Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[BY_HAND, ("TAHSIL_LIMIT_QUERIES_PER_SECOND", "5")]).await;
    let school = app.merchant("school").await;
    for _ in 0..3 {
        ask(&school, "{ __typename }").await;
    }
    app.database.destroy().await;

    app.exchange_limits().await.unwrap_err();

    for _ in 0..2 {
        ask(&school, "{ __typename }").await;
    }
    let refused = school.ask("{ __typename }", json!({})).await;
    refused.fails_with("THROTTLED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nodes_exchange_by_themselves(#[values(Engine::Postgres)] engine: Engine) {
    let settings = [("TAHSIL_LIMIT_EXCHANGE_MS", "20"), THIRTY_AN_HOUR];
    let one = TestApp::with_settings(engine, &settings).await;
    let two = one.another_node().await;
    let school = one.merchant("school").await;
    let there = school.at(&two);
    sell(&school, 29).await;

    until("the other node has heard", async || {
        there.sale(iqd(1_000)).await.status == StatusCode::TOO_MANY_REQUESTS
    })
    .await;

    assert!(
        one.count("payments").await < 59,
        "and not because it had used up its own"
    );
    drop(two.stop().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_node_on_sqlite_tells_nobody(#[values(Engine::Sqlite)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[BY_HAND, THIRTY_AN_HOUR]).await;
    sell(&app.merchant("school").await, 3).await;
    app.take_statements();
    assert_eq!(app.exchange_limits().await.unwrap().told, 0);
    assert_eq!(app.take_statements(), Vec::<String>::new());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_table_follows_the_rule_of_shared_buckets(#[values(Engine::Postgres)] engine: Engine) {
    let one = TestApp::start(engine).await;
    let key = Key {
        class: "payments",
        holder: "mer_1:test".to_owned(),
    };
    // Hours, so that the time between two statements does not matter.
    let mut expected = 0;
    for (added, own) in [
        (3, 2),
        (4, 4),
        (-5, 0),
        (-9, 1),
        (0, 0),
        (30, 12),
        (1, 0),
        (-20, 0),
    ] {
        let told = Told {
            added: added * HOUR,
            own: own * HOUR,
            most: 20 * HOUR,
        };
        // Nobody has used it before: then it is as if it had been full for ever.
        expected = if one.count("rate_limits").await == 0 {
            told.own
        } else {
            told.on(expected)
        };
        let merged = exchange(&one.app, &[(key.clone(), told)]).await.unwrap();
        let [merged] = merged.as_slice() else {
            panic!("{merged:?}");
        };
        assert_eq!(
            (merged.class.as_str(), merged.holder.as_str()),
            ("payments", "mer_1:test")
        );
        assert!(
            (merged.missing - expected).abs() < HOUR / 10,
            "{merged:?}, expected {expected}"
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_buckets_that_are_full_are_deleted(#[values(Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[BY_HAND, THIRTY_AN_HOUR]).await;
    sell(&app.merchant("school").await, 1).await;
    sell(&app.merchant("shop").await, 1).await;
    app.exchange_limits().await.unwrap();
    let hand = Hand::at(&app.database.url).await;
    let (before, hourly) = (app.count("rate_limits").await, "class = 'payments_hourly'");
    assert_eq!(
        hand.number(&format!("SELECT COUNT(*) FROM rate_limits WHERE {hourly}"))
            .await,
        2
    );
    hand.change_all(&format!(
        "UPDATE rate_limits SET full_at = now() + INTERVAL '1 hour' WHERE {hourly}"
    ))
    .await;
    hand.change_all(&format!(
        "UPDATE rate_limits SET full_at = now() - INTERVAL '1 hour' WHERE NOT {hourly}"
    ))
    .await;

    assert_eq!(i64::try_from(purge(&app.app).await.unwrap()).unwrap(), before - 2);

    let left: Vec<Value> = hand
        .texts("SELECT class FROM rate_limits")
        .await
        .into_iter()
        .map(Value::from)
        .collect();
    assert_eq!(left, ["payments_hourly", "payments_hourly"]);
}
