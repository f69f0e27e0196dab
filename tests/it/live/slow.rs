//! Readers that are slower than what they follow.

use super::{EVENTS, newer_event, working};
use crate::support::{Engine, Hand, Merchant, Socket, TestApp, iqd, until};
use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};

const EVENTS_WRITTEN: i64 = 2_000;

/// Some four kilobytes an event: together more than the system and a queue hold for one connection.
fn fat() -> String {
    let long = "x".repeat(120);
    let names: String = (0..30).map(|number| format!("{long}{number}: name ")).collect();
    format!(
        "subscription($after: EventCursor) {{ events(after: $after) {{ cursor event {{ sequence {names} }} }} }}"
    )
}

/// Writes events of a merchant and has them numbered.
async fn write(app: &TestApp, who: &Merchant) {
    let hand = Hand::at(&app.database.url).await;
    let (merchant, mode, at) = (
        who.tenant.merchant.to_string(),
        who.tenant.mode.as_str(),
        app.now().to_rfc3339(),
    );
    let rows: Vec<String> = (0..EVENTS_WRITTEN)
        .map(|number| {
            format!(
                "('evt_{number:026}', '{merchant}', '{mode}', 'payment.captured', 'pay_00000000000000000000000000', '{{}}', '{at}')"
            )
        })
        .collect();
    for rows in rows.chunks(500) {
        hand.change_all(&format!(
            "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) VALUES {}",
            rows.join(", ")
        ))
        .await;
    }
    until("all have their places", async || {
        app.count("outbox_events WHERE pos IS NULL").await == 0
    })
    .await;
}

async fn start(who: &Merchant) -> Value {
    who.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone()
}

fn sequence(told: &Value) -> i64 {
    let sequence = &told["events"]["event"]["sequence"];
    sequence.as_str().unwrap().parse().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_falls_behind_delays_nobody_and_misses_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let after = json!({ "after": start(&school).await });
    let mut slow = Socket::narrow(&app.url, &school.secret).await;
    slow.subscribe("1", &fat(), after.clone()).await;
    let mut quick = Socket::of(&app.url, &school.secret).await;
    quick.subscribe("1", &fat(), after).await;
    write(&app, &school).await;
    let first = sequence(&quick.data("1").await);
    for number in 1..EVENTS_WRITTEN {
        assert_eq!(sequence(&quick.data("1").await), first + number);
    }
    // Only now the other one reads.
    for number in 0..EVENTS_WRITTEN {
        assert_eq!(sequence(&slow.data("1").await), first + number);
    }
    // And is up to date.
    school.sale(iqd(1_000)).await.succeeds();
    for socket in [&mut slow, &mut quick] {
        assert_eq!(sequence(&socket.data("1").await), first + EVENTS_WRITTEN);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_overtaken_by_the_deletion_of_old_events_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let after = json!({ "after": start(&school).await });
    write(&app, &school).await;
    // Nobody has followed so far, so all of it comes from the database.
    let mut slow = Socket::narrow(&app.url, &school.secret).await;
    slow.subscribe("1", &fat(), after).await;
    let first = sequence(&slow.data("1").await);
    app.clock.advance(Duration::days(40));
    let before = app.now() - Duration::days(30);
    let all = u64::try_from(EVENTS_WRITTEN * 2).unwrap();
    service::event::purge(&app.app, before, all).await.unwrap();
    school.sale(iqd(1_000)).await.succeeds();

    let mut last = first;
    let told = loop {
        let message = slow.hear().await;
        if message["type"] == "error" {
            break message;
        }
        let next = sequence(&message["payload"]["data"]);
        assert_eq!(next, last + 1);
        last = next;
    };
    assert!(last < first + EVENTS_WRITTEN - 1, "it was overtaken");
    let extensions = &told["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "CURSOR_EXPIRED", "{told}");
    let oldest = json!({ "after": extensions["oldestCursor"] });
    slow.subscribe("1", EVENTS, oldest).await;
    assert_eq!(sequence(&slow.data("1").await), first + EVENTS_WRITTEN);
}

/// While nodes are replaced one by one, an older one meets what it does not know.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_version_wrote_sends_those_who_want_everything_to_another_node(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let after = start(&school).await;
    let mut all = Socket::of(&app.url, &school.secret).await;
    all.subscribe("1", EVENTS, json!({ "after": after })).await;
    let mut some = Socket::of(&app.url, &school.secret).await;
    let captures = json!({ "after": after, "types": ["PAYMENT_CAPTURED"] });
    some.subscribe("1", EVENTS, captures).await;
    school.sale(iqd(1_000)).await.succeeds();
    let before = all.data("1").await["events"].clone();
    assert_eq!(
        before["event"]["type"], "PAYMENT_CAPTURED",
        "what came before is told"
    );
    newer_event(&app, &school).await;
    assert_eq!(all.is_closed().await, 1012, "clients try again after this");
    school.sale(iqd(2_000)).await.succeeds();
    for _ in 0..2 {
        assert_eq!(
            some.data("1").await["events"]["event"]["type"],
            "PAYMENT_CAPTURED"
        );
    }
    let page = async || {
        let ask = "query($after: EventCursor) { events(first: 10, after: $after) { nodes { sequence } pageInfo { hasNextPage } } }";
        let page = school.ask(ask, json!({ "after": before["cursor"] })).await.data["events"].clone();
        (
            page["nodes"].as_array().unwrap().len(),
            page["pageInfo"]["hasNextPage"] == true,
        )
    };
    assert_eq!(page().await, (0, false), "a list ends before it too");

    // A version that has been gone for so long does not come back: nobody waits for it.
    app.clock.advance(Duration::hours(2));
    let mut all = Socket::of(&app.url, &school.secret).await;
    all.subscribe("1", EVENTS, json!({ "after": before["cursor"] }))
        .await;
    let next = sequence(&all.data("1").await);
    let told: i64 = before["event"]["sequence"].as_str().unwrap().parse().unwrap();
    assert_eq!(next, told + 2);
    assert_eq!(page().await, (1, false));
}
