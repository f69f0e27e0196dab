//! From where a credential may be used.

use super::{command, reasons};
use crate::support::{Engine, Reply, TestApp};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_from_its_networks_only(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let school = app.merchant("school").await;
    let server = app.key_of(school.tenant, domain::credential::Scopes::all()).await;
    let input =
        json!({ "id": server.credential.to_string(), "ipAllowlist": ["185.62.75.24/32", "2001:db8::/48"] });
    command(&school, "credentialUpdate", "", input).await.succeeds();
    let from = async |address: &str| {
        app.clock.advance(chrono::Duration::milliseconds(1));
        let request = app.anonymous().request(Method::POST, "/graphql");
        let request = request
            .header("x-api-key", &server.secret)
            .header("x-forwarded-for", address);
        Reply::read(
            request
                .json(&json!({ "query": "{ __typename }" }))
                .send()
                .await
                .unwrap(),
        )
        .await
    };

    for (address, status) in [
        ("185.62.75.24", StatusCode::OK),
        ("2001:db8::7", StatusCode::OK),
        ("185.62.75.25", StatusCode::UNAUTHORIZED),
        ("2001:db8:1::7", StatusCode::UNAUTHORIZED),
        // What a client writes in front of the proxy's own line is not believed.
        ("185.62.75.24, 198.51.100.7", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(from(address).await.status, status, "{address}");
    }

    assert_eq!(reasons(&school).await, ["ADDRESS_NOT_ALLOWED"; 3]);
    let query = format!(
        "{{ apiRequests(first: 9, filter: {{ credential: \"{}\" }}) {{ nodes {{ ip outcome rateLimit }} }} }}",
        server.credential
    );
    let log = school.ask(&query, json!({})).await;
    let newest = &log.data["apiRequests"]["nodes"][0];
    assert_eq!(
        *newest,
        json!({ "ip": "198.51.100.7", "outcome": "DENIED", "rateLimit": "BLOCKED" })
    );
}
