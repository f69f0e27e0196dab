//! Promo codes: what they take off, how often and until when.

use super::checkout::{apply, confirm, create, errors, intent, pay, send, status};
use crate::support::{Engine, Merchant, Payer, Reply, TestApp, dinars, iqd, usd};
use chrono::Duration;
use domain::credential::Scopes;
use domain::fee::FeeTerms;
use domain::merchant::Mode;
use domain::promo_code::PromoRefusal;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use service::{Error, Refusal};

const CODE: &str = "id mode code shareBps amount { amount } maxUses uses expiresAt deactivatedAt createdAt";

async fn make(merchant: &Merchant, input: Value) -> Reply {
    send(
        merchant,
        "promoCodeCreate",
        input,
        &format!("promoCode {{ {CODE} }}"),
    )
    .await
}

/// Makes a promo code and gives its id.
pub async fn code(merchant: &Merchant, input: Value) -> String {
    let reply = make(merchant, input).await.succeeds();
    reply.data["promoCode"]["id"].as_str().unwrap().to_owned()
}

async fn read(merchant: &Merchant, id: &str) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on PromoCode {{ {CODE} }} }} }}");
    merchant.ask(&query, json!({ "id": id })).await.data["node"].clone()
}

fn refusal(result: service::Result<domain::intent::Intent>) -> PromoRefusal {
    match result.unwrap_err() {
        Error::Refused(Refusal::Promo(refusal)) => refusal,
        other => panic!("{other}"),
    }
}

/// An intent of 10,000 dinars that takes codes.
async fn open(merchant: &Merchant) -> Reply {
    create(
        merchant,
        json!({ "amount": iqd(10_000), "collect": { "promoCode": true } }),
    )
    .await
    .succeeds()
}

fn id(created: &Reply) -> &str {
    created.data["intent"]["id"].as_str().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn codes_take_a_share_or_an_amount_off(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let share = make(
        &school,
        json!({ "code": "eid-2026", "shareBps": 1_250, "maxUses": 5 }),
    )
    .await
    .succeeds();
    let share = &share.data["promoCode"];
    assert_eq!(
        *share,
        json!({ "id": share["id"], "mode": "TEST", "code": "EID-2026", "shareBps": 1_250, "amount": null, "maxUses": 5, "uses": 0,
                "expiresAt": null, "deactivatedAt": null, "createdAt": "2026-06-15T10:00:00.000000Z" })
    );
    code(&school, json!({ "code": "NEW", "amount": iqd(3_000) })).await;

    for (word, discount, total) in [(" Eid-2026 ", "1250", "8750"), ("new", "3000", "7000")] {
        let created = open(&school).await;
        apply(&app, &created, word).await.unwrap();
        let shown = intent(&school, id(&created)).await;
        assert_eq!(shown["promo"]["discount"]["amount"], discount);
        let bill = &shown["bills"][0];
        assert_eq!(
            (&bill["discount"]["amount"], &bill["total"]["amount"]),
            (&json!(discount), &json!(total))
        );
        let paid = pay(&school, id(&created), Payer::Visa).await.succeeds();
        assert_eq!(paid.data["payment"]["amount"]["amount"], total);
        assert_eq!(paid.data["intent"]["amount"]["amount"], "10000");
    }
    assert_eq!(read(&school, share["id"].as_str().unwrap()).await["uses"], 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_refuses_what_it_is_not_for(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    code(&school, json!({ "code": "THREE", "amount": iqd(3_000) })).await;
    code(&shop, json!({ "code": "SHOP", "shareBps": 100 })).await;
    let ended = code(&school, json!({ "code": "ENDED", "shareBps": 100 })).await;
    let shown = "promoCode { code deactivatedAt }";
    send(&shop, "promoCodeDeactivate", json!({ "id": ended }), shown)
        .await
        .is_refused_with("NOT_FOUND");
    let once = send(&school, "promoCodeDeactivate", json!({ "id": ended }), shown)
        .await
        .succeeds();
    app.clock.advance(Duration::seconds(1));
    let twice = send(&school, "promoCodeDeactivate", json!({ "id": ended }), shown)
        .await
        .succeeds();
    assert_eq!(once.data, twice.data, "once is enough");

    let created = open(&school).await;
    for word in ["SHOP", "ENDED", "NOBODY", "x"] {
        assert_eq!(
            refusal(apply(&app, &created, word).await),
            PromoRefusal::Unknown,
            "{word}"
        );
    }
    let plain = create(&school, json!({})).await.succeeds();
    assert_eq!(
        refusal(apply(&app, &plain, "THREE").await),
        PromoRefusal::NotAllowed
    );
    let small = create(
        &school,
        json!({ "amount": iqd(3_000), "collect": { "promoCode": true } }),
    )
    .await
    .succeeds();
    assert_eq!(
        refusal(apply(&app, &small, "THREE").await),
        PromoRefusal::NothingLeft
    );
    let dollars = create(
        &school,
        json!({ "amount": usd(10), "collect": { "promoCode": true } }),
    )
    .await
    .succeeds();
    assert!(matches!(
        refusal(apply(&app, &dollars, "THREE").await),
        PromoRefusal::WrongCurrency { .. }
    ));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_gives_the_payer_or_the_merchant_nothing_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let fees = FeeTerms {
        fee_bps: 100,
        fixed: Some(dinars(500)),
        reserve_bps: 0,
    };
    let school = app.merchant_with("school", Mode::Test, Scopes::all(), fees).await;
    let percent = code(&school, json!({ "code": "ONE", "shareBps": 100, "maxUses": 1 })).await;
    code(&school, json!({ "code": "MOST", "amount": iqd(9_500) })).await;
    code(&school, json!({ "code": "LESS", "amount": iqd(9_494) })).await;
    let priced = async |amount: i64, fee: bool| {
        let collect = json!({ "promoCode": true, "fee": fee });
        let input = json!({ "amount": iqd(amount), "collect": collect, "gateways": ["FIB"] });
        create(&school, input).await.succeeds()
    };

    let small = priced(99, false).await;
    assert_eq!(
        refusal(apply(&app, &small, "ONE").await),
        PromoRefusal::TakesNothing
    );
    confirm(&school, id(&small), json!({ "gateway": "FIB" }))
        .await
        .succeeds();
    assert_eq!(read(&school, &percent).await["uses"], 0, "no use is lost");

    // 500 dinars are left, and the fee of them is 505.
    let eaten = priced(10_000, false).await;
    assert_eq!(refusal(apply(&app, &eaten, "MOST").await), PromoRefusal::BelowFee);
    assert_eq!(intent(&school, id(&eaten)).await["promo"], Value::Null);
    apply(&app, &eaten, "LESS").await.unwrap();
    // The payer pays the fee on top of what is left.
    let on_top = priced(10_000, true).await;
    apply(&app, &on_top, "MOST").await.unwrap();
    let paid = confirm(&school, id(&on_top), json!({ "gateway": "FIB" }))
        .await
        .succeeds();
    assert_eq!(paid.data["intent"]["paid"]["payout"]["amount"], "500");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_came_to_take_nothing_is_refused_when_it_is_paid(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let promo = code(&school, json!({ "code": "ONE", "shareBps": 100 })).await;
    let created = open(&school).await;
    apply(&app, &created, "ONE").await.unwrap();
    // As a release put it on that did not look.
    app.sabotage("UPDATE intents SET amount_minor = 50000, discount_minor = 0")
        .await;
    let refused = pay(&school, id(&created), Payer::Visa)
        .await
        .is_refused_with("PROMO_CODE_TAKES_NOTHING");
    assert_eq!(
        refused.message(),
        "this promo code takes nothing off this payment"
    );
    assert_eq!(read(&school, &promo).await["uses"], 0);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_ended_after_it_was_put_on_is_refused_when_it_is_paid(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let end = app.now() + Duration::minutes(10);
    code(
        &school,
        json!({ "code": "TODAY", "shareBps": 5_000, "expiresAt": end.to_rfc3339() }),
    )
    .await;
    let once = code(
        &school,
        json!({ "code": "ONCE", "shareBps": 5_000, "maxUses": 1 }),
    )
    .await;
    let (today, first, second) = (open(&school).await, open(&school).await, open(&school).await);
    apply(&app, &today, "TODAY").await.unwrap();
    apply(&app, &first, "ONCE").await.unwrap();
    apply(&app, &second, "ONCE").await.unwrap();

    app.clock.set(end);
    let refused = pay(&school, id(&today), Payer::Visa)
        .await
        .is_refused_with("PROMO_CODE_EXPIRED");
    assert_eq!(refused.data["intent"], Value::Null);
    // A declined attempt gives its use back.
    pay(&school, id(&first), Payer::Poor).await.succeeds();
    assert_eq!(read(&school, &once).await["uses"], 0);
    pay(&school, id(&second), Payer::Visa).await.succeeds();
    assert_eq!(read(&school, &once).await["uses"], 1);
    pay(&school, id(&first), Payer::Visa)
        .await
        .is_refused_with("PROMO_CODE_USED_UP");
    assert_eq!(
        refusal(apply(&app, &open(&school).await, "ONCE").await),
        PromoRefusal::UsedUp
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_payers_at_once_one_gets_the_last_use(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let once = code(
        &school,
        json!({ "code": "ONCE", "amount": iqd(9_000), "maxUses": 1 }),
    )
    .await;
    let mut intents = Vec::new();
    for _ in 0..10 {
        let created = open(&school).await;
        apply(&app, &created, "ONCE").await.unwrap();
        intents.push(id(&created).to_owned());
    }
    let wallet = json!({ "gateway": "FIB" });
    let replies = join_all(
        intents
            .iter()
            .map(|intent| confirm(&school, intent, wallet.clone())),
    )
    .await;
    let paid: Vec<&Reply> = replies
        .iter()
        .filter(|reply| status(reply) == "SUCCEEDED")
        .collect();
    let refused = replies
        .iter()
        .filter(|reply| reply.codes() == ["PROMO_CODE_USED_UP"])
        .count();
    assert_eq!((paid.len(), refused), (1, 9), "{replies:#?}");
    assert_eq!(paid[0].data["payment"]["amount"]["amount"], "1000");
    assert_eq!(read(&school, &once).await["uses"], 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_new_code_is_said(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    code(&school, json!({ "code": "TAKEN", "shareBps": 100 })).await;
    for (input, code, field) in [
        (
            json!({ "code": "TAKEN", "shareBps": 1 }),
            "PROMO_CODE_TAKEN",
            "code",
        ),
        (
            json!({ "code": "taken", "amount": iqd(1_000) }),
            "PROMO_CODE_TAKEN",
            "code",
        ),
        (
            json!({ "code": "ab", "shareBps": 1 }),
            "PROMO_CODE_INVALID",
            "code",
        ),
        (
            json!({ "code": "عيد مبارك", "shareBps": 1 }),
            "PROMO_CODE_INVALID",
            "code",
        ),
        (json!({ "code": "ABC" }), "DISCOUNT_INVALID", "shareBps"),
        (
            json!({ "code": "ABC", "shareBps": 1, "amount": iqd(1_000) }),
            "DISCOUNT_INVALID",
            "shareBps",
        ),
        (
            json!({ "code": "ABC", "shareBps": 0 }),
            "DISCOUNT_INVALID",
            "shareBps",
        ),
        (
            json!({ "code": "ABC", "shareBps": -5 }),
            "DISCOUNT_INVALID",
            "shareBps",
        ),
        (
            json!({ "code": "ABC", "shareBps": 10_000 }),
            "DISCOUNT_INVALID",
            "shareBps",
        ),
        (
            json!({ "code": "ABC", "amount": { "amount": "0.5", "currency": "IQD" } }),
            "AMOUNT_TOO_PRECISE",
            "amount.amount",
        ),
        (
            json!({ "code": "ABC", "shareBps": 1, "maxUses": 0 }),
            "LIMIT_INVALID",
            "maxUses",
        ),
        (
            json!({ "code": "ABC", "shareBps": 1, "maxUses": -1 }),
            "LIMIT_INVALID",
            "maxUses",
        ),
        (
            json!({ "code": "ABC", "shareBps": 1, "expiresAt": "2026-06-15T10:00:00Z" }),
            "EXPIRY_INVALID",
            "expiresAt",
        ),
    ] {
        let refused = make(&school, input.clone()).await;
        assert_eq!(errors(&refused), [(code.to_owned(), field.to_owned())], "{input}");
        assert!(refused.data["promoCode"].is_null());
    }
    code(&shop, json!({ "code": "TAKEN", "shareBps": 9_999 })).await;
    assert_eq!(app.count("promo_codes").await, 2);
    app.ledger_ties().await;
}
