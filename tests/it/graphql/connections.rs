//! What all lists have in common, and the lists besides payments.

use super::walk::{List, Way};
use crate::support::{Engine, Merchant, Payer, TestApp, card, charge, iqd};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

const PAYMENTS: List = List {
    name: "payments",
    arguments: "",
    node: "id",
};
const OPERATIONS: List = List {
    name: "operations",
    arguments: "",
    node: "id kind createdAt payment { id }",
};
const REFUNDS: List = List {
    name: "refunds",
    arguments: "",
    node: "id createdAt payment { id }",
};
const CARDS: List = List {
    name: "cards",
    arguments: "",
    node: "id last4 createdAt",
};
const ENTRIES: List = List {
    name: "ledgerEntries",
    arguments: "",
    node: "id journalId kind code bookedAt",
};
const LISTS: [List; 5] = [PAYMENTS, OPERATIONS, REFUNDS, CARDS, ENTRIES];

/// A payment with three refunds, and others around it; gives the id of the first.
async fn busy(app: &TestApp, merchant: &Merchant) -> String {
    let mut first = String::new();
    for (n, number) in ["4242424242424242", "5555555555554444", "378282246310005"]
        .into_iter()
        .enumerate()
    {
        let mut payer = card(number);
        payer["cvv"] = if number.starts_with('3') { "1234" } else { "123" }.into();
        let payment = merchant
            .send("paymentSale", charge(iqd(125_000), json!({ "card": payer })))
            .await
            .succeeds();
        app.clock.advance(Duration::seconds(1));
        for _ in n..3 {
            merchant.refund(&payment.payment(), iqd(10_000)).await.succeeds();
            app.clock.advance(Duration::seconds(1));
        }
        if n == 0 {
            first = payment.payment();
        }
    }
    merchant.sale_by(Payer::Poor, iqd(1_000)).await.succeeds();
    app.clock.advance(Duration::seconds(1));
    first
}

/// Walks `list` in pages of several sizes both ways; every walk gives the same rows, each once.
async fn walked(merchant: &Merchant, list: List<'_>) -> Vec<Value> {
    let whole = list.all(merchant, Way::Forward, 100).await;
    let ids: std::collections::HashSet<&str> = whole.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), whole.len(), "{}: a row twice", list.name);
    for size in [1, 2, 3, whole.len(), whole.len() + 1] {
        for way in [Way::Forward, Way::Backward] {
            assert_eq!(
                list.all(merchant, way, size).await,
                whole,
                "{} {way:?} {size}",
                list.name
            );
        }
    }
    whole
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn operations_refunds_and_cards_are_listed_newest_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    busy(&app, &school).await;
    busy(&app, &shop).await;
    for (list, rows) in [(OPERATIONS, 10), (REFUNDS, 6), (CARDS, 4)] {
        let whole = walked(&school, list).await;
        assert_eq!(whole.len(), rows, "{}", list.name);
        let newer = |a: &Value, b: &Value| a["createdAt"].as_str() > b["createdAt"].as_str();
        assert!(whole.is_sorted_by(newer), "{}", list.name);
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn operations_refunds_and_entries_can_be_narrowed_to_a_payment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = busy(&app, &school).await;
    let arguments = format!("payment: \"{payment}\"");
    let of = |list: List<'static>| List {
        name: list.name,
        arguments: &arguments,
        node: list.node,
    };

    let kinds = |rows: &[Value]| {
        rows.iter()
            .map(|row| row["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let operations = walked(&school, of(OPERATIONS)).await;
    assert_eq!(kinds(&operations), ["REFUND", "REFUND", "REFUND", "SALE"]);
    let refunds = walked(&school, of(REFUNDS)).await;
    assert_eq!(refunds.len(), 3);
    for row in operations.iter().chain(&refunds) {
        assert_eq!(row["payment"]["id"], payment.as_str());
    }
    let entries = walked(&school, of(ENTRIES)).await;
    assert_eq!(entries.len(), 9, "three legs of the sale, two of each refund");
    assert_eq!(
        &kinds(&entries)[6..],
        ["capture", "capture", "capture"],
        "the oldest journal comes last"
    );
    // The same rows as in the whole list, in the same order.
    let whole = List {
        name: "ledgerEntries",
        arguments: "",
        node: ENTRIES.node,
    }
    .all(&school, Way::Forward, 100)
    .await;
    let among: Vec<&Value> = whole.iter().filter(|row| entries.contains(row)).collect();
    assert_eq!(among, entries.iter().collect::<Vec<_>>());
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn ledger_entries_tell_the_books_line_by_line(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    // 21:30 in London is half past midnight in Baghdad: the next business day.
    app.clock.set("2026-06-15T21:30:00Z".parse().unwrap());
    let sale = school.sale(iqd(125_000)).await.succeeds();
    app.clock.advance(Duration::days(1));
    let refund = school.refund(&sale.payment(), iqd(25_000)).await.succeeds();
    walked(&school, ENTRIES).await;

    let node =
        "kind sourceId debitAccount creditAccount amount { amount currency } code businessDate bookedAt";
    let rows = List {
        name: "ledgerEntries",
        arguments: "",
        node,
    }
    .all(&school, Way::Forward, 100)
    .await;
    let merchant = school.tenant.merchant;
    let account = |number: &str| match number {
        "A100" | "L240" => format!("{number}:test:IQD:sandbox"),
        "R300" => format!("{number}:test:IQD"),
        _ => format!("{number}:test:IQD:{merchant}"),
    };
    let line = |kind: &str, source: &Value, [debit, credit, amount, code]: [&str; 4]| {
        let (date, at) = match kind {
            "capture" => ("2026-06-16", "2026-06-15T21:30:00.000000Z"),
            _ => ("2026-06-17", "2026-06-16T21:30:00.000000Z"),
        };
        json!({
            "kind": kind, "sourceId": source, "debitAccount": account(debit), "creditAccount": account(credit),
            "amount": { "amount": amount, "currency": "IQD" }, "code": code, "businessDate": date, "bookedAt": at,
        })
    };
    let (sold, refunded) = (&sale.data["operation"]["id"], &refund.data["refund"]["id"]);
    let mut told = rows.clone();
    // Both journals of the refund were written at one instant; their order is that of their ids.
    told[..2].sort_by_key(|row| row["kind"].to_string());
    let expected = [
        line("refund_accepted", refunded, ["L200", "L240", "25000", "refund"]),
        line("refund_succeeded", refunded, ["L240", "A100", "25000", "refund"]),
        line("capture", sold, ["A100", "L200", "125000", "gross"]),
        line("capture", sold, ["L200", "R300", "2500", "fee"]),
        line("capture", sold, ["L200", "L220", "6250", "reserve"]),
    ];
    assert_eq!(told, expected);

    // The lines that the payload told are those that were written.
    let said = sale.data["ledgerLines"].as_array().unwrap();
    let written: Vec<Value> = told[2..]
        .iter()
        .map(|row| json!([row["debitAccount"], row["creditAccount"]]))
        .collect();
    let said: Vec<Value> = said
        .iter()
        .map(|row| json!([row["debitAccount"], row["creditAccount"]]))
        .collect();
    assert_eq!(written, said);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_list_takes_either_first_or_last_within_limits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    busy(&app, &school).await;
    for list in LISTS {
        let page = list.page(&school, Way::Forward, 1, &Value::Null).await;
        let cursor = &page["pageInfo"]["endCursor"];
        let bad = [
            json!({}),
            json!({ "first": null, "last": null }),
            json!({ "first": 1, "last": 1 }),
            json!({ "first": 0 }),
            json!({ "first": -1 }),
            json!({ "first": 101 }),
            json!({ "last": 0 }),
            json!({ "last": i32::MIN }),
            json!({ "last": 101 }),
            json!({ "after": cursor }),
            json!({ "before": cursor }),
            json!({ "first": 1, "before": cursor }),
            json!({ "last": 1, "after": cursor }),
            json!({ "first": 1, "after": cursor, "before": cursor }),
        ];
        for page in bad {
            let reply = list.ask(&school, page.clone()).await;
            assert!(reply.data.is_null(), "{} {page}", list.name);
            reply.fails_with("BAD_USER_INPUT");
        }
        // So large that it is not even looked at.
        for page in [
            json!({ "first": i32::MAX }),
            json!({ "last": i32::MAX }),
            json!({ "first": 3_000_000_000_i64 }),
        ] {
            list.ask(&school, page).await.fails_with("OPERATION_TOO_COMPLEX");
        }
        for page in [json!({ "first": 100 }), json!({ "last": 100 })] {
            assert_eq!(
                list.ask(&school, page).await.errors,
                Vec::<Value>::new(),
                "{}",
                list.name
            );
        }
        for page in [json!({ "first": "1" }), json!({ "first": 1.5 })] {
            list.ask(&school, page)
                .await
                .fails_with("GRAPHQL_VALIDATION_FAILED");
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_opens_its_own_list_only(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let payment = busy(&app, &school).await;
    let narrowed = format!("payment: \"{payment}\"");
    let narrow = |name| List {
        name,
        arguments: &narrowed,
        node: "id",
    };
    let sorted = |arguments| List {
        name: "payments",
        arguments,
        node: "id",
    };
    let lists = [
        PAYMENTS,
        OPERATIONS,
        REFUNDS,
        CARDS,
        ENTRIES,
        narrow("operations"),
        narrow("refunds"),
        narrow("ledgerEntries"),
        sorted("orderBy: { direction: ASC }"),
        sorted("orderBy: { field: AMOUNT }"),
        sorted("filter: { currency: IQD }"),
        sorted("filter: { currency: IQD, amountMin: \"1000\" }"),
        sorted("filter: { status: [CAPTURED, FAILED] }"),
        sorted("filter: { status: [CAPTURED, PARTIALLY_REFUNDED] }"),
        sorted("filter: { createdFrom: \"2026-06-15T10:00:00Z\" }"),
    ];
    let mut cursors = Vec::new();
    for list in lists {
        let cursor = list.page(&school, Way::Forward, 1, &Value::Null).await["pageInfo"]["endCursor"].take();
        assert!(cursor.is_string(), "{} {}", list.name, list.arguments);
        cursors.push(cursor);
    }
    for (own, list) in lists.iter().enumerate() {
        for (other, cursor) in cursors.iter().enumerate() {
            for page in [
                json!({ "first": 1, "after": cursor }),
                json!({ "last": 1, "before": cursor }),
            ] {
                let reply = list.ask(&school, page).await;
                if own == other {
                    assert_eq!(reply.errors, Vec::<Value>::new());
                } else {
                    let reply = reply.fails_with("BAD_USER_INPUT");
                    let words = "the cursor does not belong to this list, filter and order";
                    assert_eq!(
                        reply.errors[0]["message"], words,
                        "{} {}",
                        list.name, list.arguments
                    );
                }
            }
        }
        for forged in [
            "",
            "x",
            "AAAA",
            "MXx8",
            "%%%",
            "MXwwMDAwMDAwMDAwMDB8MHxwYXlf",
            "مؤشر",
            "\u{0}",
        ] {
            let reply = list.ask(&school, json!({ "first": 1, "after": forged })).await;
            assert!(reply.data.is_null(), "{} {forged:?}", list.name);
            reply.fails_with("BAD_USER_INPUT");
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_rows_is_an_empty_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for list in LISTS {
        for way in [Way::Forward, Way::Backward] {
            let page = list.page(&school, way, 10, &Value::Null).await;
            let info = json!({ "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null });
            assert_eq!(
                (&page["nodes"], &page["pageInfo"]),
                (&json!([]), &info),
                "{}",
                list.name
            );
        }
    }
    app.ledger_ties().await;
}
