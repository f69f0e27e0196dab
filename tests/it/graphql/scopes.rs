//! What a key may do: one scope each, and what an operator may not.

use super::keys::WHO;
use crate::support::{Engine, Merchant, TestApp, charge, iqd, on};
use domain::credential::Scope;
use rstest::rstest;
use serde_json::{Value, json};

/// Something that needs a scope: the scope, and how to ask for it.
struct Need {
    scope: Scope,
    root: &'static str,
    query: &'static str,
    variables: Value,
}

/// Everything that needs a scope. `held` and `sold` are payments; each need is asked once by a key that has nothing else.
fn needs(held: &str, voidable: &str, sold: &str) -> Vec<Need> {
    let mutation = |scope, root, query, input| Need {
        scope,
        root,
        query,
        variables: json!({ "input": input }),
    };
    let query = |scope, root, query| Need {
        scope,
        root,
        query,
        variables: json!({ "id": sold }),
    };
    vec![
        mutation(
            Scope::PaymentsCreate,
            "paymentAuthorize",
            "mutation($input: PaymentAuthorizeInput!) { paymentAuthorize(input: $input) { payment { id } userErrors { code } } }",
            charge(iqd(1_000), json!({})),
        ),
        mutation(
            Scope::PaymentsCreate,
            "paymentSale",
            "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id } userErrors { code } } }",
            charge(iqd(1_000), json!({})),
        ),
        mutation(
            Scope::PaymentsCreate,
            "paymentSale",
            "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id } userErrors { code } } }",
            charge(iqd(1_000), json!({ "simulate": true })),
        ),
        mutation(
            Scope::PaymentsCapture,
            "paymentCapture",
            "mutation($input: PaymentCaptureInput!) { paymentCapture(input: $input) { payment { id } userErrors { code } } }",
            on(held, json!({})),
        ),
        mutation(
            Scope::PaymentsCapture,
            "paymentVoid",
            "mutation($input: PaymentVoidInput!) { paymentVoid(input: $input) { payment { id } userErrors { code } } }",
            on(voidable, json!({})),
        ),
        mutation(
            Scope::RefundsCreate,
            "paymentRefund",
            "mutation($input: PaymentRefundInput!) { paymentRefund(input: $input) { payment { id } userErrors { code } } }",
            on(sold, json!({})),
        ),
        query(
            Scope::PaymentsRead,
            "payment",
            "query($id: ID!) { payment(id: $id) { id } }",
        ),
        query(
            Scope::PaymentsRead,
            "payments",
            "{ payments(first: 1) { nodes { id } } }",
        ),
        query(
            Scope::PaymentsRead,
            "payments",
            "{ payments(first: 1) { totalCount } }",
        ),
        query(
            Scope::PaymentsRead,
            "operations",
            "{ operations(first: 1) { nodes { id } } }",
        ),
        query(
            Scope::PaymentsRead,
            "refunds",
            "{ refunds(first: 1) { pageInfo { hasNextPage } } }",
        ),
        query(
            Scope::PaymentsRead,
            "cards",
            "{ cards(last: 1) { nodes { id } } }",
        ),
        query(
            Scope::PaymentsRead,
            "node",
            "query($id: ID!) { node(id: $id) { id } }",
        ),
        query(
            Scope::PaymentsRead,
            "nodes",
            "query($id: ID!) { nodes(ids: [$id]) { id } }",
        ),
        query(Scope::ReportsRead, "balances", "{ balances { currency } }"),
        query(
            Scope::ReportsRead,
            "ledgerEntries",
            "{ ledgerEntries(first: 1) { nodes { id } } }",
        ),
        query(
            Scope::ReportsRead,
            "ledgerIntegrity",
            "{ ledgerIntegrity { ok } }",
        ),
        query(
            Scope::LogsRead,
            "apiRequests",
            "{ apiRequests(first: 1) { nodes { id } } }",
        ),
    ]
}

async fn without(app: &TestApp, merchant: &Merchant, scope: Scope) -> Merchant {
    let words: Vec<&str> = Scope::ALL
        .iter()
        .filter(|other| **other != scope)
        .map(|scope| scope.as_str())
        .collect();
    app.key_of(merchant.tenant, words.join(",").parse().unwrap())
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_the_scope_is_forbidden_and_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let voidable = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let before = app.row_counts().await;

    for need in needs(&held, &voidable, &sold) {
        let crippled = without(&app, &school, need.scope).await;
        let refused = crippled.ask(need.query, need.variables).await;
        assert!(
            refused.data[need.root].is_null(),
            "{}: {:#}",
            need.query,
            refused.data
        );
        let refused = refused.fails_with("FORBIDDEN");
        let words = format!("this credential lacks the scope {}", need.scope);
        assert_eq!(refused.errors[0]["message"], words.as_str(), "{}", need.query);
    }
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_one_scope_is_enough(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let voidable = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();

    for need in needs(&held, &voidable, &sold) {
        let single = app
            .key_of(school.tenant, need.scope.as_str().parse().unwrap())
            .await;
        let reply = single.ask(need.query, need.variables).await;
        assert_eq!(reply.errors, Vec::<Value>::new(), "{}", need.query);
        assert!(!reply.data[need.root].is_null(), "{}", need.query);
        if need.query.starts_with("mutation") {
            assert_eq!(reply.data[need.root]["userErrors"], json!([]), "{}", need.query);
        }
        // Who it is, every key may know.
        assert_eq!(
            single.ask(WHO, json!({})).await.data["merchant"]["name"],
            "school"
        );
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_no_merchant(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let operator = app.operator("operator").await;
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    let voidable = school.authorize(iqd(125_000)).await.succeeds().payment();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    let before = app.row_counts().await;

    // The request log is the exception: operators see all of it.
    let mut needs = needs(&held, &voidable, &sold);
    needs.retain(|need| need.scope != Scope::LogsRead);
    for need in needs {
        let refused = operator
            .ask(need.query, need.variables)
            .await
            .fails_with("FORBIDDEN");
        assert!(refused.data[need.root].is_null(), "{}", need.query);
        assert_eq!(
            refused.errors[0]["message"], "this needs the credential of a merchant",
            "{}",
            need.query
        );
    }
    let reply = operator.ask(WHO, json!({})).await;
    assert_eq!(
        (reply.errors, reply.data),
        (Vec::new(), json!({ "merchant": null }))
    );
    assert_eq!(app.row_counts().await, before);
    app.ledger_ties().await;
}
