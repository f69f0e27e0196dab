//! The signed door of S0: checkout sessions, captures, payment links, refunds.

use super::buyer::{Buyer, Waiting, with_card};
use super::desk::{AUTHORIZE, Desk, SALE, path, with};
use super::signed_desk::{Form, LINKS, REFUNDS, SESSIONS, SignedDesk, amount, capture, dinars};
use crate::support::{Engine, Payer, TestApp};
use chrono::Duration;
use domain::credential::Scopes;
use rstest::rstest;
use serde_json::{Value, json};

/// What a checkout session is asked for with.
fn session() -> Value {
    json!({
        "amount": dinars("125000"), "title": "School fee, first term", "merchant_reference": "SCH-2026-00041",
        "success_url": "https://school.example.iq/fees/paid?session={CHECKOUT_SESSION_ID}",
    })
}

/// What a payment link is asked for with.
fn link() -> Value {
    json!({ "amount": dinars("125000"), "title": "Canteen, counter 112", "merchant_reference": "counter-112" })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_session_is_an_intent_with_its_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Form::Native, Form::Http)] form: Form,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let heard = desk.post_with(form, SESSIONS, session(), &[]).await;
    let expected = json!({ "success": true, "data": {
        "id": "cs_1", "payment_intent_id": "pi_1", "url": "https://x", "status": "created", "amount": dinars("125000"),
        "merchant_reference": "SCH-2026-00041", "expires_at": "2026-01-24T11:00:00Z", "created_at": "2026-01-24T10:00:00Z",
    } });
    heard.looks_like(201, &expected, &[]);
    let (id, intent) = (heard.word("id"), heard.word("payment_intent_id"));
    assert_eq!(
        id.strip_prefix("cs_"),
        intent.strip_prefix("pi_"),
        "one thing by two names"
    );
    assert_eq!(heard.body["data"]["amount"], dinars("125000"));
    let url = reqwest::Url::parse(heard.word("url")).unwrap();
    assert_eq!(url.path(), format!("/checkout/{intent}"));
    let (name, secret) = url.query_pairs().next().unwrap();
    assert_eq!(name, "client_secret");
    let waiting = Waiting {
        id: intent.to_owned(),
        secret: secret.into_owned(),
    };
    let paid = Buyer::of(&app)
        .pays(&waiting, with_card(Payer::Visa))
        .await
        .is(200);
    assert_eq!(
        paid.word("redirect_url"),
        format!("https://school.example.iq/fees/paid?session={intent}&payment_intent={intent}")
    );
    let payment = school.payment(paid.word("payment_id")).await;
    assert_eq!(payment["merchantReference"], "SCH-2026-00041");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn captures_take_all_a_part_or_several_parts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Form::Native, Form::Http)] form: Form,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let hold = async || {
        school
            .authorize(crate::support::iqd(125_000))
            .await
            .succeeds()
            .payment()
    };
    let take = async |payment: &str, body: Value| desk.post_with(form, &capture(payment), body, &[]).await;
    let all = hold().await;
    let heard = take(&all, json!({})).await;
    let expected = json!({ "success": true, "data": {
        "id": "pay_1", "status": "captured", "amount": dinars("125000"), "captured_amount": dinars("125000"),
        "capturable_amount": dinars("0"), "transaction_id": "txn_1",
    } });
    heard.looks_like(200, &expected, &[]);
    assert_eq!(
        (heard.word("id"), heard.word("status")),
        (all.as_str(), "captured")
    );
    assert_eq!(heard.body["data"]["captured_amount"], dinars("125000"));

    let part = hold().await;
    let kept = take(
        &part,
        json!({ "amount": dinars("25000"), "final_capture": false }),
    )
    .await
    .is(200);
    let said = |heard: &super::desk::Heard| {
        let data = &heard.body["data"];
        (
            data["status"].clone(),
            data["captured_amount"]["amount"].clone(),
            data["capturable_amount"]["amount"].clone(),
        )
    };
    assert_eq!(
        said(&kept),
        (json!("partially_captured"), json!("25000"), json!("100000"))
    );
    let rest = take(&part, json!({ "amount": dinars("50000") })).await.is(200);
    assert_eq!(
        said(&rest),
        (json!("captured"), json!("75000"), json!("0")),
        "the rest is released"
    );

    take(&part, json!({}))
        .await
        .refuses(409, "PAYMENT_ALREADY_CAPTURED", "payment already captured");
    let held = hold().await;
    take(&held, json!({ "amount": dinars("125001") })).await.refuses(
        400,
        "CAPTURE_EXCEEDS_AUTHORIZED",
        "capture amount exceeds authorized amount",
    );
    let other = take(&held, json!({ "amount": amount("1", "USD") })).await;
    assert_eq!(
        (other.status, &other.body["error_code"]),
        (400, &json!("CURRENCY_MISMATCH")),
        "{}",
        other.text
    );
    app.clock.advance(Duration::days(7));
    let late = take(&held, json!({})).await;
    late.refuses(
        410,
        "AUTHORIZATION_EXPIRED",
        "authorization expired (valid for 7 days)",
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_link_is_one_address_for_many_payers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Form::Native, Form::Http)] form: Form,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let plain = desk.post_with(form, LINKS, link(), &[]).await;
    let collect = json!({ "fee": false, "email": false, "phone": false, "promo_code": false });
    let mut expected = json!({ "success": true, "data": {
        "id": "plink_1", "url": "https://x", "status": "active", "amount": dinars("125000"), "title": "Canteen, counter 112",
        "merchant_reference": "counter-112", "collect": collect, "created_at": "2026-01-24T10:00:00Z",
    } });
    plain.looks_like(201, &expected, &[]);
    assert_eq!(plain.word("url"), format!("{}/l/{}", app.url, plain.word("id")));
    let page = reqwest::get(plain.word("url")).await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Canteen, counter 112"));

    let all = json!({
        "amount": dinars("125000"), "title": "Canteen, counter 112", "merchant_reference": "counter-112", "description": "Lunch",
        "gateways": ["FIB"], "collect": { "email": true }, "success_url": "https://school.example.iq/thanks", "max_payments": 100,
        "expires_at": "2026-12-31T21:00:00Z", "metadata": { "counter": "112" },
    });
    let full = desk.post_with(form, LINKS, all, &[]).await;
    expected["data"]["max_payments"] = 100.into();
    expected["data"]["expires_at"] = "2026-12-31T21:00:00Z".into();
    expected["data"]["collect"]["email"] = true.into();
    full.looks_like(201, &expected, &[]);
    assert_eq!(full.body["data"]["expires_at"], "2026-12-31T21:00:00Z");
    assert_eq!(app.count("payment_links").await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn refunds_are_objects_of_their_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Form::Native, Form::Http)] form: Form,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let sold = school
        .sale(crate::support::iqd(125_000))
        .await
        .succeeds()
        .payment();
    let back = async |body: Value| desk.post_with(form, REFUNDS, body, &[]).await;
    let heard = back(json!({ "payment_id": sold, "amount": dinars("25000"), "reason": "returned" })).await;
    let mut expected = json!({ "success": true, "data": {
        "id": "re_1", "payment_id": "pay_1", "status": "succeeded", "amount": dinars("25000"), "refundable_amount": dinars("100000"),
        "reason": "returned", "transaction_id": "txn_1", "created_at": "2026-01-24T10:00:00Z",
    } });
    heard.looks_like(201, &expected, &[]);
    assert!(heard.word("id").starts_with("re_"));
    assert_eq!(heard.body["data"]["refundable_amount"], dinars("100000"));
    let rest = back(json!({ "payment_id": sold })).await;
    expected["data"].as_object_mut().unwrap().remove("reason");
    rest.looks_like(201, &expected, &[]);
    assert_eq!(rest.body["data"]["amount"], dinars("100000"), "all that is left");
    assert_eq!(rest.body["data"]["refundable_amount"], dinars("0"));
    let more = back(json!({ "payment_id": sold, "amount": dinars("1000") })).await;
    more.refuses(409, "PAYMENT_ALREADY_REFUNDED", "payment already fully refunded");

    let held = school
        .authorize(crate::support::iqd(125_000))
        .await
        .succeeds()
        .payment();
    back(json!({ "payment_id": held })).await.refuses(
        409,
        "PAYMENT_NOT_CAPTURED",
        "can only refund captured payments",
    );
    let other = school.sale(crate::support::iqd(1_000)).await.succeeds().payment();
    back(json!({ "payment_id": other, "amount": dinars("1001") }))
        .await
        .refuses(
            400,
            "REFUND_EXCEEDS_AVAILABLE",
            "refund amount exceeds available amount",
        );
    back(json!({ "payment_id": "pay_00000000000000000000000000" }))
        .await
        .refuses(404, "PAYMENT_NOT_FOUND", "payment not found");
    let malformed = back(json!({ "payment_id": "../../etc" })).await;
    assert_eq!(
        (malformed.status, &malformed.body["error_code"]),
        (400, &json!("ID_MALFORMED")),
        "{}",
        malformed.text
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_202(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (plain, desk) = (
        Desk::of(&app, &school),
        SignedDesk::of(&app, school.tenant, Scopes::all()).await,
    );
    let lost = |operation: &str| {
        let fault = format!("sandbox_fault_{operation}");
        json!({
            "amount": 150_000, "currency": "IQD", "card": super::desk::card(Payer::Visa),
            "metadata": { fault: "timeout_after_charge" },
        })
    };
    let held = plain
        .post(AUTHORIZE, lost("capture"))
        .await
        .is(200)
        .word("id")
        .to_owned();
    let heard = desk.post(&capture(&held), json!({})).await;
    assert_eq!(
        (heard.status, heard.word("status")),
        (202, "processing"),
        "{}",
        heard.text
    );
    let sold = plain
        .post(SALE, lost("refund"))
        .await
        .is(200)
        .word("id")
        .to_owned();
    let heard = desk.post(REFUNDS, json!({ "payment_id": sold })).await;
    assert_eq!(
        (heard.status, heard.word("status")),
        (202, "pending"),
        "{}",
        heard.text
    );
    app.clock.advance(Duration::minutes(5));
    app.resolve().await;
    assert_eq!(plain.get(&path(&held, "")).await.word("status"), "captured");
    assert_eq!(plain.get(&path(&sold, "")).await.word("status"), "refunded");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gives_the_first_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Form::Native, Form::Http)] form: Form,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let held = school
        .authorize(crate::support::iqd(125_000))
        .await
        .succeeds()
        .payment();
    let sold = school
        .sale(crate::support::iqd(125_000))
        .await
        .succeeds()
        .payment();
    let key = [("idempotency-key", "checkout_20260615_001")];
    for (path, body, other, status) in [
        (
            SESSIONS.to_owned(),
            session(),
            with(session(), "amount", dinars("1")),
            201,
        ),
        (
            capture(&held),
            json!({}),
            json!({ "amount": dinars("1000") }),
            200,
        ),
        (
            LINKS.to_owned(),
            link(),
            with(link(), "title", "Other".into()),
            201,
        ),
        (
            REFUNDS.to_owned(),
            json!({ "payment_id": sold, "amount": dinars("1000") }),
            json!({ "payment_id": sold, "amount": dinars("2000") }),
            201,
        ),
    ] {
        let first = desk.post_with(form, &path, body.clone(), &key).await.is(status);
        assert_eq!(first.header("idempotent-replayed"), "");
        let before = app.row_counts().await;
        let again = desk.post_with(form, &path, body, &key).await.is(status);
        assert_eq!(again.text, first.text, "{path}");
        assert_eq!(again.header("idempotent-replayed"), "true");
        desk.post_with(form, &path, other, &key).await.refuses(
            409,
            "IDEMPOTENCY_KEY_REUSED",
            "idempotency key already used with different request data",
        );
        assert_eq!(app.row_counts().await, before, "{path}");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_decimal_text_and_nothing_is_rounded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let held = school
        .authorize(crate::support::iqd(125_000))
        .await
        .succeeds()
        .payment();
    let sold = school
        .sale(crate::support::iqd(125_000))
        .await
        .succeeds()
        .payment();
    for (given, printed) in [
        (dinars("125000"), "125000"),
        (dinars("125000.000"), "125000"),
        (amount("12.50", "USD"), "12.50"),
        (amount("12.5", "USD"), "12.50"),
        (amount("0.01", "KWD"), "0.010"),
    ] {
        let heard = desk
            .post(SESSIONS, with(session(), "amount", given.clone()))
            .await;
        assert_eq!(
            heard.body["data"]["amount"]["amount"], printed,
            "{given}: {}",
            heard.text
        );
    }
    let before = app.row_counts().await;
    for (bad, code) in [
        (dinars("0"), "AMOUNT_NOT_POSITIVE"),
        (dinars("-1"), "AMOUNT_NOT_POSITIVE"),
        (dinars("1.5"), "AMOUNT_TOO_PRECISE"),
        (amount("12.505", "USD"), "AMOUNT_TOO_PRECISE"),
        (amount("0.001", "KWD"), "AMOUNT_TOO_PRECISE"),
        (dinars("1e3"), "AMOUNT_MALFORMED"),
        (dinars("1,000"), "AMOUNT_MALFORMED"),
        (dinars("١٠٠٠"), "AMOUNT_MALFORMED"),
        (dinars(""), "AMOUNT_MALFORMED"),
        (dinars("99999999999999999999"), "AMOUNT_TOO_LARGE"),
        (amount("1", "GBP"), "CURRENCY_UNSUPPORTED"),
        (json!({ "amount": 1000, "currency": "IQD" }), "BAD_REQUEST"),
        (json!({ "amount": "1000" }), "BAD_REQUEST"),
        (json!("1000 IQD"), "BAD_REQUEST"),
    ] {
        for (path, body) in [
            (SESSIONS.to_owned(), session()),
            (LINKS.to_owned(), link()),
            (capture(&held), json!({})),
            (REFUNDS.to_owned(), json!({ "payment_id": sold })),
        ] {
            let heard = desk.post(&path, with(body, "amount", bad.clone())).await;
            assert_eq!(
                (heard.status, &heard.body["error_code"]),
                (400, &json!(code)),
                "{path} {bad}: {}",
                heard.text
            );
        }
    }
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_bad_value_has_its_code(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    for (path, body, code) in [
        (
            SESSIONS,
            with(session(), "success_url", "http://school.example.iq".into()),
            "URL_INVALID",
        ),
        (
            SESSIONS,
            with(session(), "capture_method", "later".into()),
            "TEXT_INVALID",
        ),
        (
            SESSIONS,
            with(session(), "expires_in", 299.into()),
            "INTENT_LIFE_INVALID",
        ),
        (
            SESSIONS,
            with(session(), "gateways", json!(["CASH"])),
            "TEXT_INVALID",
        ),
        (
            SESSIONS,
            with(session(), "title", "x".repeat(64).into()),
            "TEXT_INVALID",
        ),
        (
            SESSIONS,
            with(session(), "collect", json!({ "fee": "yes" })),
            "BAD_REQUEST",
        ),
        (LINKS, with(link(), "title", Value::Null), "BAD_REQUEST"),
        (LINKS, with(link(), "title", "".into()), "TEXT_INVALID"),
        (LINKS, with(link(), "max_payments", 0.into()), "LIMIT_INVALID"),
        (LINKS, with(link(), "max_payments", (-1).into()), "LIMIT_INVALID"),
        (
            LINKS,
            with(link(), "max_payments", i64::MAX.into()),
            "LIMIT_INVALID",
        ),
        (
            LINKS,
            with(link(), "expires_at", "tomorrow".into()),
            "EXPIRY_INVALID",
        ),
        (
            LINKS,
            with(link(), "expires_at", "2026-06-15T10:00:00Z".into()),
            "EXPIRY_INVALID",
        ),
        (
            LINKS,
            with(link(), "success_url", "javascript:alert(1)".into()),
            "URL_INVALID",
        ),
        (REFUNDS, json!({}), "BAD_REQUEST"),
        (REFUNDS, json!({ "payment_id": 7 }), "BAD_REQUEST"),
    ] {
        let heard = desk.post(path, body).await;
        assert_eq!(
            (heard.status, &heard.body["error_code"]),
            (400, &json!(code)),
            "{path}: {}",
            heard.text
        );
    }
    for text in ["", "{", "[]", "amount=1"] {
        let heard = desk.send(&desk.signed(Form::Native, SESSIONS, text, &[])).await;
        assert_eq!(
            (heard.status, &heard.body["error_code"]),
            (400, &json!("BAD_REQUEST")),
            "{text}"
        );
    }
    assert_eq!(
        (app.count("intents").await, app.count("payment_links").await),
        (0, 0)
    );
}
