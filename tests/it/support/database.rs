//! A database of its own for every test, copied from a template that is migrated once per run.

use migration::run_pending;
use service::db::open_for_migration;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

/// Which database a test runs on. The test script leaves `Postgres` tests out where none answers, and fails in CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// Production.
    Postgres,
}

/// A migrated, empty database; gone when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    /// How to reach it.
    pub url: String,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Folder(#[expect(dead_code, reason = "removes the folder when dropped")] TempDir),
    Server {
        name: String,
        #[expect(dead_code, reason = "lets the next test in when dropped")]
        permit: SemaphorePermit<'static>,
    },
    /// Somebody else's.
    Elsewhere,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

impl TestDatabase {
    /// Makes one.
    pub async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => sqlite().await,
            Engine::Postgres => postgres().await,
        }
    }

    /// An empty database without any table, for tests of migrations.
    pub async fn bare(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", folder.path().join("tahsil.db").display());
                Self {
                    url,
                    home: Home::Folder(folder),
                }
            }
            Engine::Postgres => {
                let (name, permit) = (next_name(), admitted().await);
                run_on_server(&format!("CREATE DATABASE {name}")).await;
                Self {
                    url: url_of(&name),
                    home: Home::Server { name, permit },
                }
            }
        }
    }
}

impl TestDatabase {
    /// Takes the database away from whoever uses it (PostgreSQL).
    pub async fn destroy(&self) {
        if let Home::Server { name, .. } = &self.home {
            run_on_server(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Somebody else's database, for a second process.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            home: Home::Elsewhere,
        }
    }

    /// The same database once more; it goes with the first, not with this.
    pub fn shared(&self) -> Self {
        Self {
            url: self.url.clone(),
            home: Home::Elsewhere,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Home::Server { name, .. } = &self.home {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // A test's own runtime is about to end; a thread with one of its own can still talk to the server.
            let done = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(run_on_server(&drop));
            });
            if done.join().is_err() {
                eprintln!("a test database could not be dropped; the next run sweeps it");
            }
        }
    }
}

async fn sqlite() -> TestDatabase {
    static TEMPLATE: OnceCell<(TempDir, PathBuf)> = OnceCell::const_new();
    let (_, template) = TEMPLATE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("template.db");
            let connection = open_for_migration(&format!("sqlite://{}", file.display()))
                .await
                .unwrap();
            run_pending(&connection).await.unwrap();
            connection.close().await.unwrap();
            (folder, file)
        })
        .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tahsil.db");
    std::fs::copy(template, &file).unwrap();
    TestDatabase {
        url: format!("sqlite://{}", file.display()),
        home: Home::Folder(folder),
    }
}

async fn postgres() -> TestDatabase {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            sweep().await;
            let name = format!("tahsil_it_{}_template", std::process::id());
            run_on_server(&format!("CREATE DATABASE {name}")).await;
            let connection = open_for_migration(&url_of(&name)).await.unwrap();
            run_pending(&connection).await.unwrap();
            connection.close().await.unwrap();
            name
        })
        .await;
    let (name, permit) = (next_name(), admitted().await);
    run_on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    TestDatabase {
        url: url_of(&name),
        home: Home::Server { name, permit },
    }
}

/// Waits until one more database on the server may be used. A test opens up to some thirty connections and a server as it comes takes
/// a hundred, so on a machine with many cores the tests would shut each other out.
async fn admitted() -> SemaphorePermit<'static> {
    static TESTS: Semaphore = Semaphore::const_new(3);
    TESTS.acquire().await.unwrap()
}

fn next_name() -> String {
    format!(
        "tahsil_it_{}_{}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    )
}

fn server() -> String {
    std::env::var("TAHSIL_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/postgres".to_owned())
}

fn url_of(name: &str) -> String {
    let server = server();
    let (base, _) = server
        .rsplit_once('/')
        .expect("TAHSIL_TEST_POSTGRES_URL ends in /database");
    format!("{base}/{name}")
}

async fn run_on_server(statement: &str) {
    let mut server = PgConnection::connect(&server())
        .await
        .expect("PostgreSQL answers");
    server.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    server.close().await.unwrap();
}

/// Drops what runs that were killed have left.
async fn sweep() {
    let mut server = PgConnection::connect(&server())
        .await
        .expect("PostgreSQL answers");
    let names: Vec<(String,)> =
        sqlx::query_as("SELECT datname::text FROM pg_database WHERE datname LIKE 'tahsil\\_it\\_%'")
            .fetch_all(&mut server)
            .await
            .unwrap();
    for (name,) in names {
        let owner = name.split('_').nth(2).unwrap_or_default();
        if !PathBuf::from(format!("/proc/{owner}")).exists() {
            server
                .execute(AssertSqlSafe(format!(
                    "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
                )))
                .await
                .unwrap();
        }
    }
}
