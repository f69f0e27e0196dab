//! The same page from `PostGraphile` on the same tables.
//!
//! It comes from npm for the bench alone, pinned in `benches/postgraphile`. It runs without authentication and with the merchant and
//! mode in its query. Where npm or its node is missing, the row is left out and the bench goes on.

use super::child::Child;
use super::client::post_plain;
use super::setup::POOL;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/postgraphile")
}

/// Node 22, which npm carries as a package.
fn node() -> PathBuf {
    folder().join("node_modules/.bin/node")
}

/// Installs what is pinned, unless it is there. Says why when it cannot.
pub fn install() -> Result<(), String> {
    if !folder().join("node_modules/postgraphile").exists() || !node().exists() {
        let installed = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder())
            .stdout(Stdio::null())
            .status()
            .map_err(|why| format!("npm does not run: {why}"))?;
        if !installed.success() {
            return Err(format!("npm ci: {installed}"));
        }
    }
    let version = Command::new(node())
        .arg("--version")
        .output()
        .map_err(|why| format!("its node does not run: {why}"))?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    if version.starts_with("v22.") {
        Ok(())
    } else {
        Err(format!("node 22 is needed, came {version:?}"))
    }
}

/// Starts it on the database behind `url`.
pub fn start(url: &str) -> Option<Child> {
    let node = node();
    Child::start(node.to_str()?, |command| {
        command
            .arg(folder().join("server.mjs"))
            .env("NODE_ENV", "production")
            .env("GRAPHILE_ENV", "production")
            .env("DATABASE_URL", url)
            .env("POOL", POOL.to_string())
            .stderr(Stdio::null());
    })
}

/// The request of the page.
pub fn request(merchant: &str) -> Vec<u8> {
    let query = format!(
        "{{ allPayments(first: 50, orderBy: PRIMARY_KEY_DESC, condition: {{ merchantId: \"{merchant}\", mode: \"test\" }}) \
         {{ nodes {{ rowId status amountMinor currency merchantReference description createdAt \
         cardByCardId {{ brand last4 }} \
         operationsByPaymentIdList(orderBy: PRIMARY_KEY_ASC) {{ rowId kind status amountMinor }} \
         refundsByPaymentIdList(orderBy: PRIMARY_KEY_ASC) {{ rowId status amountMinor }} }} pageInfo {{ hasNextPage }} }} }}"
    );
    post_plain("/graphql", &json!({ "query": query }).to_string())
}

/// What both servers must agree on: of each payment its id, status and fils, its card, and id, status and fils of its children.
pub fn numbers(page: &Value) -> Vec<Value> {
    let (list, id) = if page["data"]["payments"].is_object() {
        (&page["data"]["payments"], "id")
    } else {
        (&page["data"]["allPayments"], "rowId")
    };
    let fils = |row: &Value| -> i64 {
        let whole = row["amount"]["amount"].as_str().map(|text| (text, 1_000));
        let (text, factor) = whole.unwrap_or_else(|| (row["amountMinor"].as_str().expect("an amount"), 1));
        text.parse::<i64>().expect("a number") * factor
    };
    let row = |row: &Value| {
        let status = row["status"].as_str().expect("a status").to_uppercase();
        json!([row[id], status, fils(row)])
    };
    let rows = |rows: &Value| {
        rows.as_array()
            .expect("a list")
            .iter()
            .map(row)
            .collect::<Vec<_>>()
    };
    let nodes = list["nodes"].as_array().expect("payments").iter();
    let one = |node: &Value| {
        let either = |ours: &str, theirs: &str| match &node[ours] {
            Value::Null => node[theirs].clone(),
            found => found.clone(),
        };
        let operations = rows(&either("operations", "operationsByPaymentIdList"));
        let refunds = rows(&either("refunds", "refundsByPaymentIdList"));
        let last4 = either("card", "cardByCardId")["last4"].clone();
        json!([row(node), last4, operations, refunds])
    };
    nodes
        .map(one)
        .chain([list["pageInfo"]["hasNextPage"].clone()])
        .collect()
}
