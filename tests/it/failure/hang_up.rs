//! Clients that hang up.
//!
//! sqlx 0.9 gives a connection back inside an open transaction when the future that began it is dropped, and then loses what others
//! write through it (docs/decisions/0002). Handlers are dropped when clients hang up, so this is tested through the socket.

use crate::support::{Dice, Engine, Gate, Hand, Held, Merchant, TestApp, TestDatabase, card, iqd, until};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use service::Db;
use service::db::Settings;
use service::provider::Provider;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Clients that hang up work on so many lines at once.
const LINES: usize = 8;

fn sale(reference: &str) -> Value {
    json!({
        "idempotencyKey": reference, "merchantReference": reference, "amount": iqd(1_000), "card": card("4242424242424242"),
    })
}

/// A sale as it goes over the wire.
fn request(school: &Merchant, reference: &str) -> Vec<u8> {
    let query = "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id } } }";
    let body = json!({ "query": query, "variables": { "input": sale(reference) } }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: tahsil\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        school.secret,
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Sends each request on a connection of its own and hangs up after 20 microseconds to 2 milliseconds or, every other time, at a
/// moment of the whole time that a sale takes here: an unoptimised build on a busy machine is not at its BEGIN after two.
fn hang_up(address: SocketAddr, requests: Vec<Vec<u8>>, sale_takes: Duration, seed: u64) {
    let mut dice = Dice::new(seed);
    let whole = u64::try_from(sale_takes.as_micros()).unwrap().max(2_000);
    for (request, longest) in requests.into_iter().zip([2_000, whole].into_iter().cycle()) {
        let mut line = TcpStream::connect(address).unwrap();
        line.set_nodelay(true).unwrap();
        line.write_all(&request).unwrap();
        thread::sleep(Duration::from_micros(20 + dice.below(longest - 20)));
        drop(line);
    }
}

/// How many clients of which kind.
struct Crowd {
    hang_up: usize,
    wait: usize,
}

async fn comes(app: &TestApp, school: &Merchant, crowd: &Crowd) {
    let begun = Instant::now();
    join_all((0..LINES).map(|_| school.sale(iqd(1_000)))).await;
    let sale_takes = begun.elapsed() / 2;
    let address: SocketAddr = app.url.trim_start_matches("http://").parse().unwrap();
    let mut lines = Vec::new();
    for line in 0..LINES {
        let references = (line..crowd.hang_up)
            .step_by(LINES)
            .map(|number| format!("gone-{number}"));
        let requests = references.map(|reference| request(school, &reference)).collect();
        lines.push(thread::spawn(move || {
            hang_up(address, requests, sale_takes, line as u64)
        }));
    }
    let waiting = stream::iter((0..crowd.wait).map(|number| async move {
        let reference = format!("waited-{number}");
        school.send("paymentSale", sale(&reference)).await.succeeds();
        reference
    }));
    let acknowledged: Vec<String> = waiting.buffer_unordered(LINES).collect().await;
    let gone = tokio::task::spawn_blocking(|| lines.into_iter().for_each(|line| line.join().unwrap()));
    gone.await.unwrap();

    let hand = Hand::at(&app.database.url).await;
    nothing_is_left_open(app, &hand).await;
    let done = hand
        .texts("SELECT merchant_reference FROM payments WHERE merchant_reference IS NOT NULL")
        .await;
    let distinct: BTreeSet<&String> = done.iter().collect();
    assert_eq!(distinct.len(), done.len(), "a sale was done twice");
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|reference| !distinct.contains(reference))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    // Some hung up before their sale had begun, some after: the moments are spread over the whole of a request.
    let after = distinct
        .iter()
        .filter(|reference| reference.starts_with("gone-"))
        .count();
    println!(
        "{after} of {} sales whose client hung up were done",
        crowd.hang_up
    );
    assert!(after > 0 && after < crowd.hang_up, "{after}");
    let without_evidence = "SELECT COUNT(*) FROM payments p WHERE NOT EXISTS \
         (SELECT 1 FROM api_requests r WHERE CAST(r.made AS TEXT) LIKE '%' || p.id || '%')";
    assert_eq!(
        hand.number(without_evidence).await,
        0,
        "payments that no request of the log made"
    );
    app.ledger_ties().await;
}

/// Every command that was begun has ended whole, and no connection is left inside a transaction.
async fn nothing_is_left_open(app: &TestApp, hand: &Hand) {
    app.app.drain().await;
    if hand.is_postgres() {
        let inside = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
        // A connection that was lost in a transaction stays there until the server cuts it off after five seconds.
        tokio::time::timeout(
            Duration::from_secs(3),
            until("no connection is in a transaction", async || {
                hand.number(inside).await == 0
            }),
        )
        .await
        .expect("a connection is left inside a transaction");
    }
    let half = "SELECT COUNT(*) FROM payments p JOIN operations o ON o.payment_id = p.id \
         WHERE p.status <> 'captured' OR o.settled_at IS NULL";
    until("every sale that was begun is captured", async || {
        hand.number(half).await == 0
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_clients_that_hang_up_lose_nobody_a_sale(#[values(Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    comes(
        &app,
        &school,
        &Crowd {
            hang_up: 1_600,
            wait: 400,
        },
    )
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_lose_nobody_a_sale_on_the_embedded_database(
    #[values(Engine::Sqlite)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    comes(
        &app,
        &school,
        &Crowd {
            hang_up: 300,
            wait: 100,
        },
    )
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_given_up_at_any_moment_takes_no_write_of_others_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let hand = Hand::at(&database.url).await;
    hand.run("CREATE TABLE given_up (n BIGINT PRIMARY KEY)").await;
    hand.run("CREATE TABLE acknowledged (n BIGINT PRIMARY KEY)").await;
    // One connection: whoever comes next gets what the one before left behind.
    let settings = Settings {
        url: database.url.clone(),
        max_connections: 1,
        statement_timeout: Duration::from_secs(5),
        acquire_timeout: Duration::from_secs(20),
        on_statement: None,
    };
    let db = Db::open(&settings).await.unwrap();
    let rounds = if engine == Engine::Postgres { 800 } else { 300 };
    let mut dice = Dice::new(4_385);
    for n in 0..rounds {
        let given_up = tokio::spawn(insert(db.clone(), format!("INSERT INTO given_up VALUES ({n})")));
        let (begun, moment) = (Instant::now(), Duration::from_micros(20 + dice.below(1_980)));
        while begun.elapsed() < moment {
            tokio::task::yield_now().await;
        }
        given_up.abort();

        let statement = format!("INSERT INTO acknowledged VALUES ({n})");
        if engine == Engine::Postgres {
            db.reads().execute_unprepared(&statement).await.unwrap();
        } else {
            insert(db.clone(), statement).await.unwrap();
        }
        if n % 100 == 0 {
            // Others see it at once, not only when the connection is closed.
            assert_eq!(hand.number("SELECT COUNT(*) FROM acknowledged").await, n + 1);
        }
    }
    db.close().await.unwrap();

    assert_eq!(hand.number("SELECT COUNT(*) FROM acknowledged").await, rounds);
    let went_on = hand.number("SELECT COUNT(*) FROM given_up").await;
    println!("{went_on} of {rounds} transactions that were given up went on to their commit");
}

async fn insert(db: Db, statement: String) -> service::Result<()> {
    db.in_txn(move |txn| {
        Box::pin(async move {
            txn.execute_unprepared(&statement).await?;
            Ok(())
        })
    })
    .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_a_row_with_what_its_command_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gate = Arc::new(Gate::new(Held::Charges, 2));
    let app = TestApp::with_patience(engine, Arc::clone(&gate) as Arc<dyn Provider>).await;
    let school = app.merchant("school").await;
    let mut line = TcpStream::connect(app.url.trim_start_matches("http://")).unwrap();
    line.write_all(&request(&school, "SCH-1")).unwrap();
    let hand = Hand::at(&app.database.url).await;
    until("the sale is at the provider", async || {
        hand.number("SELECT COUNT(*) FROM operations").await == 1
    })
    .await;
    drop(line);
    gate.arrive().await;

    let row = "SELECT status || ' ' || idempotency_key || ' ' || CAST(made AS TEXT) FROM api_requests WHERE status = 499";
    until("the row is there", async || {
        app.app.request_log().flush().await;
        !hand.texts(row).await.is_empty()
    })
    .await;
    let (row, payment) = (hand.text(row).await, hand.text("SELECT id FROM payments").await);
    assert!(row.starts_with("499 SCH-1 ") && row.contains(&payment), "{row}");
}
