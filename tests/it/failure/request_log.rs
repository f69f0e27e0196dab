//! The request log under a flood, without its database, and at the end.

use crate::support::{Engine, Hand, TestApp, asked, denied, until};
use chrono::Duration;
use domain::api_request::ApiRequest;
use domain::credential::Denial;
use reqwest::Method;
use rstest::rstest;
use service::api_request::Counts;

const ROWS: &str = "SELECT COUNT(*) FROM api_requests";

/// Makes every write of the log wait until [`let_write`].
async fn hold_writes(hand: &Hand) {
    if hand.is_postgres() {
        hand.run("BEGIN").await;
        hand.run("LOCK TABLE api_requests IN EXCLUSIVE MODE").await;
    } else {
        hand.run("BEGIN IMMEDIATE").await;
    }
}

async fn let_write(hand: &Hand) {
    hand.run("COMMIT").await;
}

/// A plain question of an operator.
fn question(app: &TestApp) -> ApiRequest {
    ApiRequest {
        operator: Some(app.app.id(app.now())),
        ..asked(app, None)
    }
}

/// The same, denied.
fn refused(app: &TestApp, denial: Denial) -> ApiRequest {
    ApiRequest {
        denial: Some(denial),
        ..question(app)
    }
}

fn command(app: &TestApp, number: usize) -> ApiRequest {
    ApiRequest {
        idempotency_key: Some(format!("order-{number}")),
        ..question(app)
    }
}

fn number(rows: u64) -> i64 {
    i64::try_from(rows).unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_noted_is_written_once_and_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    let again = question(&app);
    app.app.request_log().note(again.clone());
    for n in 0..1_234 {
        app.app.request_log().note(command(&app, n));
    }
    app.app.request_log().note(again);

    app.app.request_log().flush().await;

    assert_eq!(hand.number(ROWS).await, 1_235);
    let metrics = app.anonymous().request(Method::GET, "/metrics").send().await;
    let metrics = metrics.unwrap().text().await.unwrap();
    for line in [
        "tahsil_request_log_rows_total{outcome=\"written\"} 1236",
        "tahsil_request_log_rows_total{outcome=\"dropped\"} 0",
        "tahsil_request_log_dropped_rows_total{cause=\"full\"} 0",
        "tahsil_request_log_queue_rows 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_written_by_themselves(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    // Where no runtime is, noting works too; whoever comes next takes the row along.
    let (log, row) = (app.app.clone(), question(&app));
    std::thread::spawn(move || log.request_log().note(row))
        .join()
        .unwrap();
    for n in 2..=4 {
        app.app.request_log().note(question(&app));
        until("the row is there", async || hand.number(ROWS).await == n).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_never_blocks_and_is_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    hold_writes(&hand).await;

    for n in 0..25_000 {
        app.app.request_log().note(command(&app, n));
    }

    let counts = app.app.request_log().counts();
    assert!(counts.queued > 19_000, "{counts:?}");
    // One batch may be on its way.
    assert!((4_500..=5_000).contains(&counts.dropped_full), "{counts:?}");
    assert_eq!(counts.written, 0);
    let_write(&hand).await;
    app.app.request_log().flush().await;
    let counts = app.app.request_log().counts();
    assert_eq!(counts.written + counts.dropped_full, 25_000, "{counts:?}");
    assert_eq!(hand.number(ROWS).await, number(counts.written));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn denied_requests_survive_a_flood_of_questions(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    hold_writes(&hand).await;
    for _ in 0..10 {
        for _ in 0..2_500 {
            app.app.request_log().note(question(&app));
        }
        app.clock.advance(Duration::seconds(1));
    }
    let flooded = app.app.request_log().counts();
    assert!(!app.app.request_log().has_room_for_question());

    for _ in 0..4_000 {
        let denied = refused(&app, Denial::KeyUnknown);
        app.app.request_log().note(denied);
    }

    let counts = app.app.request_log().counts();
    assert_eq!(
        counts.dropped_full,
        flooded.dropped_full + 1,
        "the question that was not put together"
    );
    assert!((9_500..=10_000).contains(&flooded.dropped_full), "{flooded:?}");
    let_write(&hand).await;
    app.app.request_log().flush().await;
    assert_eq!(
        hand.number(&format!("{ROWS} WHERE denial = 'key_unknown'")).await,
        4_000
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn questions_beyond_the_rate_are_dropped_and_what_matters_is_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let log = app.app.request_log();
    assert!(log.has_room_for_question());
    for _ in 0..3_000 {
        log.note(question(&app));
    }
    assert!(!log.has_room_for_question());
    log.note(refused(&app, Denial::KeyMissing));
    log.note(command(&app, 1));

    app.clock.advance(Duration::seconds(1));
    assert!(log.has_room_for_question());
    log.note(question(&app));
    log.flush().await;

    let expected = Counts {
        written: 2_503,
        dropped_over_rate: 501,
        ..Counts::default()
    };
    assert_eq!(log.counts(), expected);
    let hand = Hand::at(&app.database.url).await;
    assert_eq!(hand.number(ROWS).await, 2_503);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_for_a_while_costs_nothing_within_the_queue(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    for round in 0..3 {
        hold_writes(&hand).await;
        for n in 0..700 {
            app.app.request_log().note(command(&app, round * 700 + n));
        }
        if hand.is_postgres() {
            let waits =
                "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'api_requests'::regclass";
            until("the writer waits", async || hand.number(waits).await == 1).await;
            hand.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                 AND application_name = 'tahsil' AND pid <> pg_backend_pid()",
            )
            .await;
        }
        let_write(&hand).await;
    }

    app.app.request_log().flush().await;

    assert_eq!(hand.number(ROWS).await, 2_100);
    let expected = Counts {
        written: 2_100,
        ..Counts::default()
    };
    assert_eq!(app.app.request_log().counts(), expected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_refuses_is_lost_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    hand.run(if hand.is_postgres() {
        "ALTER TABLE api_requests ADD CONSTRAINT disliked CHECK (path <> '/disliked')"
    } else {
        "CREATE TRIGGER disliked BEFORE INSERT ON api_requests WHEN NEW.path = '/disliked' \
         BEGIN SELECT RAISE(ABORT, 'disliked'); END"
    })
    .await;
    let school = app.merchant("school").await;
    for n in 0..300 {
        let path = if n % 100 == 7 { "/disliked" } else { "/v1/refunds" };
        app.app.request_log().note(ApiRequest {
            path: path.to_owned(),
            ..asked(&app, Some(&school))
        });
    }

    app.app.request_log().flush().await;

    let counts = app.app.request_log().counts();
    assert_eq!((counts.written, counts.dropped_refused), (297, 3));
    assert_eq!(hand.number(ROWS).await, 297);
    let used = "SELECT COUNT(*) FROM credentials WHERE last_used_at IS NOT NULL";
    assert_eq!(hand.number(used).await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_writes_what_was_noted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    for n in 0..700 {
        app.app.request_log().note(command(&app, n));
    }
    app.app.request_log().note(asked(&app, Some(&school)));

    let database = app.stop().await;

    let hand = Hand::at(&database.url).await;
    assert_eq!(hand.number(ROWS).await, 701);
    let used = "SELECT COUNT(*) FROM credentials WHERE last_used_ip = '192.0.2.1'";
    assert_eq!(hand.number(used).await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_noted_after_a_stop_is_written_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    for n in 1..=3 {
        app.app.request_log().note(question(&app));
        app.app.drain().await;
        assert_eq!(hand.number(ROWS).await, n);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_database_that_is_gone(#[values(Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.database.destroy().await;
    for n in 0..2_000 {
        app.app.request_log().note(command(&app, n));
    }

    app.app.drain().await;

    let expected = Counts {
        dropped_unreachable: 2_000,
        ..Counts::default()
    };
    assert_eq!(app.app.request_log().counts(), expected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_key_is_written_in_batches_and_never_goes_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let log = app.app.request_log();
    let address = |n: u8| [192, 0, 2, n].into();
    let last_use = async |of: &str| {
        hand.texts(&format!(
            "SELECT COALESCE(last_used_ip, 'never') FROM credentials WHERE id = '{of}'"
        ))
        .await
    };
    let (of_school, of_shop) = (school.credential.to_string(), shop.credential.to_string());
    app.take_statements();

    for n in 1..=9 {
        let by = if n % 2 == 0 { &shop } else { &school };
        app.clock.advance(Duration::seconds(1));
        log.note(ApiRequest {
            address: address(n),
            ..asked(&app, Some(by))
        });
    }
    // A request that was denied is no use of the key that it named.
    app.clock.advance(Duration::seconds(1));
    log.note(ApiRequest {
        address: address(99),
        ..denied(&app, Some(&school), Denial::SecretWrong)
    });
    log.flush().await;

    assert_eq!(last_use(&of_school).await, ["192.0.2.9"]);
    assert_eq!(last_use(&of_shop).await, ["192.0.2.8"]);
    let updates = |statements: Vec<String>| {
        let updates = statements
            .iter()
            .filter(|sql| sql.starts_with("UPDATE credentials"));
        updates.count()
    };
    assert!(
        updates(app.take_statements()) <= 2,
        "one at once, one for whoever waits"
    );

    // Another node has seen a later use; a row that is not kept counts as use all the same.
    let other = app.another_node().await;
    app.clock.advance(Duration::seconds(10));
    let later = app.now();
    other
        .app
        .request_log()
        .used(school.credential, address(20), later);
    other.app.request_log().flush().await;
    log.used(school.credential, address(10), later - Duration::seconds(5));
    log.used(shop.credential, address(11), later);
    log.flush().await;
    assert_eq!(last_use(&of_school).await, ["192.0.2.20"]);
    assert_eq!(last_use(&of_shop).await, ["192.0.2.11"]);
    other.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn old_requests_are_forgotten_oldest_first(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    for n in 0..1_200 {
        app.app.request_log().note(command(&app, n));
        if n == 1_099 {
            app.clock.advance(Duration::days(1));
        }
    }
    app.app.request_log().flush().await;
    let purge = async |limit| {
        let before = app.now();
        service::api_request::purge(&app.app, before, limit)
            .await
            .unwrap()
    };

    assert_eq!(purge(700).await, 700);
    assert_eq!(hand.number(ROWS).await, 500);
    assert_eq!(purge(10_000).await, 400);
    assert_eq!(purge(10_000).await, 0);
    assert_eq!(hand.number(ROWS).await, 100);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_fill_the_disk(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let hand = Hand::at(&app.database.url).await;
    let log = app.app.request_log();
    for _ in 0..3 {
        for n in 0..1_000 {
            let key = Some(format!("order-{n}"));
            log.note(ApiRequest {
                idempotency_key: key,
                ..denied(&app, None, Denial::KeyUnknown)
            });
        }
        app.clock.advance(Duration::seconds(1));
    }
    log.flush().await;

    assert_eq!(hand.number(ROWS).await, 300, "a hundred a second");
    assert_eq!(log.counts().dropped_over_rate, 2_700);
}
