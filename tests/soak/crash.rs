//! SIGKILL in the middle of a thousand concurrent sales, again and again on one database.

use crate::support::{Dice, Engine, Hand, Program, TestDatabase, crash_round};
use rstest::rstest;
use std::time::Instant;

const ROUNDS: usize = 5;
const SALES: usize = 1_000;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn five_crashes_in_a_thousand_sales_each_lose_double_and_halve_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let hand = Hand::at(&database.url).await;
    let mut dice = Dice::new(2026);
    let mut half_done = 0;

    for round in 1..=ROUNDS {
        let begun = Instant::now();
        let deadly = 50 + usize::try_from(dice.below(800)).unwrap();

        let tally = crash_round(&program, &shop, &hand, &format!("round{round}"), SALES, deadly).await;

        assert_eq!(tally.acknowledged + tally.unheard, SALES);
        assert!(
            tally.unheard > 0,
            "the server was killed when the rush was over: {tally:?}"
        );
        half_done += tally.half_done;
        println!(
            "{engine:?} round {round}: {SALES} sales, killed at {deadly} answers, {} acknowledged, {} half done and finished, \
             {} done unheard, {} repeated, all {SALES} there once, verified, in {:.1} s",
            tally.acknowledged,
            tally.half_done,
            tally.done_unheard,
            tally.unheard,
            begun.elapsed().as_secs_f32(),
        );
    }

    assert!(
        half_done > 0,
        "no crash came between the two transactions of a sale"
    );
}
