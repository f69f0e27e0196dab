//! The real server on a port of its own.

use super::actor::{Anonymous, Merchant, Operator};
use super::database::{Engine, TestDatabase};
use domain::actor::Actor;
use domain::credential::Scopes;
use domain::fee::FeeTerms;
use domain::id::OperatorId;
use domain::merchant::{Mode, Tenant};
use domain::{Clock, Currency, IdGenerator, MockClock, SeededIds, Timestamp};
use service::credential::{IssuedCredential, Manager, NewCredential};
use service::db::Settings;
use service::event::{Numbered, Sequencer};
use service::keys::Keys;
use service::merchant::NewMerchant;
use service::payment::Resolved;
use service::provider::{Provider, Providers};
use service::{App, Db, Parts};
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tahsil::config::{Config, InForce, Layer, from_env};
use tahsil::http::limit::{Exchange, Throttle};
use tahsil::http::metrics::Metrics;
use tahsil::provider::Sandbox;
use tahsil::server::{self, Counters};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The master key of every test: tests keep no secrets.
const MASTER: [u8; 32] = [7; 32];

/// Epara's terms (`reference/payments.md` 4.1): 200 basis points fee, 500 reserve.
pub const EPARA: FeeTerms = FeeTerms {
    fee_bps: 200,
    fixed: None,
    reserve_bps: 500,
};

/// A row of the outbox.
#[derive(Clone, Debug)]
pub struct OutboxEvent {
    /// Whose it is.
    pub merchant: String,
    /// In which mode.
    pub mode: String,
    /// `payment.captured`, for example.
    pub event_type: String,
    /// The payment or refund.
    pub subject: String,
    /// The subject as it was then.
    pub data: serde_json::Value,
}

/// A running application.
pub struct TestApp {
    /// Its use cases, for what no door offers yet.
    pub app: App,
    /// Its clock; it stands at 2026-06-15 10:00 UTC until it is moved.
    pub clock: Arc<MockClock>,
    /// Where it listens, without a slash at the end.
    pub url: String,
    /// Its database, for tests that look behind the door.
    pub database: TestDatabase,
    ids: Arc<SeededIds>,
    provider: Arc<dyn Provider>,
    patience: Duration,
    statements: Arc<Mutex<Vec<String>>>,
    settings: Vec<(&'static str, String)>,
    throttle: Arc<Throttle>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

impl TestApp {
    /// Starts on a database of its own.
    pub async fn start(engine: Engine) -> Self {
        Self::start_on(TestDatabase::create(engine).await, Arc::new(Sandbox)).await
    }

    /// Starts with settings of its own, as the environment gives them: `TAHSIL_LIMIT_COST`, for example.
    pub async fn with_settings(engine: Engine, settings: &[(&'static str, &str)]) -> Self {
        Self::with_settings_and(engine, settings, Arc::new(Sandbox)).await
    }

    /// The same with a provider that may take its time.
    pub async fn with_settings_and(
        engine: Engine,
        settings: &[(&'static str, &str)],
        provider: Arc<dyn Provider>,
    ) -> Self {
        let clock = Arc::new(MockClock::at("2026-06-15T10:00:00Z".parse().unwrap()));
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let ids = Arc::new(SeededIds::new(42));
        let database = TestDatabase::create(engine).await;
        let patience = Duration::from_secs(60);
        Self::start_as(database, provider, patience, clock, ids, settings.collect()).await
    }

    /// Starts with a provider that may take its time: what the test holds back does not count as lost.
    pub async fn with_patience(engine: Engine, provider: Arc<dyn Provider>) -> Self {
        Self::start_waiting(
            TestDatabase::create(engine).await,
            provider,
            Duration::from_secs(60),
        )
        .await
    }

    /// Starts patiently on a database that is there already, with ids of its own.
    pub async fn patient_on(database: TestDatabase, provider: Arc<dyn Provider>, seed: u64) -> Self {
        let clock = Arc::new(MockClock::at("2026-06-15T10:00:00Z".parse().unwrap()));
        let (ids, patience) = (Arc::new(SeededIds::new(seed)), Duration::from_secs(60));
        Self::start_as(database, provider, patience, clock, ids, Vec::new()).await
    }

    /// Starts on a database that is there already.
    pub async fn start_on(database: TestDatabase, provider: Arc<dyn Provider>) -> Self {
        Self::start_waiting(database, provider, Duration::from_secs(1)).await
    }

    /// Stops it and starts it again on the same database: clock and ids go on, all that was in memory is gone.
    pub async fn restart(self) -> Self {
        let (provider, patience) = (Arc::clone(&self.provider), self.patience);
        let (clock, ids) = (Arc::clone(&self.clock), Arc::clone(&self.ids));
        let settings = self.settings.clone();
        Self::start_as(self.stop().await, provider, patience, clock, ids, settings).await
    }

    /// A second node of the same installation. The database belongs to the first, which must outlive it.
    pub async fn another_node(&self) -> Self {
        let (clock, ids) = (Arc::clone(&self.clock), Arc::clone(&self.ids));
        Self::start_as(
            self.database.shared(),
            Arc::clone(&self.provider),
            self.patience,
            clock,
            ids,
            self.settings.clone(),
        )
        .await
    }

    async fn start_waiting(database: TestDatabase, provider: Arc<dyn Provider>, patience: Duration) -> Self {
        let clock = Arc::new(MockClock::at("2026-06-15T10:00:00Z".parse().unwrap()));
        Self::start_as(
            database,
            provider,
            patience,
            clock,
            Arc::new(SeededIds::new(42)),
            Vec::new(),
        )
        .await
    }

    async fn start_as(
        database: TestDatabase,
        provider: Arc<dyn Provider>,
        patience: Duration,
        clock: Arc<MockClock>,
        ids: Arc<SeededIds>,
        own: Vec<(&'static str, String)>,
    ) -> Self {
        let statements: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&statements);
        let settings = Settings {
            url: database.url.clone(),
            max_connections: 16,
            statement_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(20),
            on_statement: Some(Arc::new(move |statement, _| {
                seen.lock().unwrap().push(statement.sql.clone())
            })),
        };
        let app = App::new(Parts {
            db: Db::open(&settings).await.unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::clone(&ids) as Arc<dyn IdGenerator>,
            keys: Keys::derive(&MASTER),
            providers: Providers::default()
                .with(Mode::Test, Arc::clone(&provider))
                .with(Mode::Live, Arc::clone(&provider)),
            provider_timeout: patience,
            webhook_targets: config(&database.url, &own).webhooks.targets(),
            questions_logged_per_second: 2_500,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let (config, served) = (config(&database.url, &own), app.clone());
        let counters = Counters::new(&app, &config, Metrics::new("test").unwrap());
        let throttle = Arc::clone(&counters.throttle);
        let served = tokio::spawn(async move {
            let stop = async move {
                // Dropped or sent: either way the test is over.
                drop(stopped.await);
            };
            server::serve(listener, served, &config, counters, stop)
                .await
                .unwrap();
        });
        Self {
            app,
            clock,
            url,
            database,
            ids,
            provider,
            patience,
            statements,
            settings: own,
            throttle,
            stop: Some(stop),
            served: Some(served),
        }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Stops it as a signal would, and waits until it has ended; the database stays.
    pub async fn stop(mut self) -> TestDatabase {
        drop(self.stop.take());
        self.served.take().unwrap().await.unwrap();
        self.app.db().close().await.unwrap();
        self.database
    }

    /// A merchant with Epara's terms and a test key for everything.
    pub async fn merchant(&self, name: &str) -> Merchant {
        self.merchant_with(name, Mode::Test, Scopes::all(), EPARA).await
    }

    /// A merchant with a key of its own choosing.
    pub async fn merchant_with(&self, name: &str, mode: Mode, scopes: Scopes, fees: FeeTerms) -> Merchant {
        let new = NewMerchant {
            name: name.to_owned(),
            currency: Currency::Iqd,
            fees,
        };
        let merchant = service::merchant::create(&self.app, &self.owner(), new)
            .await
            .unwrap();
        self.key_of(
            Tenant {
                merchant: merchant.id,
                mode,
            },
            scopes,
        )
        .await
    }

    /// Another key of a merchant. That it was made is no part of a test's story: nobody is told of it, or everybody has been.
    pub async fn key_of(&self, tenant: Tenant, scopes: Scopes) -> Merchant {
        let new = NewCredential::named("server", tenant, scopes);
        let issued = self.issue(new).await;
        let numbers = |(name, role): &(&str, String)| *name == "TAHSIL_ROLE" && role == "all";
        if self.settings.iter().any(numbers) {
            super::until("the key has its place among events", async || {
                self.count("outbox_events WHERE pos IS NULL").await == 0
            })
            .await;
        } else {
            let id = issued.credential.id;
            let forget = format!("DELETE FROM outbox_events WHERE subject_id = '{id}'");
            let forgotten = self.app.db().in_txn(move |txn| {
                Box::pin(async move {
                    sea_orm::ConnectionTrait::execute_unprepared(txn, &forget).await?;
                    Ok::<_, service::Error>(())
                })
            });
            forgotten.await.unwrap();
        }
        Merchant::new(
            self.url.clone(),
            issued.secret.reveal(),
            tenant,
            issued.credential.id,
        )
    }

    /// A credential as the owner of the machine makes it.
    pub async fn issue(&self, new: NewCredential) -> IssuedCredential {
        service::credential::create(&self.app, Manager::Console, new)
            .await
            .unwrap()
    }

    /// An operator with a key.
    pub async fn operator(&self, name: &str) -> Operator {
        let issued = service::operator::create(&self.app, name).await.unwrap();
        Operator::new(self.url.clone(), issued.secret.reveal())
    }

    /// Somebody without a key.
    pub fn anonymous(&self) -> Anonymous {
        Anonymous::new(self.url.clone())
    }

    /// Whoever owns the machine.
    pub fn owner(&self) -> Actor {
        Actor::Operator(self.app.id::<OperatorId>(self.now()))
    }

    /// The statements that were sent since the last call, without those by which the request log is written when it suits it.
    pub fn take_statements(&self) -> Vec<String> {
        let mut statements = std::mem::take(&mut *self.statements.lock().unwrap());
        let of_the_log = |sql: &str| sql.contains("api_request") || sql.contains("last_used_at = ");
        statements.retain(|sql| !of_the_log(sql));
        statements
    }

    /// Everything adds up.
    pub async fn ledger_ties(&self) {
        let integrity = service::ledger::verify_all(&self.app).await.unwrap();
        assert!(integrity.is_sound(), "{:#?}", integrity.problems);
    }

    /// The outbox, in the order of writing.
    pub async fn events(&self) -> Vec<OutboxEvent> {
        use sea_orm::{ConnectionTrait, Statement};
        let db = self.app.db().reads();
        let text = "SELECT merchant_id, mode, type, subject_id, data FROM outbox_events ORDER BY seq";
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), text))
            .await
            .unwrap();
        let event = |row: sea_orm::QueryResult| OutboxEvent {
            merchant: row.try_get_by("merchant_id").unwrap(),
            mode: row.try_get_by("mode").unwrap(),
            event_type: row.try_get_by("type").unwrap(),
            subject: row.try_get_by("subject_id").unwrap(),
            data: row.try_get_by("data").unwrap(),
        };
        rows.into_iter().map(event).collect()
    }

    /// Gives every event its place, as the numbering node does.
    pub async fn number_events(&self) {
        let turn = Sequencer::elect(&self.app).await.unwrap().unwrap();
        while turn.number(&self.app).await.unwrap() != Numbered::Nothing {}
        turn.resign().await;
    }

    /// Changes the database behind the application's back.
    pub async fn sabotage(&self, statement: &str) {
        use sea_orm::ConnectionTrait;
        let connection = service::db::open_for_migration(&self.database.url).await.unwrap();
        connection.execute_unprepared(statement).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Asks the provider what became of everything whose answer was lost and is due.
    pub async fn resolve(&self) -> Resolved {
        service::payment::resolve_unknown_outcomes(&self.app, 100)
            .await
            .unwrap()
    }

    /// Tells the other nodes what was used of the limits here, and hears what they have used.
    pub async fn exchange_limits(&self) -> Result<Exchange, service::Error> {
        self.throttle.exchange(&self.app).await
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        use sea_orm::{ConnectionTrait, Statement};
        let db = self.app.db().reads();
        let text = format!("SELECT COUNT(*) AS n FROM {table}");
        let row = db
            .query_one_raw(Statement::from_string(db.get_database_backend(), text))
            .await
            .unwrap();
        row.unwrap().try_get_by("n").unwrap()
    }

    /// Everything that the tables hold, to see that nothing was written.
    pub async fn row_counts(&self) -> Vec<(&'static str, i64)> {
        const TABLES: [&str; 12] = [
            "cards",
            "payments",
            "operations",
            "refunds",
            "idempotency_records",
            "ledger_accounts",
            "journals",
            "transfers",
            "outbox_events",
            "promo_codes",
            "payment_links",
            "intents",
        ];
        let mut counts = Vec::new();
        for table in TABLES {
            counts.push((table, self.count(table).await));
        }
        counts
    }
}

/// The configuration of a test: defaults, but no sweeps in the background; tests call them.
fn config(database_url: &str, own: &[(&'static str, String)]) -> Config {
    let variable = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    let env = [
        variable("TAHSIL_DATABASE_URL", database_url),
        variable("TAHSIL_ROLE", "api"),
        variable("TAHSIL_REQUEST_TIMEOUT_MS", "30000"),
        // The clock stands still, so nothing would ever come back: tests of limits set their own.
        variable("TAHSIL_LIMIT_COST", "10000000"),
        variable("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "1000000"),
        variable("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "1000000000"),
        variable("TAHSIL_LIMIT_QUERIES_PER_SECOND", "1000000"),
        variable("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "1000000"),
        variable("TAHSIL_LIMIT_REFUSED_KEYS_PER_SECOND", "1000000"),
        // Each node counts for itself; tests of several nodes set it, and exchange by hand.
        variable("TAHSIL_LIMIT_EXCHANGE_MS", "0"),
    ];
    let own = own.iter().map(|(name, value)| variable(name, value));
    let env = env.into_iter().chain(own);
    let values = InForce::from_layers(Layer::new(), from_env(env).unwrap(), Layer::new());
    Config::from_values(&values).unwrap()
}
