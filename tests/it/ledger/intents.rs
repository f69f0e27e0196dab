//! Whoever changes an intent, an attempt or a count behind everybody's back is found.

use crate::support::{Engine, Hand, Merchant, Page, Payer, TestApp, came_to};
use domain::intent::CaptureMethod;
use rstest::rstest;
use service::ledger::verify_tenant;
use std::collections::BTreeSet;

/// One merchant's intents: paid at the second attempt with a promo code through a link, held, and waiting.
struct Checkout {
    paid: String,
    payment: String,
    declined: String,
    held: String,
    waiting: String,
    promo: String,
    link: String,
}

async fn checkout(app: &TestApp, merchant: &Merchant) -> Checkout {
    let till = app.till(merchant).await;
    till.promo("EID", Some(3)).await;
    let link = till
        .link(|new| {
            new.collect.promo_code = true;
            new.max_payments = Some(3);
        })
        .await;
    let paid = till.page_of(link).await;
    let promo = paid.promo("EID").await.unwrap().promo.unwrap().id;
    let declined = paid.pay(Payer::Declined).await.unwrap().answer.payment.id;
    assert_eq!(came_to(&paid.pay(Payer::Visa).await), "succeeded");
    let held = till
        .intent(|new| new.capture_method = CaptureMethod::Manual)
        .await;
    assert_eq!(came_to(&held.pay(Payer::Visa).await), "requires_capture");
    let waiting = till.intent(|_| ()).await;
    let id = |page: &Page| page.id().to_string();
    Checkout {
        payment: paid.payment().await.to_string(),
        paid: id(&paid),
        declined: declined.to_string(),
        held: id(&held),
        waiting: id(&waiting),
        promo: promo.to_string(),
        link: link.to_string(),
    }
}

const NOTHING_PAID: &str = "payment_id = NULL, gateway = NULL, paid_at = NULL, payout_minor = NULL";

/// A change, and what the proof must name for it.
struct Tampering {
    what: &'static str,
    statements: fn(&Checkout) -> Vec<String>,
    names: fn(&Checkout) -> Vec<String>,
}

fn intent(id: &str, change: &str) -> String {
    format!("UPDATE intents SET {change} WHERE id = '{id}'")
}

const TAMPERINGS: [Tampering; 14] = [
    Tampering {
        what: "attempts that were never declined",
        statements: |it| vec![intent(&it.paid, "attempts = 2")],
        names: |it| vec![it.paid.clone()],
    },
    Tampering {
        what: "attempts forgotten",
        statements: |it| vec![intent(&it.paid, "attempts = 0")],
        names: |it| vec![it.paid.clone()],
    },
    Tampering {
        what: "the payout",
        statements: |it| vec![intent(&it.paid, "payout_minor = payout_minor + 1000")],
        names: |it| vec![it.paid.clone()],
    },
    Tampering {
        what: "a paid intent that is said to wait",
        statements: |it| vec![intent(&it.paid, &format!("status = 'created', {NOTHING_PAID}"))],
        names: |it| vec![it.paid.clone(), it.promo.clone(), it.link.clone()],
    },
    Tampering {
        what: "a paid intent that is said to have expired",
        statements: |it| {
            let change = format!("status = 'expired', ended_at = created_at, {NOTHING_PAID}");
            vec![intent(&it.paid, &change)]
        },
        names: |it| vec![it.paid.clone(), it.promo.clone(), it.link.clone()],
    },
    Tampering {
        what: "an intent that is said to be paid by another's payment",
        statements: |it| {
            let change = format!(
                "status = 'succeeded', payment_id = '{}', gateway = 'CREDIT_CARD', paid_at = created_at, payout_minor = 88000",
                it.payment
            );
            vec![intent(&it.waiting, &change)]
        },
        names: |it| vec![it.waiting.clone()],
    },
    Tampering {
        what: "an intent that is said to wait for an answer that came long ago",
        statements: |it| {
            let change = format!(
                "status = 'processing', payment_id = '{}', gateway = 'CREDIT_CARD', {}",
                it.declined, "paid_at = NULL, payout_minor = NULL"
            );
            vec![intent(&it.paid, &change)]
        },
        names: |it| vec![it.paid.clone()],
    },
    Tampering {
        what: "a held intent that is said to have been given up",
        statements: |it| {
            let change =
                format!("status = 'canceled', ended_at = created_at, canceled_by = 'payer', {NOTHING_PAID}");
            vec![intent(&it.held, &change)]
        },
        names: |it| vec![it.held.clone()],
    },
    Tampering {
        what: "late money that is said to be back",
        statements: |it| {
            let change =
                "status = 'expired', ended_at = created_at, late = TRUE, paid_at = NULL, payout_minor = NULL";
            vec![intent(&it.paid, change)]
        },
        names: |it| vec![it.paid.clone(), it.promo.clone(), it.link.clone()],
    },
    Tampering {
        what: "the gateway",
        statements: |it| vec![intent(&it.paid, "gateway = 'FIB'")],
        names: |it| vec![it.paid.clone()],
    },
    Tampering {
        what: "an attempt that belongs to nobody",
        statements: |it| {
            vec![format!(
                "UPDATE payments SET intent_id = NULL WHERE id = '{}'",
                it.payment
            )]
        },
        names: |it| vec![it.paid.clone()],
    },
    Tampering {
        what: "an attempt, moved to another intent",
        statements: |it| {
            vec![format!(
                "UPDATE payments SET intent_id = '{}' WHERE id = '{}'",
                it.waiting, it.declined
            )]
        },
        names: |it| vec![it.paid.clone(), it.waiting.clone()],
    },
    Tampering {
        what: "the uses of a promo code",
        statements: |it| {
            vec![format!(
                "UPDATE promo_codes SET uses = uses + 1 WHERE id = '{}'",
                it.promo
            )]
        },
        names: |it| vec![it.promo.clone()],
    },
    Tampering {
        what: "the payments of a link",
        statements: |it| {
            vec![format!(
                "UPDATE payment_links SET payments = 0 WHERE id = '{}'",
                it.link
            )]
        },
        names: |it| vec![it.link.clone()],
    },
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_is_named_to_its_owner_and_to_nobody_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let neighbour = app.merchant("neighbour").await;
    checkout(&app, &neighbour).await;
    let neighbour = app.till(&neighbour).await;
    let hand = Hand::at(&app.database.url).await;
    app.ledger_ties().await;

    for Tampering {
        what,
        statements,
        names,
    } in TAMPERINGS
    {
        let owner = app.merchant("owner").await;
        let checkout = checkout(&app, &owner).await;
        let owner = app.till(&owner).await;
        let before = verify_tenant(&app.app, owner.who()).await.unwrap();
        assert_eq!(
            (before.intents, before.problems),
            (3, Vec::new()),
            "before {what}"
        );

        for statement in statements(&checkout) {
            hand.change(&statement).await;
        }

        let found = verify_tenant(&app.app, owner.who()).await.unwrap();
        let named: BTreeSet<String> = found
            .problems
            .iter()
            .map(|problem| problem.subject.clone())
            .collect();
        let expected: BTreeSet<String> = names(&checkout).into_iter().collect();
        assert_eq!(named, expected, "{what}: {:#?}", found.problems);
        let neighbours = verify_tenant(&app.app, neighbour.who()).await.unwrap();
        assert!(
            neighbours.is_sound(),
            "{what} is none of the neighbour's business"
        );
    }
}
