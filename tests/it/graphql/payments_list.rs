//! The list of payments: filters and totals.

use crate::support::{Engine, Merchant, Payer, TestApp, card, charge, iqd, money};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

const STATUSES: [&str; 9] = [
    "PROCESSING",
    "AUTHORIZED",
    "PARTIALLY_CAPTURED",
    "CAPTURED",
    "PARTIALLY_REFUNDED",
    "REFUNDED",
    "VOIDED",
    "EXPIRED",
    "FAILED",
];

/// Every payment that `filter` gives, newest first, and how many there are in all.
async fn filtered(merchant: &Merchant, filter: &Value) -> (Vec<Value>, u64) {
    let query = "query($filter: PaymentFilter) { payments(first: 100, filter: $filter) { \
                 totalCount nodes { id status amount { amount currency } merchantReference createdAt card { last4 } } } }";
    let reply = merchant.ask(query, json!({ "filter": filter })).await;
    assert_eq!(reply.errors, Vec::<Value>::new(), "{filter}");
    let page = &reply.data["payments"];
    (
        page["nodes"].as_array().unwrap().clone(),
        page["totalCount"].as_u64().unwrap(),
    )
}

/// `filter` gives exactly the payments that look as `wanted` says, in list order, and counts them.
async fn gives(merchant: &Merchant, filter: Value, wanted: impl Fn(&Value) -> bool) {
    let (all, _) = filtered(merchant, &json!({})).await;
    let expected: Vec<Value> = all.into_iter().filter(|payment| wanted(payment)).collect();
    let (found, total) = filtered(merchant, &filter).await;
    assert_eq!(found, expected, "{filter}");
    assert_eq!(total, u64::try_from(expected.len()).unwrap(), "{filter}");
}

/// A payment of every status that there is, some statuses reached in several ways.
async fn one_of_each(app: &TestApp, merchant: &Merchant) {
    let hold = async || {
        app.clock.advance(Duration::seconds(1));
        merchant.authorize(iqd(125_000)).await.succeeds().payment()
    };
    let sell = async || {
        app.clock.advance(Duration::seconds(1));
        merchant.sale(iqd(125_000)).await.succeeds().payment()
    };
    // Swept long ago.
    hold().await;
    let partly = hold().await;
    merchant.capture_and_keep(&partly, iqd(40_000)).await.succeeds();
    app.clock.advance(Duration::days(7));
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 2);

    let lost = json!({ "metadata": { "sandbox_fault": "timeout_after_charge" } });
    merchant
        .send("paymentSale", charge(iqd(125_000), lost))
        .await
        .succeeds();
    hold().await;
    let captured = hold().await;
    merchant.capture(&captured, iqd(40_000)).await.succeeds();
    // A hold of which something is captured, and then nothing, some or all refunded: each lapses into something else.
    for refunded in [0, 25_000, 40_000] {
        let partly = hold().await;
        merchant.capture_and_keep(&partly, iqd(40_000)).await.succeeds();
        if refunded > 0 {
            merchant.refund(&partly, iqd(refunded)).await.succeeds();
        }
    }
    sell().await;
    let partly = sell().await;
    merchant.refund(&partly, iqd(25_000)).await.succeeds();
    let whole = sell().await;
    merchant.refund(&whole, iqd(125_000)).await.succeeds();
    let voided = hold().await;
    merchant.void(&voided).await.succeeds();
    app.clock.advance(Duration::seconds(1));
    merchant.sale_by(Payer::Poor, iqd(125_000)).await.succeeds();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_status_filter_and_the_status_agree_at_every_moment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    one_of_each(&app, &school).await;
    let (all, _) = filtered(&school, &json!({})).await;
    for status in STATUSES {
        assert!(
            all.iter().any(|payment| payment["status"] == status),
            "no payment is {status}"
        );
    }
    let ends: Vec<domain::Timestamp> = {
        let query = "{ payments(first: 100) { nodes { expiresAt } } }";
        let nodes = school.ask(query, json!({})).await.data["payments"]["nodes"].take();
        nodes
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|node| node["expiresAt"].as_str()?.parse().ok())
            .collect()
    };
    let open_ends = ends.into_iter().filter(|end| *end > app.now());
    let mut moments = vec![app.now()];
    for end in open_ends {
        moments.extend([
            end - Duration::microseconds(1),
            end,
            end + Duration::microseconds(1),
        ]);
    }
    moments.sort_unstable();
    assert!(moments.len() > 9);
    for moment in moments {
        app.clock.set(moment);
        each_status(&school).await;
    }
    // Everything has lapsed; swept, it looks the same.
    let (lapsed, _) = filtered(&school, &json!({})).await;
    for gone in ["AUTHORIZED", "PARTIALLY_CAPTURED"] {
        assert!(lapsed.iter().all(|payment| payment["status"] != gone), "{gone}");
    }
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 4);
    assert_eq!(filtered(&school, &json!({})).await.0, lapsed);
    each_status(&school).await;
    app.ledger_ties().await;
}

async fn each_status(merchant: &Merchant) {
    for status in STATUSES {
        gives(merchant, json!({ "status": [status] }), |payment| {
            payment["status"] == status
        })
        .await;
    }
    for several in [
        &["EXPIRED", "VOIDED"][..],
        &["CAPTURED", "REFUNDED", "PARTIALLY_REFUNDED"],
        &STATUSES,
    ] {
        let any = |payment: &Value| several.contains(&payment["status"].as_str().unwrap());
        gives(merchant, json!({ "status": several }), any).await;
    }
    gives(merchant, json!({ "status": [] }), |_| false).await;
    gives(merchant, json!({ "status": null }), |_| true).await;
}

/// Payments that differ in amount, currency, card, reference and time.
async fn assortment(app: &TestApp, merchant: &Merchant) {
    let table = [
        (iqd(1_000), "4242424242424242", json!("SCH-1")),
        (iqd(42_000), "5555555555554444", json!("SCH-2")),
        (iqd(125_000), "4242424242424242", json!("SCH-2")),
        (money("10.30", "USD"), "4242424242424242", json!("sch-2")),
        (money("42", "USD"), "4000000000009995", json!(null)),
        (money("1.25", "KWD"), "5555555555554444", json!("SCH-2 ")),
        (iqd(42_000), "4000000000000002", json!("رقم-٧")),
    ];
    for (amount, number, reference) in table {
        let with = json!({ "card": card(number), "merchantReference": reference });
        merchant
            .send("paymentSale", charge(amount, with))
            .await
            .succeeds();
        app.clock.advance(Duration::hours(1));
    }
    let wallet = charge(iqd(42_000), json!({ "gateway": "FIB", "card": null }));
    merchant.send("paymentSale", wallet).await.succeeds();
}

/// The amount in minor units.
pub fn minor(payment: &Value) -> i64 {
    let decimal: String = payment["amount"]["amount"]
        .as_str()
        .unwrap()
        .chars()
        .filter(|c| *c != '.')
        .collect();
    decimal.parse().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_filter_gives_what_it_says_and_counts_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    assortment(&app, &school).await;
    assortment(&app, &shop).await;
    let currency = |payment: &Value| payment["amount"]["currency"].as_str().unwrap().to_owned();
    let created = |payment: &Value| payment["createdAt"].as_str().unwrap().to_owned();
    assert_eq!(filtered(&school, &json!(null)).await.1, 8);

    for code in ["IQD", "USD", "KWD", "EUR"] {
        gives(&school, json!({ "currency": code }), |payment| {
            currency(payment) == code
        })
        .await;
    }
    for reference in ["SCH-1", "SCH-2", "sch-2", "SCH-2 ", "SCH", "%", "رقم-٧", ""] {
        let same = |payment: &Value| payment["merchantReference"] == reference;
        gives(&school, json!({ "merchantReference": reference }), same).await;
    }
    for last4 in ["4242", "4444", "9995", "1234", "424", ""] {
        gives(&school, json!({ "cardLast4": last4 }), |payment| {
            payment["card"]["last4"] == last4
        })
        .await;
    }
    let (from, before) = ("2026-06-15T11:00:00.000000Z", "2026-06-15T14:00:00.000000Z");
    gives(&school, json!({ "createdFrom": from }), |payment| {
        created(payment).as_str() >= from
    })
    .await;
    gives(&school, json!({ "createdBefore": before }), |payment| {
        created(payment).as_str() < before
    })
    .await;
    let within = |payment: &Value| (from..before).contains(&created(payment).as_str());
    gives(
        &school,
        json!({ "createdFrom": from, "createdBefore": before }),
        within,
    )
    .await;
    // The same instants in Baghdad.
    let baghdad =
        json!({ "createdFrom": "2026-06-15T14:00:00+03:00", "createdBefore": "2026-06-15T17:00:00+03:00" });
    gives(&school, baghdad, within).await;
    gives(
        &school,
        json!({ "createdFrom": before, "createdBefore": from }),
        |_| false,
    )
    .await;
    let ever =
        json!({ "createdFrom": "0000-01-01T00:00:00Z", "createdBefore": "9999-12-31T23:59:59.999999999Z" });
    gives(&school, ever, |_| true).await;

    let dinars = |payment: &Value| currency(payment) == "IQD";
    let least = |payment: &Value| dinars(payment) && minor(payment) >= 42_000;
    gives(&school, json!({ "currency": "IQD", "amountMin": "42000" }), least).await;
    let most = |payment: &Value| dinars(payment) && minor(payment) <= 42_000;
    gives(&school, json!({ "currency": "IQD", "amountMax": "42000" }), most).await;
    let between = |payment: &Value| currency(payment) == "USD" && (1_030..=4_199).contains(&minor(payment));
    gives(
        &school,
        json!({ "currency": "USD", "amountMin": "10.30", "amountMax": "41.99" }),
        between,
    )
    .await;

    let together = json!({
        "status": ["CAPTURED"], "currency": "IQD", "merchantReference": "SCH-2", "cardLast4": "4242",
        "amountMin": "125000", "amountMax": "125000", "createdFrom": "2026-06-15T12:00:00Z",
        "createdBefore": "2026-06-15T12:00:00.000001Z",
    });
    gives(&school, together.clone(), |payment| {
        dinars(payment) && minor(payment) == 125_000
    })
    .await;
    assert_eq!(filtered(&school, &together).await.1, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_makes_no_sense_is_the_askers_error(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    school.sale(iqd(1_000)).await.succeeds();
    let query =
        "query($filter: PaymentFilter) { payments(first: 1, filter: $filter) { totalCount nodes { id } } }";
    let bad = [
        json!({ "currency": "GBP" }),
        json!({ "amountMin": "1000" }),
        json!({ "amountMax": "1000" }),
        json!({ "currency": "IQD", "amountMin": "much" }),
        json!({ "currency": "IQD", "amountMax": "0.5" }),
        json!({ "currency": "IQD", "amountMin": "99999999999999999999" }),
        json!({ "status": vec!["CAPTURED"; 17] }),
        // Text that no payment can hold, and that one of the two databases cannot either.
        json!({ "merchantReference": "a\u{0}b" }),
        json!({ "cardLast4": "\u{0}" }),
    ];
    for filter in bad {
        let reply = school.ask(query, json!({ "filter": filter })).await;
        assert!(reply.data.is_null(), "{filter}: {:#}", reply.data);
        assert_eq!(
            reply.errors[0]["extensions"]["code"], "BAD_USER_INPUT",
            "{filter}: {:?}",
            reply.errors
        );
    }
    let mistyped = [
        json!({ "status": ["SETTLED"] }),
        json!({ "status": ["captured"] }),
        json!({ "currency": "dinar" }),
        json!({ "amountMin": 1000, "currency": "IQD" }),
        json!({ "createdFrom": "yesterday" }),
        json!({ "createdFrom": 0 }),
        // Instants that not every database knows.
        json!({ "createdFrom": "-9999-01-01T00:00:00Z" }),
        json!({ "createdBefore": "+262000-01-01T00:00:00Z" }),
        json!({ "unknown": true }),
    ];
    for filter in mistyped {
        school
            .ask(query, json!({ "filter": filter }))
            .await
            .fails_with("GRAPHQL_VALIDATION_FAILED");
    }
    app.ledger_ties().await;
}
