//! Paying by wallet: its owner is asked on a page that stands in for the wallet.

use super::Counter;
use crate::support::{Engine, TestApp};
use rstest::rstest;
use serde_json::json;

const BY_FIB: [(&str, &str); 1] = [("gateway", "FIB")];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_wallet_approves_and_it_is_paid(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let wallet = browser.fill(&page.form("id=\"pay\""), &BY_FIB).await;
    wallet.says(
        200,
        &[
            "Simulation",
            "First Iraqi Bank (FIB)",
            "Payment request from Zubaida School",
            "150,000 IQD",
        ],
    );
    // Asking is no attempt.
    assert_eq!(app.count("payments").await, 0);
    let ask = wallet.form("class=\"stack\"");
    let paid = browser.fill(&ask, &[("outcome", "approve")]).await;
    paid.says(200, &["Payment successful", "First Iraqi Bank (FIB)"]);
    // Whoever sends the answer again, or another one, changes nothing.
    for outcome in ["approve", "decline"] {
        let again = browser.fill(&ask, &[("outcome", outcome)]).await;
        again.says(200, &["Payment successful"]);
    }
    assert_eq!(app.count("payments").await, 1);
    assert_eq!(counter.hears(&order).await, "succeeded");
    app.ledger_ties().await;
}

#[rstest]
#[case("decline", "Your bank declined the payment.")]
#[case("insufficient_funds", "There is not enough money in this account.")]
#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_wallet_says_no_and_may_say_yes_later(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] outcome: &str,
    #[case] told: &str,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (_, browser, page) = counter.sends(&app, json!({})).await;
    let wallet = browser.fill(&page.form("id=\"pay\""), &BY_FIB).await;
    let declined = browser
        .fill(&wallet.form("class=\"stack\""), &[("outcome", outcome)])
        .await;
    declined.says(402, &[told, "You have 4 attempts left."]);
    let wallet = browser.fill(&declined.form("id=\"pay\""), &BY_FIB).await;
    let paid = browser
        .fill(&wallet.form("class=\"stack\""), &[("outcome", "approve")])
        .await;
    paid.says(200, &["Payment successful"]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_no_wallet_gives_is_no_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter
        .sends(&app, json!({ "gateways": ["FIB", "CREDIT_CARD"] }))
        .await;
    let wallet = browser.fill(&page.form("id=\"pay\""), &BY_FIB).await;
    let ask = wallet.form("class=\"stack\"");
    for outcome in ["", "maybe", "hang"] {
        let seen = browser.fill(&ask, &[("outcome", outcome)]).await;
        seen.says(200, &["Pay Zubaida School"]);
    }
    // No card is paid without a card, and no wallet that the order does not offer.
    let answer = format!("{}/wallet", order.page);
    let approve = ("outcome", "approve");
    let by_card = browser
        .post(&answer, &[("gateway", "CREDIT_CARD"), ("attempt", "0"), approve])
        .await;
    assert_eq!(by_card.status, 303);
    let by_zain = browser
        .post(&answer, &[("gateway", "ZAIN"), ("attempt", "0"), approve])
        .await;
    by_zain.says(422, &["Choose how you want to pay"]);
    assert_eq!(app.count("payments").await, 0);
    assert_eq!(counter.hears(&order).await, "created");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_the_payer_for_is_not_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (_, browser, page) = counter.sends(&app, json!({})).await;
    let long = "x".repeat(4_000);
    let more = [
        ("gateway", "FIB"),
        ("email", long.as_str()),
        ("phone", long.as_str()),
        ("card_holder", long.as_str()),
    ];
    let wallet = browser.fill(&page.form("id=\"pay\""), &more).await;
    wallet.says(200, &["Simulation"]).hides(&[&long]);
    let ask = wallet.form("class=\"stack\"");
    let answer = [
        ("outcome", "approve"),
        ("email", long.as_str()),
        ("card_holder", long.as_str()),
    ];
    browser
        .fill(&ask, &answer)
        .await
        .says(200, &["Payment successful"]);
    let heard = counter
        .ask(
            "{ payments(first: 1) { nodes { customer { email name } } } }",
            json!({}),
        )
        .await;
    let customer = &heard.data["payments"]["nodes"][0]["customer"];
    assert!(!customer.to_string().contains("xxx"), "{customer}");
}
