//! Any object by its id.

use crate::support::{Engine, Merchant, PAYMENT, TestApp, iqd};
use rstest::rstest;
use serde_json::{Value, json};

const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";

/// The ids of a merchant's objects, of every kind: type name and id.
async fn every_kind(merchant: &Merchant) -> Vec<(&'static str, String)> {
    let sale = merchant.sale(iqd(125_000)).await.succeeds();
    let refund = merchant.refund(&sale.payment(), iqd(25_000)).await.succeeds();
    let cards = merchant
        .ask("{ cards(first: 1) { nodes { id } } }", json!({}))
        .await
        .data;
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    vec![
        ("Payment", sale.payment()),
        ("Operation", id(&sale.data["operation"]["id"])),
        ("Refund", id(&refund.data["refund"]["id"])),
        ("Card", id(&cards["cards"]["nodes"][0]["id"])),
        ("Merchant", merchant.tenant.merchant.to_string()),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_object_is_found_by_its_id(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for (kind, id) in every_kind(&school).await {
        let node = school
            .ask(
                "query($id: ID!) { node(id: $id) { __typename id } }",
                json!({ "id": id }),
            )
            .await;
        assert_eq!(node.errors, Vec::<Value>::new());
        assert_eq!(node.data["node"], json!({ "__typename": kind, "id": id }));
        let nodes = school.ask(NODES, json!({ "ids": [id] })).await;
        assert_eq!(nodes.data["nodes"], json!([{ "__typename": kind, "id": id }]));
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_the_same_object_as_by_its_own_question(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let kinds = every_kind(&school).await;
    let relations = "card { id last4 } operations { id kind payment { id } } refunds { id amount { amount } payment { id } }";
    let query = format!(
        "query($id: ID!, $ids: [ID!]!) {{ \
         payment(id: $id) {{ {PAYMENT} {relations} }} \
         nodes(ids: $ids) {{ ... on Payment {{ {PAYMENT} {relations} }} \
         ... on Operation {{ id payment {{ id status card {{ last4 }} }} }} \
         ... on Refund {{ id payment {{ id operations {{ kind }} }} }} ... on Card {{ id last4 }} ... on Merchant {{ id name mode }} }} }}"
    );
    let ids: Vec<&String> = kinds.iter().map(|(_, id)| id).collect();
    let reply = school.ask(&query, json!({ "id": ids[0], "ids": ids })).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    let nodes = &reply.data["nodes"];

    assert_eq!(nodes[0], reply.data["payment"]);
    assert_eq!(nodes[0]["operations"].as_array().map(Vec::len), Some(2));
    assert_eq!(nodes[0]["refunds"][0]["amount"]["amount"], "25000");
    let payment = json!({ "id": ids[0], "status": "PARTIALLY_REFUNDED", "card": { "last4": "4242" } });
    assert_eq!(nodes[1], json!({ "id": ids[1], "payment": payment }));
    let kinds = nodes[2]["payment"]["operations"].as_array().unwrap();
    let mut kinds: Vec<_> = kinds
        .iter()
        .filter_map(|operation| operation["kind"].as_str())
        .collect();
    // They were made in one millisecond, which has no order.
    kinds.sort_unstable();
    assert_eq!(kinds, ["REFUND", "SALE"]);
    assert_eq!(nodes[3], json!({ "id": ids[3], "last4": "4242" }));
    assert_eq!(
        nodes[4],
        json!({ "id": ids[4], "name": "school", "mode": "TEST" })
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nodes_keep_their_order_with_nulls_where_there_is_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let (own, foreign) = (every_kind(&school).await, every_kind(&shop).await);
    let second = school.sale(iqd(1_000)).await.succeeds().payment();
    let there = |(kind, id): &(&'static str, String)| (id.clone(), json!({ "__typename": kind, "id": id }));
    let missing = |id: &str| (id.to_owned(), Value::Null);

    let mut asked: Vec<(String, Value)> = Vec::new();
    for (mine, theirs) in own.iter().rev().zip(&foreign) {
        asked.extend([
            there(mine),
            missing(&theirs.1),
            there(&("Payment", second.clone())),
        ]);
    }
    // Malformed ids, and well-formed ones of kinds that nobody finds here.
    let body = &second[4..];
    for id in [
        "",
        "x",
        "pay_",
        "دفعة",
        "\u{0}",
        body,
        &format!("PAY_{body}"),
        &format!("pay_{body}0"),
    ] {
        asked.push(missing(id));
    }
    for prefix in ["op", "cred", "req", "jrn", "evt", "pi", "nonsense"] {
        asked.push(missing(&format!("{prefix}_{body}")));
    }
    asked.push(there(&own[0]));
    let (ids, expected): (Vec<String>, Vec<Value>) = asked.into_iter().unzip();

    let reply = school.ask(NODES, json!({ "ids": ids })).await;

    assert_eq!(reply.errors, Vec::<Value>::new());
    assert_eq!(reply.data["nodes"], json!(expected));
    for (id, node) in ids.iter().zip(&expected) {
        let single = school
            .ask(
                "query($id: ID!) { node(id: $id) { __typename id } }",
                json!({ "id": id }),
            )
            .await;
        assert_eq!(
            (&single.errors, &single.data["node"]),
            (&Vec::new(), node),
            "{id:?}"
        );
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nodes_takes_at_most_a_hundred_ids(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = school.sale(iqd(1_000)).await.succeeds().payment();

    let hundred = school.ask(NODES, json!({ "ids": vec![id.as_str(); 100] })).await;
    assert_eq!(hundred.data["nodes"].as_array().unwrap().len(), 100);
    let none = school.ask(NODES, json!({ "ids": [] })).await;
    assert_eq!((none.errors, none.data["nodes"].clone()), (Vec::new(), json!([])));
    let more = school.ask(NODES, json!({ "ids": vec![id.as_str(); 101] })).await;
    assert!(more.data.is_null());
    more.fails_with("BAD_USER_INPUT");
    app.ledger_ties().await;
}
