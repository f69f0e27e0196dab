//! Card numbers, security codes and client secrets are nowhere but where they are used.

use super::counter::{Order, order};
use super::{Browser, Seen};
use crate::support::{Engine, Payer, Program, TestDatabase, fresh_key};
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};

const CVV: &str = "7391";
const AMEX: &str = "378282246310005";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_log_metric_or_page_holds_a_card_number_or_a_client_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let node = program.serve(&[("TAHSIL_LOG", "trace")]).await;
    let browser = Browser::of(&node.url);
    let mut pages: Vec<Seen> = Vec::new();
    let mut secrets = Vec::new();
    for card in [Payer::Visa.number(), Payer::Poor.number(), AMEX] {
        let post = Client::new().post(format!("{}/api/v1/payment-intents", node.url));
        let post = post
            .header("x-api-key", &shop.secret)
            .header("idempotency-key", fresh_key());
        let answer = post.json(&order(json!({}))).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        let order = Order::read(&body["data"]);
        secrets.push(order.secret.clone());
        // Opened by a wrong secret, by none, and by the right one.
        pages.push(browser.get(&order.page).await);
        pages.push(browser.get(&format!("{}x", order.opens)).await);
        let page = browser.open(&order.opens).await;
        let cvv = if card == AMEX { CVV } else { "739" };
        let fields = [
            ("gateway", "CREDIT_CARD"),
            ("card_number", card),
            ("card_holder", ""),
            ("card_expiry", "12/40"),
            ("card_cvv", cvv),
        ];
        pages.push(browser.fill(&page.form("id=\"pay\""), &fields).await);
        let named = fields.map(|(name, value)| (name, if name == "card_holder" { "Noor" } else { value }));
        pages.push(browser.fill(&page.form("id=\"pay\""), &named).await);
        pages.push(browser.open(&format!("{}/receipt", order.page)).await);
        pages.push(page);
    }
    let statuses: Vec<u16> = pages.iter().map(|page| page.status).collect();
    assert_eq!(
        statuses,
        [
            403, 404, 422, 200, 200, 200, 403, 404, 422, 402, 402, 200, 403, 404, 422, 200, 200, 200
        ]
    );
    let metrics = shop.get(&node.url, "/metrics").await;
    assert!(metrics.contains("/checkout/{intent}"), "{metrics}");
    node.ask_to_stop();
    let ended = node.ended().await;
    let log = ended.log.join("\n");
    assert!(log.contains("listening"), "{log}");
    secrets.extend([Payer::Visa.number(), Payer::Poor.number(), AMEX, CVV].map(str::to_owned));
    for secret in &secrets {
        assert!(!log.contains(secret), "the log holds {secret}");
        assert!(!metrics.contains(secret), "the metrics hold {secret}");
        for page in &pages {
            page.hides(&[secret]);
        }
    }
}
