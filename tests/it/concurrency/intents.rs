//! Many payers, one intent; many intents, one slot: one attempt is in flight, one payment takes the money, and slots are counted.

use crate::support::{Engine, Gate, Hand, Held, Page, Payer, TestApp, Till, came_to, dinars, is_locked};
use chrono::Duration;
use domain::intent::CaptureMethod;
use domain::payment::Finality;
use futures_util::future::join_all;
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often each outcome came.
fn tally(outcomes: &[Result<service::payment::Outcome, service::Error>]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for outcome in outcomes {
        *tally.entry(came_to(outcome)).or_default() += 1;
    }
    tally
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn five_declines_one_after_the_other_lock_an_intent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let page = app.till(&school).await.intent(|_| ()).await;

    for left in (1..5).rev() {
        assert_eq!(came_to(&page.pay(Payer::Declined).await), "created");
        assert_eq!(page.intent().await.remaining_attempts(), left);
    }
    assert_eq!(came_to(&page.pay(Payer::Poor).await), "failed");

    // The right card is too late.
    assert!(is_locked(&page.pay(Payer::Visa).await));
    assert_eq!(
        (page.status().await.as_str(), page.intent().await.attempts),
        ("failed", 5)
    );
    assert_eq!(app.count("payments").await, 5);
    assert_eq!(
        (
            app.told("payment.failed").await,
            app.told("payment_intent.failed").await
        ),
        (5, 1)
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn five_declines_at_once_are_five_and_the_sixth_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let page = app.till(&school).await.intent(|_| ()).await;

    let mut declined = 0;
    while page.status().await == "created" {
        let volley = join_all((0..10).map(|_| page.pay(Payer::Declined))).await;
        let mut tally = tally(&volley);
        let now = tally.remove("created").unwrap_or_default() + tally.remove("failed").unwrap_or_default();
        assert!(now > 0, "somebody gets through: {tally:?}");
        declined += now;
        tally.retain(|refusal, _| refusal != "AttemptInProgress" && refusal != "NoAttemptLeft");
        assert!(tally.is_empty(), "{tally:?}");
    }

    assert_eq!(declined, 5);
    assert!(is_locked(&page.pay(Payer::Declined).await));
    assert_eq!(
        (app.count("payments").await, page.intent().await.attempts),
        (5, 5)
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_payers_with_good_cards_pay_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    for _ in 0..20 {
        let page = till.intent(|_| ()).await;

        let (one, other) = tokio::join!(page.pay(Payer::Visa), page.pay(Payer::Mastercard));

        let mut came = [came_to(&one), came_to(&other)];
        came.sort();
        assert_eq!(came[1], "succeeded");
        assert!(
            ["AttemptInProgress", "Completed"].contains(&came[0].as_str()),
            "{came:?}"
        );
        assert_eq!(page.status().await, "succeeded");
    }
    assert_eq!(
        (app.count("payments").await, app.count("journals").await),
        (20, 20)
    );
    assert_eq!(app.told("payment_intent.succeeded").await, 20);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn while_an_attempt_is_in_flight_nothing_else_happens_to_its_intent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let page = till.intent(|new| new.collect.promo_code = true).await;
    let asked = tokio::spawn({
        let page = page.clone();
        async move { page.pay(Payer::Visa).await }
    });
    gate.reached().await;

    assert_eq!(came_to(&page.pay(Payer::Visa).await), "AttemptInProgress");
    let refused = page.cancel().await.unwrap_err().to_string();
    assert_eq!(refused, "a payment attempt is still in progress");
    page.promo("EID").await.unwrap_err();
    app.clock.advance(Duration::hours(2));
    assert_eq!(service::intent::expire_due(&app.app, 10).await.unwrap(), 0);
    assert_eq!(page.status().await, "processing");
    app.ledger_ties().await;

    gate.arrive().await;
    asked.await.unwrap().unwrap();
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_and_an_attempt_at_once_have_one_winner(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let mut paid = 0;
    for _ in 0..20 {
        let page = till.intent(|_| ()).await;

        let (attempt, canceled) = tokio::join!(page.pay(Payer::Visa), page.cancel());

        match (came_to(&attempt).as_str(), canceled.is_ok()) {
            ("succeeded", false) => paid += 1,
            ("Canceled", true) => {}
            other => panic!("{other:?}"),
        }
        let expected = if canceled.is_ok() { "canceled" } else { "succeeded" };
        assert_eq!(page.status().await, expected);
    }
    assert_eq!(
        (app.count("payments").await, app.count("journals").await),
        (paid, paid)
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_and_an_attempt_at_once_have_one_winner(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    for round in 0..10 {
        let five_minutes = Duration::minutes(5);
        let page = till.intent(|new| new.expires_in = Some(five_minutes)).await;
        let tick = Duration::microseconds(1);
        app.clock.advance(five_minutes - tick);
        let time = async {
            // The end comes before, between or after what the attempt does.
            for _ in 0..round * 20 {
                tokio::task::yield_now().await;
            }
            app.clock.advance(tick);
            service::intent::expire_due(&app.app, 10).await.unwrap()
        };

        let (attempt, ended) = tokio::join!(page.pay(Payer::Visa), time);

        match came_to(&attempt).as_str() {
            "succeeded" => assert_eq!((page.status().await.as_str(), ended), ("succeeded", 0)),
            "Expired" => {
                let ended = ended + service::intent::expire_due(&app.app, 10).await.unwrap();
                assert_eq!((page.status().await.as_str(), ended), ("expired", 1));
            }
            other => panic!("{other}"),
        }
    }
    app.ledger_ties().await;
}

async fn uses(app: &TestApp) -> i64 {
    let hand = Hand::at(&app.database.url).await;
    hand.number("SELECT CAST(uses AS BIGINT) FROM promo_codes").await
}

async fn pages_with_promo(till: &Till, count: usize, method: CaptureMethod) -> Vec<Page> {
    let mut pages = Vec::new();
    for _ in 0..count {
        let page = till
            .intent(|new| {
                new.collect.promo_code = true;
                new.capture_method = method;
            })
            .await;
        page.promo("eid").await.unwrap();
        pages.push(page);
    }
    pages
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_promo_code_goes_to_one_of_twenty(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    till.promo("EID", Some(1)).await;
    let pages = pages_with_promo(&till, 20, CaptureMethod::Automatic).await;

    let came = join_all(pages.iter().map(|page| page.pay(Payer::Visa))).await;

    assert_eq!(
        tally(&came),
        BTreeMap::from([("UsedUp".to_owned(), 19), ("succeeded".to_owned(), 1)])
    );
    assert_eq!((uses(&app).await, app.count("payments").await), (1, 1));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_last_payment_of_a_link_goes_to_one_of_twenty(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let link = till.link(|_| ()).await;
    let pages = join_all((0..20).map(|_| till.page_of(link))).await;

    let came = join_all(pages.iter().map(|page| page.pay(Payer::Visa))).await;

    assert_eq!(
        tally(&came),
        BTreeMap::from([("LinkUsedUp".to_owned(), 19), ("succeeded".to_owned(), 1)])
    );
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_over_refuses_one_payment_too_many_in_words(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("expired", "deactivated")] how: &str,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let end = app.now() + Duration::minutes(10);
    let link = till.link(|new| new.expires_at = Some(end)).await;
    let pages = [till.page_of(link).await, till.page_of(link).await];
    match how {
        "expired" => app.clock.advance(Duration::minutes(20)),
        _ => {
            service::payment_link::deactivate(&app.app, till.who(), link)
                .await
                .unwrap();
        }
    }

    // Who opened the page while the link was good may pay.
    assert_eq!(came_to(&pages[0].pay(Payer::Visa).await), "succeeded");
    assert_eq!(came_to(&pages[1].pay(Payer::Visa).await), "LinkUsedUp");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_held_while_money_is_under_way_or_here_and_not_longer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    till.promo("EID", Some(1)).await;
    let pages = pages_with_promo(&till, 4, CaptureMethod::Manual).await;

    assert_eq!(came_to(&pages[0].pay(Payer::Declined).await), "created");
    assert_eq!(uses(&app).await, 0, "a decline gives it back");
    assert_eq!(came_to(&pages[0].pay(Payer::Visa).await), "requires_capture");
    assert_eq!(uses(&app).await, 1);
    assert_eq!(came_to(&pages[1].pay(Payer::Visa).await), "UsedUp");

    till.void(pages[0].payment().await).await;
    assert_eq!(
        (pages[0].status().await.as_str(), uses(&app).await),
        ("canceled", 0)
    );
    app.ledger_ties().await;

    assert_eq!(came_to(&pages[2].pay(Payer::Visa).await), "requires_capture");
    app.clock.advance(Duration::days(7));
    assert_eq!(service::payment::expire_due(&app.app, 10).await.unwrap(), 1);
    assert_eq!(
        (pages[2].status().await.as_str(), uses(&app).await),
        ("canceled", 0)
    );
    app.ledger_ties().await;

    let page = pages_with_promo(&till, 1, CaptureMethod::Manual).await.remove(0);
    assert_eq!(came_to(&page.pay(Payer::Visa).await), "requires_capture");
    till.capture(page.payment().await, Some(dinars(40)), Finality::KeepRest)
        .await;
    assert_eq!((page.status().await.as_str(), uses(&app).await), ("succeeded", 1));
    till.capture(page.payment().await, None, Finality::Final).await;
    // 10 per cent off, 2 per cent fee of 40 and of 50, each half up: 1 and 1.
    assert_eq!(page.intent().await.state.paid().unwrap().payout, dinars(88));
    assert_eq!(uses(&app).await, 1);
    assert_eq!(app.told("payment_intent.canceled").await, 2);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_somebody_emptied_keeps_no_payment_from_being_settled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    till.promo("EID", None).await;
    let page = pages_with_promo(&till, 1, CaptureMethod::Manual).await.remove(0);
    page.pay(Payer::Visa).await.unwrap();
    app.sabotage("UPDATE promo_codes SET uses = 0").await;
    assert!(!service::ledger::verify_all(&app.app).await.unwrap().is_sound());

    till.void(page.payment().await).await;

    assert_eq!((page.status().await.as_str(), uses(&app).await), ("canceled", 0));
    app.ledger_ties().await;
}
