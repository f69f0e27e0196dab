//! Dated versions of the API.

use super::command;
use crate::support::{Engine, Reply, TestApp};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

const VERSIONS: &str = "{ apiVersions { version releasedOn latest support upgrade changes { area before after } } viewer { apiVersion } }";
const MORE: &str = "from to applied changes { area }";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_previewed_and_then_made(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = school.credential.to_string();
    let hand = crate::support::Hand::at(&app.database.url).await;
    hand.change("UPDATE credentials SET api_version = '2025-12-01.tigris'")
        .await;

    let seen = school.ask(VERSIONS, json!({})).await;
    assert_eq!(seen.errors, Vec::<Value>::new());
    let states = |reply: &Reply| {
        let rows = reply.data["apiVersions"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| {
                (
                    row["version"].clone(),
                    row["support"].clone(),
                    row["upgrade"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    let row = |version: &str, support: &str, upgrade: &str| (json!(version), json!(support), json!(upgrade));
    assert_eq!(
        states(&seen),
        [
            row("2026-06-14.basra", "CURRENT", "AVAILABLE"),
            row("2025-12-01.tigris", "SUPPORTED", "CURRENT")
        ]
    );

    let input = json!({ "credentialId": id, "preview": true });
    let preview = command(&school, "apiVersionUpgrade", MORE, input)
        .await
        .succeeds();
    assert_eq!(preview.data["applied"], false);
    assert_eq!(preview.data["changes"].as_array().unwrap().len(), 4);
    assert_eq!(
        hand.text("SELECT api_version FROM credentials").await,
        "2025-12-01.tigris"
    );

    let input = json!({ "credentialId": id, "version": "2026-06-14.basra" });
    let made = command(&school, "apiVersionUpgrade", MORE, input.clone())
        .await
        .succeeds();
    assert_eq!(made.data["from"], "2025-12-01.tigris");
    assert_eq!(made.data["credential"]["apiVersion"], "2026-06-14.basra");
    assert_eq!(
        made.data["credential"]["lastSecurityAction"]["action"],
        "API_VERSION_UPGRADED"
    );
    let again = command(&school, "apiVersionUpgrade", MORE, input).await;
    assert_eq!(again.codes(), ["API_VERSION_NOT_NEWER"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_header_goes_before_the_pin(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let ask = async |version: &str| {
        app.clock.advance(chrono::Duration::milliseconds(1));
        let request = app
            .anonymous()
            .request(Method::POST, "/graphql")
            .header("x-api-key", &school.secret);
        let request = request
            .header("x-api-version", version)
            .json(&json!({ "query": VERSIONS }));
        Reply::read(request.send().await.unwrap()).await
    };
    assert_eq!(ask("2025-12-01.tigris").await.status, StatusCode::OK);
    let unknown = ask("2027-01-01.erbil").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    unknown.fails_with("BAD_REQUEST");

    let log = "{ apiRequests(first: 9) { nodes { apiVersion reason } } }";
    let log = school.ask(log, json!({})).await;
    let rows = &log.data["apiRequests"]["nodes"];
    assert_eq!(rows[0]["reason"], "VERSION_UNKNOWN");
    assert_eq!(
        rows[1],
        json!({ "apiVersion": "2025-12-01.tigris", "reason": null })
    );
}
