//! The page from three servers, each in a process of its own on one core: ours, the hand-written statement, `PostGraphile`.

use super::child::{self, Child};
use super::client::{Connection, Measured, get, post};
use super::page::{self, QUERY, measure};
use super::postgraphile;
use super::setup::{self, Engine, Installation};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Command;
use std::time::Duration;

/// Tells a process of this program which server it is.
const ROLE: &str = "BENCH_SERVER";
const URL: &str = "BENCH_SERVER_DATABASE";
const MERCHANT: &str = "BENCH_SERVER_MERCHANT";

/// The servers and what they are asked.
pub struct Beside {
    servers: Vec<(&'static str, Child, Vec<u8>)>,
    /// Why `PostGraphile` is not among them.
    pub missing: Option<String>,
}

/// Becomes the server that the environment names, if it names one; never returns then.
pub async fn become_server() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (url, merchant) = (
        std::env::var(URL).expect("a database"),
        std::env::var(MERCHANT).expect("a merchant"),
    );
    let address = if role == "ours" {
        setup::serve(&url).await
    } else {
        page::serve_by_hand(Engine::Postgres, &url, merchant).await
    };
    writeln!(std::io::stdout(), "{}", address.port()).expect("the bench reads the port");
    std::future::pending().await
}

impl Beside {
    /// Starts all that can be started and makes sure that they answer the same numbers.
    pub async fn prepare(installation: &Installation) -> Self {
        let merchant = installation.merchant();
        let program = std::env::current_exe().expect("this program");
        let program = program.to_str().expect("a path in UTF-8");
        let own = |role: &str| {
            let configure = |command: &mut Command| {
                let values = [(ROLE, role), (URL, &installation.url), (MERCHANT, &merchant)];
                command.envs(values);
            };
            Child::start(program, configure).expect("it serves")
        };
        let query = json!({ "query": QUERY }).to_string();
        let mut servers = vec![
            (
                "ours",
                own("ours"),
                post("/graphql", &installation.secret, &query),
            ),
            ("by hand", own("by hand"), get("/page")),
        ];
        let theirs = postgraphile::install().and_then(|()| {
            postgraphile::start(&installation.url).ok_or_else(|| "it does not start".to_owned())
        });
        let missing = match theirs {
            Ok(child) => {
                servers.push(("PostGraphile", child, postgraphile::request(&merchant)));
                None
            }
            Err(why) => Some(why),
        };
        let mut expected = None;
        for (name, child, request) in &servers {
            let mut connection = Connection::open(child.address).await;
            let body = connection.exchange(request).await;
            let page: Value = serde_json::from_slice(body).expect("JSON");
            let numbers = postgraphile::numbers(&page);
            assert_eq!(
                numbers.len(),
                51,
                "{name}: fifty payments and whether there are more"
            );
            let expected = expected.get_or_insert_with(|| numbers.clone());
            assert_eq!(expected, &numbers, "{name} must send the same numbers");
        }
        Self { servers, missing }
    }

    /// Pages per second of each server, in turn, and how many milliseconds a page keeps it busy.
    pub async fn measure(
        &self,
        installation: &Installation,
        connections: usize,
        each: Duration,
    ) -> Vec<(&'static str, Measured, Option<f64>)> {
        child::hold_load();
        let mut all = Vec::new();
        for (name, child, request) in &self.servers {
            // The pool grows under load, and only a process that is there can be held on its core.
            let short = Duration::from_millis(500);
            measure(child.address, request.clone(), connections, short).await;
            child::hold_database(&installation.backends().await);
            let before = child.busy_ms();
            let measured = measure(child.address, request.clone(), connections, each).await;
            // A fifth more than what is measured runs before it.
            let pages = measured.rate * each.as_secs_f64() * 1.2;
            let busy = before
                .zip(child.busy_ms())
                .map(|(before, after)| (after - before) / pages);
            all.push((*name, measured, busy));
        }
        child::release_load();
        all
    }
}
