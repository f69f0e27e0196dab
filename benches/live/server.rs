//! Servers in processes of their own.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use tempfile::TempDir;

const MASTER_KEY: &str = "0909090909090909090909090909090909090909090909090909090909090909";

/// Tahsil on a PostgreSQL database of its own.
pub struct Ours {
    pub url: String,
    pub http: String,
    pub database: String,
    /// A key of each merchant that is followed.
    pub keys: Vec<String>,
    /// The ids of those merchants.
    pub merchants: Vec<String>,
    /// The key of a merchant that nobody follows.
    pub seller: String,
    name: String,
    process: Child,
    _folder: TempDir,
}

impl Ours {
    /// Makes a database with so many merchants, and serves it.
    pub async fn start(merchants: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = format!("tahsil_bench_live_{}", std::process::id());
        on_server(&format!("CREATE DATABASE {name}")).await;
        let server = server_url();
        let (base, _) = server.rsplit_once('/').expect("a URL that ends in /database");
        let database = format!("{base}/{name}");
        let command = |args: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tahsil"));
            command
                .args(args)
                .current_dir(folder.path())
                .env_clear()
                .stdin(Stdio::null());
            for (name, value) in [
                ("TAHSIL_DATABASE_URL", database.as_str()),
                ("TAHSIL_MASTER_KEY", MASTER_KEY),
                ("TAHSIL_LOG_FORMAT", "json"),
                ("TAHSIL_LISTEN", "127.0.0.1:0"),
                ("TAHSIL_LIMIT_COST", "10000000"),
                ("TAHSIL_LIMIT_COST_PER_SECOND", "100000000"),
                ("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "1000000"),
                ("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "1000000000"),
                ("TAHSIL_LIMIT_QUERIES_PER_SECOND", "1000000"),
                ("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "1000000"),
                ("TAHSIL_LIMIT_LIVE_CONNECTIONS", "100000"),
                ("TAHSIL_LIVE_PING_MS", "60000"),
            ] {
                command.env(name, value);
            }
            command
        };
        let json = |args: &[&str]| -> Value {
            let output = command(args).output().expect("it runs");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
        };
        json(&["migrate"]);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let merchant = |name: &str| {
            let merchant = json(&["merchant", "create", "--name", name, "--output", "json"]);
            let id = text(&merchant["id"]);
            let args = [
                "credential",
                "create",
                "--merchant",
                &id,
                "--mode",
                "test",
                "--name",
                "x",
                "--scopes",
                "all",
                "--output",
                "json",
            ];
            let key = text(&json(&args)["secret"]);
            (id, key)
        };
        let (_, seller) = merchant("Seller");
        let (ids, keys) = (0..merchants)
            .map(|number| merchant(&format!("Merchant {number}")))
            .unzip();
        let mut process = command(&["serve"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("it serves");
        let mut log = BufReader::new(process.stderr.take().expect("its log")).lines();
        let address = loop {
            let line = log.next().expect("it listens").expect("a line");
            let line: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
            let fields = line.get("fields").unwrap_or(&line);
            if let Some(address) = fields["listen"].as_str() {
                break address.to_owned();
            }
        };
        std::thread::spawn(move || log.for_each(drop));
        Self {
            url: format!("ws://{address}/graphql"),
            http: address,
            database,
            keys,
            merchants: ids,
            seller,
            name,
            process,
            _folder: folder,
        }
    }

    /// Memory that it has, in KiB.
    pub fn resident_kib(&self) -> usize {
        resident_kib(self.process.id())
    }

    /// Stops it and drops the database.
    pub async fn remove(mut self) {
        self.process.kill().expect("it ends");
        self.process.wait().expect("it has ended");
        on_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

/// The reference server of `graphql-ws`, which is told of events over its standard input.
pub struct Reference {
    pub url: String,
    pub keys: Vec<String>,
    process: Child,
    input: Mutex<std::process::ChildStdin>,
}

impl Reference {
    /// Starts it; `None` where Node.js or its packages are missing.
    pub async fn start(merchants: usize) -> Option<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/live/reference");
        if !std::path::Path::new(folder).join("node_modules").exists() {
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(folder)
                .output();
            if !installed.is_ok_and(|output| output.status.success()) {
                println!("(the reference server was left out: its packages could not be installed)");
                return None;
            }
        }
        let mut process = Command::new("node")
            .arg("server.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take()?).read_line(&mut line).ok()?;
        Some(Self {
            url: format!("ws://127.0.0.1:{}/graphql", line.trim()),
            keys: (0..merchants).map(|number| number.to_string()).collect(),
            input: Mutex::new(process.stdin.take()?),
            process,
        })
    }

    /// Tells it of events.
    pub async fn publish(&self, merchant: usize, events: usize) {
        let mut input = self.input.lock().expect("its input");
        for _ in 0..events {
            writeln!(input, "{merchant}").expect("it hears");
        }
        input.flush().expect("it hears");
    }

    /// Memory that it has, in KiB.
    pub fn resident_kib(&self) -> usize {
        resident_kib(self.process.id())
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

fn resident_kib(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
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
}
