//! Intents whose server dies, and answers that come too late: the intent waits, nothing is charged or given back twice.

use crate::support::{
    Engine, Gate, Held, Page, Payer, TestApp, TestDatabase, Till, came_to, dinars, fault, until,
};
use chrono::Duration;
use domain::intent::{CaptureMethod, IntentState};
use domain::merchant::LateSuccess;
use domain::payment::Finality;
use domain::provider::Gateway;
use rstest::rstest;
use service::{Error, Refusal};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// What a process of its own is to do until it is killed: database, deed, intent, client secret and card, one a line.
const DEED: &str = "TAHSIL_IT_DEED";

/// Begins a deed and never ends it: its provider does not answer.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of its own that other tests start and kill"]
async fn victim() {
    let Ok(deed) = std::env::var(DEED) else { return };
    let parts: Vec<&str> = deed.lines().collect();
    let (holds, url) = match parts[1] {
        "pay" => (Held::Charges, parts[0]),
        _ => (Held::FollowUps, parts[0]),
    };
    let gate = Arc::new(Gate::new(holds, 2));
    let app = TestApp::patient_on(TestDatabase::at(url), gate, 43).await;
    app.clock.set(parts[2].parse().unwrap());
    if parts[1] == "pay" {
        let page = Page::open(&app.app, parts[3].parse().unwrap(), parts[4]).await;
        let card = if parts[5] == "declined" {
            Payer::Declined
        } else {
            Payer::Visa
        };
        page.pay(card).await.unwrap();
    } else {
        app.give_back().await;
    }
    panic!("nobody killed it");
}

struct Victim(Child);

impl Victim {
    fn doing(deed: &[&str]) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "failure::intents::victim", "--ignored", "--nocapture"])
            .env(DEED, deed.join("\n"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Victim {
    /// SIGKILL.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn made(
    app: &TestApp,
    till: &Till,
    change: impl FnOnce(&mut service::intent::NewIntent),
) -> (Page, String) {
    let page = till.intent(change).await;
    let intent = page.intent().await;
    // The same key gives the same secret again.
    let secret = service::keys::Keys::derive(&[7; 32]).client_secret(intent.id);
    assert_eq!(Page::open(&app.app, intent.id, &secret).await.id(), intent.id);
    (page, secret)
}

#[rstest]
#[case::approved("visa", None, "succeeded", 0)]
#[case::declined("declined", None, "created", 1)]
#[case::never_sent("visa", Some("timeout_before_charge"), "created", 0)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_middle_of_an_attempt_leaves_an_intent_that_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] card: &str,
    #[case] lost: Option<&str>,
    #[case] becomes: &str,
    #[case] attempts: u8,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let (page, secret) = made(&app, &till, |new| {
        if let Some(word) = lost {
            new.metadata = fault("sandbox_fault", word);
        }
    })
    .await;
    let (now, id) = (app.now().to_rfc3339(), page.id().to_string());
    let victim = Victim::doing(&[&app.database.url, "pay", &now, &id, &secret, card]);
    until("the attempt is reserved", async || {
        app.count("operations").await == 1
    })
    .await;
    drop(victim);

    assert_eq!(page.status().await, "processing");
    assert_eq!(came_to(&page.pay(Payer::Visa).await), "AttemptInProgress");
    app.ledger_ties().await;
    app.clock.advance(Duration::minutes(10));
    assert_eq!(app.resolve().await.settled, 1);

    assert_eq!(
        (page.status().await.as_str(), page.intent().await.attempts),
        (becomes, attempts)
    );
    if becomes == "created" {
        assert_eq!(
            came_to(&page.pay(Payer::Visa).await),
            if lost.is_some() { "processing" } else { "succeeded" }
        );
    }
    app.ledger_ties().await;
}

/// An intent of five minutes whose answer is lost, ten minutes later.
async fn late(app: &TestApp, till: &Till, method: CaptureMethod, with: &[(&str, &str)]) -> Page {
    let faults = [("sandbox_fault", "timeout_after_charge")];
    let pairs = faults
        .iter()
        .chain(with)
        .map(|(key, word)| ((*key).to_owned(), (*word).to_owned()));
    let metadata = domain::metadata::Metadata::new(pairs).unwrap();
    let page = till
        .intent(|new| {
            new.metadata = metadata;
            new.capture_method = method;
            new.expires_in = Some(Duration::minutes(5));
        })
        .await;
    assert_eq!(came_to(&page.pay(Payer::Visa).await), "processing");
    app.clock.advance(Duration::minutes(10));
    assert_eq!(page.status().await, "processing");
    assert_eq!(service::intent::expire_due(&app.app, 10).await.unwrap(), 0);
    assert_eq!(app.resolve().await.settled, 1);
    page
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn late_money_that_is_accepted_pays_the_intent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;

    let page = late(&app, &till, CaptureMethod::Automatic, &[]).await;

    assert_eq!(page.status().await, "succeeded late");
    assert_eq!(app.told("payment.late_success").await, 1);
    assert_eq!(
        (
            app.told("payment_intent.succeeded").await,
            app.told("payment_intent.expired").await
        ),
        (1, 0)
    );
    assert_eq!((app.give_back().await, app.count("refunds").await), (0, 0));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_late_hold_that_is_accepted_is_late_when_it_is_captured(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;

    let page = late(&app, &till, CaptureMethod::Manual, &[]).await;
    assert_eq!(page.status().await, "requires_capture late");
    till.capture(page.payment().await, None, Finality::Final).await;

    assert_eq!(page.status().await, "succeeded late");
    assert_eq!(app.told("payment.late_success").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn late_money_that_is_not_wanted_goes_back_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(CaptureMethod::Automatic, CaptureMethod::Manual)] method: CaptureMethod,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    app.late_money(&school, LateSuccess::GiveBack).await;
    let till = app.till(&school).await;

    let page = late(&app, &till, method, &[]).await;
    assert_eq!(page.status().await, "expired late");
    app.ledger_ties().await;
    assert_eq!(app.give_back().await, 1);
    for _ in 0..3 {
        app.clock.advance(Duration::hours(2));
        assert_eq!(app.give_back().await, 0);
    }

    let refunds = if method == CaptureMethod::Automatic { 1 } else { 0 };
    assert_eq!(app.count("refunds").await, refunds);
    assert_eq!(app.count("operations").await, 2);
    let status = school.status(&page.payment().await.to_string()).await;
    assert_eq!(status, if refunds == 1 { "REFUNDED" } else { "VOIDED" });
    assert_eq!(
        (
            app.told("payment.late_success").await,
            app.told("payment_intent.expired").await
        ),
        (1, 1)
    );
    is_back(&page).await;
    app.ledger_ties().await;
}

async fn is_back(page: &Page) {
    let state = page.intent().await.state;
    assert!(
        matches!(state, IntentState::Expired { late: Some(late), .. } if late.given_back),
        "{state:?}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn late_money_is_not_back_before_its_refund_is_known_to_have_happened(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("timeout_after_charge", "timeout_before_charge", "decline")] word: &str,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    app.late_money(&school, LateSuccess::GiveBack).await;
    let till = app.till(&school).await;
    let page = late(
        &app,
        &till,
        CaptureMethod::Automatic,
        &[("sandbox_fault_refund", word)],
    )
    .await;

    app.clock.advance(Duration::seconds(1));
    assert_eq!(app.give_back().await, 0, "nobody knows yet, or it was refused");
    assert_eq!(app.give_back().await, 0, "and it is left alone for an hour");
    assert_eq!(app.count("refunds").await, 1);
    app.ledger_ties().await;
    app.clock.advance(Duration::minutes(30));
    app.resolve().await;

    if word == "timeout_after_charge" {
        is_back(&page).await;
        app.clock.advance(Duration::hours(2));
        assert_eq!((app.give_back().await, app.count("refunds").await), (0, 1));
    } else {
        // It did not happen: it is tried again, not forgotten.
        app.clock.advance(Duration::hours(2));
        assert_eq!((app.give_back().await, app.count("refunds").await), (0, 2));
        assert_eq!(page.status().await, "expired late");
        let state = page.intent().await.state;
        assert!(
            matches!(state, IntentState::Expired { late: Some(late), .. } if !late.given_back),
            "{state:?}"
        );
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn late_money_that_its_gateway_never_gives_back_is_accepted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    app.late_money(&school, LateSuccess::GiveBack).await;
    let till = app.till(&school).await;
    let page = till
        .intent(|new| {
            new.metadata = fault("sandbox_fault", "timeout_after_charge");
            new.expires_in = Some(Duration::minutes(5));
        })
        .await;
    assert_eq!(came_to(&page.pay_by(Gateway::NassWallet).await), "processing");
    app.clock.advance(Duration::minutes(10));
    assert_eq!(app.resolve().await.settled, 1);

    assert_eq!(page.status().await, "succeeded late");
    assert_eq!(
        (app.give_back().await, app.told("payment.late_success").await),
        (0, 1)
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_merchant_who_was_faster_gives_late_money_back_himself(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    app.late_money(&school, LateSuccess::GiveBack).await;
    let till = app.till(&school).await;

    let refunded = late(&app, &till, CaptureMethod::Automatic, &[]).await;
    let payment = refunded.payment().await.to_string();
    school.refund(&payment, crate::support::iqd(60)).await.succeeds();
    app.ledger_ties().await;
    assert_eq!(app.give_back().await, 1, "the rest of it");
    is_back(&refunded).await;

    let captured = late(&app, &till, CaptureMethod::Manual, &[]).await;
    till.capture(captured.payment().await, Some(dinars(30)), Finality::KeepRest)
        .await;
    assert_eq!(app.give_back().await, 1, "what is held and what was taken");
    is_back(&captured).await;

    let held = late(&app, &till, CaptureMethod::Manual, &[]).await;
    app.clock.advance(Duration::days(7));
    assert_eq!(service::payment::expire_due(&app.app, 10).await.unwrap(), 1);
    is_back(&held).await;
    assert_eq!((app.count("refunds").await, app.give_back().await), (3, 0));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_gives_back_gives_back_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(CaptureMethod::Automatic, CaptureMethod::Manual)] method: CaptureMethod,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    app.late_money(&school, LateSuccess::GiveBack).await;
    let till = app.till(&school).await;
    let page = late(&app, &till, method, &[]).await;
    let now = app.now().to_rfc3339();
    let victim = Victim::doing(&[&app.database.url, "give back", &now]);
    until("the second operation is reserved", async || {
        app.count("operations").await == 2
    })
    .await;
    drop(victim);

    assert_eq!(app.give_back().await, 0, "it has been asked for");
    assert_eq!(app.count("operations").await, 2);
    app.clock.advance(Duration::minutes(10));
    assert_eq!(app.resolve().await.settled, 1);

    is_back(&page).await;
    app.clock.advance(Duration::hours(2));
    assert_eq!((app.give_back().await, app.count("operations").await), (0, 2));
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_sweeps_give_back_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    app.late_money(&school, LateSuccess::GiveBack).await;
    let till = app.till(&school).await;
    let page = late(&app, &till, CaptureMethod::Automatic, &[]).await;

    let both = tokio::join!(app.give_back(), app.give_back());

    assert!(both.0 + both.1 >= 1, "{both:?}");
    assert_eq!(app.count("refunds").await, 1);
    is_back(&page).await;
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_broken_intent_keeps_no_other_hold_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let mut pages = Vec::new();
    for _ in 0..2 {
        let page = till
            .intent(|new| new.capture_method = CaptureMethod::Manual)
            .await;
        page.pay(Payer::Visa).await.unwrap();
        pages.push(page);
    }
    app.sabotage(&format!(
        "UPDATE intents SET gateways = 'PAYPAL' WHERE id = '{}'",
        pages[0].id()
    ))
    .await;
    app.clock.advance(Duration::days(7));

    assert_eq!(service::payment::expire_due(&app.app, 10).await.unwrap(), 1);

    assert_eq!(pages[1].status().await, "canceled");
    let found = service::ledger::verify_all(&app.app).await.unwrap();
    assert_eq!(found.problems[0].subject, pages[0].id().to_string());
    app.sabotage("UPDATE intents SET gateways = 'CREDIT_CARD'").await;
    assert_eq!(service::payment::expire_due(&app.app, 10).await.unwrap(), 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_confirm_tells_what_is_known_by_now(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    let page = till
        .intent(|new| new.metadata = fault("sandbox_fault", "late_success"))
        .await;

    let first = till.confirm(page.id(), "key", Payer::Visa).await;
    assert_eq!(came_to(&first), "processing");
    // Two questions in vain, then the answer.
    for (asked, (known, settled)) in [("processing", 0), ("processing", 0), ("succeeded", 1)]
        .into_iter()
        .enumerate()
    {
        app.clock.advance(Duration::hours(2));
        assert_eq!(app.resolve().await.settled, settled, "{asked}");
        let again = till.confirm(page.id(), "key", Payer::Visa).await;
        assert_eq!(came_to(&again), known, "{asked}");
        assert_eq!(again.unwrap().run, service::payment::Run::Replayed);
    }

    let other = till
        .confirm(page.id(), "key", Payer::Mastercard)
        .await
        .unwrap_err();
    assert!(
        matches!(other, Error::Refused(Refusal::Idempotency(_))),
        "{other:?}"
    );
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_hears_the_answer_after_the_sweep_has_asked_hears_of_the_intent_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as _).await;
    let school = app.merchant("school").await;
    let page = app.till(&school).await.intent(|_| ()).await;
    let asked = tokio::spawn({
        let page = page.clone();
        async move { page.pay(Payer::Visa).await }
    });
    gate.reached().await;
    app.clock.advance(Duration::minutes(10));
    assert_eq!(app.resolve().await.settled, 1);
    gate.arrive().await;

    assert_eq!(came_to(&asked.await.unwrap()), "succeeded");
    assert_eq!(
        (
            app.count("journals").await,
            app.told("payment_intent.succeeded").await
        ),
        (1, 1)
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_listed_oldest_first_and_to_their_merchant_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, other) = (app.merchant("school").await, app.merchant("other").await);
    let (till, other) = (app.till(&school).await, app.till(&other).await);
    let pages = [till.intent(|_| ()).await, till.intent(|_| ()).await];
    let mut tried = Vec::new();
    for card in [Payer::Declined, Payer::Poor, Payer::Visa] {
        for page in &pages {
            app.clock.advance(Duration::seconds(1));
            tried.push(page.pay(card).await.unwrap().answer.payment.id);
        }
    }
    let ids = pages.each_ref().map(Page::id);

    let listed = service::intent::attempts_of(&app.app, till.who(), &ids)
        .await
        .unwrap();
    assert_eq!(listed.iter().map(|payment| payment.id).collect::<Vec<_>>(), tried);
    let foreign = service::intent::attempts_of(&app.app, other.who(), &ids)
        .await
        .unwrap();
    assert_eq!(foreign, Vec::new());
}
