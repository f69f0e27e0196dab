//! What a page of S3 keeps from whoever opens it: its address is all that it takes, so that it is no secret of the payer.

use super::browser::by_card;
use super::{Browser, Counter};
use crate::rasedi::shop::{Shop, example};
use crate::support::{EPARA, Engine, Payer, TestApp};
use chrono::Duration;
use domain::merchant::Mode;
use rstest::rstest;
use serde_json::{Value, json};

/// Where S3's merchants deliver.
const SUCCESS: &str = "merchant.com/payment/success";

async fn order(shop: &Shop, with: Value) -> (String, String) {
    let mut order = example(with);
    order["amount"] = "15000000".into();
    let reference = shop.create(&order).await.reference();
    let page = format!("/pay/{}/{reference}", shop.tenant.mode);
    (reference, page)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_payer_typed_is_shown_in_the_answer_to_their_form_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let both = json!({
        "gateways": ["CREDIT_CARD", "FIB"], "collectCustomerEmail": true, "collectCustomerPhoneNumber": true,
    });
    let (reference, page) = order(&shop, both).await;
    let (payer, stranger) = (Browser::at(&app), Browser::at(&app));
    let open = payer.open(&page).await;
    let mut fields = by_card(Payer::Poor.number()).to_vec();
    fields.extend([("email", "noor@example.iq"), ("phone", "07701234567")]);
    let declined = payer.fill(&open.form("id=\"pay\""), &fields).await;
    declined.says(402, &["Pay Zubaida School"]);
    for typed in ["noor@example.iq", "07701234567"] {
        assert!(declined.html.contains(typed), "{typed}: {}", declined.html);
    }
    let typed = ["noor@example.iq", "07701234567", "Zainab Al-Saadi"];
    let seen = stranger.open(&page).await;
    seen.says(402, &["Your details", "E-mail"]).hides(&typed);
    let wrong = stranger
        .fill(&seen.form("/promo\""), &[("promo_code", "NOSUCH")])
        .await;
    wrong.says(422, &["Your details"]).hides(&typed);
    for below in ["/status", "/receipt"] {
        stranger.open(&format!("{page}{below}")).await.hides(&typed);
    }
    // It is still known to whom it was meant for.
    let rest = [("gateway", "FIB"), ("email", ""), ("phone", "")];
    let wallet = payer
        .fill(&payer.open(&page).await.form("id=\"pay\""), &rest)
        .await;
    wallet.says(200, &["Simulation"]);
    assert_eq!(shop.status(&reference).await.body["status"], "PENDING");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_merchant_wrote_is_filled_in_until_a_payer_has_typed_something_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let create = "mutation($input: IntentCreateInput!) { intentCreate(input: $input) { intent { id } clientSecret userErrors { message } } }";
    let input = json!({
        "idempotencyKey": "order-1", "amount": { "amount": "150000", "currency": "IQD" },
        "collect": { "email": true }, "customer": { "email": "known@example.iq" },
    });
    let made = counter.ask(create, json!({ "input": input })).await;
    let made = &made.data["intentCreate"];
    let word = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let (id, secret) = (word(&made["intent"]["id"]), word(&made["clientSecret"]));
    let opens = format!("/checkout/{id}?client_secret={secret}");
    let payer = Browser::at(&app);
    let open = payer.open(&opens).await;
    assert!(open.html.contains("value=\"known@example.iq\""), "{}", open.html);
    let mut fields = by_card(Payer::Poor.number()).to_vec();
    fields.push(("email", "noor@example.iq"));
    let declined = payer.fill(&open.form("id=\"pay\""), &fields).await;
    assert!(
        declined.html.contains("value=\"noor@example.iq\""),
        "{}",
        declined.html
    );
    let other = Browser::at(&app).open(&opens).await;
    other.says(402, &["E-mail"]).hides(&["noor@example.iq"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_paid_is_not_led_to_where_s3s_merchants_deliver(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let cards = || json!({ "gateways": ["CREDIT_CARD"] });
    let (canceled, by_merchant, failed, paid, timed_out) = (
        order(&shop, cards()).await.1,
        order(&shop, cards()).await,
        order(&shop, cards()).await.1,
        order(&shop, cards()).await.1,
        order(&shop, cards()).await.1,
    );
    let browser = Browser::at(&app);
    let open = browser.open(&canceled).await;
    open.hides(&[SUCCESS]);
    let asked = browser.open(&format!("{canceled}/cancel")).await;
    asked.hides(&[SUCCESS]);
    let given_up = browser.fill(&asked.form("class=\"stack\""), &[]).await;
    given_up.says(410, &["Payment canceled"]).hides(&[SUCCESS]);
    assert_eq!(shop.cancel(&by_merchant.0).await.status, 200);
    let seen = browser.open(&by_merchant.1).await;
    seen.says(410, &["Payment canceled"]).hides(&[SUCCESS]);
    for _ in 0..5 {
        let open = browser.open(&failed).await;
        browser.pays_by(&open, Payer::Poor).await.hides(&[SUCCESS]);
    }
    let seen = browser.open(&failed).await;
    assert_eq!(seen.status, 410, "{}", seen.html);
    seen.hides(&[SUCCESS]);
    let open = browser.open(&paid).await;
    let done = browser.pays_by(&open, Payer::Visa).await;
    assert!(done.says(200, &["Payment successful"]).html.contains(SUCCESS));
    app.clock.advance(Duration::hours(24));
    let seen = browser.open(&timed_out).await;
    seen.says(410, &["The time to pay has run out"]).hides(&[SUCCESS]);
    service::intent::expire_due(&app.app, 10).await.unwrap();
    browser.open(&timed_out).await.hides(&[SUCCESS]);
}
