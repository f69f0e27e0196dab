//! A real installation on a database of its own, with durable commits.

use domain::actor::Actor;
use domain::credential::Scopes;
use domain::fee::FeeTerms;
use domain::id::OperatorId;
use domain::merchant::{Mode, Tenant};
use domain::{Clock, Currency, MockClock, SystemClock};
use migration::run_pending;
use sea_orm::Statement;
use service::credential::{Manager, NewCredential, Presented};
use service::db::{Settings, open_for_migration};
use service::keys::Keys;
use service::merchant::NewMerchant;
use service::provider::Providers;
use service::random::SystemIds;
use service::{App, Db, Parts};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tahsil::config::{Config, InForce, Layer, from_env};
use tahsil::http::metrics::Metrics;
use tahsil::provider::Sandbox;
use tahsil::server::{self, Counters};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Connections of a pool, ours and the limit's alike.
pub const POOL: u32 = 16;

/// As many questions as the request log takes in a second unless somebody says otherwise.
const QUESTIONS_LOGGED: u32 = 2_500;

/// What keys are derived from, in every process of the bench.
const KEYS: [u8; 32] = [9; 32];

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// Production.
    Postgres,
}

/// A running installation.
pub struct Installation {
    pub engine: Engine,
    pub url: String,
    pub app: App,
    pub actor: Actor,
    pub secret: String,
    pub address: SocketAddr,
    /// While this is set, statements are written down.
    pub recorded: Arc<Mutex<Option<Vec<Statement>>>>,
    _folder: TempDir,
    database: Option<String>,
}

impl Installation {
    /// Makes a database, migrates it and serves it.
    pub async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (url, database) = match engine {
            Engine::Sqlite => (
                format!("sqlite://{}", folder.path().join("bench.db").display()),
                None,
            ),
            Engine::Postgres => {
                let name = format!("tahsil_bench_{}", std::process::id());
                on_server(&format!("CREATE DATABASE {name}")).await;
                let server = server_url();
                let (base, _) = server.rsplit_once('/').expect("a URL that ends in /database");
                (format!("{base}/{name}"), Some(name))
            }
        };
        let connection = open_for_migration(&url).await.expect("the database opens");
        run_pending(&connection).await.expect("the migrations run");
        connection.close().await.expect("the database closes");

        let recorded: Arc<Mutex<Option<Vec<Statement>>>> = Arc::default();
        let app = open(
            &url,
            Arc::new(SystemClock),
            Some(Arc::clone(&recorded)),
            QUESTIONS_LOGGED,
        )
        .await;
        let owner = Actor::Operator(app.id::<OperatorId>(app.now()));
        let fees = FeeTerms {
            fee_bps: 200,
            fixed: None,
            reserve_bps: 500,
        };
        let new = NewMerchant {
            name: "Bench".to_owned(),
            currency: Currency::Iqd,
            fees,
        };
        let merchant = service::merchant::create(&app, &owner, new)
            .await
            .expect("a merchant");
        let tenant = Tenant {
            merchant: merchant.id,
            mode: Mode::Test,
        };
        let new = NewCredential::named("load", tenant, Scopes::all());
        let issued = service::credential::create(&app, Manager::Console, new)
            .await
            .expect("a credential");
        let secret = issued.secret.reveal().to_owned();
        let shown = Presented::Secret(&secret);
        let actor = service::credential::authenticate(&app, &shown, Ipv4Addr::LOCALHOST.into())
            .await
            .expect("an answer")
            .expect("an actor")
            .actor;

        let address = listen(app.clone(), config(&url)).await;
        Self {
            engine,
            url,
            app,
            actor,
            secret,
            address,
            recorded,
            _folder: folder,
            database,
        }
    }

    /// The same installation under a clock that stands still, to make payments of the past.
    pub async fn at(&self, clock: Arc<MockClock>) -> App {
        open(&self.url, clock, None, QUESTIONS_LOGGED).await
    }

    /// The same installation behind another door, whose request log takes no questions.
    pub async fn without_log(&self) -> SocketAddr {
        let app = open(&self.url, Arc::new(SystemClock), None, 0).await;
        listen(app, config(&self.url)).await
    }

    /// Whose page it is.
    pub fn merchant(&self) -> String {
        let Actor::Merchant(merchant) = &self.actor else {
            panic!("a merchant")
        };
        merchant.tenant.merchant.to_string()
    }

    /// The processes in which PostgreSQL answers those who are connected to this database.
    pub async fn backends(&self) -> Vec<i32> {
        let mut server = PgConnection::connect(&self.url)
            .await
            .expect("PostgreSQL answers");
        let all = sqlx::query_scalar("SELECT pid FROM pg_stat_activity WHERE datname = current_database()");
        all.fetch_all(&mut server).await.expect("processes")
    }

    /// Tells PostgreSQL's planner what the tables hold, as it does by itself within a minute.
    pub async fn analyze(&self) {
        if self.engine == Engine::Postgres {
            let mut server = PgConnection::connect(&self.url)
                .await
                .expect("PostgreSQL answers");
            server.execute("ANALYZE").await.expect("it analyzes");
        }
    }

    /// Drops the database.
    pub async fn remove(self) {
        self.app.db().close().await.expect("the database closes");
        if let Some(name) = self.database {
            on_server(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// Serves the database behind `url`.
pub async fn serve(url: &str) -> SocketAddr {
    let app = open(url, Arc::new(SystemClock), None, QUESTIONS_LOGGED).await;
    listen(app, config(url)).await
}

async fn listen(app: App, config: Config) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let metrics = Metrics::new("bench").expect("metrics");
        let counters = Counters::new(&app, &config, metrics);
        server::serve(listener, app, &config, counters, std::future::pending())
            .await
            .expect("it serves");
    });
    address
}

async fn open(
    url: &str,
    clock: Arc<dyn Clock>,
    recorded: Option<Arc<Mutex<Option<Vec<Statement>>>>>,
    questions_logged: u32,
) -> App {
    let observer = recorded.map(|recorded| -> service::db::StatementObserver {
        Arc::new(move |statement: &Statement, _| {
            if let Some(list) = recorded.lock().expect("an unpoisoned list").as_mut() {
                list.push(statement.clone());
            }
        })
    });
    let settings = Settings {
        url: url.to_owned(),
        max_connections: POOL,
        statement_timeout: Duration::from_secs(5),
        acquire_timeout: Duration::from_secs(30),
        on_statement: observer,
    };
    App::new(Parts {
        db: Db::open(&settings).await.expect("the database opens"),
        clock,
        ids: Arc::new(SystemIds),
        keys: Keys::derive(&KEYS),
        providers: Providers::default().with(Mode::Test, Arc::new(Sandbox)),
        provider_timeout: Duration::from_secs(10),
        webhook_targets: domain::webhook::TargetPolicy::default(),
        questions_logged_per_second: questions_logged,
    })
}

fn config(url: &str) -> Config {
    let variable = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    let env = [
        variable("TAHSIL_DATABASE_URL", url),
        variable("TAHSIL_ROLE", "api"),
        // Limits are counted as always, and so high that nobody is refused.
        variable("TAHSIL_LIMIT_COST", "10000000"),
        variable("TAHSIL_LIMIT_COST_PER_SECOND", "100000000"),
        variable("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "1000000"),
        variable("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "1000000000"),
        variable("TAHSIL_LIMIT_QUERIES_PER_SECOND", "1000000"),
    ];
    let env = from_env(env).expect("settings");
    Config::from_values(&InForce::from_layers(Layer::new(), env, Layer::new())).expect("a configuration")
}

fn server_url() -> String {
    std::env::var("TAHSIL_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/postgres".to_owned())
}

async fn on_server(statement: &str) {
    let mut server = PgConnection::connect(&server_url())
        .await
        .expect("PostgreSQL answers");
    server
        .execute(AssertSqlSafe(statement.to_owned()))
        .await
        .expect("the statement runs");
    server.close().await.expect("the connection closes");
}
