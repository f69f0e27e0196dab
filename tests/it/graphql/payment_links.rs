//! Payment links: how many payments, until when, and who may end them.

use super::checkout::{confirm, errors, intent, pay, send, with};
use crate::support::{Engine, Merchant, Payer, Reply, TestApp, fresh_key, iqd, money};
use chrono::Duration;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use service::intent::Created;
use service::{Error, Refusal};

const LINK: &str = "id mode status amount { amount } title description merchantReference metadata gateways \
     collect { fee email phone promoCode } successUrl maxPayments payments expiresAt deactivatedAt createdAt url";

/// Makes a link over 3,000 dinars; `own` says what is different.
async fn create(merchant: &Merchant, own: Value) -> Reply {
    let input = with(
        json!({ "idempotencyKey": fresh_key(), "amount": iqd(3_000), "title": "Lunch" }),
        own,
    );
    send(
        merchant,
        "paymentLinkCreate",
        input,
        &format!("paymentLink {{ {LINK} }} idempotentReplay"),
    )
    .await
}

/// Makes a link and gives its id.
pub async fn link(merchant: &Merchant, own: Value) -> String {
    let reply = create(merchant, own).await.succeeds();
    reply.data["paymentLink"]["id"].as_str().unwrap().to_owned()
}

async fn read(merchant: &Merchant, id: &str) -> Value {
    let query = format!("query($id: ID!) {{ paymentLink(id: $id) {{ {LINK} }} }}");
    let reply = merchant.ask(&query, json!({ "id": id })).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    reply.data["paymentLink"].clone()
}

/// A payer opens the link.
async fn begin(app: &TestApp, link: &str) -> service::Result<Created> {
    service::payment_link::begin(&app.app, link.parse().unwrap()).await
}

async fn begun(app: &TestApp, link: &str) -> String {
    begin(app, link).await.unwrap().intent.id.to_string()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_what_was_asked_for(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let settings = [("TAHSIL_PUBLIC_URL", "https://pay.example.iq")];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let told = json!({
        "description": "A meal a day", "merchantReference": "lunch", "metadata": { "term": "1" }, "gateways": ["FIB"],
        "collect": { "phone": true, "promoCode": true }, "successUrl": "https://school.iq/thanks", "maxPayments": 2,
        "expiresAt": "2026-06-16T00:00:00+03:00",
    });
    let made = create(&school, told).await.succeeds();
    let made = &made.data["paymentLink"];
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        *made,
        json!({
            "id": id, "mode": "TEST", "status": "ACTIVE", "amount": { "amount": "3000" }, "title": "Lunch", "description": "A meal a day",
            "merchantReference": "lunch", "metadata": { "term": "1" }, "gateways": ["FIB"],
            "collect": { "fee": false, "email": false, "phone": true, "promoCode": true }, "successUrl": "https://school.iq/thanks",
            "maxPayments": 2, "payments": 0, "expiresAt": "2026-06-15T21:00:00.000000Z", "deactivatedAt": null,
            "createdAt": "2026-06-15T10:00:00.000000Z", "url": format!("https://pay.example.iq/l/{id}"),
        })
    );
    assert_eq!(read(&school, id).await, *made);
    let node = format!("query($id: ID!) {{ node(id: $id) {{ ... on PaymentLink {{ {LINK} }} }} }}");
    assert_eq!(school.ask(&node, json!({ "id": id })).await.data["node"], *made);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_takes_so_many_payments_and_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = link(&school, json!({ "maxPayments": 2 })).await;
    let (one, two, three) = (
        begun(&app, &id).await,
        begun(&app, &id).await,
        begun(&app, &id).await,
    );

    // A declined attempt takes no place.
    pay(&school, &one, Payer::Poor).await.succeeds();
    assert_eq!(read(&school, &id).await["payments"], 0);
    pay(&school, &one, Payer::Visa).await.succeeds();
    pay(&school, &two, Payer::Visa).await.succeeds();
    let used = read(&school, &id).await;
    assert_eq!(
        (&used["payments"], &used["status"]),
        (&json!(2), &json!("USED_UP"))
    );
    pay(&school, &three, Payer::Visa)
        .await
        .is_refused_with("PAYMENT_LINK_OVER");
    let late = begin(&app, &id).await.unwrap_err();
    assert!(matches!(late, Error::Refused(Refusal::Confirm(_))), "{late}");
    let paid = intent(&school, &one).await;
    assert_eq!(
        (&paid["source"], &paid["title"]),
        (&json!("LINK"), &json!("Lunch"))
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_payers_at_once_one_gets_the_last_place(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = link(&school, json!({ "maxPayments": 1 })).await;
    let mut intents = Vec::new();
    for _ in 0..10 {
        intents.push(begun(&app, &id).await);
    }
    let wallet = json!({ "gateway": "FIB" });
    let replies = join_all(
        intents
            .iter()
            .map(|intent| confirm(&school, intent, wallet.clone())),
    )
    .await;
    let paid = replies
        .iter()
        .filter(|reply| reply.payment_status() == "CAPTURED")
        .count();
    let refused = replies
        .iter()
        .filter(|reply| reply.codes() == ["PAYMENT_LINK_OVER"])
        .count();
    assert_eq!((paid, refused), (1, 9), "{replies:#?}");
    assert_eq!(
        (
            read(&school, &id).await["payments"].clone(),
            app.count("payments").await
        ),
        (json!(1), 1)
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_by_itself_or_by_its_merchant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let end = app.now() + Duration::minutes(30);
    let timed = link(&school, json!({ "expiresAt": end.to_rfc3339() })).await;
    let ended = link(&school, json!({})).await;
    let (open, kept) = (begun(&app, &timed).await, begun(&app, &ended).await);
    let deactivate = async |merchant: &Merchant| {
        let shown = format!("paymentLink {{ {LINK} }}");
        send(merchant, "paymentLinkDeactivate", json!({ "id": ended }), &shown).await
    };

    deactivate(&shop).await.is_refused_with("NOT_FOUND");
    app.clock.set(end - Duration::microseconds(1));
    assert_eq!(read(&school, &timed).await["status"], "ACTIVE");
    app.clock.set(end);
    let gone = deactivate(&school).await.succeeds();
    assert_eq!(
        (
            &gone.data["paymentLink"]["status"],
            &gone.data["paymentLink"]["deactivatedAt"]
        ),
        (&json!("DEACTIVATED"), &json!("2026-06-15T10:30:00.000000Z"))
    );
    app.clock.advance(Duration::seconds(1));
    assert_eq!(
        deactivate(&school).await.succeeds().data,
        gone.data,
        "once is enough"
    );
    assert_eq!(read(&school, &timed).await["status"], "EXPIRED");
    for over in [&timed, &ended] {
        let late = begin(&app, over).await.unwrap_err();
        assert!(matches!(late, Error::Refused(Refusal::LinkOver)), "{late}");
    }
    // Whoever had begun may go on.
    for intent in [open, kept] {
        pay(&school, &intent, Payer::Visa).await.succeeds();
    }
    let foreign = shop
        .ask(
            "query($id: ID!) { paymentLink(id: $id) { id } node(id: $id) { id } }",
            json!({ "id": timed }),
        )
        .await;
    assert_eq!(foreign.data, json!({ "paymentLink": null, "node": null }));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_new_link_is_said(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for (input, code, field) in [
        (json!({ "maxPayments": 0 }), "LIMIT_INVALID", "maxPayments"),
        (json!({ "maxPayments": -1 }), "LIMIT_INVALID", "maxPayments"),
        (
            json!({ "expiresAt": "2026-06-15T10:00:00Z" }),
            "EXPIRY_INVALID",
            "expiresAt",
        ),
        (json!({ "title": "" }), "TEXT_INVALID", "title"),
        (json!({ "title": "ت".repeat(64) }), "TEXT_INVALID", "title"),
        (json!({ "gateways": [] }), "GATEWAY_REQUIRED", "gateways"),
        (
            json!({ "gateways": ["FIB"], "amount": money("1", "USD") }),
            "GATEWAY_CURRENCY_NOT_SUPPORTED",
            "gateways",
        ),
        (
            json!({ "successUrl": "ftp://school.iq" }),
            "URL_INVALID",
            "successUrl",
        ),
    ] {
        let refused = create(&school, input.clone()).await;
        assert_eq!(errors(&refused), [(code.to_owned(), field.to_owned())], "{input}");
        assert!(refused.data["paymentLink"].is_null());
    }
    let input = json!({ "id": "pi_00000000000000000000000001" });
    send(&school, "paymentLinkDeactivate", input, "paymentLink { id }")
        .await
        .is_refused_with("ID_MALFORMED");
    assert_eq!(app.count("payment_links").await, 0);
    app.ledger_ties().await;
}
