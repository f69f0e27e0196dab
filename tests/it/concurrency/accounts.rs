//! First uses: of a card, of a currency, of a business day.

use super::came;
use crate::support::{Engine, Hand, TestApp, iqd, money};
use futures_util::future::join_all;
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_used_for_the_first_time_by_many_is_one_card(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let replies = join_all((0..30).map(|_| school.sale(iqd(100)))).await;

    came(&replies, &[("DONE", 30)]);
    assert_eq!(app.count("cards").await, 1);
    let hand = Hand::at(&app.database.url).await;
    assert_eq!(
        hand.number("SELECT COUNT(*) FROM payments p JOIN cards c ON c.id = p.card_id")
            .await,
        30
    );
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_payments_of_a_currency_share_its_accounts_and_its_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (school, shop) = (app.merchant("school").await, app.merchant("shop").await);

    let both = join_all((0..15).map(|_| async {
        [
            school.sale(money("10", "EUR")).await,
            shop.sale(money("10", "EUR")).await,
        ]
    }));
    let replies: Vec<_> = both.await.into_iter().flatten().collect();

    came(&replies, &[("DONE", 30)]);
    let hand = Hand::at(&app.database.url).await;
    let codes = hand.texts("SELECT code FROM ledger_accounts ORDER BY code").await;
    let mut expected = vec![
        "A100:test:EUR:sandbox".to_owned(),
        "L240:test:EUR:sandbox".to_owned(),
        "R300:test:EUR".to_owned(),
    ];
    for merchant in [school.tenant.merchant, shop.tenant.merchant] {
        expected.extend(["L200", "L210", "L220"].map(|number| format!("{number}:test:EUR:{merchant}")));
    }
    expected.sort();
    assert_eq!(codes, expected);
    assert_eq!(app.count("business_days").await, 1);
    // 15 x (10.00 - 0.20 - 0.50)
    assert_eq!(
        [school.payable("EUR").await, shop.payable("EUR").await],
        ["139.50", "139.50"]
    );
    app.ledger_ties().await;
}
