//! The request log through its door.

use super::walk::{List, Way};
use crate::support::{EPARA, Engine, Merchant, TestApp, asked, denied};
use chrono::Duration;
use domain::api_request::{ApiRequest, Way as In};
use domain::credential::{Denial, Scopes};
use domain::id::OperatorId;
use domain::merchant::{Mode, Tenant};
use rstest::rstest;
use serde_json::{Value, json};

const PATHS: &str = "query($filter: ApiRequestFilter) { apiRequests(first: 100, filter: $filter) { nodes { path operation } } }";

/// Notes a request of `by` to `path`, a second after the one before.
fn note(app: &TestApp, by: Option<&Merchant>, path: &str, other: impl FnOnce(&mut ApiRequest)) -> String {
    app.clock.advance(Duration::seconds(1));
    let mut request = ApiRequest {
        path: path.to_owned(),
        ..asked(app, by)
    };
    other(&mut request);
    let id = request.id.to_string();
    app.app.request_log().note(request);
    id
}

/// The paths of what was noted; the questions of the test itself, which have no name, are left out.
fn paths(data: &Value) -> Vec<&str> {
    let nodes = data["apiRequests"]["nodes"].as_array().unwrap();
    let own = |node: &&Value| node["path"] == "/graphql" && node["operation"].is_null();
    nodes
        .iter()
        .filter(|node| !own(node))
        .map(|node| node["path"].as_str().unwrap())
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_shown_with_all_that_is_known_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let hash: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap());
    let id = note(&app, Some(&school), "/v1/refunds", |request| {
        request.method = "POST".to_owned();
        request.operation = Some("Refund".to_owned());
        request.denial = Some(Denial::ClockDrift);
        request.rate_limit = domain::api_request::RateLimitState::Blocked;
        request.way = In::SignedRequest;
        request.drift_seconds = Some(412);
        request.body_sha256 = Some(hash);
        request.idempotency_key = Some("refund_test_clock_drift".to_owned());
        request.address = "2001:db8::1".parse().unwrap();
        request.user_agent = Some("\"till\"/1".to_owned());
        request.status = 401;
        request.error_code = Some("UNAUTHENTICATED".to_owned());
        request.duration_micros = 2_500;
        request.made = vec!["re_1".to_owned(), "txn_1".to_owned()];
    });
    let fields = "id createdAt method path operation outcome reason reasonText rateLimit driftSeconds bodyHash bodyHashShort \
         idempotencyKey apiVersion merchantId mode credentialId operatorId sessionId way ip userAgent status errorCode durationMs made";

    let expected = json!({
        "id": id, "createdAt": "2026-06-15T10:00:01.000000Z", "method": "POST", "path": "/v1/refunds", "operation": "Refund",
        "outcome": "DENIED", "reason": "CLOCK_DRIFT",
        "reasonText": "the request was signed more than 300 seconds ago or ahead, or has expired by its own word",
        "rateLimit": "BLOCKED", "driftSeconds": 412,
        "bodyHash": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "bodyHashShort": "0001020304050607",
        "idempotencyKey": "refund_test_clock_drift", "apiVersion": "2026-06-14.basra",
        "merchantId": school.tenant.merchant.to_string(), "mode": "TEST", "credentialId": school.credential.to_string(),
        "operatorId": null, "sessionId": null, "way": "SIGNED_REQUEST", "ip": "2001:db8::1", "userAgent": "\"till\"/1",
        "status": 401, "errorCode": "UNAUTHENTICATED", "durationMs": 3, "made": ["re_1", "txn_1"],
    });
    // Written at once, by the library, and as a node: all say the same.
    for query in [
        format!(
            "{{ apiRequests(first: 1, filter: {{ operation: \"Refund\" }}) {{ nodes {{ {fields} }} }} }}"
        ),
        format!(
            "{{ ... on Query {{ apiRequests(last: 1, filter: {{ operation: \"Refund\" }}) {{ nodes {{ {fields} }} }} }} }}"
        ),
    ] {
        let reply = school.ask(&query, json!({})).await;
        assert_eq!(reply.errors, Vec::<Value>::new());
        assert_eq!(reply.data["apiRequests"]["nodes"], json!([expected]));
    }
    let node = format!("query($id: ID!) {{ node(id: $id) {{ id ... on ApiRequest {{ {fields} }} }} }}");
    assert_eq!(
        school.ask(&node, json!({ "id": id })).await.data["node"],
        expected
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn requests_are_found_by_every_part_of_the_filter(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let second = app.key_of(school.tenant, Scopes::all()).await;
    note(&app, Some(&school), "/a", |_| {});
    note(&app, Some(&school), "/a/b", |request| {
        request.method = "POST".to_owned();
        request.idempotency_key = Some("order-1".to_owned());
        request.status = 201;
    });
    note(&app, Some(&second), "/A/b", |request| {
        *request = ApiRequest {
            path: request.path.clone(),
            ..denied(&app, Some(&second), Denial::ScopeMissing)
        };
        request.status = 403;
    });
    note(&app, Some(&school), "/graphql", |request| {
        request.operation = Some("Till".to_owned());
        request.status = 499;
    });
    note(&app, Some(&school), "/_%", |_| {});
    let all = ["/_%", "/graphql", "/A/b", "/a/b", "/a"];

    for (filter, expected) in [
        (json!(null), &all[..]),
        (json!({}), &all),
        (json!({ "outcome": "DENIED" }), &["/A/b"]),
        (json!({ "outcome": "PASSED" }), &["/_%", "/graphql", "/a/b", "/a"]),
        (json!({ "reason": "SCOPE_MISSING" }), &["/A/b"]),
        (json!({ "reason": "CLOCK_DRIFT" }), &[]),
        (json!({ "mode": "TEST" }), &all),
        (json!({ "mode": "LIVE" }), &[]),
        (json!({ "credential": second.credential.to_string() }), &["/A/b"]),
        (json!({ "path": "/a" }), &["/a"]),
        (json!({ "pathPrefix": "/a" }), &["/a/b", "/a"]),
        (json!({ "pathPrefix": "/_" }), &["/_%"]),
        (json!({ "operation": "Till" }), &["/graphql"]),
        (json!({ "method": "post" }), &["/a/b"]),
        (json!({ "status": 201 }), &["/a/b"]),
        (json!({ "statusClass": 4 }), &["/graphql", "/A/b"]),
        (
            json!({ "createdFrom": "2026-06-15T10:00:04Z" }),
            &["/_%", "/graphql"],
        ),
        (
            json!({ "createdBefore": "2026-06-15T10:00:03Z" }),
            &["/a/b", "/a"],
        ),
        (
            json!({ "createdFrom": "2026-06-15T13:00:02+03:00", "createdBefore": "2026-06-15T10:00:03.000001Z" }),
            &["/A/b", "/a/b"],
        ),
        (
            json!({ "createdFrom": "0001-01-01T00:00:00Z", "createdBefore": "9999-12-31T23:59:59Z" }),
            &all,
        ),
        (
            json!({ "idempotencyKey": "order-1", "method": "POST" }),
            &["/a/b"],
        ),
        (json!({ "idempotencyKey": "order-1", "method": "GET" }), &[]),
    ] {
        let reply = school.ask(PATHS, json!({ "filter": filter })).await;
        assert_eq!(reply.errors, Vec::<Value>::new(), "{filter}");
        assert_eq!(paths(&reply.data), expected, "{filter}");
    }
    for filter in [
        json!({ "credential": "epk_test_1" }),
        json!({ "path": "/a", "pathPrefix": "/a" }),
        json!({ "path": "a\u{0}b" }),
        json!({ "status": 99 }),
        json!({ "statusClass": 6 }),
        json!({ "status": 200, "statusClass": 2 }),
    ] {
        let reply = school.ask(PATHS, json!({ "filter": filter })).await;
        reply.fails_with("BAD_USER_INPUT");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_walked_in_pages_both_ways(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let live = app
        .merchant_with("school", Mode::Live, Scopes::all(), EPARA)
        .await;
    let tenant = Tenant {
        mode: Mode::Test,
        ..live.tenant
    };
    let test = app.key_of(tenant, Scopes::all()).await;
    let mut noted: Vec<String> = (0..9)
        .map(|n| {
            let by = if n % 3 == 0 { &test } else { &live };
            note(&app, Some(by), &format!("/{n}"), |_| {})
        })
        .collect();
    noted.reverse();

    // The questions of the test itself are POSTs.
    for arguments in [
        ", filter: { method: \"GET\" }",
        ", filter: { method: \"GET\", outcome: PASSED }",
    ] {
        let list = List {
            name: "apiRequests",
            arguments,
            node: "id path mode",
        };
        for size in [1, 2, 4, 9, 10] {
            for way in [Way::Forward, Way::Backward] {
                let rows = list.all(&live, way, size).await;
                let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
                assert_eq!(ids, noted, "{way:?} {size}");
            }
        }
    }
    // A cursor belongs to its filter.
    let page = "query($after: String) { apiRequests(first: 1, after: $after, filter: { mode: LIVE }) { pageInfo { endCursor } } }";
    let own = live.ask(page, json!({})).await.data["apiRequests"]["pageInfo"]["endCursor"].clone();
    let other = "query($after: String) { apiRequests(first: 1, after: $after) { nodes { id } } }";
    live.ask(other, json!({ "after": own }))
        .await
        .fails_with("BAD_USER_INPUT");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_is_theirs(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let live = app
        .merchant_with("school", Mode::Live, Scopes::all(), EPARA)
        .await;
    let tenant = Tenant {
        mode: Mode::Test,
        ..live.tenant
    };
    let test = app.key_of(tenant, Scopes::all()).await;
    let shop = app.merchant("shop").await;
    let operator = app.operator("operator").await;
    let ids = [
        note(&app, Some(&live), "/live", |_| {}),
        note(&app, Some(&test), "/test", |_| {}),
        note(&app, Some(&shop), "/shop", |_| {}),
        note(&app, None, "/nobody", |request| {
            request.denial = Some(Denial::KeyUnknown)
        }),
        note(&app, None, "/operator", |request| {
            request.operator = Some(app.app.id::<OperatorId>(request.at));
        }),
    ];
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let found = |data: &Value| -> Vec<bool> {
        let nodes = data["nodes"].as_array().unwrap();
        nodes.iter().map(|node| !node.is_null()).collect()
    };

    let school = live.tenant.merchant.to_string();
    for (who, filter, seen, there) in [
        (
            &live,
            json!({}),
            &["/test", "/live"][..],
            [true, true, false, false, false],
        ),
        (&test, json!({}), &["/test"], [false, true, false, false, false]),
        (&shop, json!({}), &["/shop"], [false, false, true, false, false]),
        (
            &shop,
            json!({ "merchant": school }),
            &["/shop"],
            [false, false, true, false, false],
        ),
        (
            &test,
            json!({ "mode": "LIVE" }),
            &[],
            [false, true, false, false, false],
        ),
        (
            &live,
            json!({ "mode": "LIVE" }),
            &["/live"],
            [true, true, false, false, false],
        ),
        (
            &test,
            json!({ "credential": live.credential.to_string() }),
            &[],
            [false, true, false, false, false],
        ),
    ] {
        let reply = who.ask(PATHS, json!({ "filter": filter })).await;
        assert_eq!(reply.errors, Vec::<Value>::new());
        assert_eq!(paths(&reply.data), seen, "{filter}");
        assert_eq!(found(&who.ask(nodes, json!({ "ids": ids })).await.data), there);
    }
    for (filter, seen) in [
        (
            json!({}),
            &["/operator", "/nobody", "/shop", "/test", "/live"][..],
        ),
        (json!({ "merchant": school }), &["/test", "/live"]),
        (json!({ "merchant": school, "mode": "TEST" }), &["/test"]),
        (json!({ "mode": "TEST" }), &["/shop", "/test"]),
        (json!({ "reason": "KEY_UNKNOWN" }), &["/nobody"]),
    ] {
        let reply = operator.ask(PATHS, json!({ "filter": filter })).await;
        assert_eq!(reply.errors, Vec::<Value>::new());
        assert_eq!(paths(&reply.data), seen, "{filter}");
    }
    assert_eq!(
        found(&operator.ask(nodes, json!({ "ids": ids })).await.data),
        [true; 5]
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_log_takes_its_scope(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let id = note(&app, Some(&school), "/v1/refunds", |_| {});
    let reader = app.key_of(school.tenant, "logs:read".parse().unwrap()).await;
    let others = "payments:create,payments:read,payments:capture,refunds:create,reports:read,webhooks:manage,credentials:manage";
    let without = app.key_of(school.tenant, others.parse().unwrap()).await;
    let node = "query($id: ID!) { node(id: $id) { id } }";

    for (query, variables) in [(PATHS, json!({})), (node, json!({ "id": id }))] {
        let reply = reader.ask(query, variables.clone()).await;
        assert_eq!(reply.errors, Vec::<Value>::new(), "{query}");
        let refused = without.ask(query, variables).await.fails_with("FORBIDDEN");
        assert_eq!(
            refused.errors[0]["message"],
            "this credential lacks the scope logs:read"
        );
    }
}
