//! What S3's orders ask for besides money: e-mail, phone, promo codes, the fee on top.

use super::browser::by_card;
use super::{Browser, Seen};
use crate::rasedi::shop::{Shop, example};
use crate::support::{EPARA, Engine, Payer, TestApp};
use domain::fee::FeeTerms;
use domain::gateways::Gateways;
use domain::merchant::Mode;
use domain::promo_code::Discount;
use domain::provider::Gateway;
use domain::{Currency, Money};
use rstest::rstest;
use serde_json::{Value, json};
use service::merchant::MerchantChange;
use service::promo_code::NewPromoCode;

/// An order of S3 for 150,000 dinars, and its page.
async fn sent(app: &TestApp, shop: &Shop, with: Value) -> (String, Browser, Seen) {
    let mut order = example(with);
    order["amount"] = "15000000".into();
    let said = shop.create(&order).await;
    let reference = said.reference();
    let page = format!("/pay/{}/{reference}", shop.tenant.mode);
    assert!(
        said.body["redirectUrl"].as_str().unwrap().ends_with(&page),
        "{}",
        said.text
    );
    let browser = Browser::at(app);
    let seen = browser.open(&page).await;
    (reference, browser, seen)
}

async fn code(app: &TestApp, shop: &Shop, code: &str, discount: Discount, max_uses: Option<u32>) {
    let new = NewPromoCode {
        code: code.to_owned(),
        discount,
        max_uses,
        expires_at: None,
    };
    service::promo_code::create(&app.app, &shop.actor, new)
        .await
        .unwrap();
}

async fn changed(app: &TestApp, shop: &Shop, change: MerchantChange) {
    service::merchant::update(&app.app, &app.owner(), shop.tenant.merchant, change)
        .await
        .unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_s3_opens_with_its_reference_in_its_mode_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let (reference, browser, page) = sent(&app, &shop, json!({ "gateways": ["CREDIT_CARD"] })).await;
    page.says(200, &["Pay Zubaida School", "150,000 IQD", "Order #1241"]);
    assert_eq!(page.header("set-cookie"), "", "nothing is to be kept");
    for path in [
        format!("/pay/live/{reference}"),
        format!("/pay/test/{}", reference.to_uppercase()),
        format!("/checkout/{reference}"),
    ] {
        browser.open(&path).await.says(404, &["Payment page not found"]);
    }
    let paid = browser.pays_by(&page, Payer::Visa).await;
    paid.says(
        200,
        &["Payment successful", "https://merchant.com/payment/success\""],
    );
    assert_eq!(shop.status(&reference).await.body["status"], "PAID");
    let receipt = browser.get(&format!("{}/receipt", paid.path)).await;
    receipt.says(200, &["Visa ending in 4242"]);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_an_address_and_a_number_gets_both_or_no_payment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let both = json!({ "collectCustomerEmail": true, "collectCustomerPhoneNumber": true });
    let (reference, browser, page) = sent(&app, &shop, both).await;
    page.says(200, &["Your details", "E-mail", "Mobile number"]);
    let form = page.form("id=\"pay\"");
    for (email, phone, told) in [
        ("", "", ["Enter your e-mail address", "Enter your mobile number"]),
        (
            "noor@b",
            "12",
            [
                "Enter an e-mail address like",
                "Enter a mobile number like 0770 123 4567",
            ],
        ),
    ] {
        let wrong = browser
            .fill(&form, &[("gateway", "FIB"), ("email", email), ("phone", phone)])
            .await;
        wrong.says(422, &told);
        assert!(
            wrong
                .html
                .contains(&format!("name=\"email\" type=\"email\" value=\"{email}\"")),
            "{}",
            wrong.html
        );
    }
    let right = [
        ("gateway", "FIB"),
        ("email", "noor@example.iq"),
        ("phone", "٠٧٧٠ ١٢٣ ٤٥٦٧"),
    ];
    let wallet = browser.fill(&form, &right).await;
    wallet.says(200, &["Simulation"]);
    let paid = browser
        .fill(&wallet.form("class=\"stack\""), &[("outcome", "approve")])
        .await;
    paid.says(200, &["Payment successful"]);
    assert_eq!(shop.status(&reference).await.body["status"], "PAID");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_promo_code_is_put_on_and_taken_off_and_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    code(&app, &shop, "EID10", Discount::Share { bps: 1_000 }, Some(1)).await;
    let (_, browser, page) = sent(&app, &shop, json!({})).await;
    let (_, other, beside) = sent(&app, &shop, json!({})).await;
    let apply = page.form("/promo\"");

    for wrong in ["", "EID", "no such code", "EID10'--", &"E".repeat(5_000)] {
        let seen = browser.fill(&apply, &[("promo_code", wrong)]).await;
        seen.says(
            422,
            &["This promo code is not valid for this payment", "150,000 IQD"],
        );
    }
    let applied = browser.fill(&apply, &[("promo_code", " eid10 ")]).await;
    applied.says(
        200,
        &[
            "Promo code EID10 applied",
            "Discount (EID10)",
            "−15,000 IQD",
            "Pay 135,000 IQD",
        ],
    );
    let removed = browser.fill(&applied.form("/promo/remove\""), &[]).await;
    removed.says(200, &["Promo code removed", "Pay 150,000 IQD"]);
    browser
        .fill(&apply, &[("promo_code", "EID10")])
        .await
        .says(200, &["Pay 135,000 IQD"]);

    // Two have it on their page, and it is there for one.
    let second = other
        .fill(&beside.form("/promo\""), &[("promo_code", "EID10")])
        .await;
    second.says(200, &["Pay 135,000 IQD"]);
    let wallet = other
        .fill(&second.form("id=\"pay\""), &[("gateway", "FIB")])
        .await;
    let paid = other
        .fill(&wallet.form("class=\"stack\""), &[("outcome", "approve")])
        .await;
    paid.says(200, &["Payment successful", "135,000 IQD"]);
    let receipt = other.get(&format!("{}/receipt", paid.path)).await;
    receipt.says(200, &["Discount (EID10)", "−15,000 IQD", "135,000 IQD"]);

    let late = browser.open(&page.path).await;
    let wallet = browser
        .fill(&late.form("id=\"pay\""), &[("gateway", "FIB")])
        .await;
    let over = browser
        .fill(&wallet.form("class=\"stack\""), &[("outcome", "approve")])
        .await;
    over.says(422, &["This promo code has ended", "Pay 150,000 IQD"]);
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_promo_code_leaves_what_was_typed_as_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    code(&app, &shop, "EID10", Discount::Share { bps: 1_000 }, None).await;
    let with = json!({
        "collectCustomerEmail": true,
        "collectCustomerPhoneNumber": true,
        "gateways": ["CREDIT_CARD", "FIB"],
    });
    let (_, browser, page) = sent(&app, &shop, with).await;
    // What the script sends along.
    let typed = [
        ("gateway", "FIB"),
        ("email", "noor@example.iq"),
        ("phone", "0771 555 0199"),
        ("card_holder", "Noor"),
        ("card_expiry", "12 / 27"),
    ];
    let stands = |seen: &Seen| {
        for value in ["noor@example.iq", "0771 555 0199", "Noor", "12 / 27"] {
            assert!(
                seen.html.contains(&format!("value=\"{value}\"")),
                "{value}: {}",
                seen.html
            );
        }
        assert!(seen.html.contains("value=\"FIB\" checked"), "{}", seen.html);
    };
    let mut wrong = vec![("promo_code", "EID")];
    wrong.extend(typed);
    let seen = browser.fill(&page.form("/promo\""), &wrong).await;
    seen.says(422, &["This promo code is not valid for this payment"]);
    stands(&seen);
    let mut right = vec![("promo_code", "EID10")];
    right.extend(typed);
    let sent = browser.post(&page.form("/promo\"").action, &right).await;
    assert_eq!((sent.status, sent.header("location")), (303, page.path.as_str()));
    let applied = browser.open(&page.path).await;
    applied.says(200, &["Promo code EID10 applied", "Pay 135,000 IQD"]);
    stands(&applied);
    // Without a script nothing goes along, and what was carried stays.
    let removed = browser.fill(&applied.form("/promo/remove\""), &[]).await;
    removed.says(200, &["Promo code removed", "Pay 150,000 IQD"]);
    stands(&removed);
    // A page of S3 opens for whoever knows its reference: what one payer typed is in their browser only.
    let other = Browser::at(&app);
    other
        .open(&page.path)
        .await
        .hides(&["noor@example.iq", "0771 555 0199", "Promo code removed"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn where_no_code_is_taken_none_is_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    code(&app, &shop, "EID10", Discount::Share { bps: 1_000 }, None).await;
    let (_, browser, page) = sent(&app, &shop, json!({ "allowPromoCode": false })).await;
    page.hides(&["promo_code"]);
    let forced = browser
        .post(&format!("{}/promo", page.path), &[("promo_code", "EID10")])
        .await;
    forced.says(200, &["Pay 150,000 IQD"]).hides(&["EID10"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_fee_is_shown_before_it_is_paid_and_a_new_price_charges_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let with = json!({ "collectFeeFromCustomer": true, "gateways": ["FIB", "CREDIT_CARD"] });
    let (_, browser, page) = sent(&app, &shop, with).await;
    // Nothing is put on top of a card in dinars.
    page.says(
        200,
        &[
            "Service fee",
            "+ 3,061 IQD",
            "No fee",
            "Pay 153,061 IQD",
            "Pay 150,000 IQD",
        ],
    );
    let form = page.form("id=\"pay\"");
    assert_eq!(form.hidden("total_FIB"), "153061000");
    let wallet = browser.fill(&form, &[("gateway", "FIB")]).await;
    wallet.says(200, &["153,061 IQD"]);

    // Between the page and the payment the merchant's terms change.
    let fees = FeeTerms {
        fee_bps: 400,
        ..EPARA
    };
    let change = MerchantChange {
        fees: Some(fees),
        ..MerchantChange::default()
    };
    changed(&app, &shop, change).await;
    let told = ["The total has changed.", "Pay 156,250 IQD"];
    let late = browser
        .fill(&wallet.form("class=\"stack\""), &[("outcome", "approve")])
        .await;
    late.says(409, &told);
    browser.fill(&form, &[("gateway", "FIB")]).await.says(409, &told);
    assert_eq!(app.count("payments").await, 0);

    let wallet = browser
        .fill(&late.form("id=\"pay\""), &[("gateway", "FIB")])
        .await;
    let paid = browser
        .fill(&wallet.form("class=\"stack\""), &[("outcome", "approve")])
        .await;
    paid.says(200, &["Payment successful", "156,250 IQD"]);
    let receipt = browser.get(&format!("{}/receipt", paid.path)).await;
    receipt.says(
        200,
        &[
            "Subtotal",
            "150,000 IQD",
            "Service fee",
            "6,250 IQD",
            "156,250 IQD",
        ],
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_the_merchant_has_lost_is_away(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let (_, browser, page) = sent(&app, &shop, json!({ "gateways": ["FIB", "CREDIT_CARD"] })).await;
    let form = page.form("id=\"pay\"");
    let wallet = browser.fill(&form, &[("gateway", "FIB")]).await;
    let only = |gateway: Gateway| MerchantChange {
        gateways: Some(Gateways::all().only(|one| one == gateway).unwrap()),
        ..MerchantChange::default()
    };
    changed(&app, &shop, only(Gateway::CreditCard)).await;
    let told = ["This way to pay is not available right now."];
    browser
        .fill(&form, &[("gateway", "FIB")])
        .await
        .says(503, &told)
        .hides(&["value=\"FIB\""]);
    browser
        .fill(&wallet.form("class=\"stack\""), &[("outcome", "approve")])
        .await
        .says(503, &told);
    changed(&app, &shop, only(Gateway::Zain)).await;
    let away = browser.fill(&form, &by_card(Payer::Visa.number())).await;
    away.says(503, &["Payments are paused for a moment"]);
    assert_eq!(app.count("payments").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_shows_its_name_and_colour(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let change = MerchantChange {
        brand_name: Some(Some("مدرسة <b>زبيدة</b>".into())),
        brand_color: Some(Some("#0B6E4F".parse().unwrap())),
        ..MerchantChange::default()
    };
    changed(&app, &shop, change).await;
    code(
        &app,
        &shop,
        "MINUS",
        Discount::Fixed {
            amount: Money::new(1_000_000, Currency::Iqd),
        },
        None,
    )
    .await;
    let (_, _, page) = sent(&app, &shop, json!({ "title": "<script>alert(1)</script>" })).await;
    page.hides(&["<b>زبيدة", "<script>alert", "Zubaida School"]);
    page.says(200, &["مدرسة &#60;b&#62;زبيدة"]);
    assert!(page.html.contains("/0b6e4f.css\""), "{}", page.html);
}
