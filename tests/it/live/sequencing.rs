//! Places: dense, in an order that hides nothing, given by one node that is still the one.

use super::working;
use crate::support::{Engine, Hand, TestApp, TestDatabase, iqd, until};
use jobs::event::{Feed, InProcess};
use rstest::rstest;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::Value;
use service::event::{Numbered, Sequencer, after, positions};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A row of the outbox as a writer of another program makes it.
fn row(app: &TestApp, tenant: domain::merchant::Tenant, id: u32) -> String {
    format!(
        "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) VALUES \
         ('evt_{id:026}', '{}', '{}', 'payment.captured', 'pay_x', '{{}}', '{}')",
        tenant.merchant,
        tenant.mode.as_str(),
        app.now().to_rfc3339(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_transactions_that_commit_in_the_other_order_hide_nothing_from_readers_in_between() {
    let app = TestApp::start(Engine::Postgres).await;
    let school = app.merchant("school").await;
    let turn = Sequencer::elect(&app.app).await.unwrap().unwrap();
    let (early, late) = (
        Hand::at(&app.database.url).await,
        Hand::at(&app.database.url).await,
    );

    // The first to write is the last to commit.
    #[expect(clippy::disallowed_methods, reason = "transactions that overlap by hand")]
    let first = early.connection().begin().await.unwrap();
    first
        .execute_unprepared(&row(&app, school.tenant, 1))
        .await
        .unwrap();
    late.run(&row(&app, school.tenant, 2)).await;

    assert_eq!(
        turn.number(&app.app).await.unwrap(),
        Numbered::Upto { pos: 1, count: 1 }
    );
    let seen = after(&app.app, 0, 10).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert!(
        seen[0].id.to_string().ends_with('2'),
        "what can be seen is told at once"
    );
    assert_eq!(turn.number(&app.app).await.unwrap(), Numbered::Nothing);

    first.commit().await.unwrap();
    assert_eq!(
        turn.number(&app.app).await.unwrap(),
        Numbered::Upto { pos: 2, count: 1 }
    );
    let seen = after(&app.app, 1, 10).await.unwrap();
    assert!(
        seen[0].id.to_string().ends_with('1'),
        "a reader that was at 1 finds it after 1"
    );
    assert_eq!((seen[0].pos, seen[0].seq), (2, 2));
}

/// What waits is looked for near the end of the log; one look of several is from its beginning.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_after_ten_thousand_others_is_numbered_too() {
    let app = TestApp::start(Engine::Postgres).await;
    let school = app.merchant("school").await;
    let turn = Sequencer::elect(&app.app).await.unwrap().unwrap();
    let (slow, others) = (
        Hand::at(&app.database.url).await,
        Hand::at(&app.database.url).await,
    );
    for by_looking in [false, true] {
        let last = positions(&app.app).await.unwrap().last;
        let id = u32::try_from(last).unwrap() + 1;
        #[expect(clippy::disallowed_methods, reason = "transactions that overlap by hand")]
        let first = slow.connection().begin().await.unwrap();
        first
            .execute_unprepared(&row(&app, school.tenant, id))
            .await
            .unwrap();
        let many = format!(
            "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) \
             SELECT 'evt_' || lpad((n + {id})::text, 26, '0'), '{}', '{}', 'payment.captured', 'pay_x', '{{}}', now() \
             FROM generate_series(1, 12000) AS n",
            school.tenant.merchant,
            school.tenant.mode.as_str(),
        );
        others.change_all(&many).await;
        while turn.number(&app.app).await.unwrap() != Numbered::Nothing {}
        assert_eq!(positions(&app.app).await.unwrap().last, last + 12_000);
        first.commit().await.unwrap();
        let mut looks = 0;
        let numbered = loop {
            // As the loop around it does when nothing comes, and when something always does.
            if by_looking && !turn.is_waiting(&app.app).await.unwrap() {
                looks += 1;
            } else if let Numbered::Upto { pos, count } = turn.number(&app.app).await.unwrap() {
                break (pos, count);
            } else {
                looks += 1;
            }
            assert!(looks < 20, "it is never found");
        };
        assert_eq!(numbered, (last + 12_001, 1));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_whose_turn_it_is_numbers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let turn = Sequencer::elect(&app.app).await.unwrap().unwrap();
    school.sale(iqd(1_000)).await.succeeds();
    assert_eq!(
        turn.number(&app.app).await.unwrap(),
        Numbered::Upto { pos: 1, count: 1 }
    );

    if engine == Engine::Postgres {
        assert!(
            Sequencer::elect(&app.app).await.unwrap().is_none(),
            "one at a time"
        );
        // The connection is lost, and another is made without a word: it numbers nothing, though nobody else has the turn.
        let hand = Hand::at(&app.database.url).await;
        hand.run("SELECT pg_terminate_backend(CAST(session AS INTEGER)) FROM event_sequencer")
            .await;
        school.sale(iqd(1_000)).await.succeeds();
        until("it notices", async || match turn.number(&app.app).await {
            Ok(Numbered::Fenced) => true,
            Ok(other) => panic!("{other:?}"),
            Err(_) => false,
        })
        .await;
    } else {
        school.sale(iqd(1_000)).await.succeeds();
    }
    let next = Sequencer::elect(&app.app).await.unwrap().unwrap();
    assert_eq!(next.epoch(), turn.epoch() + 1);
    assert_eq!(turn.number(&app.app).await.unwrap(), Numbered::Fenced);
    assert_eq!(
        next.number(&app.app).await.unwrap(),
        Numbered::Upto { pos: 2, count: 1 }
    );
    assert_eq!(turn.number(&app.app).await.unwrap(), Numbered::Fenced);
    assert_eq!(positions(&app.app).await.unwrap().last, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_merchant_and_mode_has_places_of_its_own_and_a_placed_event_never_changes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, clinic) = (app.merchant("school").await, app.merchant("clinic").await);
    let turn = Sequencer::elect(&app.app).await.unwrap().unwrap();
    for who in [&school, &clinic, &clinic, &school, &clinic] {
        who.sale(iqd(1_000)).await.succeeds();
    }
    assert_eq!(
        turn.number(&app.app).await.unwrap(),
        Numbered::Upto { pos: 5, count: 5 }
    );
    school.sale(iqd(1_000)).await.succeeds();
    turn.number(&app.app).await.unwrap();
    let events = after(&app.app, 0, 100).await.unwrap();
    let places: Vec<(i64, i64, bool)> = events
        .iter()
        .map(|event| (event.pos, event.seq, event.tenant == school.tenant))
        .collect();
    assert_eq!(
        places,
        [
            (1, 1, true),
            (2, 1, false),
            (3, 2, false),
            (4, 2, true),
            (5, 3, false),
            (6, 3, true)
        ]
    );
    let hand = Hand::at(&app.database.url).await;
    for change in [
        "pos = 9, tenant_seq = 9",
        "pos = NULL, tenant_seq = NULL",
        "data = '{}'",
    ] {
        let refused = hand
            .refused(&format!("UPDATE outbox_events SET {change} WHERE pos = 1"))
            .await;
        assert!(refused.contains("append-only"), "{refused}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_gets_what_was_before_it_and_what_comes_after_in_one_line(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let turn = Sequencer::elect(&app.app).await.unwrap().unwrap();
    let (feed, bus) = (Feed::new(app.app.clone()), Arc::new(InProcess::default()));
    let stopping = CancellationToken::new();
    let reading = tokio::spawn({
        let (feed, bus, stopping) = (feed.clone(), bus.clone(), stopping.clone());
        async move { feed.run(bus, stopping).await }
    });
    let mut sold = 0;
    let mut follower = feed.follow(school.tenant, 0);
    for round in 1..=5 {
        for _ in 0..3 {
            school.sale(iqd(1_000)).await.succeeds();
            sold += 1;
        }
        turn.number(&app.app).await.unwrap();
        // The bus says nothing in some rounds: the node looks for itself.
        if round % 2 == 0 {
            use jobs::event::EventBus;
            bus.announce(sold).await;
        }
        while follower.seq() < sold {
            follower.next().await.unwrap();
        }
        // Somebody who begins in the middle.
        let mut later = feed.follow(school.tenant, 1);
        let mut read = Vec::new();
        while later.seq() < sold {
            read.extend(later.next().await.unwrap().iter().map(|event| event.seq));
        }
        assert_eq!(read, (2..=sold).collect::<Vec<_>>());
    }
    // When nobody follows, nothing is kept; who comes then finds everything all the same.
    drop(follower);
    school.sale(iqd(1_000)).await.succeeds();
    turn.number(&app.app).await.unwrap();
    let mut again = feed.follow(school.tenant, sold);
    assert_eq!(again.next().await.unwrap()[0].seq, sold + 1);
    stopping.cancel();
    reading.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_writes_is_numbered_too() {
    let app = working(Engine::Postgres).await;
    let school = app.merchant("school").await;
    let quiet = TestApp::start_on(
        TestDatabase::at(&app.database.url),
        Arc::new(tahsil::provider::Sandbox),
    )
    .await;
    school.at(&quiet).sale(iqd(1_000)).await.succeeds();
    until("it is numbered", async || {
        let page = "{ events(last: 1) { edges { node { sequence } } } }";
        let asked = school.ask(page, Value::Null).await;
        asked.data["events"]["edges"][0]["node"]["sequence"] == "2"
    })
    .await;
}
