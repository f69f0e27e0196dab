//! The program itself, as a process of its own.

use super::database::TestDatabase;
use super::reply::Reply;
use reqwest::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The master key of every test: tests keep no secrets.
const MASTER_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// Longest that a process may take to start or to end: far more than it needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program `tahsil`, with its settings and an empty folder to run in.
pub struct Program {
    url: String,
    folder: TempDir,
}

/// How a command of the program ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error: log and error messages.
    pub err: String,
}

impl Program {
    /// The program on this database.
    pub fn on(database: &TestDatabase) -> Self {
        Self {
            url: database.url.clone(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tahsil"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear();
        command
            .env("TAHSIL_DATABASE_URL", &self.url)
            .env("TAHSIL_MASTER_KEY", MASTER_KEY);
        command.env("TAHSIL_LOG_FORMAT", "json");
        // Crashes and races need more than a merchant's everyday rate; tests of limits set their own.
        command
            .env("TAHSIL_LIMIT_COST", "10000000")
            .env("TAHSIL_LIMIT_COST_PER_SECOND", "100000000")
            .env("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "1000000")
            .env("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "1000000000")
            .env("TAHSIL_LIMIT_QUERIES_PER_SECOND", "1000000");
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// What a command that succeeds answers as one JSON object.
    pub async fn json(&self, args: &[&str]) -> Value {
        let args = [args, &["--output", "json"]].concat();
        let ran = self.run(&args).await;
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// A merchant with a test key for everything, made on the command line.
    pub async fn shop(&self, name: &str) -> Shop {
        let merchant = self
            .json(&["merchant", "create", "--name", name, "--reserve-bps", "500"])
            .await;
        let id = merchant["id"].as_str().unwrap();
        let create = [
            "credential",
            "create",
            "--merchant",
            id,
            "--mode",
            "test",
            "--name",
            "server",
            "--scopes",
            "all",
        ];
        let secret = self.json(&create).await["secret"].as_str().unwrap().to_owned();
        Shop {
            secret,
            client: Client::new(),
        }
    }

    /// Serves on a free port with these settings, and waits until it listens.
    pub async fn serve(&self, settings: &[(&str, &str)]) -> Node {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut printed = child.stdout.take().unwrap();
        let out = thread::spawn(move || {
            let mut text = String::new();
            // What is no text ends it; the server prints nothing at all.
            printed.read_to_string(&mut text).ok();
            text
        });
        let (said, heard) = mpsc::channel();
        let reader = thread::spawn(move || {
            let mut lines = Vec::new();
            for line in log.lines().map_while(Result::ok) {
                if let Some(address) = listening(&line) {
                    // Nobody waits any more if the test has given up.
                    said.send(address).ok();
                }
                lines.push(line);
            }
            lines
        });
        let heard = tokio::task::spawn_blocking(move || heard.recv_timeout(PATIENCE))
            .await
            .unwrap();
        match heard {
            Ok(address) => Node {
                url: format!("http://{address}"),
                child,
                log: Some(reader),
                out: Some(out),
            },
            Err(_) => {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("the server did not start: {:#?}", reader.join().unwrap());
            }
        }
    }
}

/// The address in the log line that tells it.
fn listening(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields").unwrap_or(&line);
    (fields["message"] == "listening").then(|| fields["listen"].as_str().unwrap().to_owned())
}

/// A running server.
pub struct Node {
    /// Where it listens, without a slash at the end.
    pub url: String,
    child: Child,
    log: Option<thread::JoinHandle<Vec<String>>>,
    out: Option<thread::JoinHandle<String>>,
}

/// How a server ended.
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// How long it took from the request to end.
    pub took: Duration,
    /// What it logged.
    pub log: Vec<String>,
    /// What it printed.
    pub out: String,
}

impl Node {
    /// Ends it in the middle of whatever it does: SIGKILL.
    pub async fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.ended().await
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end: SIGTERM.
    pub fn ask_to_stop(&self) {
        let kill = format!("kill -TERM {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(begun.elapsed() < PATIENCE, "the server does not end"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let (log, out) = (self.log.take().unwrap(), self.out.take().unwrap());
        let (log, out) = tokio::task::spawn_blocking(move || (log.join().unwrap(), out.join().unwrap()))
            .await
            .unwrap();
        Ended {
            status,
            took: begun.elapsed(),
            log,
            out,
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It has ended already, or the test failed: then nothing of it may stay behind.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// A merchant's server that lives with servers that die: an answer may fail to come.
#[derive(Clone)]
pub struct Shop {
    /// The secret of its credential.
    pub secret: String,
    client: Client,
}

impl Shop {
    /// A merchant's server with the secret of a credential.
    pub fn with(secret: &str) -> Self {
        Self {
            secret: secret.to_owned(),
            client: Client::new(),
        }
    }

    /// Asks a node anything; `None` when no whole answer came.
    pub async fn ask(&self, node: &str, query: &str, variables: Value) -> Option<Reply> {
        let post = self
            .client
            .post(format!("{node}/graphql"))
            .header("x-api-key", &self.secret);
        let response = post
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await
            .ok()?;
        let status = response.status();
        let mut body: Value = serde_json::from_str(&response.text().await.ok()?).ok()?;
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        Some(Reply {
            status,
            data: body["data"].take(),
            errors,
        })
    }

    /// Reads a page of a node.
    pub async fn get(&self, node: &str, path: &str) -> String {
        self.client
            .get(format!("{node}{path}"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// Sells.
    pub async fn sale(&self, node: &str, input: &Value) -> Option<Reply> {
        const SALE: &str = "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id status \
             merchantReference } userErrors { code message } idempotentReplay } }";
        Some(
            self.ask(node, SALE, json!({ "input": input }))
                .await?
                .field("paymentSale"),
        )
    }
}
