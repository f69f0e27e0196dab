//! SIGKILL while webhooks are on their way, again and again on one database.

use crate::support::{Answering, Dice, Engine, Hand, Program, Receiver, TestDatabase, card, iqd, until};
use rstest::rstest;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const ROUNDS: usize = 20;
const SALES: usize = 60;
/// Requests at once to one endpoint, as usual: so many can be repeated after a crash.
const IN_FLIGHT: usize = 20;

const SETTINGS: [(&str, &str); 4] = [
    ("TAHSIL_ROLE", "all"),
    ("TAHSIL_WEBHOOK_ALLOW_CIDRS", "127.0.0.0/8"),
    ("TAHSIL_LIMIT_COST", "10000000"),
    ("TAHSIL_LIMIT_PAYMENTS_PER_SECOND", "1000000"),
];

const CREATE: &str = "mutation($input: WebhookEndpointCreateInput!) { webhookEndpointCreate(input: $input) { \
    webhookEndpoint { id } userErrors { code message } } }";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn twenty_crashes_lose_no_webhook_and_repeat_those_under_way_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let hand = Hand::at(&database.url).await;
    let receiver = Receiver::start().await;
    receiver.always(Answering {
        after: Duration::from_millis(3),
        ..Answering::default()
    });
    let mut dice = Dice::new(2026);
    let mut node = program.serve(&SETTINGS).await;
    let input = json!({ "url": format!("{}/hook", receiver.url), "settings": { "eventTypes": ["payment.captured"] } });
    let made = shop
        .ask(&node.url, CREATE, json!({ "input": input }))
        .await
        .unwrap();
    assert_eq!(made.data["webhookEndpointCreate"]["userErrors"], json!([]));

    let (mut repeated, mut interrupted) = (0, 0);
    for round in 1..=ROUNDS {
        let begun = Instant::now();
        let url = node.url.clone();
        let selling = tokio::spawn({
            let shop = shop.clone();
            async move {
                let mut sold = tokio::task::JoinSet::new();
                for sale in 0..SALES {
                    let (shop, url) = (shop.clone(), url.clone());
                    sold.spawn(async move {
                        tokio::time::sleep(Duration::from_millis(5 * sale as u64)).await;
                        let input = json!({
                            "idempotencyKey": format!("round-{round}-{sale}"), "amount": iqd(1_000), "card": card("4242424242424242"),
                        });
                        shop.sale(&url, &input).await
                    });
                }
                while sold.join_next().await.is_some() {}
            }
        });
        let before = receiver.received().len();
        until("webhooks come", async || receiver.received().len() > before).await;
        tokio::time::sleep(Duration::from_millis(dice.below(200))).await;
        node.kill().await;
        selling.await.unwrap();
        node = program.serve(&SETTINGS).await;
        let open = "SELECT COUNT(*) FROM webhook_deliveries WHERE state IN ('waiting', 'sending')";
        until("nothing waits", async || hand.number(open).await == 0).await;

        let came = receiver.received();
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for it in &came {
            *times.entry(it.header("webhook-id").to_owned()).or_default() += 1;
        }
        let events = hand
            .texts("SELECT id FROM outbox_events WHERE type = 'payment.captured'")
            .await;
        let told: BTreeSet<&str> = times.keys().map(String::as_str).collect();
        assert_eq!(
            events.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            told,
            "each is told"
        );
        let more = came.len() - times.len();
        assert!(
            more - repeated <= IN_FLIGHT,
            "{} were sent twice",
            more - repeated
        );
        repeated = more;
        let undelivered = "SELECT COUNT(*) FROM webhook_deliveries WHERE state <> 'delivered'";
        assert_eq!(hand.number(undelivered).await, 0);
        // Numbers rise from 1 on: as many as there are attempts, and each is in the log.
        let gaps = "SELECT COUNT(*) FROM webhook_deliveries d WHERE d.attempts <> \
            (SELECT COUNT(*) FROM webhook_attempts a WHERE a.delivery_id = d.id) OR d.attempts <> \
            (SELECT MAX(a.number) FROM webhook_attempts a WHERE a.delivery_id = d.id)";
        assert_eq!(hand.number(gaps).await, 0);
        interrupted = hand
            .number("SELECT COUNT(*) FROM webhook_attempts WHERE failure = 'interrupted'")
            .await;
        println!(
            "{engine:?} round {round}: {} events, each told; {more} sent twice so far, {interrupted} attempts interrupted, in {:.1} s",
            events.len(),
            begun.elapsed().as_secs_f32(),
        );
    }
    assert!(interrupted > 0, "no crash came while a webhook was under way");
    node.ask_to_stop();
    assert_eq!(node.ended().await.status.code(), Some(0));
}
