//! Other people's ids in every place that takes one: nothing of theirs shows, nothing changes, and an id of somebody else is answered
//! like one that nobody has.

use super::caller::Caller;
use super::kit::Kit;
use super::surface::Surface;
use crate::support::{Engine, Hand, Merchant, TestApp};
use domain::credential::Scopes;
use domain::merchant::{Mode, Tenant};
use rstest::rstest;
use std::collections::BTreeSet;

/// A well-formed id that nobody has: the same but for its last character.
fn made_up(id: &str) -> String {
    let (head, last) = id.split_at(id.len() - 1);
    format!("{head}{}", if last == "0" { "1" } else { "0" })
}

/// Rows that hold something of the victim.
async fn theirs(hand: &Hand, markers: &[&str]) -> Vec<String> {
    let rows = hand.everything().await.into_iter();
    rows.filter(|row| markers.iter().any(|marker| row.contains(marker)))
        .collect()
}

/// Tries everything as `stranger`; gives how many operations that were, and what came through.
async fn tries(
    app: &TestApp,
    stranger: &Merchant,
    own: &Kit,
    victim: &Kit,
    shared: &[&str],
) -> (usize, Vec<String>) {
    let (surface, hand) = (Surface::read(), Hand::at(&app.database.url).await);
    let caller = Caller::with_key(app, &stranger.secret);
    let markers = victim
        .markers
        .iter()
        .map(String::as_str)
        .filter(|marker| !shared.contains(marker));
    let markers: Vec<&str> = markers.collect();
    let (mut operations, mut through) = (0, Vec::new());
    let shows = |text: &str, given: &str| {
        let found = markers
            .iter()
            .find(|marker| **marker != given && text.contains(**marker));
        found.map(|marker| (*marker).to_owned())
    };
    let before = hand.everything().await;
    for (kind, id) in victim.ids().filter(|(_, id)| !shared.contains(id)) {
        let other = made_up(id);
        let foreign = surface.with(own, "ID", id, |_| true);
        let unknown = surface.with(own, "ID", &other, |_| true);
        for (mut foreign, mut unknown) in foreign.into_iter().zip(unknown) {
            // A key of its own would make two commands differ.
            for question in [&mut foreign, &mut unknown] {
                if let Some(key) = question.variables.pointer_mut("/input/idempotencyKey") {
                    *key = "stranger-key".into();
                }
            }
            let (foreign, unknown, name) = (
                caller.ask(&foreign).await,
                caller.ask(&unknown).await,
                foreign.name,
            );
            operations += 2;
            if let Some(marker) = shows(&foreign.text, id) {
                through.push(format!(
                    "{name} with the id of a {kind} shows {marker}: {}",
                    foreign.text
                ));
            }
            if foreign.comparable(id) != unknown.comparable(&other) {
                through.push(format!(
                    "{name} tells the id of a {kind} from one that nobody has:\n{}\n{}",
                    foreign.text, unknown.text
                ));
            }
        }
    }
    let after = hand.everything().await;
    if after != before {
        let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
        through.push(format!("something was written: {new:#?}"));
    }

    // Cursors of the victim's pages, its idempotency key, and everything that the stranger may ask anyway.
    let kept = theirs(&hand, &markers).await;
    let mut questions = surface.questions(own, &mut BTreeSet::new());
    questions.retain(|question| question.name != "sessionRevoke");
    let own_part = questions.len();
    for (list, cursor) in &victim.cursors {
        let kind = if list == "events" { "EventCursor" } else { "String" };
        questions.extend(surface.with(own, kind, cursor, |place| {
            *place == format!("Query.{list}(after)")
        }));
    }
    assert_eq!(
        questions.len(),
        own_part + victim.cursors.len(),
        "every list takes a cursor"
    );
    let key = |place: &str| place.ends_with(".idempotencyKey");
    questions.extend(surface.with(own, "String", &victim.sale_key, key));
    for question in questions {
        let answer = caller.ask(&question).await;
        operations += 1;
        if let Some(marker) = shows(&answer.text, "") {
            through.push(format!("{} shows {marker}: {}", question.name, answer.text));
        }
        if answer.body["data"][&question.field]["idempotentReplay"] == true {
            through.push(format!("{} replays what somebody else asked", question.name));
        }
    }
    let sale_key = [victim.sale_key.as_str()];
    let left: Vec<String> = theirs(&hand, &markers).await;
    let left: Vec<&String> = left
        .iter()
        .filter(|row| !sale_key.iter().any(|key| row.contains(key)))
        .collect();
    let kept: Vec<&String> = kept
        .iter()
        .filter(|row| !sale_key.iter().any(|key| row.contains(key)))
        .collect();
    if left != kept {
        through.push("rows of the victim have changed".to_owned());
    }
    (operations, through)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_id_of_another_merchant_or_mode_opens_anything(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app
        .merchant_with("Zubaida School", Mode::Live, Scopes::all(), crate::support::EPARA)
        .await;
    let victim = Kit::of(&app, &school).await;
    let merchant = school.tenant.merchant.to_string();
    let rehearsal = Tenant {
        mode: Mode::Test,
        ..school.tenant
    };
    let rehearsal = app.key_of(rehearsal, Scopes::all()).await;
    let shop = app.merchant("shop").await;

    let (mut operations, mut through) = (0, Vec::new());
    for (stranger, shared) in [(&shop, vec![]), (&rehearsal, vec![merchant.as_str(), "Zubaida"])] {
        // Everybody has objects of their own, so that nothing is empty for another reason.
        let own = Kit::plain(&app, stranger).await;
        let (asked, open) = tries(&app, stranger, &own, &victim, &shared).await;
        operations += asked;
        through.extend(open);
    }
    println!(
        "strangers on {engine:?}: 2 strangers, {operations} operations: {} open",
        through.len()
    );
    assert!(through.is_empty(), "{through:#?}");
    app.ledger_ties().await;
}
