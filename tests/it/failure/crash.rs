//! SIGKILL in the middle of a rush of sales. `tests/soak` has the long series; this is one round of it.

use crate::support::{Engine, crash_round};
use crate::support::{Hand, Program, TestDatabase};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_doubles_and_halves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let program = Program::on(&database);
    let shop = program.shop("shop").await;
    let hand = Hand::at(&database.url).await;

    let tally = crash_round(&program, &shop, &hand, "round", 100, 40).await;

    println!("{} sales were half done", tally.half_done);
    assert_eq!(tally.acknowledged + tally.unheard, 100, "{tally:?}");
    assert!(tally.acknowledged >= 40 && tally.unheard > 0, "{tally:?}");
}
