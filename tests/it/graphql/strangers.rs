//! Other people's objects: an id of another merchant, or of the other mode, behaves exactly like one that never existed.

use crate::support::{Engine, Merchant, TestApp, iqd, on};
use domain::credential::Scopes;
use domain::merchant::{Mode, Tenant};
use rstest::rstest;
use serde_json::{Value, json};

/// A well-formed id that nobody has: the same but for its last character.
fn unknown_like(id: &str) -> String {
    let (head, last) = id.split_at(id.len() - 1);
    format!("{head}{}", if last == "0" { "1" } else { "0" })
}

/// The ids of a payment's objects.
struct Objects {
    payment: String,
    operation: String,
    refund: String,
    card: String,
}

impl Objects {
    async fn of(merchant: &Merchant) -> Self {
        let payment = merchant.sale(iqd(125_000)).await.succeeds().payment();
        merchant.refund(&payment, iqd(25_000)).await.succeeds();
        let query = "query($id: ID!) { payment(id: $id) { operations { id } refunds { id } card { id } } }";
        let found = merchant.ask(query, json!({ "id": payment })).await.data["payment"].take();
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        Self {
            operation: id(&found["operations"][0]),
            refund: id(&found["refunds"][0]),
            card: id(&found["card"]),
            payment,
        }
    }
}

/// Every question and command that takes the id of a payment, with all that comes back.
async fn everything_about(merchant: &Merchant, payment: &str) -> Vec<Value> {
    let mut answers = Vec::new();
    let queries = [
        "payment(id: $id) { id status card { id } operations { id } refunds { id } }",
        "node(id: $id) { __typename id }",
        "nodes(ids: [$id, $id]) { __typename id }",
        "operations(payment: $id, first: 10) { nodes { id } edges { cursor } pageInfo { hasNextPage startCursor } }",
        "refunds(payment: $id, last: 10) { nodes { id } edges { cursor } pageInfo { hasNextPage startCursor } }",
        "ledgerEntries(payment: $id, first: 10) { nodes { id } edges { cursor } pageInfo { hasNextPage startCursor } }",
    ];
    for query in queries {
        let reply = merchant
            .ask(
                &format!("query($id: ID!) {{ {query} }}"),
                json!({ "id": payment }),
            )
            .await;
        answers.push(json!({ "status": reply.status.as_u16(), "data": reply.data, "errors": reply.errors }));
    }
    for mutation in ["paymentCapture", "paymentVoid", "paymentRefund"] {
        let mut inputs = vec![json!({}), json!({ "simulate": true })];
        if mutation != "paymentVoid" {
            inputs.push(json!({ "amount": iqd(1) }));
            // Not even the currency of a stranger's payment shows.
            inputs.push(json!({ "amount": { "amount": "1", "currency": "USD" } }));
            inputs.push(json!({ "amount": iqd(10_000_000_000) }));
        }
        for input in inputs {
            let reply = merchant.send(mutation, on(payment, input)).await;
            answers
                .push(json!({ "status": reply.status.as_u16(), "data": reply.data, "errors": reply.errors }));
        }
    }
    answers
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_payment_is_as_if_it_were_not_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let live = Tenant {
        merchant: school.tenant.merchant,
        mode: Mode::Live,
    };
    let live = app.key_of(live, Scopes::all()).await;
    // Both have objects of their own, so that nothing is empty for another reason.
    Objects::of(&shop).await;
    Objects::of(&live).await;
    let theirs = [
        Objects::of(&school).await.payment,
        school.authorize(iqd(125_000)).await.succeeds().payment(),
    ];
    let before = app.row_counts().await;
    for payment in theirs {
        for stranger in [&shop, &live] {
            let foreign = everything_about(stranger, &payment).await;
            let unknown = everything_about(stranger, &unknown_like(&payment)).await;
            assert_eq!(foreign, unknown);
            assert_eq!(foreign[0]["data"], json!({ "payment": null }));
            assert_eq!(foreign[3]["data"]["operations"]["nodes"], json!([]));
            let refused =
                json!([{ "code": "PAYMENT_NOT_FOUND", "message": "payment not found", "field": ["id"] }]);
            assert_eq!(foreign.last().unwrap()["data"]["userErrors"], refused);
        }
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_kind_of_object_shows_to_strangers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let live = Tenant {
        merchant: school.tenant.merchant,
        mode: Mode::Live,
    };
    let live = app.key_of(live, Scopes::all()).await;
    let theirs = Objects::of(&school).await;
    let own = Objects::of(&shop).await;
    let merchant = school.tenant.merchant.to_string();

    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let ids = [
        &theirs.payment,
        &theirs.operation,
        &theirs.refund,
        &theirs.card,
        &own.payment,
    ];
    let seen = shop.ask(query, json!({ "ids": ids })).await;
    let own_payment = json!({ "__typename": "Payment", "id": own.payment });
    assert_eq!(seen.data["nodes"], json!([null, null, null, null, own_payment]));
    let seen = shop.ask(query, json!({ "ids": [merchant] })).await;
    assert_eq!(seen.data["nodes"], json!([null]), "nor the merchant itself");
    let seen = live.ask(query, json!({ "ids": ids })).await;
    assert_eq!(
        seen.data["nodes"],
        json!([null, null, null, null, null]),
        "nor to its own key of the other mode"
    );

    let lists = "{ payments(first: 100) { totalCount nodes { id } } operations(first: 100) { nodes { id } } \
         refunds(first: 100) { nodes { id } } cards(first: 100) { nodes { id } } ledgerEntries(first: 100) { nodes { id } } \
         balances { currency } ledgerIntegrity { payments } }";
    let seen = live.ask(lists, json!({})).await.data;
    let nothing = json!({ "nodes": [] });
    assert_eq!(
        seen,
        json!({
            "payments": { "totalCount": 0, "nodes": [] },
            "operations": nothing,
            "refunds": nothing,
            "cards": nothing,
            "ledgerEntries": nothing,
            "balances": [],
            "ledgerIntegrity": { "payments": "0" },
        })
    );
    let seen = shop.ask(lists, json!({})).await.data;
    assert_eq!(
        seen["payments"],
        json!({ "totalCount": 1, "nodes": [{ "id": own.payment }] })
    );
    assert_eq!(seen["operations"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(seen["cards"]["nodes"], json!([{ "id": own.card }]));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_id_is_no_object(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let own = Objects::of(&school).await;
    let before = app.row_counts().await;
    let malformed = [
        String::new(),
        "pay_".to_owned(),
        "pay".to_owned(),
        own.payment.to_uppercase(),
        own.payment.replace("pay_", "PAY_"),
        own.payment.replace("pay_", "txn_"),
        own.payment.replace("pay_", ""),
        own.payment.replacen("pay_0", "pay_8", 1),
        format!("{}0", own.payment),
        own.payment[..own.payment.len() - 1].to_owned(),
        format!("{}u", &own.payment[..own.payment.len() - 1]),
        format!(" {}", own.payment),
        format!("{}\u{0}", &own.payment[..own.payment.len() - 1]),
        "دفعة".to_owned(),
        "' OR 1=1 --".to_owned(),
        "p".repeat(4_000),
        own.operation.clone(),
        own.refund.clone(),
    ];
    for id in malformed {
        assert_eq!(school.payment(&id).await, Value::Null, "{id:?}");
        for list in ["operations", "refunds", "ledgerEntries"] {
            let query = format!("query($id: ID!) {{ {list}(payment: $id, first: 1) {{ nodes {{ id }} }} }}");
            school
                .ask(&query, json!({ "id": id }))
                .await
                .fails_with("BAD_USER_INPUT");
        }
        for mutation in ["paymentCapture", "paymentVoid", "paymentRefund"] {
            let refused = school
                .send(mutation, on(&id, json!({})))
                .await
                .is_refused_with("ID_MALFORMED");
            assert_eq!(refused.data["userErrors"][0]["field"], json!(["id"]));
        }
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}
