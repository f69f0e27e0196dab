//! Every route, and who gets through it.

use super::guards::{Guard, ROUTES};
use crate::support::{Engine, Hand, Merchant, Signed, Signer, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::credential::Scopes;
use domain::id::IntentId;
use domain::merchant::{Mode, Tenant};
use reqwest::header::COOKIE;
use reqwest::{Client, Method, RequestBuilder};
use rstest::rstest;
use serde_json::{Value, json};
use service::credential::{IssuedCredential, NewCredential};
use std::collections::BTreeSet;
use std::path::Path;

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

/// What the walk must not get: everything that belongs to the owner, and what opens it.
struct Prize {
    payment: String,
    operation: String,
    intent: Waiting,
    other_intent: Waiting,
    link: String,
}

impl Prize {
    async fn of(app: &TestApp, owner: &IssuedCredential, shop: &IssuedCredential, school: &Merchant) -> Self {
        let sale = school.sale(crate::support::iqd(125_000)).await.succeeds();
        let made = async |issued: &IssuedCredential| Waiting::made(app, issued.secret.reveal()).await;
        let link = json!({ "amount": { "amount": "125000", "currency": "IQD" }, "title": "Counter 112" });
        let link = signed(
            app,
            owner,
            &owner.credential.token,
            "/v1/payment_links",
            &link,
            "nonce-of-the-link",
        );
        let link: Value = link.send(&app.url).await.json().await.unwrap();
        Self {
            payment: sale.payment(),
            operation: sale.data["operation"]["id"].as_str().unwrap().to_owned(),
            intent: made(owner).await,
            other_intent: made(shop).await,
            link: link["data"]["id"].as_str().unwrap().to_owned(),
        }
    }

    fn path(&self, path: &str) -> String {
        let reference: IntentId = self.intent.id.parse().unwrap();
        path.replace("PAYMENT", &self.payment)
            .replace("OPERATION", &self.operation)
            .replace("INTENT", &self.intent.id)
            .replace("REFERENCE", &reference.reference().to_string())
            .replace("LINK", &self.link)
    }
}

/// An intent, and what opens it.
struct Waiting {
    id: String,
    secret: String,
}

impl Waiting {
    async fn made(app: &TestApp, key: &str) -> Self {
        let body = json!({
            "amount": 150_000, "currency": "IQD", "success_url": "https://school.example.iq/paid", "customer_email": "zubaida@example.iq",
            "metadata": { "note": "zubaida" },
        });
        let post = Client::new().post(format!("{}/api/v1/payment-intents", app.url));
        let made = post.header("x-api-key", key).json(&body).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        let text = |key: &str| made["data"][key].as_str().unwrap().to_owned();
        Self {
            id: text("id"),
            secret: text("client_secret"),
        }
    }
}

/// A request signed by `issued`, in the name of `token`.
fn signed(
    app: &TestApp,
    issued: &IssuedCredential,
    token: &str,
    path: &str,
    body: &Value,
    nonce: &str,
) -> Signed {
    let pem = issued.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
    let body = body.to_string().into_bytes();
    Signer::ed25519(token, pem).request(Method::POST, path, body, app.now(), nonce)
}

/// The same as a request that can be sent like all others.
fn prepared(url: &str, signed: Signed) -> RequestBuilder {
    let request = Client::new()
        .request(signed.method, format!("{url}{}", signed.target))
        .header("content-type", "application/json");
    let headers = signed.headers.into_iter();
    headers
        .fold(request, |all, (name, value)| all.header(name, value))
        .body(signed.body)
}

/// The walk along one installation.
struct Walk<'a> {
    app: &'a TestApp,
    owner: &'a IssuedCredential,
    prize: &'a Prize,
    tries: usize,
    open: Vec<String>,
}

impl Walk<'_> {
    /// Sends a request; what shows in the answer that must not is open.
    async fn send(&mut self, what: &str, guard: Guard, request: RequestBuilder) -> u16 {
        let response = request.send().await.unwrap();
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        self.tries += 1;
        assert!(
            !text.contains("\"error\":\"not found\""),
            "{what}: there is no such route"
        );
        let prize = self.prize;
        let hidden = [&prize.payment, &prize.operation, &prize.intent.secret];
        let words = ["CAPTURED", "zubaida"].into_iter();
        let name = Some("Zubaida").filter(|_| guard != Guard::Link);
        let mut hidden = hidden.into_iter().map(String::as_str).chain(words).chain(name);
        if hidden.any(|marker| text.contains(marker)) {
            self.open.push(format!("{what}: {status}: {text}"));
        }
        status
    }

    /// Asks with nothing, by every method.
    async fn with_nothing(&mut self, guard: Guard, path: &str, request: &dyn Fn(Method) -> RequestBuilder) {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
        ] {
            // Whoever has a link may begin to pay, which makes an intent.
            if guard == Guard::Link && method == "POST" {
                continue;
            }
            let what = format!("{method} {path} with nothing");
            let status = self.send(&what, guard, request(method.parse().unwrap())).await;
            let may = match (guard, method) {
                (Guard::Public | Guard::Link, _) => true,
                (Guard::Known, "GET" | "HEAD") => true,
                // Any page may ask whether it may ask.
                (Guard::Known | Guard::ClientSecret, "OPTIONS") => true,
                _ => false,
            };
            if !may && status < 400 {
                self.open.push(format!("{what}: {status}"));
            }
        }
    }

    /// What somebody with a key of their own tries, each with the status that it must come to.
    fn tricks(
        &self,
        guard: Guard,
        (path, url): (&str, &str),
        (whose, issued): (&str, &IssuedCredential),
        body: &Value,
    ) -> Vec<(String, RequestBuilder, u16)> {
        let (own, victims) = (issued.secret.reveal(), self.owner.secret.reveal());
        let reads = path.ends_with("/status") || path.ends_with("/receipt");
        let method = if reads { Method::GET } else { Method::POST };
        let post = || Client::new().request(method.clone(), url).json(body);
        let nonce = |what: &str| format!("nonce-{what}-{whose}-{path}").replace(' ', "-");
        let forged = |body: &Value| {
            let token = &self.owner.credential.token;
            let request = signed(self.app, issued, token, path, body, &nonce("forged"));
            (
                format!("signed by {whose}"),
                prepared(&self.app.url, request),
                401,
            )
        };
        let key = || {
            (
                format!("x-api-key of {whose}"),
                post().header("x-api-key", own),
                401,
            )
        };
        let prize = self.prize;
        let other = &prize.other_intent.secret;
        match guard {
            Guard::Public | Guard::Known | Guard::Link => Vec::new(),
            Guard::Commands | Guard::Graphql => vec![forged(body)],
            Guard::Asks => {
                let token = &self.owner.credential.token;
                let pem = issued.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
                let get = Signer::ed25519(token, pem);
                let get = get.request(Method::GET, path, Vec::new(), self.app.now(), &nonce("forged"));
                vec![(format!("signed by {whose}"), prepared(&self.app.url, get), 401)]
            }
            Guard::Signed => {
                // A signature of their own opens what is theirs, where nothing of the owner's is.
                let names = json!({ "payment_id": prize.payment });
                let token = &issued.credential.token;
                let honest = signed(self.app, issued, token, path, &names, &nonce("honest"));
                let status = if path.contains("checkout") || path.contains("links") {
                    400
                } else {
                    404
                };
                let victims = (
                    "the owner's own key, unsigned".to_owned(),
                    post().header("x-api-key", victims),
                    401,
                );
                let honest = (format!("by {whose}"), prepared(&self.app.url, honest), status);
                vec![forged(&names), key(), victims, honest]
            }
            Guard::Rasedi => {
                let pem = issued.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
                let signer = Signer::ed25519(&issued.credential.token, pem);
                let signature =
                    |secret: &str| STANDARD.encode(signer.sign(&format!("POST || {secret} || {path}")));
                let shows =
                    |id: &str, signature: String| post().header("x-id", id).header("x-signature", signature);
                let mut tricks = vec![
                    (
                        format!("signed by {whose}"),
                        shows(victims, signature(victims)),
                        401,
                    ),
                    (
                        format!("signature of {whose} over its own key"),
                        shows(victims, signature(own)),
                        401,
                    ),
                    (
                        format!("x-id alone, for {whose}"),
                        post().header("x-id", victims),
                        401,
                    ),
                    key(),
                ];
                if issued.credential.tenant.mode != Mode::Live {
                    tricks.push((format!("by {whose}"), shows(own, signature(own)), 401));
                }
                tricks
            }
            Guard::ClientSecret => vec![
                key(),
                (
                    "the secret of another intent".to_owned(),
                    post().header("x-client-secret", other),
                    401,
                ),
                (
                    "the secret of another intent in the query".to_owned(),
                    post().query(&[("client_secret", other)]),
                    401,
                ),
                (
                    "the owner's key".to_owned(),
                    post()
                        .header("x-api-key", victims)
                        .header("x-client-secret", victims),
                    401,
                ),
            ],
            Guard::Page => {
                let cookie =
                    |intent: &str, secret: &str| post().header(COOKIE, format!("tahsil_{intent}={secret}"));
                let (id, theirs) = (&prize.intent.id, &prize.other_intent);
                vec![
                    (
                        "the owner's key".to_owned(),
                        post().header("x-api-key", victims),
                        403,
                    ),
                    (
                        "the right secret in a header".to_owned(),
                        post().header("x-client-secret", &prize.intent.secret),
                        403,
                    ),
                    (
                        "the cookie of another page".to_owned(),
                        cookie(&theirs.id, other),
                        403,
                    ),
                    ("the secret of another page".to_owned(), cookie(id, other), 404),
                ]
            }
            Guard::Reference => vec![
                (
                    "the owner's key".to_owned(),
                    post().header("x-api-key", victims),
                    404,
                ),
                (
                    "the client secret".to_owned(),
                    post().query(&[("client_secret", &prize.intent.secret)]),
                    404,
                ),
            ],
        }
    }

    /// Whoever shows a key of their own gets in, to themselves: what is the owner's is not there.
    async fn honestly(
        &mut self,
        guard: Guard,
        path: &str,
        (whose, issued): (&str, &IssuedCredential),
        request: &dyn Fn(Method) -> RequestBuilder,
    ) {
        let method = match guard {
            Guard::Asks => Method::GET,
            Guard::Commands | Guard::Graphql => Method::POST,
            _ => return,
        };
        let by = format!("{method} {path} by {whose}");
        let request = request(method).header("x-api-key", issued.secret.reveal());
        let prize = self.prize;
        // Their own name is theirs to see, in the other mode.
        let before = self.open.len();
        let status = self.send(&by, guard, request).await;
        let own = |text: &String| {
            let theirs = [&prize.payment, &prize.operation, &prize.intent.secret];
            !theirs.iter().any(|marker| text.contains(marker.as_str())) && text.contains("Zubaida")
        };
        if whose == "another mode" && self.open.len() > before && self.open.last().is_some_and(own) {
            self.open.pop();
        }
        let named = [&prize.payment, &prize.operation, &prize.intent.id];
        if named.iter().any(|id| path.contains(id.as_str())) && status != 404 {
            self.open.push(format!("{by}: {status}"));
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_route_opens_to_somebody_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_GRAPHIQL", "true")]).await;
    let school = app
        .merchant_with("Zubaida School", Mode::Live, Scopes::all(), crate::support::EPARA)
        .await;
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
    let prize = Prize::of(&app, &owner, &shop, &school).await;
    let document = format!(
        "{{ payment(id: \"{}\") {{ id status }} merchant {{ name }} }}",
        prize.payment
    );
    let before = Hand::at(&app.database.url).await.everything().await;
    let mut walk = Walk {
        app: &app,
        owner: &owner,
        prize: &prize,
        tries: 0,
        open: Vec::new(),
    };
    for &(_, path, guard) in ROUTES {
        let path = prize.path(path);
        let url = format!("{}{path}", app.url);
        // What every command on a payment takes; nothing is charged by it.
        let body = json!({
            "query": document, "id": prize.payment, "amount": 0, "currency": "IQD", "gateway": "FIB", "reason": "walked",
        });
        let request = |method| {
            Client::new()
                .request(method, &url)
                .query(&[("query", &document)])
                .json(&body)
        };
        walk.with_nothing(guard, &path, &request).await;
        for by in [("another mode", &rehearsal), ("another merchant", &shop)] {
            walk.honestly(guard, &path, by, &request).await;
            for (what, request, expected) in walk.tricks(guard, (&path, &url), by, &body) {
                let what = format!("{path} {what}");
                let status = walk.send(&what, guard, request).await;
                if status != expected {
                    walk.open.push(format!("{what}: {status}"));
                }
            }
        }
    }
    println!(
        "routes on {engine:?}: {} routes, {} requests: {} open",
        ROUTES.len(),
        walk.tries,
        walk.open.len()
    );
    assert!(walk.open.is_empty(), "{:#?}", walk.open);
    assert_eq!(Hand::at(&app.database.url).await.everything().await, before);
}
