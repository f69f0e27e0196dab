//! How a page is opened: the secret becomes a cookie of that page, and leaves the address.

use super::{Browser, Counter};
use crate::support::{Engine, TestApp};
use chrono::Duration;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_becomes_a_cookie_of_its_page_and_leaves_the_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let order = counter.asks(json!({})).await;
    let browser = Browser::at(&app);

    let first = browser.get(&order.opens).await;
    assert_eq!(
        (first.status, first.header("location")),
        (303, order.page.as_str())
    );
    assert!(first.html.is_empty());
    let cookie = first.header("set-cookie");
    assert!(
        cookie.starts_with(&format!(
            "tahsil_{}={}; Path={};",
            order.id, order.secret, order.page
        )),
        "{cookie}"
    );
    // The intent lives an hour; its end can be looked at for a day more.
    for part in ["; HttpOnly", "; SameSite=Lax", "; Max-Age=90000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");

    let page = browser.get(&order.page).await;
    page.says(
        200,
        &[
            "Pay Zubaida School",
            "150,000 IQD",
            "Books",
            "order-1241",
            "Test mode",
        ],
    );
    page.hides(&[&order.secret]);
    // The cookie goes nowhere else.
    assert_eq!(browser.cookies("/checkout/pi_other"), "");
    assert_eq!(browser.cookies("/graphql"), "");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_right_secret_opens_a_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (mine, other) = (counter.asks(json!({})).await, counter.asks(json!({})).await);

    // Without a secret it is not told whether there is such a payment.
    let nobody = Browser::at(&app);
    let unknown = "/checkout/pi_01arz3ndektsv4rrffq69g5fav";
    for path in [mine.page.as_str(), unknown] {
        let seen = nobody.get(path).await;
        let told = [
            "Open the payment link again",
            "This address works only in the browser where the payment was opened.",
        ];
        // To try the same address again would lead nowhere.
        seen.says(403, &told).hides(&["Zubaida", "Try again"]);
    }
    for secret in [
        other.secret.as_str(),
        "nonsense",
        "",
        "%00",
        "%F0%9F%92%A9",
        &"a".repeat(1_000),
    ] {
        for page in [mine.page.as_str(), unknown] {
            let seen = nobody.get(&format!("{page}?client_secret={secret}")).await;
            seen.says(404, &["Payment page not found"]).hides(&["Zubaida"]);
            assert_eq!(seen.header("set-cookie"), "");
        }
    }
    for path in [
        "/checkout/nonsense",
        "/pay/test/nonsense",
        "/pay/neither/x",
        "/l/x",
    ] {
        nobody.get(path).await.says(404, &["Payment page not found"]);
    }

    // A cookie of another page, a wrong one, and two of one name: one of them is not ours.
    let name = format!("tahsil_{}", mine.id);
    for (cookies, status) in [
        (format!("{name}={}", other.secret), 404),
        (format!("tahsil_{}={}", other.id, other.secret), 403),
        (format!("{name}="), 403),
        (format!("{name}={}; {name}=other", mine.secret), 403),
    ] {
        let seen = nobody
            .send(Method::GET, &mine.page, &[("cookie", &cookies)], None)
            .await;
        assert_eq!(seen.status, status, "{cookies}: {}", seen.html);
    }
    let open = format!("{name}={}", mine.secret);
    let seen = nobody
        .send(Method::GET, &mine.page, &[("cookie", &open)], None)
        .await;
    seen.says(200, &["Pay Zubaida School"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_answers_head_and_shows_itself_where_only_forms_lead(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, _) = counter.sends(&app, json!({})).await;
    let head = browser.send(Method::HEAD, &order.page, &[], None).await;
    assert_eq!((head.status, head.html.as_str()), (200, ""));
    assert_eq!(head.header("cache-control"), "no-store");
    for below in ["wallet", "promo", "promo/remove"] {
        let seen = browser.get(&format!("{}/{below}", order.page)).await;
        assert_eq!((seen.status, seen.header("location")), (303, order.page.as_str()));
    }
    assert_eq!(counter.hears(&order).await, "created");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_old_still_shows_what_became_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let order = counter.asks(json!({})).await;
    app.clock.advance(Duration::days(40));
    let browser = Browser::at(&app);
    let first = browser.get(&order.opens).await;
    assert!(
        first.header("set-cookie").contains("; Max-Age=86400"),
        "{first:?}"
    );
    browser
        .open(&order.page)
        .await
        .says(410, &["The time to pay has run out"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_readers_and_is_remembered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let order = counter.asks(json!({})).await;
    let mut browser = Browser::at(&app);
    browser.accept = "ar-IQ,ar;q=0.9,en;q=0.5";

    let page = browser.open(&order.opens).await;
    page.says(200, &["١٥٠٬٠٠٠ د.ع", "وضع الاختبار"]);
    assert!(
        page.html.contains("<html lang=\"ar\" dir=\"rtl\">"),
        "{}",
        page.html
    );
    assert_eq!(page.header("content-language"), "ar");

    let chosen = browser.get(&format!("{}?lang=ckb", order.page)).await;
    assert!(
        chosen.html.contains("<html lang=\"ckb\" dir=\"rtl\">"),
        "{}",
        chosen.html
    );
    assert_eq!(
        chosen.header("set-cookie"),
        "tahsil_lang=ckb; Path=/; Max-Age=31536000; SameSite=Lax"
    );
    let later = browser.get(&order.page).await;
    assert_eq!(
        (later.header("content-language"), later.header("set-cookie")),
        ("ckb", "")
    );

    // A merchant that knows its payer's language says so in the address, beside the secret.
    let other = counter.asks(json!({})).await;
    let page = browser.open(&format!("{}&lang=en", other.opens)).await;
    assert_eq!(page.header("content-language"), "en");
    page.says(200, &["Pay Zubaida School"]);
    let nonsense = browser.get(&format!("{}?lang=xx", other.page)).await;
    assert_eq!(nonsense.header("content-language"), "en");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_below_a_path_and_behind_https_says_so_everywhere(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_PUBLIC_URL", "https://host.example/pay")]).await;
    let counter = Counter::open(&app).await;
    let order = counter.asks(json!({})).await;
    let browser = Browser::at(&app);
    // What stands in front takes `/pay` off.
    let first = browser.get(&order.opens).await;
    assert_eq!(first.header("location"), format!("/pay{}", order.page));
    let cookie = first.header("set-cookie").to_owned();
    assert!(
        cookie.contains(&format!("; Path=/pay{};", order.page)) && cookie.contains("; Secure"),
        "{cookie}"
    );

    let cookie = format!("tahsil_{}={}", order.id, order.secret);
    let page = browser
        .send(Method::GET, &order.page, &[("cookie", &cookie)], None)
        .await;
    page.says(200, &["Pay Zubaida School"]);
    for attribute in ["href", "src", "action"] {
        let begins = format!(" {attribute}=\"/");
        let after = page.html.split(&begins).skip(1);
        let local: Vec<&str> = after.map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(!local.is_empty(), "{attribute}");
        for path in local {
            assert!(path.starts_with("pay/"), "{attribute} leads to /{path}");
        }
    }
    let below = format!("{}/cancel", order.page);
    let asked = browser
        .send(Method::GET, &below, &[("cookie", &cookie)], None)
        .await;
    assert_eq!(asked.form("class=\"stack\"").action, format!("/pay{below}"));
    let gone = browser
        .send(Method::POST, &below, &[("cookie", &cookie)], Some(String::new()))
        .await;
    assert_eq!(
        (gone.status, gone.header("location").to_owned()),
        (303, format!("/pay{}", order.page))
    );
}
