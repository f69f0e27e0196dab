//! Readers that lose their connections a thousand times; nodes and a database that are killed under them; one that stops reading.

use crate::postgres::OwnPostgres;
use crate::support::{Engine, Hand, Node, Program, Seam, Shop, Socket, TestDatabase, numbering};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// Enough for a thousand requests at once on a slow machine, and limits that are not what is tested.
const SETTINGS: [(&str, &str); 5] = [
    ("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "1000000"),
    ("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "1000000000"),
    ("TAHSIL_LIMIT_LIVE_CONNECTIONS", "10000"),
    ("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "1000000"),
    ("TAHSIL_DB_ACQUIRE_TIMEOUT_MS", "20000"),
];
const READERS: usize = 50;
const RESUMES: usize = 1_000;

fn seam(nodes: &[&Node], shop: &Shop, resumes: usize) -> Seam {
    Seam {
        nodes: Arc::new(RwLock::new(nodes.iter().map(|node| node.url.clone()).collect())),
        secret: shop.secret.clone(),
        readers: READERS,
        resumes,
        sellers: 4,
        ..Seam::default()
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_readers_resume_a_thousand_times_on_one_node(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let node = program.serve(&SETTINGS).await;
    let begun = Instant::now();
    let seen = seam(&[&node], &shop, RESUMES)
        .proves(&Hand::at(&database.url).await)
        .await;
    let seen = (seen.events, seen.resumes, seen.stall);
    report(&format!("{engine:?}, one node"), seen, begun);
}

#[rstest]
#[case::over_postgres(&[])]
#[case::over_nats(&[("TAHSIL_NATS_URL", "nats://127.0.0.1:4222")])]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_readers_hop_between_two_nodes_a_thousand_times(#[case] bus: &[(&str, &str)]) {
    let database = TestDatabase::create(Engine::Postgres).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let name = format!("soak-{}", std::process::id());
    let settings = [&SETTINGS[..], bus, &[("TAHSIL_NATS_NAME", name.as_str())]].concat();
    let nodes = [program.serve(&settings).await, program.serve(&settings).await];
    let begun = Instant::now();
    let seam = seam(&[&nodes[0], &nodes[1]], &shop, RESUMES);
    let seen = seam.proves(&Hand::at(&database.url).await).await;
    let bus = if bus.is_empty() {
        "LISTEN/NOTIFY"
    } else {
        "NATS JetStream"
    };
    let seen = (seen.events, seen.resumes, seen.stall);
    report(&format!("two nodes over {bus}"), seen, begun);
}

fn report(what: &str, (events, resumes, stall): (i64, usize, Duration), begun: Instant) {
    assert!(resumes >= RESUMES);
    println!(
        "{what}: {READERS} readers resumed {} times; each has read 1..{} without a gap or a repeat; longest wait for a place {:.2} s; {:.0} s",
        resumes,
        events,
        stall.as_secs_f32(),
        begun.elapsed().as_secs_f32(),
    );
}

/// Memory that a node has, in KiB.
fn resident_kib(node: &Node) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_of_nodes_and_of_the_database_lose_nothing_and_keep_the_order() {
    let mut postgres = OwnPostgres::start().await;
    let program = Program::on(&TestDatabase::at(&postgres.url()));
    let migrated = program.run(&["migrate"]).await;
    assert_eq!(migrated.code, Some(0), "{}", migrated.err);
    let shop = program.shop("shop").await;
    let mut nodes = [
        Some(program.serve(&SETTINGS).await),
        Some(program.serve(&SETTINGS).await),
    ];
    let seam = Seam {
        nodes: Arc::default(),
        readers: 20,
        ..seam(&[], &shop, 0)
    };
    let listed = Arc::clone(&seam.nodes);
    let list = |nodes: &[Option<Node>]| {
        nodes
            .iter()
            .flatten()
            .map(|node| node.url.clone())
            .collect::<Vec<_>>()
    };
    *listed.write().unwrap() = list(&nodes);
    let url = postgres.url();
    let kills = async {
        for kill in 0..10 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let (what, took) = match kill % 3 {
                2 => ("PostgreSQL", postgres.kill_and_restart().await),
                which => {
                    let leader = loop {
                        if let Some(leader) = numbering(&nodes, &shop).await {
                            break leader;
                        }
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    };
                    let victim = if which == 0 { leader } else { 1 - leader };
                    let begun = Instant::now();
                    let dead = nodes[victim].take().unwrap();
                    *listed.write().unwrap() = list(&nodes);
                    dead.kill().await;
                    while numbering(&nodes, &shop).await.is_none() {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    let took = begun.elapsed();
                    nodes[victim] = Some(program.serve(&SETTINGS).await);
                    *listed.write().unwrap() = list(&nodes);
                    (
                        if which == 0 {
                            "the node that numbers"
                        } else {
                            "the other node"
                        },
                        took,
                    )
                }
            };
            println!(
                "kill {}: {what}; somebody numbers again after {:.2} s",
                kill + 1,
                took.as_secs_f32()
            );
            seam.killed();
        }
    };
    let (seen, ()) = tokio::join!(seam.proves_while(&url, 10), kills);
    println!(
        "ten kills: each of 20 readers has read 1..{} without a gap or a repeat, {} resumes; longest time without a place {:.2} s",
        seen.events,
        seen.resumes,
        seen.stall.as_secs_f32()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stops_reading_for_a_minute_costs_its_queue_and_delays_nobody() {
    let database = TestDatabase::create(Engine::Postgres).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let settings = [
        &SETTINGS[..],
        &[
            ("TAHSIL_LIVE_WRITE_TIMEOUT_MS", "120000"),
            ("TAHSIL_LIVE_PING_MS", "600000"),
        ],
    ]
    .concat();
    let node = program.serve(&settings).await;
    let hand = Hand::at(&database.url).await;
    let follow = "subscription($after: EventCursor) { events(after: $after) { cursor event { sequence occurredAt subjectId } } }";
    let start = shop
        .ask(&node.url, "{ eventCursor }", json!({}))
        .await
        .unwrap()
        .data["eventCursor"]
        .clone();
    let mut stuck = Socket::narrow(&node.url, &shop.secret).await;
    stuck.subscribe("1", follow, json!({ "after": start })).await;
    let mut quick = Socket::of(&node.url, &shop.secret).await;
    quick.subscribe("1", follow, json!({ "after": start })).await;

    // 600 events a second for a minute: some six megabytes that the one who is stuck does not take.
    // The merchant's key is its first event.
    let (mut worst, mut last, mut before) = (Duration::ZERO, 1_i64, 0);
    let begun = Instant::now();
    for round in 0..600_u32 {
        let sent = Instant::now();
        hand.run(&format!(
            "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) \
             SELECT 'evt_' || lpad(({round} * 60 + n)::text, 26, '0'), merchant_id, mode, 'payment.captured', 'pay_' || repeat('0', 26), \
             '{{}}', now() FROM credentials, generate_series(1, 60) AS n"
        ))
        .await;
        for _ in 0..60 {
            let told = quick.data("1").await["events"].clone();
            let sequence: i64 = told["event"]["sequence"].as_str().unwrap().parse().unwrap();
            assert_eq!(sequence, last + 1);
            last = sequence;
        }
        worst = worst.max(sent.elapsed());
        if round == 50 {
            before = resident_kib(&node);
        }
        tokio::time::sleep(
            (begun + Duration::from_millis(u64::from(round + 1) * 100))
                .saturating_duration_since(Instant::now()),
        )
        .await;
    }
    let grown = resident_kib(&node).saturating_sub(before);
    println!(
        "stuck for {:.0} s while {last} events came: the server grew by {grown} KiB; the other reader had each batch of 60 after {:.0} ms at most",
        begun.elapsed().as_secs_f32(),
        worst.as_secs_f32() * 1_000.0
    );
    // What is kept of events for all (some 300 bytes each), and no more.
    assert!(grown < 48 * 1024, "{grown} KiB");
    // It reads again, and has missed nothing.
    let mut sequence = 1;
    while sequence < last {
        let told: Value = stuck.data("1").await["events"].clone();
        let next: i64 = told["event"]["sequence"].as_str().unwrap().parse().unwrap();
        assert_eq!(next, sequence + 1);
        sequence = next;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_for_heartbeats_is_told_how_far_it_has_come_while_nothing_happens(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let node = program.serve(&SETTINGS).await;
    let follow = "subscription($after: EventCursor) { events(after: $after, types: [PAYMENT_CAPTURED], heartbeats: true) { \
                  cursor event { sequence } } }";
    let mut socket = Socket::of(&node.url, &shop.secret).await;
    let begun = Instant::now();
    socket.subscribe("1", follow, json!({})).await;
    let beat = socket.data("1").await["events"].clone();
    let took = begun.elapsed();
    assert_eq!(beat["event"], Value::Null);
    assert!(took > Duration::from_secs(20), "{took:?}");
    println!("{engine:?}: a heartbeat after {:.1} s", took.as_secs_f32());
    // Its place is one to go on from.
    let mut later = Socket::of(&node.url, &shop.secret).await;
    later
        .subscribe("1", follow, json!({ "after": beat["cursor"] }))
        .await;
    Hand::at(&database.url)
        .await
        .change(
            "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) \
             SELECT 'evt_00000000000000000000000001', merchant_id, mode, 'payment.captured', 'pay_00000000000000000000000000', \
             '{}', '2026-06-15T10:00:00+00:00' FROM credentials",
        )
        .await;
    for socket in [&mut socket, &mut later] {
        assert_eq!(socket.data("1").await["events"]["event"]["sequence"], "2");
    }
}
