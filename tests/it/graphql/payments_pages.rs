//! Walking the list of payments, in every order.

use super::payments_list::minor;
use super::walk::{List, Way};
use crate::support::{Engine, Merchant, TestApp, iqd, on};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// Payments with some equal amounts, a second apart, in no order of amount.
async fn many(app: &TestApp, merchant: &Merchant) {
    for dinars in [5_000, 1_000, 5_000, 3_000, 1_000, 9_000, 5_000, 2_000, 9_000] {
        merchant.sale(iqd(dinars)).await.succeeds();
        app.clock.advance(Duration::seconds(1));
    }
}

const NODE: &str = "id createdAt amount { amount }";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn walking_all_pages_either_way_gives_every_payment_once_in_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    many(&app, &school).await;
    many(&app, &shop).await;
    let key = |payment: &Value, field: &str| {
        let amount = if field == "AMOUNT" { minor(payment) } else { 0 };
        (amount, payment["id"].as_str().unwrap().to_owned())
    };
    let newest = List {
        name: "payments",
        arguments: "",
        node: NODE,
    }
    .all(&school, Way::Forward, 100)
    .await;
    assert_eq!(newest.len(), 9);
    assert!(
        newest.is_sorted_by(|a, b| a["createdAt"].as_str() > b["createdAt"].as_str()),
        "newest first"
    );

    for field in ["CREATED_AT", "AMOUNT"] {
        for direction in ["ASC", "DESC"] {
            let mut expected = newest.clone();
            expected.sort_by_key(|payment| key(payment, field));
            if direction == "DESC" {
                expected.reverse();
            }
            let arguments = format!("orderBy: {{ field: {field}, direction: {direction} }}");
            let list = List {
                name: "payments",
                arguments: &arguments,
                node: NODE,
            };
            for size in [1, 2, 4, 9, 10] {
                for way in [Way::Forward, Way::Backward] {
                    assert_eq!(
                        list.all(&school, way, size).await,
                        expected,
                        "{arguments} {way:?} {size}"
                    );
                }
            }
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_list_is_walked_like_any_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    many(&app, &school).await;
    let arguments = "filter: { currency: IQD, amountMin: \"3000\", status: [CAPTURED] }, \
                     orderBy: { field: AMOUNT, direction: ASC }";
    let list = List {
        name: "payments",
        arguments,
        node: NODE,
    };

    let whole = list.all(&school, Way::Forward, 100).await;
    let amounts: Vec<i64> = whole.iter().map(minor).collect();
    assert_eq!(amounts, [3_000, 5_000, 5_000, 5_000, 9_000, 9_000]);
    for way in [Way::Forward, Way::Backward] {
        assert_eq!(list.all(&school, way, 2).await, whole, "{way:?}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn payments_that_arrive_between_pages_shift_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    many(&app, &school).await;
    for arguments in ["", "orderBy: { field: AMOUNT }"] {
        let list = List {
            name: "payments",
            arguments,
            node: NODE,
        };
        let before = list.all(&school, Way::Forward, 100).await;
        let mut seen = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let page = list.page(&school, Way::Forward, 3, &cursor).await;
            seen.extend(page["nodes"].as_array().unwrap().clone());
            cursor = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            // One that sorts before everything seen so far, on either key.
            school.sale(iqd(1_000_000)).await.succeeds();
            app.clock.advance(Duration::seconds(1));
        }
        assert_eq!(seen, before, "{arguments}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_stays_good_when_its_payment_changes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    many(&app, &school).await;
    let list = List {
        name: "payments",
        arguments: "filter: { status: [CAPTURED] }",
        node: NODE,
    };
    let whole = list.all(&school, Way::Forward, 100).await;
    let page = list.page(&school, Way::Forward, 3, &Value::Null).await;

    // The last payment of the first page leaves the filter, and with it the list.
    let edge = page["nodes"][2]["id"].as_str().unwrap();
    school.send("paymentRefund", on(edge, json!({}))).await.succeeds();
    let next = list
        .page(&school, Way::Forward, 3, &page["pageInfo"]["endCursor"])
        .await;

    assert_eq!(next["nodes"].as_array().unwrap(), &whole[3..6]);
    app.ledger_ties().await;
}
