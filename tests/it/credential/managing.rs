//! Making, showing, changing and revoking credentials.

use super::{CREDENTIAL, command, keys};
use crate::support::{EPARA, Engine, TestApp, iqd};
use domain::merchant::Mode;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_credential_shows_its_keys_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let input = json!({
        "name": "Checkout server", "scopes": ["payments:read", "payments:create", "payments:read"],
        "ipAllowlist": ["127.0.0.0/8", "2001:db8::/48"], "expiresAt": "2026-06-16T10:00:00Z",
    });
    let made = keys(&school, "credentialCreate", input).await.succeeds();

    let (secret, private) = (&made.data["secret"], &made.data["privateKey"]);
    let secret = secret.as_str().unwrap();
    assert!(secret.starts_with("esk_test_"), "{secret}");
    assert!(
        private
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN PRIVATE KEY-----\n")
    );
    let credential = &made.data["credential"];
    assert_eq!(credential["status"], "ACTIVE");
    assert_eq!(credential["scopes"], json!(["payments:create", "payments:read"]));
    assert_eq!(credential["ipAllowlist"], json!(["127.0.0.0/8", "2001:db8::/48"]));
    assert_eq!(credential["apiVersion"], "2026-06-14.basra");
    assert_eq!(credential["createdBy"], school.credential.to_string());
    assert_eq!(credential["lastSecurityAction"]["action"], "CREATED");
    assert_eq!(credential["signingKeys"][0]["algorithm"], "ED25519");
    let token = credential["token"].as_str().unwrap();
    assert_eq!(token.replace("epk_", "esk_"), secret[..token.len()]);

    let opened = app
        .anonymous()
        .ask_with(secret, "{ viewer { credential { id } scopes way } }")
        .await;
    assert_eq!(opened.data["viewer"]["credential"]["id"], credential["id"]);
    assert_eq!(opened.data["viewer"]["way"], "SECRET");

    let list = format!("{{ credentials(first: 10) {{ nodes {{ {CREDENTIAL} }} }} }}");
    let list = school.ask(&list, json!({})).await;
    assert_eq!(list.errors, Vec::<Value>::new());
    let shown = list.data.to_string();
    assert!(
        shown.contains(token) && !shown.contains("esk_") && !shown.contains("PRIVATE"),
        "{shown}"
    );
    let node = school
        .ask(
            "query($id: ID!) { node(id: $id) { ... on Credential { token } } }",
            json!({ "id": credential["id"] }),
        )
        .await;
    assert_eq!(node.data["node"]["token"], token);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_refused_and_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let before = app.count("credentials").await;
    let with = |more: Value| {
        let mut input = json!({ "name": "server", "scopes": ["payments:read"] });
        for (field, value) in more.as_object().unwrap() {
            input[field] = value.clone();
        }
        input
    };
    for (input, code) in [
        (json!({ "name": "" }), "NAME_INVALID"),
        (json!({ "scopes": [] }), "SCOPE_REQUIRED"),
        (json!({ "scopes": ["payments:delete"] }), "SCOPE_UNKNOWN"),
        (json!({ "ipAllowlist": ["everywhere"] }), "IP_ALLOWLIST_INVALID"),
        (json!({ "ipAllowlist": ["10.0.0.1/8"] }), "IP_ALLOWLIST_INVALID"),
        (
            json!({ "ipAllowlist": vec!["10.0.0.0/8"; 65] }),
            "IP_ALLOWLIST_INVALID",
        ),
        (json!({ "expiresAt": "2026-06-15T10:00:00Z" }), "EXPIRY_INVALID"),
        (json!({ "apiVersion": "2027-01-01.erbil" }), "API_VERSION_UNKNOWN"),
        (
            json!({ "signingKey": { "kind": "UPLOAD" } }),
            "PUBLIC_KEY_INVALID",
        ),
        (json!({ "mode": "LIVE" }), "LIVE_FROM_TEST"),
        (json!({ "merchantId": "mer_1" }), "ID_MALFORMED"),
        (
            json!({ "merchantId": shop.tenant.merchant.to_string() }),
            "NOT_FOUND",
        ),
    ] {
        let refused = keys(&school, "credentialCreate", with(input.clone())).await;
        assert_eq!(refused.codes(), [code], "{input}: {:#}", refused.data);
        assert!(refused.data["secret"].is_null() && refused.data["credential"].is_null());
    }
    assert_eq!(app.count("credentials").await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_away_more_than_they_have(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let few = "credentials:manage,payments:read".parse().unwrap();
    let clerk = app.key_of(school.tenant, few).await;
    let strong = school.credential.to_string();

    let input = json!({ "name": "more", "scopes": ["payments:read", "refunds:create"] });
    let refused = keys(&clerk, "credentialCreate", input).await;
    assert_eq!(refused.codes(), ["SCOPE_NOT_HELD"]);
    // New keys for a stronger credential would be as good as its scopes.
    let refused = keys(&clerk, "credentialRotate", json!({ "id": strong })).await;
    assert_eq!(refused.codes(), ["SCOPE_NOT_HELD"]);
    let own = json!({ "id": clerk.credential.to_string(), "scopes": ["refunds:create"] });
    assert_eq!(
        command(&clerk, "credentialUpdate", "", own).await.codes(),
        ["SCOPE_NOT_HELD"]
    );
    let input = json!({ "id": strong, "ipAllowlist": [] });
    assert_eq!(
        command(&clerk, "credentialUpdate", "", input).await.codes(),
        ["SCOPE_NOT_HELD"]
    );
    let input = json!({ "credentialId": strong });
    let upgrade = command(&clerk, "apiVersionUpgrade", "applied", input).await;
    assert_eq!(upgrade.codes(), ["SCOPE_NOT_HELD"]);

    let reader = app.key_of(school.tenant, "payments:read".parse().unwrap()).await;
    let refused = reader
        .ask("{ credentials(first: 1) { nodes { id } } }", json!({}))
        .await;
    refused.fails_with("FORBIDDEN");
    // To stop a key is always right.
    command(&clerk, "credentialRevoke", "", json!({ "id": strong }))
        .await
        .succeeds();
    assert_eq!(
        school.ask("{ __typename }", json!({})).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn other_merchants_and_live_keys_are_out_of_reach(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = app.merchant("shop").await;
    let live = app
        .merchant_with("school", Mode::Live, domain::credential::Scopes::all(), EPARA)
        .await;
    let test_tenant = domain::merchant::Tenant {
        mode: Mode::Test,
        ..live.tenant
    };
    let test = app.key_of(test_tenant, domain::credential::Scopes::all()).await;
    let own = |who: &crate::support::Merchant| {
        let who = who.clone();
        async move {
            let reply = who
                .ask("{ credentials(first: 50) { nodes { id } } }", json!({}))
                .await;
            let rows = reply.data["credentials"]["nodes"].as_array().unwrap().clone();
            let mut ids: Vec<String> = rows
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned())
                .collect();
            ids.sort();
            ids
        }
    };
    let mut both = vec![live.credential.to_string(), test.credential.to_string()];
    both.sort();
    assert_eq!(
        own(&live).await,
        both,
        "a live key sees both modes of its merchant"
    );
    assert_eq!(own(&test).await, [test.credential.to_string()]);
    assert_eq!(own(&shop).await, [shop.credential.to_string()]);

    for (who, whose) in [(&shop, &live), (&shop, &test), (&test, &live)] {
        let id = whose.credential.to_string();
        for (mutation, input) in [
            ("credentialRotate", json!({ "id": id })),
            ("credentialUpdate", json!({ "id": id, "name": "mine" })),
            ("credentialRevoke", json!({ "id": id })),
            ("apiVersionUpgrade", json!({ "credentialId": id })),
        ] {
            let refused = command(who, mutation, "", input).await;
            assert_eq!(refused.codes(), ["NOT_FOUND"], "{mutation}");
        }
        let node = who
            .ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id }))
            .await;
        assert!(node.data["node"].is_null() && node.errors.is_empty());
    }
    // An operator looks after all of them, and says whose.
    let operator = app.operator("Zainab").await;
    let create = "mutation($input: CredentialCreateInput!) { credentialCreate(input: $input) { secret credential { createdBy } \
                  userErrors { code } } }";
    let mut input = json!({ "name": "by operator", "scopes": ["payments:read"] });
    let refused = operator
        .ask(create, json!({ "input": input }))
        .await
        .field("credentialCreate");
    assert_eq!(refused.codes(), ["MERCHANT_REQUIRED"]);
    input["merchantId"] = shop.tenant.merchant.to_string().into();
    let made = operator
        .ask(create, json!({ "input": input }))
        .await
        .field("credentialCreate")
        .succeeds();
    assert!(
        made.data["credential"]["createdBy"]
            .as_str()
            .unwrap()
            .starts_with("op_")
    );
    assert!(made.data["secret"].as_str().unwrap().starts_with("esk_test_"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_from_the_next_request_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let server = app.key_of(school.tenant, domain::credential::Scopes::all()).await;
    server.sale(iqd(5)).await.succeeds();
    let id = server.credential.to_string();

    let input = json!({ "id": id, "name": "Till 2", "scopes": ["payments:read"], "expiresAt": "2026-06-15T11:00:00Z" });
    let changed = command(&school, "credentialUpdate", "", input).await.succeeds();

    assert_eq!(changed.data["credential"]["name"], "Till 2");
    assert_eq!(
        changed.data["credential"]["lastSecurityAction"]["action"],
        "UPDATED"
    );
    assert_eq!(
        changed.data["credential"]["lastSecurityAction"]["by"],
        school.credential.to_string()
    );
    server.sale(iqd(5)).await.fails_with("FORBIDDEN");
    app.clock.advance(chrono::Duration::hours(1));
    assert_eq!(
        server.ask("{ __typename }", json!({})).await.status,
        StatusCode::UNAUTHORIZED
    );
    let input = json!({ "id": id, "expiresAt": null });
    let changed = command(&school, "credentialUpdate", "", input).await.succeeds();
    assert_eq!(changed.data["credential"]["status"], "ACTIVE");
    assert_eq!(
        server.ask("{ __typename }", json!({})).await.status,
        StatusCode::OK
    );

    command(&school, "credentialRevoke", "", json!({ "id": id }))
        .await
        .succeeds();
    let again = command(&school, "credentialRevoke", "", json!({ "id": id }))
        .await
        .succeeds();
    assert_eq!(again.data["credential"]["status"], "REVOKED");
    let input = json!({ "id": id, "name": "Till 3" });
    let refused = command(&school, "credentialUpdate", "", input).await;
    assert_eq!(refused.codes(), ["CREDENTIAL_REVOKED"]);
    for preview in [true, false] {
        let input = json!({ "credentialId": id, "preview": preview });
        let refused = command(&school, "apiVersionUpgrade", "applied", input).await;
        assert_eq!(refused.codes(), ["CREDENTIAL_REVOKED"], "{preview}");
    }
}
