//! How much may be asked: in the words of S2, with what is left in every answer.

use super::desk::{Desk, Heard, SALE, charge};
use crate::support::{Engine, TestApp};
use chrono::Duration;
use domain::credential::Scopes;
use domain::limit::Limit;
use reqwest::Client;
use rstest::rstest;
use tahsil::config::{Config, InForce, Layer};

#[test]
fn s2_rate_limits_are_those_of_an_installation_that_sets_none() {
    let nothing = || Layer::new();
    let config = Config::from_values(&InForce::from_layers(nothing(), nothing(), nothing())).unwrap();
    let limits = &config.limits;
    let (per_second, per_hour) = (Limit::per_second, Limit::per_hour);
    assert_eq!(
        limits.payments,
        per_second(20, 20),
        "payment operations, a merchant"
    );
    assert_eq!(
        limits.payments_hourly,
        per_hour(10_000, 10_000),
        "the same in an hour"
    );
    assert_eq!(
        limits.queries,
        per_second(100, 100),
        "transaction queries, a merchant"
    );
    assert_eq!(limits.public, per_second(50, 50), "public endpoints, an address");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_hour_has_its_own_words_and_the_same_bucket_as_the_other_door(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [
        ("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "3"),
        ("TAHSIL_LIMIT_PAYMENTS_PER_HOUR", "4"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let school = app.merchant("school").await;
    let other = app.key_of(school.tenant, Scopes::all()).await;
    let (desk, beside) = (Desk::of(&app, &school), Desk::of(&app, &other));
    let first = desk.post(SALE, charge(9999)).await.is(200);
    let policy = "\"payments\";q=3;w=1, \"payments-hourly\";q=4;w=3600";
    assert_eq!(first.header("ratelimit-policy"), policy);
    assert_eq!(
        first.header("ratelimit"),
        "\"payments\";r=2;t=1, \"payments-hourly\";r=3;t=900"
    );
    school.sale(crate::support::iqd(1_000)).await.succeeds();
    beside.post(SALE, charge(9999)).await.is(200);
    let second = desk.post(SALE, charge(9999)).await;
    second.refuses(429, "THROTTLED", "rate limit exceeded: 3 requests per second");
    assert_eq!(second.header("ratelimit-policy"), policy);

    app.clock.advance(Duration::seconds(2));
    desk.post(SALE, charge(9999)).await.is(200);
    let hourly = desk.post(SALE, charge(9999)).await;
    hourly.refuses(429, "THROTTLED", "rate limit exceeded: 4 requests per hour");
    assert_eq!(hourly.header("retry-after"), "898");
    app.clock.advance(Duration::seconds(898));
    desk.post(SALE, charge(9999)).await.is(200);
    assert_eq!(app.count("payments").await, 5);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_key_has_the_rate_of_its_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let settings = [
        ("TAHSIL_LIMIT_PUBLIC_PER_SECOND", "2"),
        ("TAHSIL_LIMIT_REFUSED_KEYS_PER_SECOND", "2"),
    ];
    let app = TestApp::with_settings(engine, &settings).await;
    let ask = async |key: Option<&str>| {
        let request = Client::new().get(format!("{}/api/v1/transactions", app.url));
        let request = key
            .into_iter()
            .fold(request, |request, key| request.header("x-api-key", key));
        Heard::read(request.send().await.unwrap()).await
    };
    for _ in 0..2 {
        assert_eq!(ask(None).await.status, 401);
        assert_eq!(ask(Some("esk_test_wrong")).await.status, 401);
    }
    let heard = ask(None).await;
    heard.refuses(429, "THROTTLED", "rate limit exceeded: 2 requests per second");
    let heard = ask(Some("esk_test_wrong")).await;
    heard.refuses(
        429,
        "THROTTLED",
        "rate limit exceeded: too much at once; try again in 500 ms",
    );
    assert_eq!(heard.header("retry-after"), "1");
}
