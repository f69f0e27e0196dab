//! Where the versions differ: statuses of wrong states and of what ran out. The words are the same.

use super::desk::{Desk, Heard, TIGRIS, path};
use crate::support::{Engine, Hand, TestApp};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn basra_answers_by_s2s_table_and_tigris_by_its_examples(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let desk = Desk::of(&app, &app.merchant("school").await);
    let (held, sold, full) = (
        desk.authorized(9999).await,
        desk.sold(9999).await,
        desk.sold(9999).await,
    );
    let voided = desk.authorized(9999).await;
    let why = json!({ "reason": "canceled" });
    let back = |amount: i64| json!({ "amount": amount, "reason": "returned" });
    desk.post(&path(&voided, "void"), why.clone()).await.is(200);
    desk.post(&path(&full, "refund"), back(9999)).await.is(200);
    let take = json!({ "amount": 9999 });
    let rows: Vec<(&String, &str, Value, u16, u16)> = vec![
        (&sold, "capture", take.clone(), 400, 409),
        (&voided, "capture", take.clone(), 400, 409),
        (&sold, "void", why.clone(), 400, 409),
        (&voided, "void", why.clone(), 400, 409),
        (&held, "refund", back(1), 400, 409),
        (&full, "refund", back(1), 400, 409),
        (&held, "capture", json!({ "amount": 10_000 }), 400, 400),
        (&sold, "refund", back(10_000), 400, 400),
    ];
    let both = async |payment: &str, command: &str, body: &Value, statuses: (u16, u16)| {
        let path = path(payment, command);
        let tigris = desk.post_with(&path, body.clone(), &[TIGRIS]).await;
        let basra = desk.post(&path, body.clone()).await;
        let pinned = desk
            .post_with(&path, body.clone(), &[("x-api-version", "2026-06-14.basra")])
            .await;
        let words = |heard: &Heard| {
            (
                heard.body["error"].as_str().unwrap().to_owned(),
                heard.body["error_code"].clone(),
            )
        };
        assert_eq!(
            (tigris.status, basra.status),
            statuses,
            "{command}: {}",
            tigris.text
        );
        assert_eq!(words(&tigris), words(&basra));
        assert_eq!((pinned.status, words(&pinned)), (basra.status, words(&basra)));
    };
    for (payment, command, body, tigris, basra) in &rows {
        both(payment, command, body, (*tigris, *basra)).await;
    }
    app.clock.advance(Duration::days(7));
    both(&held, "capture", &take, (400, 410)).await;
    both(&held, "void", &why, (400, 410)).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_pin_of_the_key_decides_when_no_header_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = Desk::of(&app, &school);
    let path = path(&desk.sold(9999).await, "void");
    let why = json!({ "reason": "canceled" });
    assert_eq!(
        desk.post(&path, why.clone()).await.status,
        409,
        "new keys are at the newest"
    );
    Hand::at(&app.database.url)
        .await
        .change("UPDATE credentials SET api_version = '2025-12-01.tigris'")
        .await;
    app.clock.advance(Duration::seconds(2));
    assert_eq!(desk.post(&path, why.clone()).await.status, 400);
    let unknown = desk
        .post_with(&path, why, &[("x-api-version", "2027-01-01.erbil")])
        .await;
    assert_eq!(
        (unknown.status, &unknown.body["error_code"]),
        (400, &json!("BAD_REQUEST"))
    );
}
