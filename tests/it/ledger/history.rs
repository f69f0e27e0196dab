//! Whatever happens in whatever order, payments and books are what plain arithmetic says. `tests/soak` has the long one.

use crate::support::{Engine, History};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_random_history_agrees_with_a_simple_model(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut history = History::new(engine, 7).await;
    for _ in 0..5 {
        history.goes_on(100).await;
    }
    println!("{}", history.summary());
    history.was_eventful();
}
