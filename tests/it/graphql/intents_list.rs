//! The list of intents: what selects it, and its pages.

use super::checkout::{cancel, made, pay};
use super::walk::{List, Way};
use crate::support::{Engine, Merchant, Payer, TestApp, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

/// Ids that a filter gives, and how many match.
async fn listed(merchant: &Merchant, filter: Value) -> Vec<String> {
    let query =
        "query($filter: IntentFilter) { intents(first: 100, filter: $filter) { totalCount nodes { id } } }";
    let reply = merchant.ask(query, json!({ "filter": filter })).await;
    assert_eq!(reply.errors, Vec::<Value>::new(), "{filter}");
    let nodes = reply.data["intents"]["nodes"].as_array().unwrap();
    let ids: Vec<String> = nodes
        .iter()
        .map(|node| node["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(reply.data["intents"]["totalCount"], ids.len(), "{filter}");
    ids
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn intents_are_selected_by_their_status_as_of_now(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let short = made(&school, json!({ "expiresInMinutes": 5 })).await;
    app.clock.advance(Duration::seconds(1));
    let paid = made(&school, json!({ "merchantReference": "order-2" })).await;
    pay(&school, &paid, Payer::Visa).await.succeeds();
    app.clock.advance(Duration::seconds(1));
    let held = made(&school, json!({ "captureMethod": "MANUAL" })).await;
    pay(&school, &held, Payer::Visa).await.succeeds();
    app.clock.advance(Duration::seconds(1));
    let gone = made(&school, json!({})).await;
    cancel(&school, &gone).await.succeeds();
    app.clock.advance(Duration::seconds(1));
    let open = made(&school, json!({})).await;

    assert_eq!(
        listed(&school, json!({ "status": ["CREATED"] })).await,
        [open.as_str(), &short]
    );
    assert_eq!(
        listed(&school, json!({ "status": ["EXPIRED"] })).await,
        Vec::<String>::new()
    );
    app.clock.advance(Duration::minutes(5));
    let by = |status: &str| json!({ "status": [status] });
    for _ in ["before the sweep", "after it"] {
        for (status, id) in [
            ("CREATED", &open),
            ("SUCCEEDED", &paid),
            ("REQUIRES_CAPTURE", &held),
            ("CANCELED", &gone),
            ("EXPIRED", &short),
        ] {
            assert_eq!(listed(&school, by(status)).await, [id.as_str()], "{status}");
        }
        assert_eq!(listed(&school, by("FAILED")).await, Vec::<String>::new());
        assert_eq!(
            listed(&school, json!({ "status": ["EXPIRED", "SUCCEEDED"] })).await,
            [paid.as_str(), &short]
        );
        assert_eq!(
            listed(&school, json!({ "status": [] })).await,
            Vec::<String>::new(),
            "no status is none"
        );
        service::intent::expire_due(&app.app, 100).await.unwrap();
    }
    assert_eq!(
        listed(&school, json!({ "merchantReference": "order-2" })).await,
        [paid.as_str()]
    );
    assert_eq!(
        listed(&school, json!({ "merchantReference": "order" })).await,
        Vec::<String>::new()
    );
    let between = json!({ "createdFrom": "2026-06-15T10:00:01Z", "createdBefore": "2026-06-15T10:00:03Z" });
    assert_eq!(listed(&school, between).await, [held.as_str(), &paid]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn intents_of_a_link_are_found_from_both_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    made(&school, json!({})).await;
    let link = super::payment_links::link(&school, json!({})).await;
    let mut begun = Vec::new();
    for _ in 0..3 {
        app.clock.advance(Duration::seconds(1));
        let intent = service::payment_link::begin(&app.app, link.parse().unwrap())
            .await
            .unwrap()
            .intent;
        begun.insert(0, intent.id.to_string());
    }
    assert_eq!(listed(&school, json!({ "link": link })).await, begun);
    let query = "query($id: ID!, $after: String) { paymentLink(id: $id) { intents(first: 2, after: $after) { totalCount nodes { id source link { id } } \
         pageInfo { hasNextPage endCursor } } } }";
    let page = school.ask(query, json!({ "id": link })).await;
    assert_eq!(page.errors, Vec::<Value>::new());
    let page = &page.data["paymentLink"]["intents"];
    let node = |id: &String| json!({ "id": id, "source": "LINK", "link": { "id": link } });
    assert_eq!(page["nodes"], json!([node(&begun[0]), node(&begun[1])]));
    assert_eq!(
        (&page["totalCount"], &page["pageInfo"]["hasNextPage"]),
        (&json!(3), &json!(true))
    );
    let next = json!({ "id": link, "after": page["pageInfo"]["endCursor"] });
    let next = school.ask(query, next).await;
    assert_eq!(
        next.data["paymentLink"]["intents"]["nodes"],
        json!([node(&begun[2])])
    );
    let elsewhere = "query($after: String) { intents(first: 1, after: $after) { nodes { id } } }";
    let cursor = json!({ "after": page["pageInfo"]["endCursor"] });
    school.ask(elsewhere, cursor).await.fails_with("BAD_USER_INPUT");
    for filter in [
        json!({ "link": "pay_1" }),
        json!({ "merchantReference": "a\u{0}" }),
    ] {
        let query = "query($filter: IntentFilter) { intents(first: 1, filter: $filter) { nodes { id } } }";
        school
            .ask(query, json!({ "filter": filter }))
            .await
            .fails_with("BAD_USER_INPUT");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn walking_all_pages_either_way_gives_everything_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    for number in 0..7 {
        for merchant in [&school, &shop] {
            made(merchant, json!({ "amount": iqd(1_000 + number) })).await;
            super::payment_links::link(merchant, json!({})).await;
            super::promo_codes::code(
                merchant,
                json!({ "code": format!("CODE-{number}"), "shareBps": 1_000 }),
            )
            .await;
        }
        app.clock.advance(Duration::seconds(1));
    }
    for (name, arguments) in [
        ("intents", ""),
        ("intents", "filter: { status: [CREATED, CANCELED] }"),
        ("paymentLinks", ""),
        ("promoCodes", ""),
    ] {
        let list = List {
            name,
            arguments,
            node: "id createdAt",
        };
        let whole = list.all(&school, Way::Forward, 100).await;
        assert_eq!(whole.len(), 7, "{name}");
        assert!(
            whole.is_sorted_by(|a, b| a["createdAt"].as_str() > b["createdAt"].as_str()),
            "newest first"
        );
        for size in [1, 3, 7, 8] {
            for way in [Way::Forward, Way::Backward] {
                assert_eq!(list.all(&school, way, size).await, whole, "{name} {way:?} {size}");
            }
        }
    }
    let totals = school
        .ask("{ paymentLinks(first: 1) { totalCount } }", json!({}))
        .await;
    assert_eq!(totals.data["paymentLinks"]["totalCount"], 7);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn relations_of_a_page_are_read_together(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let link = super::payment_links::link(&school, json!({})).await;
    for _ in 0..5 {
        let intent = service::payment_link::begin(&app.app, link.parse().unwrap())
            .await
            .unwrap()
            .intent;
        pay(&school, &intent.id.to_string(), Payer::Poor).await.succeeds();
        pay(&school, &intent.id.to_string(), Payer::Visa).await.succeeds();
    }
    app.take_statements();
    let query =
        "{ intents(first: 5) { nodes { id attempts { id intent { id } } payment { id } link { id } } } }";
    let page = school.ask(query, json!({})).await;
    assert_eq!(page.errors, Vec::<Value>::new());
    let statements = app.take_statements();
    // The page, its attempts, payments and links, and the intents of the attempts.
    assert_eq!(statements.len(), 5, "{statements:#?}");
    for node in page.data["intents"]["nodes"].as_array().unwrap() {
        assert_eq!(node["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(
            (&node["attempts"][1]["id"], &node["attempts"][0]["intent"]["id"]),
            (&node["payment"]["id"], &node["id"])
        );
    }
    app.ledger_ties().await;
}
