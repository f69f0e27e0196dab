//! The catalogue in `docs/events` is what the code makes, and true of every event.

use crate::support::{Engine, Merchant, Payer, TestApp, Till, charge, fault, iqd};
use chrono::Duration;
use domain::credential::Scopes;
use domain::event::{EventType, Subject};
use domain::intent::CaptureMethod;
use domain::merchant::LateSuccess;
use jsonschema::Validator;
use rstest::rstest;
use serde_json::{Value, json};
use service::credential::{self, Change, Manager, NewCredential, NewSigningKey, Rotate};
use service::page::{PageRequest, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events")
}

fn json_of(path: &str) -> Value {
    let text = std::fs::read_to_string(catalogue().join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The schemas of the catalogue, by the kind of object.
fn validators() -> BTreeMap<&'static str, Validator> {
    let of = |subject: &Subject| {
        let schema = json_of(&format!("schemas/{subject}.json"));
        assert!(jsonschema::meta::is_valid(&schema), "{subject}");
        (subject.as_str(), jsonschema::draft202012::new(&schema).unwrap())
    };
    Subject::ALL.iter().map(of).collect()
}

fn fits(validator: &Validator, name: &str, data: &Value) {
    let wrong: Vec<String> = validator
        .iter_errors(data)
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{name}: {wrong:?}\n{data:#}");
}

/// No field of `data` is one of which its schema knows nothing.
fn is_described(schema: &Value, whole: &Value, name: &str, data: &Value) {
    let Value::Object(fields) = data else { return };
    let own = match schema["$ref"].as_str() {
        Some(part) => &whole["$defs"][part.trim_start_matches("#/$defs/")],
        None => schema,
    };
    for (field, value) in fields {
        if let Some(described) = own["properties"].get(field) {
            is_described(described, whole, name, value);
        } else {
            assert!(
                own.get("additionalProperties").is_some(),
                "{name}: {field} is not described"
            );
        }
    }
}

#[test]
fn the_checked_in_catalogue_is_what_the_code_makes() {
    let made = tahsil::cli::event::files().unwrap();
    for (path, text) in &made {
        let checked_in = std::fs::read_to_string(catalogue().join(path)).unwrap_or_default();
        assert!(
            checked_in == *text,
            "docs/events/{path} is not up to date: run `make generate`"
        );
    }
    let mut there = BTreeSet::new();
    for folder in ["", "schemas", "examples"] {
        for file in std::fs::read_dir(catalogue().join(folder)).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                there.insert(file);
            }
        }
    }
    let made: BTreeSet<PathBuf> = made.iter().map(|(path, _)| catalogue().join(path)).collect();
    assert_eq!(there, made);
}

#[test]
fn every_example_fits_its_schema_and_a_broken_one_does_not() {
    let validators = validators();
    for event_type in EventType::ALL {
        let example = json_of(&format!("examples/{event_type}.json"));
        let subject = event_type.subject().as_str();
        let schema = json_of(&format!("schemas/{subject}.json"));
        fits(&validators[subject], event_type.as_str(), &example);
        is_described(&schema, &schema, event_type.as_str(), &example);
        let mut broken = example.clone();
        broken["id"] = json!(1);
        assert!(!validators[subject].is_valid(&broken), "{event_type}");
        broken.as_object_mut().unwrap().remove("id");
        assert!(!validators[subject].is_valid(&broken), "{event_type}");
    }
}

/// Payments and refunds in all the ways in which they can go.
async fn payments(app: &TestApp, school: &Merchant) {
    let faulty = |word: &str, key: &str| charge(iqd(125_000), json!({ "metadata": { key: word } }));
    let held = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.capture_and_keep(&held, iqd(40_000)).await.succeeds();
    school.void(&held).await.succeeds();
    let voided = school.authorize(iqd(125_000)).await.succeeds().payment();
    school.void(&voided).await.succeeds();
    let sold = school.sale(iqd(125_000)).await.succeeds().payment();
    school.refund(&sold, iqd(25_000)).await.succeeds();
    school.sale_by(Payer::Poor, iqd(1_000)).await.succeeds();
    let stays = school
        .send("paymentSale", faulty("decline", "sandbox_fault_refund"))
        .await;
    let stays = stays.succeeds().payment();
    school.refund(&stays, iqd(25_000)).await.succeeds();
    let lost = faulty("timeout_after_charge", "sandbox_fault");
    school.send("paymentSale", lost).await.succeeds();
    app.clock.advance(Duration::seconds(5));
    app.resolve().await;
    school.authorize(iqd(125_000)).await.succeeds();
    app.clock.advance(Duration::days(7));
    assert_eq!(service::payment::expire_due(&app.app, 100).await.unwrap(), 1);
}

/// Intents in all the ways in which they can go, and what they are made from.
async fn intents(app: &TestApp, till: &Till) {
    till.intent(|new| new.success_url = Some("https://school.example/paid".parse().unwrap()))
        .await
        .pay(Payer::Visa)
        .await
        .unwrap();
    let held = till
        .intent(|new| new.capture_method = CaptureMethod::Manual)
        .await;
    held.pay(Payer::Visa).await.unwrap();
    let poor = till.intent(|_| {}).await;
    for _ in 0..domain::intent::MAX_ATTEMPTS {
        poor.pay(Payer::Poor).await.unwrap();
    }
    till.intent(|_| {}).await.cancel().await.unwrap();
    let late = till
        .intent(|new| {
            new.metadata = fault("sandbox_fault", "timeout_after_charge");
            new.expires_in = Some(Duration::minutes(5));
        })
        .await;
    late.pay(Payer::Visa).await.unwrap();
    till.intent(|_| {}).await;
    app.clock.advance(Duration::hours(2));
    app.resolve().await;
    service::intent::expire_due(&app.app, 100).await.unwrap();

    let link = till.link(|new| new.max_payments = Some(2)).await;
    till.page_of(link).await.pay(Payer::Visa).await.unwrap();
    service::payment_link::deactivate(&app.app, till.who(), link)
        .await
        .unwrap();
    till.promo("EID-2026", Some(3)).await;
    let request = PageRequest {
        limit: 1,
        edge: None,
        way: Way::Forward,
    };
    let codes = service::promo_code::page(&app.app, till.who(), &request).await;
    let code = codes.unwrap().items[0].id;
    service::promo_code::deactivate(&app.app, till.who(), code)
        .await
        .unwrap();
}

/// A credential from beginning to end, and the settings of its merchant.
async fn settings(app: &TestApp, school: &Merchant) {
    let new = NewCredential::named("spare", school.tenant, Scopes::all());
    let id = app.issue(new).await.credential.id;
    let change = Change {
        name: Some("desk".to_owned()),
        ..Change::default()
    };
    credential::update(&app.app, Manager::Console, id, change)
        .await
        .unwrap();
    let what = Rotate {
        id,
        secret: true,
        signing_key: NewSigningKey::None,
        overlap: Duration::hours(1),
    };
    credential::rotate(&app.app, Manager::Console, what)
        .await
        .unwrap();
    credential::revoke(&app.app, Manager::Console, id).await.unwrap();
    app.late_money(school, LateSuccess::GiveBack).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_event_looks_as_its_schema_says(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let till = app.till(&school).await;
    payments(&app, &school).await;
    intents(&app, &till).await;
    settings(&app, &school).await;
    app.number_events().await;

    let page = "query($after: EventCursor) { events(first: 100, after: $after) {
        nodes { name data subjectId subject { id } } pageInfo { hasNextPage } } }";
    let reply = school.ask(page, json!({})).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    assert_eq!(reply.data["events"]["pageInfo"]["hasNextPage"], false);
    let validators = validators();
    let mut seen = BTreeSet::new();
    for event in reply.data["events"]["nodes"].as_array().unwrap() {
        let (name, data) = (event["name"].as_str().unwrap(), &event["data"]);
        let event_type: EventType = name.parse().unwrap();
        let subject = event_type.subject().as_str();
        let schema = json_of(&format!("schemas/{subject}.json"));
        fits(&validators[subject], name, data);
        is_described(&schema, &schema, name, data);
        assert_eq!(data["id"], event["subjectId"], "{name}");
        assert_eq!(event["subject"]["id"], event["subjectId"], "{name}");
        let text = data.to_string();
        for secret in [
            "esk_",
            "_secret_",
            "client_secret",
            "4242424242424242",
            "PRIVATE KEY",
        ] {
            assert!(!text.contains(secret), "{name}: {text}");
        }
        seen.insert(name);
    }
    let all: BTreeSet<&str> = EventType::ALL.iter().map(|it| it.as_str()).collect();
    assert_eq!(seen, all, "the walk causes every event there is");
    app.ledger_ties().await;
}
