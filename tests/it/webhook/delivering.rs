//! From what happens to the merchant's server.

use super::{advance, endpoint, log, sending};
use crate::support::{Answering, Engine, Receiver, iqd, until};
use chrono::Duration;
use domain::webhook::hmac_signature;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_event_comes_signed_to_the_endpoint_of_its_merchant_and_to_no_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let made = endpoint(&school, &receiver, json!({})).await;
    endpoint(&shop, &other, json!({})).await;

    school.authorize(iqd(125_000)).await.succeeds();

    let came = receiver.after(1).await;
    let body = came[0].json();
    assert_eq!(body["event"], "payment.authorized");
    assert_eq!(body["data"]["status"], "authorized");
    assert_eq!(body["data"]["payment_id"], body["data"]["id"]);
    assert_eq!(body["data"]["merchant_id"], school.tenant.merchant.to_string());
    let signature = hmac_signature(&made.secret, came[0].body.as_bytes());
    assert_eq!(came[0].header("x-webhook-signature"), signature);
    assert_eq!(came[0].header("webhook-id"), body["id"].as_str().unwrap());
    until("it is written down", async || {
        log(&school).await[0]["status"] == "DELIVERED"
    })
    .await;
    let logged = &log(&school).await[0];
    assert_eq!(logged["body"], came[0].body);
    assert_eq!(
        logged["attempts"][0]["requestUuid"],
        came[0].header("x-webhook-request-uuid")
    );
    assert_eq!(logged["attempts"][0]["responseBody"], "answered");
    assert!(other.received().is_empty() && log(&shop).await.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_is_asked_again_as_s2_says_with_the_same_bytes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let school = app.merchant("school").await;
    let receiver = Receiver::start().await;
    endpoint(&school, &receiver, json!({})).await;
    receiver.always(Answering::status(500));
    school.authorize(iqd(125_000)).await.succeeds();

    for (attempt, minutes) in [(1, 0), (2, 5), (3, 15), (4, 60), (5, 360)] {
        if minutes > 0 {
            let before = log(&school).await.remove(0);
            assert_eq!(before["status"], "RETRY_SCHEDULED");
            advance(&app, Duration::minutes(minutes) - Duration::seconds(1));
            // Whatever is due is claimed before what is told after it, so an answer of the server shows that nothing was.
            school.ask("{ rateLimit { limit } }", json!({})).await;
            assert_eq!(receiver.received().len(), attempt - 1, "not a second too early");
            advance(&app, Duration::seconds(1));
        }
        let came = receiver.after(attempt).await;
        assert_eq!(came[attempt - 1].header("x-webhook-attempt"), attempt.to_string());
        assert_eq!(came[attempt - 1].body, came[0].body);
        let status = if attempt == 5 { "FAILED" } else { "RETRY_SCHEDULED" };
        until("it is written down", async || {
            let logged = log(&school).await.remove(0);
            logged["attemptCount"] == attempt && logged["status"] == status
        })
        .await;
    }
    let logged = log(&school).await.remove(0);
    let started =
        |attempt: usize| logged["attempts"][attempt]["startedAt"].as_str().unwrap()[11..19].to_owned();
    let times: Vec<String> = (0..5).map(started).collect();
    assert_eq!(
        times,
        ["10:00:00", "10:05:00", "10:20:00", "11:20:00", "17:20:00"]
    );
    assert_eq!(logged["lastStatus"], 500);
}
