//! Whoever gets past the guards and changes the books is found: the proof names the payment, journal or transfer.

use super::{Books, books};
use crate::support::{Engine, Hand, Merchant, Program, TestApp};
use rstest::rstest;
use serde_json::{Value, json};
use service::ledger::{Integrity, verify_all};
use std::collections::BTreeSet;

/// A change of the books behind everybody's back, and what the proof must name for it.
struct Tampering {
    what: &'static str,
    statements: fn(&Books, &Merchant) -> Vec<String>,
    names: fn(&Books) -> Vec<String>,
}

const TAMPERINGS: [Tampering; 24] = [
    Tampering {
        what: "the amount of a transfer",
        statements: |books, _| vec![leg(books, "amount_minor = amount_minor - 1000", 1)],
        names: |books| vec![format!("{}/1", books.journal), books.journal.clone()],
    },
    Tampering {
        what: "the accounts of a transfer, swapped",
        statements: |books, _| {
            vec![leg(
                books,
                "debit_account_id = credit_account_id, credit_account_id = debit_account_id",
                1,
            )]
        },
        names: |books| vec![format!("{}/1", books.journal), books.journal.clone()],
    },
    Tampering {
        what: "the code of a transfer",
        statements: |books, _| vec![leg(books, "code = 'gross'", 2)],
        names: |books| vec![format!("{}/2", books.journal), books.journal.clone()],
    },
    Tampering {
        what: "the day of a transfer",
        statements: |books, _| vec![leg(books, "business_date = '2026-06-14'", 1)],
        names: |books| vec![format!("{}/1", books.journal)],
    },
    Tampering {
        what: "a transfer, removed",
        statements: |books, _| {
            vec![format!(
                "DELETE FROM transfers WHERE journal_id = '{}' AND leg = 3",
                books.journal
            )]
        },
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "a transfer, added",
        statements: |books, _| {
            vec![format!(
                "INSERT INTO transfers (journal_id, leg, debit_account_id, credit_account_id, currency, amount_minor, \
                 code, business_date) SELECT journal_id, 4, debit_account_id, credit_account_id, currency, amount_minor, \
                 code, business_date FROM transfers WHERE journal_id = '{}' AND leg = 3",
                books.journal
            )]
        },
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "the digest of a journal",
        statements: |books, _| vec![header(books, &format!("digest = '{}'", "0".repeat(64)))],
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "the day of a journal",
        statements: |books, _| {
            let day =
                "INSERT INTO business_days VALUES ('2026-06-13', 'closed', '2026-06-13T10:00:00+00:00')";
            vec![day.to_owned(), header(books, "business_date = '2026-06-13'")]
        },
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "the number of legs of a journal",
        statements: |books, _| vec![header(books, "legs = 4")],
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "a journal, moved to another merchant",
        statements: |books, other| {
            vec![header(
                books,
                &format!("merchant_id = '{}'", other.tenant.merchant),
            )]
        },
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "a journal, moved to another mode",
        statements: |books, _| vec![header(books, "mode = 'live'")],
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "a journal that says it reverses another",
        statements: |books, _| {
            let refunds = format!(
                "SELECT id FROM journals WHERE source_id = '{}' AND kind = 'refund_accepted'",
                books.refund
            );
            vec![header(books, &format!("reverses_journal_id = ({refunds})"))]
        },
        names: |books| vec![books.journal.clone()],
    },
    Tampering {
        what: "a journal, removed with its transfers",
        statements: |books, _| {
            vec![
                format!("DELETE FROM transfers WHERE journal_id = '{}'", books.journal),
                format!("DELETE FROM journals WHERE id = '{}'", books.journal),
            ]
        },
        names: |books| vec![books.operation.clone()],
    },
    Tampering {
        what: "a journal of nothing, added",
        statements: |books, _| vec![copied(books, "jrn_nothing", "'txn_nothing'", "kind")],
        names: |_| vec!["jrn_nothing".into()],
    },
    Tampering {
        what: "a second journal of a sale, added",
        statements: |books, _| vec![copied(books, "jrn_second", "source_id", "'refund_accepted'")],
        names: |_| vec!["jrn_second".into()],
    },
    Tampering {
        what: "what a payment says was captured",
        statements: |books, _| vec![payment(books, "captured_minor = captured_minor - 1000")],
        names: |books| vec![books.payment.clone()],
    },
    Tampering {
        what: "what a payment says was refunded",
        statements: |books, _| vec![payment(books, "refunded_minor = refunded_minor - 1000")],
        names: |books| vec![books.payment.clone()],
    },
    Tampering {
        what: "what a payment says is promised back",
        statements: |books, _| {
            vec![payment(
                books,
                "refund_pending_minor = refund_pending_minor + 1000",
            )]
        },
        names: |books| vec![books.payment.clone()],
    },
    Tampering {
        what: "the status of a payment",
        statements: |books, _| vec![payment(books, "status = 'refunded'")],
        names: |books| vec![books.payment.clone()],
    },
    Tampering {
        what: "the amount of an operation",
        statements: |books, _| vec![operation(books, "amount_minor = amount_minor + 1000")],
        names: |books| vec![books.payment.clone(), format!("{}/1", books.journal)],
    },
    Tampering {
        what: "the fee of an operation",
        statements: |books, _| vec![operation(books, "fee_minor = fee_minor + 1000")],
        names: |books| vec![format!("{}/2", books.journal)],
    },
    Tampering {
        what: "an operation that is said to have failed",
        statements: |books, _| {
            let decline = r#"{"reason":"do_not_honor","message":"no"}"#;
            vec![operation(
                books,
                &format!("status = 'failed', decline = '{decline}'"),
            )]
        },
        names: |books| vec![books.payment.clone(), books.journal.clone()],
    },
    Tampering {
        what: "the amount of a refund",
        statements: |books, _| {
            vec![format!(
                "UPDATE refunds SET amount_minor = amount_minor + 1000 WHERE id = '{}'",
                books.refund
            )]
        },
        names: |books| vec![books.payment.clone()],
    },
    Tampering {
        what: "a payment, removed with all that belongs to it",
        statements: |books, _| {
            ["refunds", "operations"]
                .map(|table| format!("DELETE FROM {table} WHERE payment_id = '{}'", books.payment))
                .into_iter()
                .chain([format!("DELETE FROM payments WHERE id = '{}'", books.payment)])
                .collect()
        },
        names: |books| vec![books.journal.clone()],
    },
];

fn leg(books: &Books, change: &str, leg: i16) -> String {
    format!(
        "UPDATE transfers SET {change} WHERE journal_id = '{}' AND leg = {leg}",
        books.journal
    )
}

fn header(books: &Books, change: &str) -> String {
    format!("UPDATE journals SET {change} WHERE id = '{}'", books.journal)
}

fn copied(books: &Books, id: &str, source: &str, kind: &str) -> String {
    format!(
        "INSERT INTO journals (id, merchant_id, mode, kind, source_id, business_date, legs, digest, booked_at) \
         SELECT '{id}', merchant_id, mode, {kind}, {source}, business_date, legs, digest, booked_at \
         FROM journals WHERE id = '{}'",
        books.journal
    )
}

fn payment(books: &Books, change: &str) -> String {
    format!("UPDATE payments SET {change} WHERE id = '{}'", books.payment)
}

fn operation(books: &Books, change: &str) -> String {
    format!("UPDATE operations SET {change} WHERE id = '{}'", books.operation)
}

fn subjects(integrity: &Integrity) -> BTreeSet<String> {
    integrity
        .problems
        .iter()
        .map(|problem| problem.subject.clone())
        .collect()
}

/// What a merchant sees of the proof: whether its books are sound, and what is named.
async fn seen_by(merchant: &Merchant) -> (bool, BTreeSet<String>) {
    let reply = merchant
        .ask("{ ledgerIntegrity { ok problems { subject } } }", json!({}))
        .await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    let seen = &reply.data["ledgerIntegrity"];
    let subjects = seen["problems"].as_array().unwrap().iter();
    let subjects = subjects
        .map(|problem| problem["subject"].as_str().unwrap().to_owned())
        .collect();
    (seen["ok"].as_bool().unwrap(), subjects)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_is_named_to_its_owner_and_to_nobody_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let neighbour = app.merchant("neighbour").await;
    books(&app, &neighbour).await;
    let hand = Hand::at(&app.database.url).await;
    hand.drop_guards().await;
    app.ledger_ties().await;

    let (mut known, mut missed) = (BTreeSet::new(), Vec::new());
    for Tampering {
        what,
        statements,
        names,
    } in TAMPERINGS
    {
        let owner = app.merchant("owner").await;
        let books = books(&app, &owner).await;
        assert_eq!(seen_by(&owner).await, (true, BTreeSet::new()), "before {what}");

        for statement in statements(&books, &neighbour) {
            hand.change_all(&statement).await;
        }

        let all = subjects(&verify_all(&app.app).await.unwrap());
        let expected: BTreeSet<String> = names(&books).into_iter().collect();
        if !expected.is_subset(&all) {
            missed.push(format!(
                "{what}: expected {expected:?}, new are {:?}",
                all.difference(&known).collect::<Vec<_>>()
            ));
        }
        let (sound, seen) = seen_by(&owner).await;
        if sound || !expected.is_subset(&seen) {
            missed.push(format!("{what}, seen by its owner: sound {sound}, {seen:?}"));
        }
        known = all;
        let (sound, seen) = seen_by(&neighbour).await;
        assert!(sound, "{what} is none of the neighbour's business: {seen:?}");
    }

    assert!(missed.is_empty(), "{missed:#?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_relabelled_is_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    books(&app, &school).await;
    books(&app, &shop).await;
    let hand = Hand::at(&app.database.url).await;
    let code = |number: &str| format!("{number}:test:IQD:{}", school.tenant.merchant);
    let relabelled = [
        (code("L200"), "kind = 'merchant_available'".to_owned()),
        (code("L220"), format!("merchant_id = '{}'", shop.tenant.merchant)),
        (code("L210"), "mode = 'live'".to_owned()),
        ("R300:test:IQD".to_owned(), "type = 'expense'".to_owned()),
        (
            "A100:test:IQD:sandbox".to_owned(),
            "provider = 'other'".to_owned(),
        ),
    ];
    let expected: BTreeSet<String> = relabelled.iter().map(|(code, _)| code.clone()).collect();

    for (code, change) in relabelled {
        hand.change(&format!(
            "UPDATE ledger_accounts SET {change} WHERE code = '{code}'"
        ))
        .await;
    }

    assert_eq!(subjects(&verify_all(&app.app).await.unwrap()), expected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_whether_the_books_are_sound(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let books = books(&app, &school).await;
    let program = Program::on(&app.database);

    let before = program.run(&["verify"]).await;
    assert_eq!(before.code, Some(0), "{}", before.err);
    assert_eq!(
        before.out,
        "checked 1 payment, 3 journals, 5 transfers, 0 intents: everything ties\n5 of 5 rules installed, no offending rows\n"
    );

    let hand = Hand::at(&app.database.url).await;
    hand.drop_guards().await;
    hand.change(&leg(&books, "amount_minor = amount_minor - 1000", 1))
        .await;

    let after = program.run(&["verify"]).await;
    assert_eq!(after.code, Some(1), "{}", after.err);
    assert!(
        after
            .out
            .contains(&format!("{}/1: its amount is 99999 IQD", books.journal)),
        "{}",
        after.out
    );
    let json = program.run(&["verify", "--output", "json"]).await;
    assert_eq!(json.code, Some(1), "{}", json.err);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["sound"], false);
    assert_eq!(json["problems"][0]["subject"], format!("{}/1", books.journal));
}
