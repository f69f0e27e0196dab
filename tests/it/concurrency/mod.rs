//! Many at once: whatever the order, money is promised once, everybody gets an answer, and the books tie.

mod accounts;
mod captures;
mod intents;
mod keys;
mod late_words;
mod limits;
mod nodes;
mod refunds;
mod settlers;

use crate::support::Reply;
use std::collections::BTreeMap;

/// How often each outcome came: `DONE`, the code of a refusal, or the code of a failed request.
fn outcomes(replies: &[Reply]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for reply in replies {
        *outcomes.entry(outcome(reply)).or_default() += 1;
    }
    outcomes
}

fn outcome(reply: &Reply) -> String {
    match (reply.errors.first(), reply.codes().first()) {
        (Some(failed), _) => failed["extensions"]["code"].as_str().unwrap_or("none").to_owned(),
        (None, Some(refused)) => (*refused).to_owned(),
        (None, None) => "DONE".to_owned(),
    }
}

/// Exactly these outcomes, so often.
#[track_caller]
fn came(replies: &[Reply], expected: &[(&str, usize)]) {
    let expected: BTreeMap<_, _> = expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect();
    assert_eq!(outcomes(replies), expected);
}
