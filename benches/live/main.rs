//! How fast events reach those who follow them, and what a follower costs, beside the reference server of `graphql-ws` in the same run.
//!
//! `make bench` prints: connections a second until each follows; resident memory of a server per idle and per following connection; events
//! a second from commit to the last of 1, 100 and 10,000 connections; the time from commit to delivery at 200 events a second to all of
//! them in 50 cohorts; sales a second with nobody and with 10,000 listening. Servers are processes of their own, on PostgreSQL with
//! durable commits. `BENCH_FOLLOWERS` (10000) and `BENCH_SECONDS` (10) make it smaller.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench stops at the first surprise, prints ratios, and is read by whoever runs it"
)]

mod crowd;
mod sales;
mod server;
mod writer;

use crowd::Crowd;
use server::{Ours, Reference};
use std::time::{Duration, Instant};
use writer::Writer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Merchants, each with a cohort of its own.
const COHORTS: usize = 50;
/// Events a second, while times are taken.
const RATE: u32 = 200;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run());
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

async fn run() {
    let followers = number("BENCH_FOLLOWERS", 10_000);
    let each = Duration::from_secs(number("BENCH_SECONDS", 10).try_into().unwrap_or(10));
    let ours = Ours::start(COHORTS).await;
    let resident = || ours.resident_kib();
    let (mut connections, mut delivery, mut speed) = (Vec::new(), Vec::new(), Vec::new());

    // Alone, listened to, listened to, alone: tables grow meanwhile, and weigh on both alike.
    let mut alone = sold(&ours, each, "nobody").await;
    let (crowd, line) = gather("tahsil", followers, &ours.url, &ours.keys, resident).await;
    connections.push(told(line));
    let mut listened = sold(&ours, each, "all").await;
    listened += sold(&ours, each, "all").await;
    crowd.leave().await;
    alone += sold(&ours, each, "nobody").await;

    let writer = Writer::of(&ours).await;
    writer.is_done().await;
    for count in [1, 100, followers] {
        let (crowd, _) = gather("tahsil", count, &ours.url, &ours.keys, resident).await;
        let write = |merchant, count| writer.write(merchant, count);
        delivery.push(told(at_rate("tahsil", &crowd, each, write).await));
        speed.push(told(at_full_speed(&crowd, each, &writer).await));
        crowd.leave().await;
        writer.is_done().await;
    }
    let reference = Reference::start(COHORTS).await;
    if let Some(reference) = &reference {
        let resident = || reference.resident_kib();
        let (name, keys) = ("graphql-ws", reference.keys.clone());
        let (crowd, line) = gather(name, followers, &reference.url, &keys, resident).await;
        connections.push(told(line));
        let write = |merchant, count| reference.publish(merchant, count);
        delivery.push(told(at_rate(name, &crowd, each, write).await));
        crowd.leave().await;
    }
    ours.remove().await;

    println!("## Connections\n");
    println!(
        "| server | followers | connect and follow, a second | KiB per idle connection | KiB per follower |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |\n{}", connections.join("\n"));
    println!("\n## From commit to delivery\n");
    println!("| server | followers | events a second | ms p50 | ms p99 | ms longest |");
    println!(
        "| --- | ---: | ---: | ---: | ---: | ---: |\n{}",
        delivery.join("\n")
    );
    println!("\n## Events as fast as they go\n");
    println!("| followers | events a second | messages a second |");
    println!("| ---: | ---: | ---: |\n{}", speed.join("\n"));
    println!(
        "\nsales a second at 16 connections: {:.0} with nobody, {:.0} with {followers} who listen to others: {:.3}",
        alone / 2.0,
        listened / 2.0,
        listened / alone
    );
}

/// Sales a second while some listen to other merchants.
async fn sold(ours: &Ours, each: Duration, listen: &str) -> f64 {
    let sales = sales::per_second(ours, each).await;
    eprintln!("{sales:.0} sales a second while {listen} listen");
    sales
}

/// A line of a table, shown at once to whoever waits.
fn told(line: String) -> String {
    eprintln!("{line}");
    line
}

/// Connects a crowd; gives it and its line of the table.
async fn gather(
    name: &str,
    followers: usize,
    url: &str,
    keys: &[String],
    resident: impl Fn() -> usize,
) -> (Crowd, String) {
    let before = resident();
    let begun = Instant::now();
    let mut crowd = Crowd::connect(url, keys, followers).await;
    let idle = resident();
    crowd.subscribe().await;
    let took = begun.elapsed().as_secs_f64();
    let following = resident();
    let per = |kib: usize| kib as f64 / followers as f64;
    let line = format!(
        "| {name} | {followers} | {:.0} | {:.1} | {:.1} |",
        followers as f64 / took,
        per(idle.saturating_sub(before)),
        per(following.saturating_sub(before)),
    );
    (crowd, line)
}

/// Writes so many events a second, one merchant after another; gives how long they take to arrive, as a line of the table.
async fn at_rate<F: Future<Output = ()>>(
    name: &str,
    crowd: &Crowd,
    each: Duration,
    write: impl Fn(usize, usize) -> F,
) -> String {
    let begun = Instant::now();
    let beat = Duration::from_secs(1) / RATE;
    let mut number = 0_u32;
    crowd.forget();
    while begun.elapsed() < each {
        let merchant = usize::try_from(number).unwrap_or(0) % COHORTS;
        write(merchant, 1).await;
        crowd.written(merchant, 1);
        number += 1;
        tokio::time::sleep((begun + beat * number).saturating_duration_since(Instant::now())).await;
    }
    crowd.has_everything().await;
    let times = crowd.times();
    let ms = |quantile: f64| times.value_at_quantile(quantile) as f64 / 1_000.0;
    format!(
        "| {name} | {} | {:.0} | {:.1} | {:.1} | {:.1} |",
        crowd.len(),
        f64::from(number) / begun.elapsed().as_secs_f64(),
        ms(0.5),
        ms(0.99),
        times.max() as f64 / 1_000.0
    )
}

/// Writes without a pause, a hundred at a time, and waits until the last follower has the last of them; gives a line of the table.
async fn at_full_speed(crowd: &Crowd, each: Duration, writer: &Writer) -> String {
    crowd.forget();
    let begun = Instant::now();
    let (mut events, mut merchant) = (0, 0);
    while begun.elapsed() < each {
        writer.write(merchant % COHORTS, 100).await;
        crowd.written(merchant % COHORTS, 100);
        // What waits is bounded, as it is for whoever sells.
        crowd.is_near(2_000).await;
        events += 100;
        merchant += 1;
    }
    crowd.has_everything().await;
    let took = begun.elapsed().as_secs_f64();
    format!(
        "| {} | {:.0} | {:.0} |",
        crowd.len(),
        f64::from(events) / took,
        crowd.messages() as f64 / took
    )
}
