//! Pages that are written at once say what the library's own way says, to the byte.
//!
//! A page is written at once only if its field stands alone at the root; inside a fragment on the root the same question goes the
//! library's way.

use crate::support::{Engine, Merchant, PAYMENT, Payer, TestApp, card, charge, iqd};
use rstest::rstest;
use serde_json::json;

/// Payments of every kind that prints something of its own.
async fn filled(merchant: &Merchant) {
    let held = merchant.authorize(iqd(9_000)).await.succeeds().payment();
    merchant.void(&held).await.succeeds();
    let partly = merchant.authorize(iqd(8_000)).await.succeeds().payment();
    merchant.capture_and_keep(&partly, iqd(3_000)).await.succeeds();
    let sold = merchant.sale(iqd(7_000)).await.succeeds().payment();
    merchant.refund(&sold, iqd(1_000)).await.succeeds();
    merchant.refund(&sold, iqd(2_000)).await.succeeds();
    merchant.sale_by(Payer::Poor, iqd(6_000)).await.succeeds();
    merchant.sale_by(Payer::Risky, iqd(5_000)).await.succeeds();
    let wallet = charge(iqd(4_000), json!({ "gateway": "FIB", "card": null }));
    merchant.send("paymentSale", wallet).await.succeeds();
    let mut named = card("4242424242424242");
    named["cardholderName"] = "زينب \"Z\" \\ O'Neil 🎓".into();
    let with = json!({
        "card": named,
        "description": "قسط \"الأول\" \\ </script> \u{2028}",
        "merchantReference": "SCH/1",
        "customer": { "email": "z@example.iq", "name": "Zainab" },
        "metadata": { "b": "2", "a": "\"1\"\\" },
    });
    merchant
        .send(
            "paymentSale",
            charge(json!({ "amount": "12.50", "currency": "USD" }), with),
        )
        .await
        .succeeds();
}

const OPERATION: &str = "id kind status amount { amount currency minor } fee { minor } reserve { minor } authCode \
     providerReference fraudScore failure { reason code message } reason createdAt settledAt";
const REFUND: &str =
    "id operationId amount { amount minor } reason status failure { reason } createdAt settledAt";
const CARD: &str = "id brand last4 expMonth expYear cardholderName fingerprint createdAt";

/// A list, what is asked of it, and the fragments of that.
type Question = (&'static str, String, &'static str);

fn questions() -> Vec<Question> {
    let all = format!("{PAYMENT} card {{ {CARD} }} operations {{ {OPERATION} }} refunds {{ {REFUND} }}");
    let ask = |list, asked: &str| -> Question { (list, asked.to_owned(), "") };
    vec![
        ask(
            "payments",
            &format!("nodes {{ {all} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"),
        ),
        ask("payments", &format!("edges {{ cursor node {{ {all} }} }}")),
        ask(
            "payments",
            "__typename pageInfo { __typename endCursor } edges { __typename node { __typename \
             card { __typename } operations { __typename amount { __typename } } } }",
        ),
        ask(
            "payments",
            "n: nodes { k: id sum: amount { value: amount } other: amount { value: minor } }",
        ),
        // The same key in several places, in an order of its own.
        ask(
            "payments",
            "nodes { refunds { id } amount { amount } id amount { minor amount } refunds { status id } } \
             nodes { version id }",
        ),
        (
            "payments",
            "nodes { ... on Payment { id } ... on Node { id ... on Payment { status } } ... { mode } ...P ...P }"
                .to_owned(),
            "fragment P on Payment { ...Q operations { ...O } card { ... on Node { id } last4 } } \
             fragment Q on Payment { gateway } fragment O on Operation { kind ... on Node { id } }",
        ),
        ask(
            "payments",
            "nodes { id @skip(if: true) status @include(if: true) mode @include(if: false) \
             card @skip(if: false) { last4 } }",
        ),
        // What has to be loaded goes the library's way as a whole.
        ask(
            "payments",
            "totalCount nodes { id operations { id payment { id } } }",
        ),
        ask(
            "operations",
            &format!("nodes {{ {OPERATION} }} pageInfo {{ endCursor }}"),
        ),
        ask("operations", "nodes { id payment { id status } }"),
        ask("refunds", &format!("edges {{ cursor node {{ {REFUND} }} }}")),
        ask(
            "cards",
            &format!("nodes {{ {CARD} }} pageInfo {{ hasNextPage startCursor }}"),
        ),
    ]
}

/// The answer, letter for letter, without what is left to spend, which is less each time.
async fn letters(app: &TestApp, merchant: &Merchant, query: &str) -> String {
    let post = reqwest::Client::new()
        .post(format!("{}/graphql", app.url))
        .header("x-api-key", &merchant.secret)
        .json(&json!({ "query": query }));
    let text = post.send().await.unwrap().text().await.unwrap();
    text.split(",\"throttleStatus\"").next().unwrap().to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn both_ways_write_the_same_letters(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    filled(&school).await;
    for (list, asked, fragments) in questions() {
        for limit in [3, 50] {
            let field = format!("{list}(first: {limit}) {{ {asked} }}");
            let at_once = letters(&app, &school, &format!("{{ {field} }} {fragments}")).await;
            let nested = format!("{{ ... on Query {{ {field} }} }} {fragments}");
            let one_by_one = letters(&app, &school, &nested).await;
            assert!(at_once.starts_with("{\"data\":{\""), "{asked}: {at_once}");
            assert_eq!(at_once, one_by_one, "{asked}");
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_list_asked_twice_is_merged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = school.sale(iqd(1_000)).await.succeeds().payment();
    let twice = "{ payments(first: 1) { nodes { id } } payments(first: 1) { nodes { status } } \
                 other: payments(first: 1) { nodes { mode } } }";
    let reply = school.ask(twice, json!({})).await;
    assert_eq!(
        reply.data,
        json!({
            "payments": { "nodes": [{ "id": payment, "status": "CAPTURED" }] },
            "other": { "nodes": [{ "mode": "TEST" }] },
        })
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn metadata_cannot_pass_for_json_that_is_already_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let poison = json!({ "$serde_json::private::RawValue": "{\"status\":\"CAPTURED\"}" });
    let sale = charge(iqd(1_000), json!({ "metadata": poison }));
    let refused = school.send("paymentSale", sale).await;
    refused.is_refused_with("TEXT_INVALID");
    assert_eq!(app.count("payments").await, 0);
}
