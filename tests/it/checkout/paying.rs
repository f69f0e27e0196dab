//! Paying by card: what is wrong is told beside its field, what is sent twice is done once.

use super::browser::by_card;
use super::{Browser, Counter, order};
use crate::support::{Engine, Gate, Held, Payer, TestApp};
use chrono::Duration;
use rstest::rstest;
use serde_json::json;
use std::sync::Arc;

/// What is typed into a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_card_pays_and_the_receipt_says_with_which(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;

    let form = page.form("id=\"pay\"");
    let sent = browser
        .post(
            &form.action,
            &[("attempt", "0")]
                .into_iter()
                .chain(by_card("4242 4242 4242 4242"))
                .collect::<Vec<_>>(),
        )
        .await;
    // What was paid is asked for anew, so that loading the page again sends nothing.
    assert_eq!((sent.status, sent.header("location")), (303, order.page.as_str()));
    let paid = browser.open(&order.page).await;
    paid.says(
        200,
        &[
            "Payment successful",
            "150,000 IQD",
            "Visa ending in 4242",
            "Back to Zubaida School",
        ],
    );
    let back = format!(
        "https://shop.example/done?s={}&payment_intent={}",
        order.id, order.id
    );
    assert!(paid.text().contains(&back), "{}", paid.html);
    paid.hides(&["4242424242424242", &order.secret]);
    assert_eq!(counter.hears(&order).await, "succeeded");

    let receipt = browser.get(&format!("{}/receipt", order.page)).await;
    receipt.says(
        200,
        &[
            "Payment receipt",
            "Zubaida School",
            "order-1241",
            "150,000 IQD",
            "Visa ending in 4242",
        ],
    );
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_said_to_be_held(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({ "capture_method": "manual" })).await;
    // No wallet holds money.
    page.hides(&["value=\"FIB\""]);
    let held = browser.pays_by(&page, Payer::Mastercard).await;
    held.says(200, &["Payment approved", "The amount is held on your card"]);
    let receipt = browser.get(&format!("{}/receipt", order.page)).await;
    receipt.says(200, &["Approved, not yet collected", "Mastercard ending in 4444"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_told_at_once_and_nothing_is_charged(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let form = page.form("id=\"pay\"");
    let cases: [(Fields, &[&str]); 6] = [
        (
            &[("gateway", "CREDIT_CARD")],
            &[
                "card_number-wrong\">Check the card number",
                "card_holder-wrong\">Enter the name on the card",
                "card_expiry-wrong\">Enter the expiry date",
                "card_cvv-wrong\">Check the security code",
            ],
        ),
        (&[], &["Choose how you want to pay"]),
        (&[("gateway", "CASH")], &["Choose how you want to pay"]),
        (
            &[
                ("gateway", "CREDIT_CARD"),
                ("card_number", "4242424242424241"),
                ("card_holder", "Zainab"),
                ("card_expiry", "12/27"),
                ("card_cvv", "123"),
            ],
            &["card_number-wrong\">Check the card number"],
        ),
        (
            &[
                ("gateway", "CREDIT_CARD"),
                ("card_number", "4242424242424242"),
                ("card_holder", "Zainab"),
                ("card_expiry", "05/26"),
                ("card_cvv", "123"),
            ],
            &["card_expiry-wrong\">This card has expired"],
        ),
        (
            &[
                ("gateway", "CREDIT_CARD"),
                ("card_number", "4242424242424242"),
                ("card_holder", "Zainab"),
                ("card_expiry", "13/27"),
                ("card_cvv", "12a"),
            ],
            &[
                "card_expiry-wrong\">Enter the expiry date",
                "card_cvv-wrong\">Check the security code",
            ],
        ),
    ];
    for (fields, told) in cases {
        let wrong = browser.fill(&form, fields).await;
        wrong.says(422, &["Please check these fields"]);
        wrong.says(422, told);
        wrong.hides(&["4242424242424242", "4242424242424241"]);
    }
    assert_eq!(
        (app.count("payments").await, counter.hears(&order).await.as_str()),
        (0, "created")
    );
    // What was right comes back; number and security code never do.
    let fields = by_card("4242424242424241");
    let wrong = browser.fill(&form, &fields).await;
    assert!(
        wrong.html.contains("value=\"Zainab Al-Saadi\"") && wrong.html.contains("value=\"12 / 27\""),
        "{}",
        wrong.html
    );
    wrong.hides(&["value=\"123\""]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_decline_says_why_and_another_card_pays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let poor = browser.pays_by(&page, Payer::Poor).await;
    poor.says(
        402,
        &[
            "Your payment did not go through",
            "There is not enough money in this account.",
            "You have not been charged.",
            "You have 4 attempts left.",
        ],
    );
    // Somebody who comes back sees it, too.
    browser
        .get(&order.page)
        .await
        .says(402, &["There is not enough money"]);
    let paid = browser.pays_by(&poor, Payer::Visa).await;
    paid.says(200, &["Payment successful"]);
    assert_eq!(app.count("payments").await, 2);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_outlives_a_decline_but_for_number_and_security_code(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let mut fields = vec![("attempt", "0")];
    fields.extend(by_card(Payer::Poor.number()));
    let sent = browser.post(&page.form("id=\"pay\"").action, &fields).await;
    // The page is asked for anew, so that nobody who comes back to it is asked to send the form again.
    assert_eq!((sent.status, sent.header("location")), (303, order.page.as_str()));
    let cookie = sent.header("set-cookie");
    let name = "tahsil_typed=";
    assert!(
        cookie.starts_with(name)
            && cookie.ends_with(&format!(
                "; Path={}; Max-Age=600; HttpOnly; SameSite=Lax",
                order.page
            )),
        "{cookie}"
    );
    for secret in ["4000", "9995", "123", "cvv", "number"] {
        assert!(!cookie.contains(secret), "{cookie}");
    }
    for language in ["en", "ar"] {
        let again = browser.get(&format!("{}?lang={language}", order.page)).await;
        assert_eq!(again.status, 402);
        for value in ["Zainab Al-Saadi", "12 / 27"] {
            assert!(
                again.html.contains(&format!("value=\"{value}\"")),
                "{}",
                again.html
            );
        }
    }
    // Nobody else sees it, not even with the same address.
    let other = Browser::at(&app);
    other.open(&order.opens).await.hides(&["Zainab"]);
    assert_eq!(browser.cookies("/checkout/pi_other"), "tahsil_lang=ar");

    let english = browser.get(&format!("{}?lang=en", order.page)).await;
    let paid = browser.pays_by(&english, Payer::Visa).await;
    paid.says(200, &["Payment successful"]);
    let kept = browser.cookies(&order.page);
    assert!(!kept.contains("Zainab"), "{kept}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_decline_closes_the_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (order, browser, mut page) = counter.sends(&app, json!({})).await;
    for left in ["4 attempts", "3 attempts", "2 attempts", "1 attempt"] {
        page = browser.pays_by(&page, Payer::Declined).await;
        page.says(
            402,
            &[
                "Your bank declined the payment.",
                &format!("You have {left} left."),
            ],
        );
    }
    let closed = browser.pays_by(&page, Payer::Declined).await;
    closed.says(
        410,
        &[
            "This payment could not be completed",
            "150,000 IQD",
            "You have not been charged.",
            "Back to Zubaida School",
        ],
    );
    let again = browser.pays_by(&page, Payer::Visa).await;
    again.says(410, &["This payment could not be completed"]);
    browser
        .open(&order.page)
        .await
        .says(410, &["This payment could not be completed"]);
    assert_eq!(app.count("payments").await, 5);
    assert_eq!(counter.hears(&order).await, "failed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_is_one_attempt(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (_, browser, page) = counter.sends(&app, json!({})).await;
    let declined = browser.pays_by(&page, Payer::Declined).await;
    declined.says(402, &["You have 4 attempts left."]);
    // The same page again, whatever is typed into it.
    for card in [Payer::Declined, Payer::Visa] {
        let again = browser.pays_by(&page, card).await;
        again.says(402, &["You have 4 attempts left."]);
    }
    assert_eq!(app.count("payments").await, 1);
    let paid = browser.pays_by(&declined, Payer::Visa).await;
    paid.says(200, &["Payment successful"]);
    for old in [&page, &declined] {
        let again = browser.pays_by(old, Payer::Visa).await;
        again.says(200, &["Payment successful"]);
    }
    assert_eq!(app.count("payments").await, 2);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_tabs_one_pays_and_the_other_waits_for_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as Arc<_>).await;
    let counter = Counter::open(&app).await;
    let (order, browser, page) = counter.sends(&app, json!({})).await;
    let other = Browser::at(&app);
    let beside = other.open(&order.opens).await;

    let (paid, ()) = tokio::join!(browser.pays_by(&page, Payer::Visa), async {
        while counter.hears(&order).await != "processing" {
            tokio::task::yield_now().await;
        }
        let second = other.pays_by(&beside, Payer::Mastercard).await;
        second.says(200, &["Confirming your payment", "do not pay again"]);
        let cancel = format!("{}/cancel", order.page);
        other.open(&cancel).await.says(200, &["Confirming your payment"]);
        let canceled = other.post(&cancel, &[]).await;
        assert_eq!(
            (canceled.status, canceled.header("location")),
            (303, order.page.as_str())
        );
        let status = other.get(&format!("{}/status", order.page)).await;
        assert_eq!(status.html, r#"{"settled":false}"#);
        let receipt = other.get(&format!("{}/receipt", order.page)).await;
        assert_eq!(receipt.status, 303);
        gate.arrive().await;
    });
    paid.says(200, &["Payment successful", "Visa ending in 4242"]);
    other
        .open(&order.page)
        .await
        .says(200, &["Payment successful", "Visa ending in 4242"]);
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[case("timeout_after_charge", 200, "Payment successful")]
#[case("timeout_before_charge", 402, "The payment service could not be reached.")]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_waited_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: &str,
    #[case] status: u16,
    #[case] told: &str,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let with = json!({ "metadata": { "sandbox_fault": fault } });
    let (order, browser, page) = counter.sends(&app, with).await;
    let waiting = browser.pays_by(&page, Payer::Visa).await;
    waiting.says(
        200,
        &["Confirming your payment", "This usually takes a few seconds"],
    );
    let settled = async || {
        let seen = browser.get(&format!("{}/status", order.page)).await;
        assert_eq!(
            (seen.status, seen.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(seen.header("cache-control"), "no-store");
        seen.html
    };
    assert_eq!(settled().await, r#"{"settled":false}"#);
    app.clock.advance(Duration::seconds(31));
    browser
        .open(&order.page)
        .await
        .says(200, &["This takes longer than usual"]);
    // It may outlive the time to pay: nobody says "expired" while money may be on its way.
    app.clock.advance(Duration::hours(2));
    browser
        .open(&order.page)
        .await
        .says(200, &["Confirming your payment"]);
    app.resolve().await;
    assert_eq!(settled().await, r#"{"settled":true}"#);
    let end = browser.open(&order.page).await;
    if status == 200 {
        end.says(200, &[told]);
    } else {
        // Nothing was sent, and the time is over meanwhile.
        end.says(410, &["The time to pay has run out"]);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn digits_may_be_typed_as_they_are_written_in_iraq(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let (_, mut browser, _) = counter.sends(&app, json!({})).await;
    browser.accept = "ar";
    let asked = counter.asks(order(json!({ "title": "كتب" }))).await;
    let page = browser.open(&asked.opens).await;
    let fields = [
        ("gateway", "CREDIT_CARD"),
        ("card_number", "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢"),
        ("card_holder", "زينب السعدي"),
        ("card_expiry", "١٢ / ٢٧"),
        ("card_cvv", "١٢٣"),
    ];
    let paid = browser.fill(&page.form("id=\"pay\""), &fields).await;
    paid.says(200, &["كتب", "4242", "١٥٠٬٠٠٠ د.ع"]);
    assert_eq!(counter.hears(&asked).await, "succeeded");
}
