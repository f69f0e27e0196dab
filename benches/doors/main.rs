//! How fast the doors are, beside the limit of the same machine in the same run.
//!
//! `make bench` prints for each database: the least that a request costs beside a bare handler; payments per second through HTTP at
//! 1, 16 and 64 connections beside the same SQL statements in the same transactions sent by bare sqlx; pages of fifty payments with
//! their children beside a bare axum handler that sends the same JSON from one hand-written statement. On PostgreSQL the page is
//! measured once more with each server on one core, beside `PostGraphile` on the same tables. Commits are durable. The figure to look
//! at is the ratio: absolute numbers are those of the machine. `BENCH_SECONDS` sets how long each cell runs (default 5); `BENCH_ONLY`
//! is `trivial`, `log`, `sales`, `pages` or `postgraphile`, and leaves the others out.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    reason = "a bench stops at the first surprise, prints ratios, and is read by whoever runs it"
)]

mod beside;
mod child;
mod client;
mod limit;
mod page;
mod postgraphile;
mod sale;
mod setup;
mod trivial;

use setup::{Engine, Installation};
use std::io::Write;
use std::time::Duration;

/// What the program itself runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many at once.
const CONNECTIONS: [usize; 3] = [1, 16, 64];
/// The same where each server has one core, and the number with which others publish such figures.
const BESIDE: [usize; 4] = [1, 16, 32, 64];

/// One line of a table.
struct Cell {
    connections: usize,
    ours: client::Measured,
    limit: client::Measured,
}

fn main() {
    // `cargo test --all-targets` builds and starts benches too; it wants to see that this one starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    beside::become_server().await;
    let seconds = std::env::var("BENCH_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let each = Duration::from_secs(seconds);
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |table: &str| only.is_empty() || only == table;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let compared = engine == Engine::Postgres && wanted("postgraphile");
        if !compared && only == "postgraphile" {
            continue;
        }
        let installation = Installation::new(engine).await;
        if wanted("trivial") {
            trivial(&installation, each).await;
        }
        if wanted("log") {
            log(&installation, each).await;
        }
        if wanted("sales") {
            sales(&installation, each).await;
        }
        if wanted("pages") || compared {
            let page = page::Page::prepare(&installation).await;
            installation.analyze().await;
            if wanted("pages") {
                pages(&installation, &page, each).await;
            }
            if compared {
                beside(&installation, each).await;
            }
        }
        installation.remove().await;
    }
}

async fn trivial(installation: &Installation, each: Duration) {
    let trivial = trivial::Trivial::prepare(installation).await;
    let engine = installation.engine;
    say(&format!(
        "\n{engine:?}: requests of `{{ __typename }}` per second"
    ));
    let mut cells = Vec::new();
    for connections in CONNECTIONS {
        let ours = trivial.measure_ours(installation, connections, each).await;
        let limit = trivial.measure_limit(connections, each).await;
        cells.push(Cell {
            connections,
            ours,
            limit,
        });
    }
    table(&cells);
}

/// Rounds of the pair with and without the log; the median of each counts, since neighbours disturb both.
const ROUNDS: usize = 5;

async fn log(installation: &Installation, each: Duration) {
    let trivial = trivial::Trivial::prepare(installation).await;
    let without_log = installation.without_log().await;
    let engine = installation.engine;
    say(&format!(
        "\n{engine:?}: authenticated `{{ __typename }}` per second, with the request log and with one that takes no questions, \
         median of {ROUNDS} pairs"
    ));
    say("| connections | with | without | ratio | rows written | questions beyond the rate |");
    say("|---|---|---|---|---|---|");
    for connections in CONNECTIONS {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        let before = installation.app.request_log().counts();
        for _ in 0..ROUNDS {
            with.push(
                trivial
                    .measure_at(installation.address, connections, each)
                    .await
                    .rate,
            );
            without.push(trivial.measure_at(without_log, connections, each).await.rate);
        }
        installation.app.request_log().flush().await;
        let after = installation.app.request_log().counts();
        let (with, without) = (median(with), median(without));
        say(&format!(
            "| {connections} | {with:.0} | {without:.0} | {:.2} | {} | {} |",
            with / without,
            after.written - before.written,
            after.dropped_over_rate + after.dropped_full - before.dropped_over_rate - before.dropped_full,
        ));
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

async fn sales(installation: &Installation, each: Duration) {
    let limit = limit::Limit::record(installation).await;
    let (engine, statements) = (installation.engine, limit.statements());
    say(&format!(
        "\n{engine:?}: sales per second ({statements} statements, in two transactions but for the first)"
    ));
    let mut cells = Vec::new();
    for connections in CONNECTIONS {
        let ours = sale::measure(installation, connections, each).await;
        let limit = limit.measure(installation, connections, each).await;
        cells.push(Cell {
            connections,
            ours,
            limit,
        });
    }
    table(&cells);
}

async fn pages(installation: &Installation, page: &page::Page, each: Duration) {
    let (engine, bytes) = (installation.engine, page.bytes());
    say(&format!(
        "\n{engine:?}: pages of 50 payments with children per second ({bytes} bytes)"
    ));
    let mut cells = Vec::new();
    for connections in CONNECTIONS {
        let ours = page.measure_ours(installation, connections, each).await;
        let limit = page.measure_limit(connections, each).await;
        cells.push(Cell {
            connections,
            ours,
            limit,
        });
    }
    table(&cells);
}

/// Each server on one core, in turn.
async fn beside(installation: &Installation, each: Duration) {
    let beside = beside::Beside::prepare(installation).await;
    let held = if child::can_pin() {
        "each server on one core, load and PostgreSQL on the other"
    } else {
        "on all cores: `taskset` or a second core is missing"
    };
    say(&format!("\nPostgres: the same pages per second, {held}"));
    if let Some(why) = &beside.missing {
        say(&format!("PostGraphile is left out: {why}"));
    }
    say(
        "| connections | server | pages /s | p50 ms | p99 ms | server busy, ms a page | ours is so many times as fast |",
    );
    say("|---|---|---|---|---|---|---|");
    for connections in BESIDE {
        let all = beside.measure(installation, connections, each).await;
        let ours = all.first().map_or(0.0, |(_, measured, _)| measured.rate);
        for (name, measured, busy) in &all {
            let busy = busy.map_or_else(|| "?".to_owned(), |busy| format!("{busy:.2}"));
            say(&format!(
                "| {connections} | {name} | {:.0} | {:.2} | {:.2} | {busy} | {:.2} |",
                measured.rate,
                measured.p50_ms,
                measured.p99_ms,
                ours / measured.rate
            ));
        }
    }
}

fn table(cells: &[Cell]) {
    say("| connections | ours /s | p50 ms | p99 ms | limit /s | p50 ms | p99 ms | ratio |");
    say("|---|---|---|---|---|---|---|---|");
    for Cell {
        connections,
        ours,
        limit,
    } in cells
    {
        say(&format!(
            "| {connections} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.2} |",
            ours.rate,
            ours.p50_ms,
            ours.p99_ms,
            limit.rate,
            limit.p50_ms,
            limit.p99_ms,
            ours.rate / limit.rate
        ));
    }
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output takes the figures");
}
