//! What opens something stands nowhere: not in the database, not in the log, not in what is counted and not in what is answered later.
//!
//! Everything that makes or takes a secret is done through the real door and the command line, on a process that logs all it can. Every
//! secret is then looked for in clear and as base64 and hex would show it, and so is a name that must be found.

mod door;
mod intents;
mod search;

use crate::support::{Ended, Engine, Hand, Program, Signed, Signer, TestDatabase, card, fresh_key, iqd};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{Clock, SystemClock, Timestamp};
use door::Door;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Method};
use rstest::rstest;
use search::Secrets;
use serde_json::{Value, json};

/// A name that is kept: the search must find it.
const KEPT: &str = "Zubaida Bookshop";
/// Card numbers: one that is approved, one that is declined, and one that is no card number.
const NUMBERS: [&str; 3] = ["5555555555554444", "4000000000000002", "4242424242424243"];
/// A verification value that no other number here is.
const CVV: &str = "739";

/// The keys of the command line: an operator's and a merchant's in both modes. The first merchant key is for live money.
async fn on_the_command_line(program: &Program, secrets: &mut Secrets) -> (String, String) {
    let operator = program.json(&["operator", "create", "--name", "Zainab"]).await;
    let operator = secrets.add_payload(&operator);
    let merchant = program.json(&["merchant", "create", "--name", KEPT]).await;
    let id = merchant["id"].as_str().unwrap();
    let mut keys = Vec::new();
    for mode in ["live", "test"] {
        let create = [
            "credential",
            "create",
            "--merchant",
            id,
            "--mode",
            mode,
            "--name",
            "server",
            "--scopes",
            "all",
        ];
        keys.push(secrets.add_payload(&program.json(&create).await));
    }
    (operator, keys.remove(0))
}

/// Every kind of signing key, made, used and rotated.
async fn signing_keys(door: &Door, key: &str, secrets: &mut Secrets) {
    for kind in ["ED25519", "ED25519_ENCRYPTED", "HMAC_SHA256", "NONE"] {
        let signing = json!({ "kind": kind });
        let input = json!({ "name": kind, "scopes": ["payments:read"], "signingKey": signing });
        let made = door.keys(key, "credentialCreate", input).await;
        secrets.add_payload(&made);
        let token = made["credential"]["token"].as_str().unwrap();
        let signer = match (kind, made["privateKey"].as_str()) {
            ("ED25519", Some(pem)) => Some(Signer::ed25519(token, pem)),
            ("HMAC_SHA256", Some(shared)) => Some(Signer::hmac(token, shared)),
            _ => None,
        };
        if let Some(signer) = signer {
            let request: Signed = signer.post("{ viewer { way } }", now(), &format!("nonce-{kind}"));
            assert_eq!(request.send(&door.url).await.status(), 200, "{kind}");
            // Once more, altered, and too late.
            assert_eq!(request.send(&door.url).await.status(), 401, "{kind}");
            let late = signer.post(
                "{ viewer { way } }",
                now() - chrono::Duration::hours(1),
                "nonce-late",
            );
            assert_eq!(late.send(&door.url).await.status(), 401, "{kind}");
        }
        let id = &made["credential"]["id"];
        let mut rotate = json!({ "id": id });
        if kind != "NONE" {
            rotate["signingKey"] = signing;
        }
        secrets.add_payload(&door.keys(key, "credentialRotate", rotate).await);
    }
    // The door of S3 is shown the secret itself.
    let input = json!({ "name": "rasedi", "scopes": ["payments:read"] });
    let made = door.keys(key, "credentialCreate", input).await;
    let secret = secrets.add_payload(&made);
    let signer = Signer::ed25519(
        made["credential"]["token"].as_str().unwrap(),
        made["privateKey"].as_str().unwrap(),
    );
    for path in ["/v1/payment/rest/live/create", "/v1/payment/rest/test/create"] {
        let signature = STANDARD.encode(signer.sign(&format!("POST || {secret} || {path}")));
        let post = door.client.post(format!("{}{path}", door.url));
        post.header("x-id", &secret)
            .header("x-signature", signature)
            .body("{}")
            .send()
            .await
            .unwrap();
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// Sessions of a key and of an operator, used with their token and with a wrong one.
async fn sessions(door: &Door, keys: [&str; 2], secrets: &mut Secrets) {
    for key in keys {
        let open = json!({ "query": "mutation { sessionCreate(input: {}) { session { csrfToken } } }" });
        let response = door
            .post()
            .header("x-api-key", key)
            .json(&open)
            .send()
            .await
            .unwrap();
        let cookie = response.headers()[SET_COOKIE]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let body: Value = response.json().await.unwrap();
        let csrf = body["data"]["sessionCreate"]["session"]["csrfToken"]
            .as_str()
            .unwrap()
            .to_owned();
        secrets.add("session", cookie.split_once('=').unwrap().1);
        secrets.add("csrf token", &csrf);
        for token in [csrf.as_str(), "wrong"] {
            let post = door.post().header(COOKIE, &cookie).header("x-csrf-token", token);
            post.json(&json!({ "query": "{ viewer { session { id csrfToken } } }" }))
                .send()
                .await
                .unwrap();
        }
    }
}

/// Cards that are taken and cards that are not.
async fn sales(door: &Door, key: &str, secrets: &mut Secrets) {
    for (number, status) in NUMBERS.into_iter().zip([200, 402, 400]) {
        secrets.add("card number", number);
        door.sell(key, number, CVV).await;
        assert_eq!(
            door.sell_by_rest(key, number, CVV).await,
            [status, 400],
            "{number}"
        );
    }
    // However it is written into JSON or a log line.
    for text in [
        format!("cvv\":\"{CVV}"),
        format!("cvv: \"{CVV}\""),
        format!("cvv={CVV}"),
        format!("\"{CVV}\""),
    ] {
        secrets.add("verification value", &text);
    }
}

/// Intents whose pages open with a client secret: made, asked for again, paid, and opened by a payer and by somebody who guesses.
async fn intents(door: &Door, key: &str, secrets: &mut Secrets) {
    let create = "mutation($input: IntentCreateInput!) { intentCreate(input: $input) { intent { id checkoutUrl } clientSecret checkoutUrl userErrors { code } } }";
    for number in ["5555555555554444", "4000000000000002"] {
        let input = json!({ "idempotencyKey": fresh_key(), "amount": iqd(1_000) });
        let made = door.ask(key, create, json!({ "input": input })).await;
        let again = door.ask(key, create, json!({ "input": input })).await;
        assert_eq!(made.data, again.data);
        let made = made.field("intentCreate").succeeds().data;
        let (id, secret) = (
            made["intent"]["id"].as_str().unwrap(),
            made["clientSecret"].as_str().unwrap(),
        );
        assert!(made["checkoutUrl"].as_str().unwrap().ends_with(secret));
        secrets.add("client secret", secret);
        secrets.add("hidden part of a client secret", &secret[secret.len() - 20..]);
        let input = json!({ "idempotencyKey": fresh_key(), "id": id, "card": card(number) });
        let confirm = "mutation($input: IntentConfirmInput!) { intentConfirm(input: $input) { intent { status attempts { id } } userErrors { code } } }";
        door.ask(key, confirm, json!({ "input": input }))
            .await
            .field("intentConfirm")
            .succeeds();
        let path = format!("{}/checkout/{id}", door.url);
        for shown in [secret, &secret[..secret.len() - 1]] {
            let page = door.client.get(&path).query(&[("client_secret", shown)]);
            page.send().await.unwrap();
        }
    }
}

/// Secrets where they do not belong: as keys that open nothing, variables, arguments, names, paths and queries.
async fn misplaced(door: &Door, key: &str, secrets: &mut Secrets) {
    let typo = format!(
        "{}{}",
        &key[..key.len() - 1],
        if key.ends_with('0') { "1" } else { "0" }
    );
    for wrong in [
        typo.as_str(),
        &key[..key.len() - 3],
        &key.replace("esk_live_", "esk_test_"),
    ] {
        secrets.add("wrong key", wrong);
        door.ask(wrong, "{ viewer { way } }", json!({})).await;
        let post = door.post().bearer_auth(wrong).header("x-request-id", wrong);
        post.json(&json!({ "query": "{ viewer { way } }" }))
            .send()
            .await
            .unwrap();
    }
    let all: Vec<String> = secrets.0.iter().map(|(_, secret)| secret.clone()).collect();
    for secret in &all {
        door.ask(
            key,
            "query($id: ID!) { payment(id: $id) { id } node(id: $id) { id } }",
            json!({ "id": secret }),
        )
        .await;
        door.ask(
            key,
            "query($first: Int) { payments(first: $first) { nodes { id } } }",
            json!({ "first": secret }),
        )
        .await;
        let cursor = "query($after: String) { payments(first: 1, after: $after) { nodes { id } } }";
        door.ask(key, cursor, json!({ "after": secret })).await;
        let input =
            json!({ "input": { "id": secret, "idempotencyKey": fresh_key(), "expectedVersion": secret } });
        door.ask(
            key,
            "mutation($input: PaymentVoidInput!) { paymentVoid(input: $input) { userErrors { code } } }",
            input,
        )
        .await;
        let create = "mutation($input: CredentialCreateInput!) { credentialCreate(input: $input) { userErrors { code message } } }";
        let input = json!({ "name": "x", "scopes": [secret], "apiVersion": secret, "ipAllowlist": [secret] });
        door.ask(key, create, json!({ "input": input })).await;
        let filter = "query($path: String) { apiRequests(first: 1, filter: { path: $path, operation: $path }) { nodes { id } } }";
        door.ask(key, filter, json!({ "path": secret })).await;
        door.ask(
            key,
            &format!("{{ payment(id: {}) {{ id }}", json!(secret)),
            json!({}),
        )
        .await;
        let get = door
            .client
            .get(format!("{}/graphql", door.url))
            .header("x-api-key", key);
        get.query(&[("query", "{ __typename }"), ("key", secret)])
            .send()
            .await
            .unwrap();
        for path in ["", "/v1/payment/rest/live", "/graphql", "/metrics"] {
            let url = reqwest::Url::parse_with_params(&format!("{}{path}", door.url), &[("key", secret)]);
            let mut url = url.unwrap();
            if path != "/graphql" && !secret.contains('"') {
                // Only what is marked as a secret, or has the check digit of a card, can be told from an honest name.
                let marked = ["esk_", "eok_", "ess_"]
                    .iter()
                    .any(|prefix| secret.starts_with(prefix));
                if path != "/v1/payment/rest/live" || marked || NUMBERS[..2].contains(&secret.as_str()) {
                    url.path_segments_mut().unwrap().push(secret);
                }
            }
            door.client
                .request(Method::POST, url)
                .header("x-id", secret)
                .send()
                .await
                .unwrap();
        }
        // A secret in place of an id, where it can be told from an honest one.
        if ["esk_", "eok_", "ess_"]
            .iter()
            .any(|prefix| secret.starts_with(prefix))
        {
            let url = format!("{}/api/v1/payments/{secret}", door.url);
            let get = door.client.get(url).header("x-api-key", key);
            assert_eq!(get.send().await.unwrap().status(), 404);
        }
        // A secret is a name that GraphQL takes; a key in PEM or a number is not.
        if ["esk_", "eok_", "ess_"]
            .iter()
            .any(|prefix| secret.starts_with(prefix))
        {
            let named =
                json!({ "query": format!("query {secret} {{ __typename }}"), "operationName": secret });
            let post = door
                .post()
                .header("x-api-key", key)
                .header("x-client-name", secret)
                .header("user-agent", secret);
            assert_eq!(post.json(&named).send().await.unwrap().status(), 200);
        }
    }
}

/// Everything that the database holds, as its files or its rows have it.
async fn dump(database: &TestDatabase, hand: &Hand) -> Vec<(String, Vec<u8>)> {
    let mut dump = Vec::new();
    for table in hand.tables().await {
        let rows = hand.rows(&table, &[]).await.join("\n");
        dump.push((format!("table {table}"), rows.into_bytes()));
    }
    if let Some(file) = database.url.strip_prefix("sqlite://") {
        for end in ["", "-wal"] {
            let bytes = std::fs::read(format!("{file}{end}")).unwrap_or_default();
            dump.push((format!("the file{end}"), bytes));
        }
        assert!(!dump.last().unwrap().1.is_empty(), "there is a log of writes");
    }
    dump
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stands_anywhere_in_clear(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let mut secrets = Secrets::default();
    let (operator, key) = on_the_command_line(&program, &mut secrets).await;
    let settings = [
        ("TAHSIL_LOG", "trace"),
        ("TAHSIL_LIVE_PROVIDER", "sandbox"),
        ("TAHSIL_LIMIT_REFUSED_KEYS_PER_SECOND", "1000000"),
        ("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "1000000"),
    ];
    let node = program.serve(&settings).await;
    let door = Door {
        url: node.url.clone(),
        client: Client::new(),
    };

    signing_keys(&door, &key, &mut secrets).await;
    sessions(&door, [&key, &operator], &mut secrets).await;
    sales(&door, &key, &mut secrets).await;
    intents(&door, &key, &mut secrets).await;
    intents::intents(&door, &key, &mut secrets).await;
    misplaced(&door, &key, &mut secrets).await;

    let mut places = Vec::new();
    let log = "{ apiRequests(first: 100) { nodes { path operation userAgent idempotencyKey errorCode reasonText } } }";
    let intents = "{ intents(first: 100) { nodes { id checkoutSessionId reference checkoutUrl metadata attempts { id } } } }";
    let list = "{ credentials(first: 100) { nodes { name token signingKeys { publicKey fingerprint } } } }";
    for (place, query) in [("apiRequests", log), ("credentials", list), ("intents", intents)] {
        for asker in [&key, &operator] {
            if place == "intents" && asker == &operator {
                continue;
            }
            let reply = door.ask(asker, query, json!({})).await;
            assert_eq!(reply.errors, Vec::<Value>::new());
            places.push((place.to_owned(), reply.data.to_string().into_bytes()));
        }
    }
    let metrics = door
        .client
        .get(format!("{}/metrics", door.url))
        .send()
        .await
        .unwrap();
    places.push(("/metrics".to_owned(), metrics.bytes().await.unwrap().to_vec()));
    // Looked at while it runs: its end would empty the log of writes of SQLite into the file.
    let hand = Hand::at(&database.url).await;
    places.extend(dump(&database, &hand).await);
    node.ask_to_stop();
    let Ended { log, out, .. } = node.ended().await;
    places.push(("the log".to_owned(), log.join("\n").into_bytes()));
    places.push(("standard output".to_owned(), out.into_bytes()));

    let mut found = Vec::new();
    for (place, bytes) in &places {
        found.extend(secrets.in_bytes(place, bytes));
    }
    found.sort();
    let sizes: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    println!(
        "secrets on {engine:?}: {} secrets, {} places, {sizes} bytes: {} found",
        secrets.0.len(),
        places.len(),
        found.len()
    );
    assert!(found.is_empty(), "{found:#?}");
    // The search finds what is there.
    let kept = Secrets(vec![("name", KEPT.to_owned())]);
    let with_name: Vec<&String> = places
        .iter()
        .filter(|(place, bytes)| !kept.in_bytes(place, bytes).is_empty())
        .map(|(place, _)| place)
        .collect();
    assert!(
        with_name.iter().any(|place| *place == "table merchants"),
        "{with_name:?}"
    );
    assert!(
        engine == Engine::Postgres || with_name.iter().any(|place| place.starts_with("the file")),
        "{with_name:?}"
    );
    let log = places.iter().find(|(place, _)| place == "the log").unwrap();
    let told = |what: &str| {
        !Secrets(vec![("line", what.to_owned())])
            .in_bytes(&log.0, &log.1)
            .is_empty()
    };
    for line in [
        "\"level\":\"TRACE\"",
        "\"level\":\"DEBUG\"",
        "/v1/payment/rest/{mode}",
    ] {
        assert!(told(line), "{line}");
    }
}
