//! Five thousand commands over two hundred payments, with faults, jumps of the clock, expiries and restarts.

use crate::support::{Engine, History};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_random_history_agrees_with_a_simple_model(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(1, 20_260_615)] seed: u64,
) {
    let mut history = History::new(engine, seed).await;
    for part in 1..=10 {
        history.goes_on(500).await;
        println!("{engine:?} seed {seed}, {}: {}", part * 500, history.summary());
    }
    history.was_eventful();
}
