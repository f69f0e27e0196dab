//! Every route, and who gets through it.

use crate::support::{Engine, Hand, Signer, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::credential::Scopes;
use domain::merchant::{Mode, Tenant};
use reqwest::{Client, Method, RequestBuilder};
use rstest::rstest;
use serde_json::json;
use service::credential::NewCredential;
use std::collections::BTreeSet;
use std::path::Path;

/// How a route is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// Not at all: it says nothing of anybody.
    Public,
    /// A key, a session or a signature of ours, for commands and questions.
    Graphql,
    /// A key, a session or a signature of ours, for a command.
    Commands,
    /// A key, a session or a signature of ours, for a question.
    Asks,
    /// `x-id` and `x-signature`, in the mode of the path.
    Rasedi,
}

/// Every route as the router writes it, a path to try, and its guard; `PAYMENT` and `OPERATION` stand for ids of the owner. Whoever adds
/// a route says here how it is guarded.
const ROUTES: &[(&str, &str, Guard)] = &[
    ("/livez", "/livez", Guard::Public),
    ("/readyz", "/readyz", Guard::Public),
    ("/metrics", "/metrics", Guard::Public),
    ("/graphiql", "/graphiql", Guard::Public),
    ("/graphiql/{asset}", "/graphiql/graphiql.js", Guard::Public),
    ("/graphql", "/graphql", Guard::Graphql),
    (
        "/v1/payment/rest/{mode}/create",
        "/v1/payment/rest/live/create",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/init",
        "/v1/payment/rest/live/init",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/status/{reference}",
        "/v1/payment/rest/live/status/7676c702-a2a7-4996-baf3-09a8d012ed09",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/cancel/{reference}",
        "/v1/payment/rest/live/cancel/7676c702-a2a7-4996-baf3-09a8d012ed09",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/get-public-keys",
        "/v1/payment/rest/live/get-public-keys",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/{*rest}",
        "/v1/payment/rest/live/nowhere",
        Guard::Rasedi,
    ),
    ("/openapi.json", "/openapi.json", Guard::Public),
    ("/openapi", "/openapi", Guard::Public),
    ("/openapi/", "/openapi/", Guard::Public),
    ("/openapi/{*file}", "/openapi/index.css", Guard::Public),
    (
        "/api/v1/payments/authorize",
        "/api/v1/payments/authorize",
        Guard::Commands,
    ),
    ("/api/v1/payments/sale", "/api/v1/payments/sale", Guard::Commands),
    ("/api/v1/payments/{id}", "/api/v1/payments/PAYMENT", Guard::Asks),
    (
        "/api/v1/payments/{id}/capture",
        "/api/v1/payments/PAYMENT/capture",
        Guard::Commands,
    ),
    (
        "/api/v1/payments/{id}/void",
        "/api/v1/payments/PAYMENT/void",
        Guard::Commands,
    ),
    (
        "/api/v1/payments/{id}/refund",
        "/api/v1/payments/PAYMENT/refund",
        Guard::Commands,
    ),
    ("/api/v1/transactions", "/api/v1/transactions", Guard::Asks),
    (
        "/api/v1/transactions/{id}",
        "/api/v1/transactions/OPERATION",
        Guard::Asks,
    ),
];

/// The routes that stand in the source, but for those of unit tests.
fn written(folder: &Path, routes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written(&path, routes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let product = source.split("#[cfg(test)]").next().unwrap();
            for other in [
                ".nest(",
                ".nest_service(",
                ".route_service(",
                ".fallback_service(",
            ] {
                assert!(
                    !product.contains(other),
                    "{}: the walk does not know {other}",
                    path.display()
                );
            }
            for rest in product.split(".route(").skip(1) {
                let path = rest.split('"').nth(1).unwrap();
                assert!(
                    path.starts_with('/'),
                    "a route is written as text, so that the walk finds it: {path}"
                );
                routes.insert(path.to_owned());
            }
        }
    }
}

#[test]
fn the_table_of_routes_is_the_source() {
    let mut routes = BTreeSet::new();
    written(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut routes,
    );
    let listed: BTreeSet<String> = ROUTES.iter().map(|(route, ..)| (*route).to_owned()).collect();
    assert_eq!(routes, listed);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_route_opens_to_somebody_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_GRAPHIQL", "true")]).await;
    let school = app
        .merchant_with("Zubaida School", Mode::Live, Scopes::all(), crate::support::EPARA)
        .await;
    let sale = school.sale(crate::support::iqd(125_000)).await.succeeds();
    let (payment, operation) = (sale.payment(), sale.data["operation"]["id"].as_str().unwrap());
    let rehearsal = Tenant {
        mode: Mode::Test,
        ..school.tenant
    };
    let keys = |tenant| app.issue(NewCredential::named("server", tenant, Scopes::all()));
    let (owner, rehearsal, shop) = (
        keys(school.tenant).await,
        keys(rehearsal).await,
        keys(app.merchant("shop").await.tenant).await,
    );
    let pem = |issued: &service::credential::IssuedCredential| {
        issued
            .signing_key
            .as_ref()
            .and_then(|key| key.reveal())
            .unwrap()
            .to_owned()
    };
    let document = format!("{{ payment(id: \"{payment}\") {{ id status }} merchant {{ name }} }}");
    let before = Hand::at(&app.database.url).await.everything().await;
    let (mut tries, mut open) = (0, Vec::new());
    let mut send = async |what: &str, request: RequestBuilder| {
        let response = request.send().await.unwrap();
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        let shows = [payment.as_str(), operation, "Zubaida", "CAPTURED"]
            .iter()
            .any(|marker| text.contains(marker));
        tries += 1;
        assert!(
            !text.contains("\"error\":\"not found\""),
            "{what}: there is no such route"
        );
        (status, shows.then(|| format!("{what}: {status}: {text}")))
    };
    for &(_, path, guard) in ROUTES {
        let path = path.replace("PAYMENT", &payment).replace("OPERATION", operation);
        let url = format!("{}{path}", app.url);
        // What every command on a payment takes; nothing is charged by it.
        let body = json!({
            "query": document, "id": payment, "amount": 0, "currency": "IQD", "gateway": "FIB", "reason": "walked",
        });
        let request = |method| {
            Client::new()
                .request(method, &url)
                .query(&[("query", &document)])
                .json(&body)
        };
        // With nothing, by every method.
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
        ] {
            let what = format!("{method} {path} with nothing");
            let method: Method = method.parse().unwrap();
            let (status, shown) = send(&what, request(method)).await;
            open.extend(shown);
            if guard != Guard::Public && status < 400 {
                open.push(format!("{what}: {status}"));
            }
        }
        let mut refused = Vec::new();
        for (whose, issued) in [("another mode", &rehearsal), ("another merchant", &shop)] {
            let signature = |secret: &str| {
                let signer = Signer::ed25519(&issued.credential.token, &pem(issued));
                STANDARD.encode(signer.sign(&format!("POST || {secret} || {path}")))
            };
            let (own, victims) = (issued.secret.reveal(), owner.secret.reveal());
            let post = || request(Method::POST);
            match guard {
                Guard::Public => {}
                Guard::Commands | Guard::Asks => {
                    let method = if guard == Guard::Asks {
                        Method::GET
                    } else {
                        Method::POST
                    };
                    // Whoever shows a key of their own gets in, to themselves.
                    let by = format!("{method} {path} by {whose}");
                    let (status, shown) = send(&by, request(method.clone()).header("x-api-key", own)).await;
                    open.extend(shown.filter(|text| text.contains(&payment) || text.contains(operation)));
                    if path.contains(&payment) && status != 404 {
                        open.push(format!("{by}: {status}"));
                    }
                    let signer = Signer::ed25519(&owner.credential.token, &pem(issued));
                    let nonce = format!("nonce-{whose}").replace(' ', "-");
                    let text = if method == Method::GET {
                        Vec::new()
                    } else {
                        body.to_string().into_bytes()
                    };
                    let signed = signer.request(method.clone(), &path, text, app.now(), &nonce);
                    let request = Client::new().request(method, &url).body(signed.body.clone());
                    let headers = signed.headers.iter();
                    let request =
                        headers.fold(request, |request, (name, value)| request.header(*name, value));
                    refused.push((format!("signed by {whose}"), request));
                }
                Guard::Graphql => {
                    // Whoever shows a key of their own gets in, to themselves.
                    let (_, shown) = send(
                        &format!("POST {path} by {whose}"),
                        post().header("x-api-key", own),
                    )
                    .await;
                    open.extend(shown.filter(|text| text.contains(&payment)));
                    // The name of the owner's key, signed by somebody else.
                    let signer = Signer::ed25519(&owner.credential.token, &pem(issued));
                    let signed =
                        signer.post(&document, app.now(), &format!("nonce-{whose}").replace(' ', "-"));
                    refused.push((format!("signed by {whose}"), {
                        let request = Client::new()
                            .post(&url)
                            .header("content-type", "application/json");
                        let headers = signed.headers.iter();
                        headers
                            .fold(request, |all, (name, value)| all.header(*name, value))
                            .body(signed.body.clone())
                    }));
                }
                Guard::Rasedi => {
                    let shows = |id: &str, signature: String| {
                        post().header("x-id", id).header("x-signature", signature)
                    };
                    refused.push((format!("signed by {whose}"), shows(victims, signature(victims))));
                    refused.push((
                        format!("signature of {whose} over its own key"),
                        shows(victims, signature(own)),
                    ));
                    refused.push((format!("x-id alone, for {whose}"), post().header("x-id", victims)));
                    if issued.credential.tenant.mode != Mode::Live {
                        refused.push((format!("by {whose}"), shows(own, signature(own))));
                    }
                    refused.push((format!("x-api-key of {whose}"), post().header("x-api-key", own)));
                }
            }
        }
        for (what, request) in refused {
            let what = format!("POST {path} {what}");
            let (status, shown) = send(&what, request).await;
            open.extend(shown);
            if status != 401 {
                open.push(format!("{what}: {status}"));
            }
        }
    }
    println!(
        "routes on {engine:?}: {} routes, {tries} requests: {} open",
        ROUTES.len(),
        open.len()
    );
    assert!(open.is_empty(), "{open:#?}");
    assert_eq!(Hand::at(&app.database.url).await.everything().await, before);
}
