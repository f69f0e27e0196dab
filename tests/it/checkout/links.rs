//! Payment links: each payer gets a payment of their own, until the link is over.

use super::{Browser, Counter};
use crate::support::{Engine, Payer, TestApp, fresh_key};
use chrono::Duration;
use domain::actor::Actor;
use domain::intent::Collect;
use domain::metadata::Metadata;
use domain::{Currency, Money};
use rstest::rstest;
use service::credential::{Presented, authenticate};
use service::payment_link::{self, NewPaymentLink};

async fn actor(app: &TestApp, counter: &Counter) -> Actor {
    let shown = Presented::Secret(&counter.secret);
    let found = authenticate(&app.app, &shown, "127.0.0.1".parse().unwrap()).await;
    match found.unwrap() {
        Ok(admitted) => admitted.actor,
        Err(denied) => panic!("{:?}", denied.denial),
    }
}

/// The path of a link for 25,000 dinars.
async fn link(app: &TestApp, counter: &Counter, most: Option<u32>, life: Option<Duration>) -> String {
    let new = NewPaymentLink {
        idempotency_key: fresh_key().parse().unwrap(),
        amount: Money::new(25_000_000, Currency::Iqd),
        title: "Bus fee".into(),
        description: Some("September".into()),
        merchant_reference: None,
        metadata: Metadata::default(),
        gateways: None,
        collect: Collect::default(),
        success_url: None,
        max_payments: most,
        expires_at: life.map(|life| app.now() + life),
    };
    let who = actor(app, counter).await;
    let made = payment_link::create(&app.app, &who, new).await.unwrap();
    format!("/l/{}", made.link.id)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_payer_of_a_link_pays_for_themselves_until_it_is_used_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let path = link(&app, &counter, Some(1), None).await;
    let (one, two) = (Browser::at(&app), Browser::at(&app));
    let landed = one.open(&path).await;
    landed.says(
        200,
        &[
            "Payment request from Zubaida School",
            "25,000 IQD",
            "Bus fee",
            "September",
        ],
    );
    assert_eq!(app.count("intents").await, 0, "looking makes nothing");
    let go = landed.form("class=\"stack\"");
    let page = one.fill(&go, &[]).await;
    page.says(200, &["Pay Zubaida School", "25,000 IQD", "Bus fee"]);
    assert!(page.path.starts_with("/checkout/pi_"), "{}", page.path);
    let beside = two.fill(&go, &[]).await;
    assert_ne!(page.path, beside.path);
    // The page of another payer is not theirs.
    two.open(&page.path).await.says(403, &[]);

    let paid = one.pays_by(&page, Payer::Visa).await;
    paid.says(200, &["Payment successful"]);
    paid.hides(&["data-forward", "Back to Zubaida"]);
    let late = two.pays_by(&beside, Payer::Visa).await;
    late.says(410, &["This payment link is closed", "Bus fee"]);
    two.open(&path).await.says(410, &["This payment link is closed"]);
    two.fill(&go, &[])
        .await
        .says(410, &["This payment link is closed"]);
    assert_eq!(app.count("payments").await, 1);
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_by_the_clock_and_by_its_merchant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let short = link(&app, &counter, None, Some(Duration::hours(1))).await;
    let ended = link(&app, &counter, None, None).await;
    let browser = Browser::at(&app);
    let id = ended.strip_prefix("/l/").unwrap().parse().unwrap();
    let who = actor(&app, &counter).await;
    payment_link::deactivate(&app.app, &who, id).await.unwrap();
    browser
        .open(&ended)
        .await
        .says(410, &["This payment link is closed"]);
    browser.open(&short).await.says(200, &["25,000 IQD"]);
    app.clock.advance(Duration::hours(1));
    browser
        .open(&short)
        .await
        .says(410, &["This payment link is closed"]);
    let sent = browser.post(&short, &[]).await;
    assert_eq!((sent.status, sent.header("location")), (303, short.as_str()));
    assert_eq!(app.count("intents").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_shared_as_text_and_as_a_code(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let counter = Counter::open(&app).await;
    let path = link(&app, &counter, None, None).await;
    let mut browser = Browser::at(&app);
    browser.accept = "ar";
    let share = browser.get(&format!("{path}/share")).await;
    assert_eq!(share.status, 200, "{}", share.html);
    assert!(
        share.html.contains(&format!("value=\"{}{path}\"", app.url)),
        "{}",
        share.html
    );
    assert!(share.html.contains("href=\"https://wa.me/?text=") && share.html.contains("class=\"qr\""));
    // The switch leads to the same page.
    assert!(
        share.html.contains(&format!("href=\"{path}/share?lang=en\"")),
        "{}",
        share.html
    );
    for unknown in ["/l/plink_01arz3ndektsv4rrffq69g5fav", "/l/%FF", "/l/x/share"] {
        let seen = browser.get(unknown).await;
        assert_eq!(
            (seen.status, seen.header("content-language")),
            (404, "ar"),
            "{unknown}"
        );
    }
}
