//! Pages on which there is nothing to pay any more.

use super::Counter;
use crate::support::{Engine, Payer, TestApp};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_is_led_back_and_nobody_pays_it_any_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let cancel = page.form("class=\"cancel\"");
    let canceled = browser.fill(&cancel, &[]).await;
    canceled.says(410, &["Payment canceled", "You have not been charged."]);
    let back = format!("https://shop.example/basket?payment_intent={}\"", order.id);
    assert!(canceled.html.contains(&back), "{}", canceled.html);
    browser.fill(&cancel, &[]).await.says(410, &["Payment canceled"]);
    let late = browser.pays_by(&page, Payer::Visa).await;
    late.says(410, &["Payment canceled"]);
    for below in ["promo", "promo/remove", "wallet"] {
        let seen = browser
            .post(&format!("{}/{below}", order.page), &[("outcome", "approve")])
            .await;
        assert_eq!(
            (seen.status, seen.header("location")),
            (303, order.page.as_str()),
            "{below}"
        );
    }
    assert_eq!(
        (app.count("payments").await, counter.hears(&order).await.as_str()),
        (0, "canceled")
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_is_not_canceled(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    browser
        .pays_by(&page, Payer::Visa)
        .await
        .says(200, &["Payment successful"]);
    let kept = browser.fill(&page.form("class=\"cancel\""), &[]).await;
    kept.says(200, &["Payment successful"]);
    assert_eq!(counter.hears(&order).await, "succeeded");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_clock_ends_it_whether_or_not_somebody_swept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({ "expires_in": 300 })).await;
    page.says(200, &["Pay by", "13:05", "Time left"]);
    assert!(page.html.contains("data-left=\"300\""), "{}", page.html);
    app.clock.advance(Duration::seconds(299));
    let last = browser.get(&order.page).await;
    assert!(
        last.status == 200 && last.html.contains("data-left=\"1\""),
        "{}",
        last.html
    );
    app.clock.advance(Duration::seconds(1));
    let told = ["The time to pay is over", "Back to Zubaida School"];
    browser.get(&order.page).await.says(410, &told);
    browser.pays_by(&page, Payer::Visa).await.says(410, &told);
    browser
        .fill(&page.form("class=\"cancel\""), &[])
        .await
        .says(410, &told);
    service::intent::expire_due(&app.app, 10).await.unwrap();
    browser.get(&order.page).await.says(410, &told);
    assert_eq!(
        (app.count("payments").await, counter.hears(&order).await.as_str()),
        (0, "expired")
    );
    let status = browser.get(&format!("{}/status", order.page)).await;
    assert_eq!(status.html, r#"{"settled":true}"#);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ran_out_leaves_no_receipt_swept_or_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({ "capture_method": "manual" })).await;
    browser
        .pays_by(&page, Payer::Visa)
        .await
        .says(200, &["Payment approved", "The amount is held on your card."]);
    app.clock.advance(Duration::days(7));
    for swept in [0, 1] {
        assert_eq!(
            service::payment::expire_due(&app.app, swept).await.unwrap(),
            swept
        );
        browser.get(&order.page).await.says(410, &["Payment canceled"]);
        let receipt = browser.get(&format!("{}/receipt", order.page)).await;
        assert_eq!(receipt.status, 303, "{}", receipt.html);
        assert_eq!(counter.hears(&order).await, "canceled");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_tells_of_money_that_went_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    browser
        .pays_by(&page, Payer::Visa)
        .await
        .says(200, &["Payment successful"]);
    let found = counter
        .ask("{ payments(first: 1) { nodes { id } } }", json!({}))
        .await;
    let payment = found.data["payments"]["nodes"][0]["id"].as_str().unwrap();
    let refund = "mutation($input: PaymentRefundInput!) { paymentRefund(input: $input) { userErrors { code message } } }";
    let input = json!({ "id": payment, "amount": { "amount": "50000", "currency": "IQD" }, "idempotencyKey": "back-1" });
    let refunded = counter.ask(refund, json!({ "input": input })).await;
    assert_eq!(
        refunded.data["paymentRefund"]["userErrors"],
        json!([]),
        "{refunded:?}"
    );
    let receipt = browser.get(&format!("{}/receipt", order.page)).await;
    receipt.says(200, &["Partly refunded", "−50,000 IQD", "150,000 IQD"]);
}
