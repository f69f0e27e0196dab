//! The demo on a real database.

use super::*;
use domain::id::PaymentId;
use domain::payment::{Payment, PaymentStatus};
use service::db::{Settings, open_for_migration};
use service::page::{PageRequest, Way};
use service::payment::{Filter, OrderBy, Relations, SortKey};
use tempfile::TempDir;

const MASTER_KEY: [u8; 32] = [7; 32];

fn end() -> Timestamp {
    "2026-06-15T13:42:00Z".parse().unwrap()
}

/// A demo in a file of its own, and an installation that looks at it.
struct Demo {
    seeded: Seeded,
    app: App,
    _dir: TempDir,
}

impl Demo {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("demo.db").display());
        let schema = open_for_migration(&url).await.unwrap();
        migration::run_pending(&schema).await.unwrap();
        schema.close().await.unwrap();
        let settings = Settings {
            url,
            max_connections: 2,
            statement_timeout: std::time::Duration::from_secs(5),
            acquire_timeout: std::time::Duration::from_secs(5),
            on_statement: None,
        };
        let db = Db::open(&settings).await.unwrap();
        let app = App::new(Parts {
            db: db.clone(),
            clock: Arc::new(MockClock::at(end())),
            ids: Arc::new(SeededIds::new(1)),
            keys: Keys::derive(&MASTER_KEY),
            providers: Providers::default(),
            provider_timeout: std::time::Duration::from_secs(1),
            webhook_targets: domain::webhook::TargetPolicy::default(),
            questions_logged_per_second: 2_500,
        });
        assert!(is_empty(&app).await.unwrap());
        let seeded = seed(db, &MASTER_KEY, end()).await.unwrap();
        assert!(!is_empty(&app).await.unwrap());
        Self {
            seeded,
            app,
            _dir: dir,
        }
    }

    async fn payments(&self, key: &SeededKey) -> Vec<Payment> {
        let who = actor(&self.app, key).await.unwrap();
        let order = OrderBy {
            key: SortKey::CreatedAt,
            descending: false,
        };
        let mut payments: Vec<Payment> = Vec::new();
        loop {
            let request = PageRequest {
                limit: 100,
                edge: payments.last().map(|last| service::payment::Edge {
                    amount_minor: last.amount.minor(),
                    id: last.id,
                }),
                way: Way::Forward,
            };
            let (filter, alone) = (Filter::default(), Relations::default());
            let page = service::payment::page(&self.app, &who, &filter, order, &request, alone)
                .await
                .unwrap();
            payments.extend(page.items.into_iter().map(|whole| whole.payment));
            if !page.has_next {
                return payments;
            }
        }
    }

    /// All payments of the demo: id, amount, status.
    async fn summary(&self) -> Vec<(PaymentId, Money, PaymentStatus)> {
        let mut all = Vec::new();
        for merchant in [&self.seeded.school, &self.seeded.bookshop] {
            for key in [&merchant.test, &merchant.live] {
                all.extend(self.payments(key).await);
            }
        }
        all.iter()
            .map(|payment| (payment.id, payment.amount, payment.state.status_at(end())))
            .collect()
    }
}

#[tokio::test]
async fn the_school_is_owed_what_the_story_says() {
    let demo = Demo::new().await;
    let live = &demo.seeded.school.live;
    let who = actor(&demo.app, live).await.unwrap();
    let balances = service::ledger::balances(&demo.app, &who).await.unwrap();
    let dinars: Vec<_> = balances
        .iter()
        .map(|balance| balance.payable.to_string())
        .collect();
    assert_eq!(dinars, ["155310 IQD"]);

    let payments = demo.payments(live).await;
    let story: Vec<_> = payments
        .iter()
        .map(|payment| (payment.merchant_reference.as_deref(), payment.amount.to_string()))
        .collect();
    assert_eq!(
        story,
        [
            (Some("SCH-2026-00041"), "125000 IQD".to_owned()),
            (Some("SCH-2026-00042"), "42000 IQD".to_owned()),
        ]
    );
}

#[tokio::test]
async fn the_books_prove_and_every_status_is_there() {
    let demo = Demo::new().await;
    let found = service::ledger::verify_all(&demo.app).await.unwrap();
    assert!(found.is_sound(), "{:?}", found.problems);

    let payments = demo.payments(&demo.seeded.school.test).await;
    assert!((270..=330).contains(&payments.len()), "{}", payments.len());
    for status in PaymentStatus::ALL {
        let many = payments
            .iter()
            .filter(|payment| payment.state.status() == status)
            .count();
        assert!(many > 0, "no payment is {status}");
    }
    for gateway in domain::provider::Gateway::ALL {
        assert!(
            payments.iter().any(|payment| payment.gateway == gateway),
            "{gateway}"
        );
    }
    // Swept to the end: nothing waits for the clock any more.
    assert!(
        payments
            .iter()
            .all(|payment| payment.state.status() == payment.state.status_at(end()))
    );
}

#[tokio::test]
async fn its_pages_show_an_intent_in_every_state_that_payers_bring_about() {
    use domain::intent::IntentStatus::{Canceled, Created, Expired, Succeeded};
    let demo = Demo::new().await;
    let who = actor(&demo.app, &demo.seeded.school.test).await.unwrap();
    let all = PageRequest {
        limit: 100,
        edge: None,
        way: Way::Forward,
    };
    let intents = service::intent::page(&demo.app, &who, &service::intent::Filter::default(), &all).await;
    let intents = intents.unwrap().items;
    let statuses: Vec<_> = intents.iter().map(|intent| intent.state.status()).collect();
    assert_eq!(
        statuses,
        [Created, Created, Succeeded, Succeeded, Expired, Canceled],
        "newest first"
    );
    let declined = intents[1].state.last_decline().unwrap();
    assert_eq!(
        (declined.reason, intents[1].attempts),
        (domain::provider::DeclineReason::InsufficientFunds, 1)
    );
    let one = PageRequest {
        limit: 1,
        edge: None,
        way: Way::Forward,
    };
    let links = service::payment_link::page(&demo.app, &who, &one).await.unwrap();
    assert_eq!(links.items[0].title, "School bus, one month");
    let colour = demo.seeded.school.merchant.checkout.brand_color.as_ref().unwrap();
    assert_eq!(colour.as_str(), Shop::School.colour());
}

#[tokio::test]
async fn two_demos_are_the_same() {
    let (one, other) = (Demo::new().await, Demo::new().await);
    assert_eq!(one.summary().await, other.summary().await);
    assert_ne!(
        one.seeded.operator.secret.reveal(),
        other.seeded.operator.secret.reveal(),
        "secrets must not repeat"
    );
}
