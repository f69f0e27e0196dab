//! One round of a crash: a server is killed in the middle of a rush, another one takes over.

use super::hand::Hand;
use super::process::{Program, Shop};
use super::rush::{Rush, Tally};

/// Short enough a provider time-out that a half-done sale is asked about seconds after the crash, and long enough waits that
/// nothing but the crash makes a sale fail.
const SETTINGS: [(&str, &str); 3] = [
    ("TAHSIL_PROVIDER_TIMEOUT_MS", "100"),
    ("TAHSIL_DB_ACQUIRE_TIMEOUT_MS", "60000"),
    ("TAHSIL_REQUEST_TIMEOUT_MS", "120000"),
];

/// Sends `sales` at once, kills the server as soon as `deadly` of them are answered, starts it again, and proves that nothing was
/// lost, doubled or left half done.
pub async fn crash_round(
    program: &Program,
    shop: &Shop,
    hand: &Hand,
    name: &str,
    sales: usize,
    deadly: usize,
) -> Tally {
    let node = program.serve(&SETTINGS).await;
    let url = node.url.clone();
    let mut rush = Rush::new(name, sales);
    let killed = rush.send(shop, &url, sales, async |mut answered| {
        answered.reach(deadly).await;
        node.kill().await
    });
    let killed = killed.await;
    assert_eq!(
        killed.status.code(),
        None,
        "the server ended by itself: {:#?}",
        killed.log
    );

    let open = hand
        .number("SELECT COUNT(*) FROM operations WHERE settled_at IS NULL")
        .await;
    let node = program.serve(&SETTINGS).await;
    let tally = rush.proves(program, shop, &node.url, hand).await;
    node.ask_to_stop();
    let ended = node.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.log);
    Tally {
        half_done: usize::try_from(open).unwrap(),
        ..tally
    }
}
