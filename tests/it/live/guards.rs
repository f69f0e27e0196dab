//! Who hears what, and until when.

use super::{EVENTS, working};
use crate::support::{Engine, Socket, iqd, until};
use chrono::Duration;
use domain::credential::{Scope, Scopes};
use domain::merchant::Mode;
use rstest::rstest;
use serde_json::{Value, json};
use service::credential::NewCredential;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_another_merchant_or_mode(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let (school, clinic) = (app.merchant("school").await, app.merchant("clinic").await);
    let live = {
        let mut tenant = school.tenant;
        tenant.mode = Mode::Live;
        app.key_of(tenant, Scopes::all()).await
    };
    let mut sockets = Vec::new();
    for who in [&school, &clinic, &live] {
        let start = who.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
        let mut socket = Socket::of(&app.url, &who.secret).await;
        socket.subscribe("1", EVENTS, json!({ "after": start })).await;
        sockets.push((socket, start));
    }
    let mut paid = Vec::new();
    for who in [&clinic, &school, &live] {
        paid.push(who.sale(iqd(1_000)).await.succeeds().payment());
    }
    for ((socket, _), payment) in sockets.iter_mut().zip([&paid[1], &paid[0], &paid[2]]) {
        let told = socket.data("1").await;
        assert_eq!(told["events"]["event"]["subject"]["id"], payment.as_str());
        assert_eq!(told["events"]["event"]["sequence"], "2", "each counts for itself");
    }
    // A cursor is good for whom it was given to only.
    let foreign = sockets[1].1.clone();
    let (socket, _) = &mut sockets[0];
    socket.subscribe("2", EVENTS, json!({ "after": foreign })).await;
    let message = socket.hear().await;
    assert_eq!(
        message["payload"][0]["extensions"]["code"], "BAD_USER_INPUT",
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_read_payments_hears_nothing_of_them() {
    let app = working(Engine::Sqlite).await;
    let school = app.merchant("school").await;
    let logs = Scopes::of(&[Scope::LogsRead]).unwrap();
    let clerk = app.key_of(school.tenant, logs).await;
    let mut socket = Socket::of(&app.url, &clerk.secret).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    let message = socket.hear().await;
    assert_eq!(
        (&message["type"], &message["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("FORBIDDEN"))
    );
    let operator = app.operator("operations").await;
    let mut socket = Socket::of(&app.url, operator.secret()).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    assert_eq!(
        socket.hear().await["payload"][0]["extensions"]["code"],
        "FORBIDDEN"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_or_runs_out_ends_what_it_opened(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let mut socket = Socket::of(&app.url, &school.secret).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    let other = app.key_of(school.tenant, Scopes::all()).await;
    let mut stays = Socket::of(&app.url, &other.secret).await;
    let revoke = "mutation($id: ID!) { credentialRevoke(input: { id: $id }) { userErrors { code } } }";
    other
        .ask(revoke, json!({ "id": school.credential.to_string() }))
        .await
        .field("credentialRevoke")
        .succeeds();
    assert_eq!(socket.is_closed().await, 4403);

    let new = NewCredential {
        expires_at: Some(app.now() + Duration::hours(1)),
        ..NewCredential::named("short", school.tenant, Scopes::all())
    };
    let short = app.issue(new).await;
    let mut socket = Socket::of(&app.url, short.secret.reveal()).await;
    app.clock.advance(Duration::hours(2));
    // Something else changes, and everybody is looked at.
    let third = app.key_of(school.tenant, Scopes::all()).await;
    other
        .ask(revoke, json!({ "id": third.credential.to_string() }))
        .await
        .field("credentialRevoke")
        .succeeds();
    assert_eq!(socket.is_closed().await, 4403);
    stays.subscribe("q", "{ viewer { way } }", json!({})).await;
    assert_eq!(stays.hear().await["type"], "next", "who may goes on");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_place_whose_events_are_deleted_is_told_with_the_oldest_that_is_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let start = school.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
    for _ in 0..3 {
        school.sale(iqd(1_000)).await.succeeds();
    }
    app.clock.advance(Duration::days(10));
    school.sale(iqd(1_000)).await.succeeds();
    until("all have their places", async || {
        app.count("outbox_events WHERE pos IS NULL").await == 0
    })
    .await;
    let page = "query($after: EventCursor) { events(first: 10, after: $after) { edges { cursor node { sequence } } } }";
    let all = school.ask(page, json!({ "after": start })).await.data["events"]["edges"].clone();
    let deleted = service::event::purge(&app.app, app.now() - Duration::days(5), 2)
        .await
        .unwrap();
    assert_eq!(deleted, 2, "as many as one sweep takes");
    assert_eq!(
        service::event::purge(&app.app, app.now() - Duration::days(5), 100)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        service::event::purge(&app.app, app.now() - Duration::days(5), 100)
            .await
            .unwrap(),
        0
    );

    let mut socket = Socket::of(&app.url, &school.secret).await;
    for gone in [&start, &all[0]["cursor"], &all[1]["cursor"]] {
        socket.subscribe("1", EVENTS, json!({ "after": gone })).await;
        let message = socket.hear().await;
        let extensions = &message["payload"][0]["extensions"];
        assert_eq!(
            (&message["type"], &extensions["code"]),
            (&json!("error"), &json!("CURSOR_EXPIRED"))
        );
        assert_eq!(extensions["oldestCursor"], all[2]["cursor"]);
        school
            .ask(page, json!({ "after": gone }))
            .await
            .fails_with("CURSOR_EXPIRED");
    }
    socket
        .subscribe("1", EVENTS, json!({ "after": all[2]["cursor"] }))
        .await;
    assert_eq!(socket.data("1").await["events"]["event"]["sequence"], "5");
    let rest = school.ask(page, Value::Null).await.data["events"]["edges"].clone();
    assert_eq!(rest.as_array().unwrap().len(), 1, "{rest}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_asked_for_comes_and_updates_are_about_one_object(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = working(engine).await;
    let school = app.merchant("school").await;
    let start = school.ask("{ eventCursor }", Value::Null).await.data["eventCursor"].clone();
    let mut socket = Socket::of(&app.url, &school.secret).await;
    let captures = json!({ "after": start, "types": ["PAYMENT_CAPTURED"] });
    socket.subscribe("captures", EVENTS, captures).await;
    school.authorize(iqd(5_000)).await.succeeds();
    let payment = school.sale(iqd(1_000)).await.succeeds().payment();
    let told = socket.data("captures").await["events"].clone();
    assert_eq!(
        (&told["event"]["type"], &told["event"]["sequence"]),
        (&json!("PAYMENT_CAPTURED"), &json!("3"))
    );

    let update = "subscription($id: ID!, $after: EventCursor) { paymentUpdated(id: $id, after: $after) {
        event { type subjectId } payment { id status refundedAmount { amount } } } }";
    socket
        .subscribe("payment", update, json!({ "id": payment, "after": start }))
        .await;
    let first = socket.data("payment").await["paymentUpdated"].clone();
    assert_eq!(
        (&first["event"]["type"], &first["payment"]["id"]),
        (&json!("PAYMENT_CAPTURED"), &json!(payment))
    );
    school.sale(iqd(2_000)).await.succeeds();
    assert_eq!(socket.data("captures").await["events"]["event"]["sequence"], "4");
    school.refund(&payment, iqd(400)).await.succeeds();
    for (event, subject) in [
        ("REFUND_CREATED", "re_"),
        ("REFUND_SUCCEEDED", "re_"),
        ("PAYMENT_REFUNDED", "pay_"),
    ] {
        let told = socket.data("payment").await["paymentUpdated"].clone();
        assert_eq!(told["event"]["type"], event);
        assert!(told["event"]["subjectId"].as_str().unwrap().starts_with(subject));
        assert_eq!(told["payment"]["id"], payment.as_str());
    }
}
