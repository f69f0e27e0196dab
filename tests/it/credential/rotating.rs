//! New keys while the old ones go on.

use super::keys;
use crate::support::{Engine, TestApp};
use chrono::Duration;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

async fn opens(app: &TestApp, secret: &str) -> bool {
    app.anonymous().ask_with(secret, "{ __typename }").await.status == StatusCode::OK
}

fn secret(data: &Value) -> String {
    data["secret"].as_str().unwrap().to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_open_until_the_overlap_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = school.credential.to_string();
    assert!(opens(&app, &school.secret).await);

    let rotated = keys(
        &school,
        "credentialRotate",
        json!({ "id": id, "overlapMinutes": 60 }),
    )
    .await
    .succeeds();

    let new = secret(&rotated.data);
    assert_eq!(rotated.data["credential"]["status"], "ROTATING");
    assert_eq!(
        rotated.data["credential"]["rotatingUntil"],
        "2026-06-15T11:00:00.000000Z"
    );
    assert!(rotated.data["privateKey"].is_null(), "the signing key stays");
    assert!(opens(&app, &school.secret).await && opens(&app, &new).await);
    // A client that tries again because it lost the answer must not cut its servers off.
    let again = keys(&school, "credentialRotate", json!({ "id": id })).await;
    assert_eq!(again.codes(), ["ROTATION_IN_PROGRESS"]);

    app.clock.advance(Duration::minutes(60));
    assert!(!opens(&app, &school.secret).await && opens(&app, &new).await);
    let now_new = keys(
        &app.merchant("other").await,
        "credentialRotate",
        json!({ "id": id }),
    )
    .await;
    assert_eq!(now_new.codes(), ["NOT_FOUND"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn in_an_emergency_every_older_key_ends_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let clerk = app.key_of(school.tenant, domain::credential::Scopes::all()).await;
    let id = school.credential.to_string();
    let second = secret(
        &keys(&clerk, "credentialRotate", json!({ "id": id }))
            .await
            .succeeds()
            .data,
    );

    let input = json!({ "id": id, "overlapMinutes": 0, "signingKey": { "kind": "ED25519" } });
    let third = keys(&clerk, "credentialRotate", input).await.succeeds();

    assert!(third.data["privateKey"].is_string());
    assert_eq!(third.data["credential"]["status"], "ACTIVE");
    assert_eq!(
        third.data["credential"]["signingKeys"].as_array().unwrap().len(),
        1
    );
    assert!(!opens(&app, &school.secret).await && !opens(&app, &second).await);
    assert!(opens(&app, &secret(&third.data)).await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_rotated_on_another_node_opens_this_one_at_once(
    #[values(Engine::Postgres)] engine: Engine,
) {
    let here = TestApp::start(engine).await;
    let there = here.another_node().await;
    let school = here.merchant("school").await;
    assert!(opens(&here, &school.secret).await && opens(&there, &school.secret).await);

    let input = json!({ "id": school.credential.to_string() });
    let rotated = keys(&school.at(&there), "credentialRotate", input)
        .await
        .succeeds();

    assert!(opens(&here, &secret(&rotated.data)).await);
    there.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rotated_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = school.credential.to_string();
    for (more, code) in [
        (json!({ "overlapMinutes": -1 }), "OVERLAP_INVALID"),
        (json!({ "overlapMinutes": 10_081 }), "OVERLAP_INVALID"),
        (json!({ "secret": false }), "NOTHING_TO_ROTATE"),
        (
            json!({ "secret": false, "signingKey": { "kind": "ED25519_ENCRYPTED" } }),
            "PASSPHRASE_UNKNOWN",
        ),
        (json!({ "id": "cred_1" }), "ID_MALFORMED"),
    ] {
        let mut input = json!({ "id": id });
        for (field, value) in more.as_object().unwrap() {
            input[field] = value.clone();
        }
        let refused = keys(&school, "credentialRotate", input).await;
        assert_eq!(refused.codes(), [code], "{more}");
    }
    assert!(opens(&app, &school.secret).await);
}
