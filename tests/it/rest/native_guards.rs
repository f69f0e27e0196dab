//! Who gets through the signed door, and the evidence that each request leaves.

use super::desk::Heard;
use super::signed_desk::{Form, LINKS, REFUNDS, SESSIONS, SignedDesk, capture, dinars};
use crate::support::{Engine, Merchant, TestApp, iqd};
use chrono::Duration;
use domain::credential::{Scope, Scopes};
use domain::merchant::{Mode, Tenant};
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Every route with a body that it takes, the scope that it needs and what it answers.
fn routes(held: &str, sold: &str) -> [(String, Value, Scope, u16); 4] {
    [
        (
            SESSIONS.to_owned(),
            json!({ "amount": dinars("125000"), "title": "School fee" }),
            Scope::PaymentsCreate,
            201,
        ),
        (
            capture(held),
            json!({ "amount": dinars("1000"), "final_capture": false }),
            Scope::PaymentsCapture,
            200,
        ),
        (
            LINKS.to_owned(),
            json!({ "amount": dinars("125000"), "title": "Counter 112" }),
            Scope::PaymentsCreate,
            201,
        ),
        (
            REFUNDS.to_owned(),
            json!({ "payment_id": sold, "amount": dinars("1000") }),
            Scope::RefundsCreate,
            201,
        ),
    ]
}

async fn shelf(school: &Merchant) -> (String, String) {
    (
        school.authorize(iqd(125_000)).await.succeeds().payment(),
        school.sale(iqd(125_000)).await.succeeds().payment(),
    )
}

const LOG: &str = "{ apiRequests(first: 1) { nodes { path outcome reason rateLimit driftSeconds bodyHashShort idempotencyKey way status \
     errorCode made } } }";

async fn row(app: &TestApp, school: &Merchant) -> Value {
    let log = school.ask(LOG, json!({})).await;
    assert_eq!(log.errors, Vec::<Value>::new());
    app.clock.advance(Duration::milliseconds(1));
    log.data["apiRequests"]["nodes"][0].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_sign_is_denied_and_the_log_says_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (held, sold) = shelf(&school).await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let before = app.row_counts().await;
    for (path, body, ..) in routes(&held, &sold) {
        for bearer in [false, true] {
            let post = Client::new()
                .post(format!("{}{path}", app.url))
                .body(body.to_string());
            let post = match bearer {
                false => post.header("x-api-key", &desk.secret),
                true => post.bearer_auth(&desk.secret),
            };
            app.clock.advance(Duration::milliseconds(1));
            let heard = Heard::read(post.send().await.unwrap()).await;
            heard.refuses(
                401,
                "UNAUTHENTICATED",
                "this path takes signed requests only: sign it with X-Tahsil-Signature or an HTTP Message Signature",
            );
            let row = row(&app, &school).await;
            let said = ["path", "outcome", "reason", "status", "way"].map(|word| row[word].clone());
            assert_eq!(
                json!(said),
                json!([path, "DENIED", "SIGNATURE_INCOMPLETE", 401, "SECRET"])
            );
        }
        let nobody = Client::new()
            .post(format!("{}{path}", app.url))
            .body(body.to_string());
        let heard = Heard::read(nobody.send().await.unwrap()).await;
        assert_eq!(
            (heard.status, &heard.body["error_code"]),
            (401, &json!("UNAUTHENTICATED"))
        );
    }
    assert_eq!(app.row_counts().await, before);
    assert_eq!(
        (app.count("intents").await, app.count("payment_links").await),
        (0, 0)
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_altered_is_denied(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Form::Native, Form::Http)] form: Form,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (held, sold) = shelf(&school).await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    for (path, body, _, status) in routes(&held, &sold) {
        let before = app.row_counts().await;
        let request = desk.signed(form, &path, &body.to_string(), &[]);
        let (mut dearer, mut elsewhere) = (request.clone(), request.clone());
        dearer.body = body.to_string().replace("000\"", "001\"").into_bytes();
        assert_ne!(dearer.body, request.body);
        elsewhere.target = if path == LINKS {
            SESSIONS.to_owned()
        } else {
            LINKS.to_owned()
        };
        for altered in [dearer, elsewhere] {
            let heard = desk.send(&altered).await;
            assert_eq!(
                (heard.status, &heard.body["error_code"]),
                (401, &json!("UNAUTHENTICATED")),
                "{}",
                heard.text
            );
        }
        assert_eq!(app.row_counts().await, before);
        desk.send(&request).await.is(status);
        let captured = desk.send(&request).await;
        assert_eq!(captured.status, 401, "{path}: taken once");
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_route_takes_its_scope_and_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (held, sold) = shelf(&school).await;
    for (path, body, needed, status) in routes(&held, &sold) {
        let lacking = Scope::ALL.iter().filter(|scope| **scope != needed);
        let lacking: Vec<&str> = lacking.map(|scope| scope.as_str()).collect();
        let desk = SignedDesk::of(&app, school.tenant, lacking.join(",").parse().unwrap()).await;
        let before = app.row_counts().await;
        app.clock.advance(Duration::milliseconds(1));
        let heard = desk.post(&path, body.clone()).await;
        heard.refuses(
            403,
            "INSUFFICIENT_PERMISSIONS",
            &format!("this credential lacks the scope {needed}"),
        );
        let denied = row(&app, &school).await;
        assert_eq!(
            (&denied["outcome"], &denied["reason"]),
            (&json!("DENIED"), &json!("SCOPE_MISSING"))
        );
        assert_eq!(app.row_counts().await, before);
        let only = SignedDesk::of(&app, school.tenant, needed.as_str().parse().unwrap()).await;
        only.post(&path, body).await.is(status);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn another_merchant_and_another_mode_find_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (held, sold) = shelf(&school).await;
    let live = Tenant {
        mode: Mode::Live,
        ..school.tenant
    };
    let shop = app.merchant("shop").await.tenant;
    let mut desks = Vec::new();
    for tenant in [shop, live] {
        desks.push(SignedDesk::of(&app, tenant, Scopes::all()).await);
    }
    let before = app.row_counts().await;
    for desk in desks {
        let [_, (capture_path, taking, ..), _, (refunds, back, ..)] = routes(&held, &sold);
        for (path, body) in [(capture_path, taking), (refunds, back)] {
            let heard = desk.post(&path, body).await;
            heard.refuses(404, "PAYMENT_NOT_FOUND", "payment not found");
        }
        for id in ["%FF%FE", "pay_1", "pi_00000000000000000000000000"] {
            let heard = desk.post(&capture(id), json!({})).await;
            heard.refuses(404, "PAYMENT_NOT_FOUND", "payment not found");
        }
    }
    assert_eq!(app.row_counts().await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s0_the_four_rows_of_its_request_table(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let (held, sold) = shelf(&school).await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let [sessions, taking, links, back] =
        routes(&held, &sold).map(|(path, body, ..)| (path, body.to_string()));
    for ((path, body), drift, key, outcome, rate_limit, status) in [
        (back, 412, "refund_test_clock_drift", "DENIED", "BLOCKED", 401),
        (links, 0, "plink_counter_112", "PASSED", "ALLOWED", 201),
        (taking, 1, "capture_pay_scenario_001", "PASSED", "ALLOWED", 200),
        (sessions, 2, "checkout_20260615_001", "PASSED", "ALLOWED", 201),
    ] {
        app.clock.advance(Duration::milliseconds(1));
        let at = app.now() - Duration::seconds(drift);
        let request = desk.signed_at(Form::Native, &path, &body, &[("idempotency-key", key)], at);
        desk.send(&request).await.is(status);
        let row = row(&app, &school).await;
        let hash = hex::encode(Sha256::digest(&body));
        // Request, status, rate limit, drift, body hash.
        assert_eq!(
            json!([
                row["path"],
                row["outcome"],
                row["rateLimit"],
                row["driftSeconds"],
                row["bodyHashShort"]
            ]),
            json!([path, outcome, rate_limit, drift, hash[..16]])
        );
        assert_eq!(row["way"], "SIGNED_REQUEST");
        assert_eq!(row["status"], status);
        // Idempotency.
        assert_eq!(row["idempotencyKey"], key);
        if outcome == "DENIED" {
            assert_eq!(
                (&row["reason"], &row["made"]),
                (&json!("CLOCK_DRIFT"), &json!([]))
            );
        }
    }
    let sessions = row_of_session(&school).await;
    assert!(
        sessions[0].starts_with("cs_") && sessions[1].starts_with("pi_"),
        "{sessions:?}"
    );
}

/// What the newest session left in the log: the id that S0 shows, and that of its intent.
async fn row_of_session(school: &Merchant) -> Vec<String> {
    let log = "{ apiRequests(first: 1, filter: { path: \"/v1/checkout/sessions\" }) { nodes { made } } }";
    let log = school.ask(log, json!({})).await;
    let made = log.data["apiRequests"]["nodes"][0]["made"]
        .as_array()
        .unwrap()
        .clone();
    made.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn commands_here_count_with_all_others(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::with_settings(engine, &[("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "2")]).await;
    let school = app.merchant("school").await;
    let desk = SignedDesk::of(&app, school.tenant, Scopes::all()).await;
    let body = json!({ "amount": dinars("1000"), "title": "School fee" });
    desk.post(SESSIONS, body.clone()).await.is(201);
    school.sale(iqd(1_000)).await.succeeds();
    let heard = desk.post(LINKS, body).await;
    heard.refuses(429, "THROTTLED", "rate limit exceeded: 2 requests per second");
    assert_eq!(heard.header("retry-after"), "1");
    assert_eq!(app.count("payment_links").await, 0);
}
