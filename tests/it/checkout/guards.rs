//! What stands between a page and whoever means harm, or only bad luck.

use super::browser::by_card;
use super::{Browser, Counter};
use crate::support::{Engine, Payer, TestApp};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_its_guards(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let order = counter.asks(json!({})).await;
    let browser = Browser::at(&app);
    let mut answers = vec![
        browser.get(&order.page).await,
        browser.get(&order.opens).await,
        browser.get(&order.page).await,
        browser.get(&format!("{}/status", order.page)).await,
        browser.get(&format!("{}/receipt", order.page)).await,
        browser.get(&format!("{}/wallet", order.page)).await,
        browser.get("/pay/live/x").await,
        browser.get("/l/x").await,
    ];
    let page = browser.get(&order.page).await;
    let form = page.form("id=\"pay\"");
    answers.push(
        browser
            .post(&form.action, &[("gateway", "FIB"), ("attempt", "0")])
            .await,
    );
    answers.push(browser.pays_by(&page, Payer::Declined).await);
    answers.push(browser.post(&format!("{}/cancel", order.page), &[]).await);
    answers.push(browser.get(&order.page).await);
    for seen in answers {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("vary", "accept-language, cookie"),
        ] {
            assert_eq!(
                seen.header(name),
                value,
                "{name} of {} ({})",
                seen.path,
                seen.status
            );
        }
        assert!(seen.header("permissions-policy").contains("payment=()"));
        if seen.header("content-type").starts_with("text/html") {
            let policy = seen.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self';"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            let html = &seen.html;
            assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick="));
            let inline = html
                .split("<script")
                .skip(1)
                .any(|rest| !rest.starts_with(" src="));
            assert!(!inline, "{html}");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_other_site_sends_our_forms(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let mut fields = vec![("attempt", "0")];
    fields.extend(by_card(Payer::Visa.number()));
    let body = super::browser::form(&fields);
    for site in ["cross-site", "same-site"] {
        for below in ["", "/cancel", "/promo", "/promo/remove", "/wallet"] {
            let path = format!("{}{below}", order.page);
            let seen = browser
                .send(
                    Method::POST,
                    &path,
                    &[("sec-fetch-site", site)],
                    Some(body.clone()),
                )
                .await;
            seen.says(403, &["nothing was sent", "Try again"]);
        }
        // Links of other sites lead here.
        let seen = browser
            .send(Method::GET, &order.page, &[("sec-fetch-site", site)], None)
            .await;
        seen.says(200, &["Pay Zubaida School"]);
    }
    assert_eq!(
        (app.count("payments").await, counter.hears(&order).await.as_str()),
        (0, "created")
    );
    let form = page.form("id=\"pay\"");
    let ours = browser
        .send(
            Method::POST,
            &form.action,
            &[("sec-fetch-site", "same-origin")],
            Some(body),
        )
        .await;
    assert_eq!(ours.status, 303);
    assert_eq!(counter.hears(&order).await, "succeeded");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_no_page_sends_is_refused_and_charges_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, _) = counter.sends(&app, json!({})).await;
    let long = "x".repeat(20_000);
    for below in ["", "/promo", "/wallet"] {
        let seen = browser
            .post(&format!("{}{below}", order.page), &[("gateway", &long)])
            .await;
        seen.says(413, &["That is too long", "Nothing was charged."]);
    }
    // As long as it may be, and nonsense: a field that is wrong, no more.
    let most = "x".repeat(16_000);
    let seen = browser.post(&order.page, &[("gateway", &most)]).await;
    seen.says(422, &["Choose how you want to pay"]);
    for body in [
        "%",
        "%FF%FE",
        "a=%00",
        "=&=&&",
        "gateway",
        "{\"gateway\":\"FIB\"}",
    ] {
        let seen = browser
            .send(Method::POST, &order.page, &[], Some(body.to_owned()))
            .await;
        seen.says(422, &["Choose how you want to pay"]);
    }
    assert_eq!(app.count("payments").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "5")]).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let mut last = page.clone();
    for _ in 0..50 {
        last = browser.get(&order.page).await;
        if last.status != 200 {
            break;
        }
    }
    last.says(429, &["Too many requests", "then try again", "Try again"]);
    assert!(last.header("retry-after").parse::<u32>().unwrap() >= 1);
    let unpaid = browser.pays_by(&page, Payer::Visa).await;
    unpaid.says(429, &["Too many requests"]);
    assert_eq!(browser.get(&format!("{}/status", order.page)).await.status, 429);
    assert_eq!(app.count("payments").await, 0);
    app.clock.advance(chrono::Duration::seconds(10));
    browser
        .pays_by(&page, Payer::Visa)
        .await
        .says(200, &["Payment successful"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_page_says_to_come_back(#[values(Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    app.database.destroy().await;
    let told = ["Payments are paused for a moment", "Try again"];
    for path in [order.page.as_str(), order.opens.as_str()] {
        let away = browser.get(path).await;
        away.says(503, &told).hides(&[&order.secret]);
        // Trying again leads to the page, in whatever way it was asked for.
        assert!(
            away.html.contains(&format!("href=\"{}\"", order.page)),
            "{}",
            away.html
        );
    }
    browser.pays_by(&page, Payer::Visa).await.says(503, &told);
    let link = "/l/plink_01arz3ndektsv4rrffq69g5fav";
    browser.get(link).await.says(503, &told);
}
