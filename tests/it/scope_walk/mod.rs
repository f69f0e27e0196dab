//! The whole schema and every route, walked by everybody who must not get through: keys that lack a scope, operators where merchants
//! act and the other way round, sessions of all of them, other merchants, and nobody at all.
//!
//! The walk knows no field by name but in its table of needs: whoever adds a field or a route to the product has to say there who
//! may use it, and is walked over from then on.

mod caller;
mod guards;
mod kit;
mod routes;
mod strangers;
mod surface;
mod table;

use crate::support::{Engine, Hand, TestApp};
use caller::{Answer, Caller};
use domain::credential::{Scope, Scopes};
use kit::Kit;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use surface::{Question, Surface};
use table::{Needs, OF_A_PAYMENT, RELATIONS, ROOTS, needs};

/// Who is sent on the walk.
struct Walker {
    /// For messages.
    name: String,
    /// What its key may do; `None` is an operator.
    scopes: Option<Scopes>,
    caller: Caller,
}

impl Walker {
    fn may(&self, question: &Question) -> bool {
        let has = |scope| self.scopes.as_ref().is_none_or(|scopes| scopes.contains(scope));
        match needs(&question.name) {
            Needs::Nothing => true,
            Needs::Operator => self.scopes.is_none(),
            Needs::Merchant(scope) => self.scopes.is_some() && has(scope),
            Needs::MerchantOrOperator(scope) => has(scope),
            Needs::AnyMerchant => self.scopes.is_some(),
            Needs::MerchantWithOne(scopes) => self.scopes.is_some() && scopes.iter().any(|scope| has(*scope)),
        }
    }

    fn sees_payments(&self) -> bool {
        self.scopes
            .as_ref()
            .is_some_and(|scopes| scopes.contains(Scope::PaymentsRead))
    }

    /// Asks everything that it may not and then everything that it may; gives how many questions that were, and those that were
    /// answered otherwise than the table says.
    async fn walks(&self, surface: &Surface, kit: &Kit, hand: &Hand) -> (usize, Vec<String>) {
        let questions = surface.questions(kit, &mut BTreeSet::new());
        let (open, closed): (Vec<_>, Vec<_>) = questions.iter().partition(|question| self.may(question));
        let mut wrong = Vec::new();
        let say = |question: &Question, what: &str, answer: &Answer| {
            format!("{} by {}: {what}: {}", question.name, self.name, answer.text)
        };
        let before = hand.everything().await;
        for question in closed {
            let answer = self.caller.ask(question).await;
            if !answer.is_forbidden() {
                wrong.push(say(question, "is open", &answer));
            } else if !(answer.body["data"].is_null() || answer.body["data"][&question.field].is_null()) {
                wrong.push(say(question, "is forbidden and answered", &answer));
            } else if kit.markers.iter().any(|marker| answer.text.contains(marker)) {
                wrong.push(say(question, "tells something", &answer));
            }
        }
        if hand.everything().await != before {
            wrong.push(format!(
                "{}: something was written although all was forbidden",
                self.name
            ));
        }
        for question in open {
            let answer = self.caller.ask(question).await;
            let below = answer.forbidden_below();
            if answer.is_forbidden() {
                wrong.push(say(question, "is closed", &answer));
            } else if self.sees_payments() && !below.is_empty() {
                wrong.push(say(question, "is closed below", &answer));
            } else if !below.iter().all(|field| RELATIONS.contains(&field.as_str())) {
                wrong.push(say(question, "is closed below where it should not be", &answer));
            } else if !self.sees_payments() && shows_relations(&answer.body["data"]) {
                wrong.push(say(question, "shows relations of a payment", &answer));
            }
        }
        (questions.len(), wrong)
    }
}

/// Whether a payment in an answer comes with what only readers of payments may see.
fn shows_relations(data: &Value) -> bool {
    match data {
        Value::Object(fields) => {
            let shown = |field: &&str| fields.get(*field).is_some_and(|value| !value.is_null());
            let related = fields.get("__typename").is_some_and(|name| name == "Payment")
                && OF_A_PAYMENT.iter().any(shown);
            related || fields.values().any(shows_relations)
        }
        Value::Array(items) => items.iter().any(shows_relations),
        _ => false,
    }
}

fn all_but(scope: Scope) -> Scopes {
    let words: Vec<&str> = Scope::ALL
        .iter()
        .filter(|other| **other != scope)
        .map(|scope| scope.as_str())
        .collect();
    words.join(",").parse().unwrap()
}

#[test]
fn the_table_of_needs_is_the_schema() {
    let listed: BTreeSet<&str> = ROOTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed.len(), ROOTS.len(), "a field stands twice in the table");
    let mut known = Surface::read().names();
    known.insert("__typename".to_owned());
    assert_eq!(listed, known.iter().map(String::as_str).collect());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_open_to_whom_the_table_says_and_to_nobody_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("Zubaida School").await;
    let kit = Kit::of(&app, &school).await;
    let (surface, hand) = (Surface::read(), Hand::at(&app.database.url).await);
    hand.change_all("UPDATE credentials SET api_version = '2025-12-01.tigris' WHERE name = 'zubaida-target'")
        .await;
    let mut asked = BTreeSet::new();
    let roots = surface.questions(&kit, &mut asked).len();
    // What an interface has is asked of each object by itself, too.
    asked.retain(|field| !field.starts_with("Node."));
    assert_eq!(asked, surface.below(), "the walk goes everywhere");

    let mut walkers = Vec::new();
    for scope in Scope::ALL {
        let single: Scopes = scope.as_str().parse().unwrap();
        for (name, scopes) in [
            (format!("only {scope}"), single),
            (format!("all but {scope}"), all_but(scope)),
        ] {
            let key = app.key_of(school.tenant, scopes).await;
            let caller = Caller::with_key(&app, &key.secret);
            let session = caller.session(&app).await;
            walkers.push(Walker {
                name: format!("a session of {name}"),
                scopes: Some(scopes),
                caller: session,
            });
            walkers.push(Walker {
                name,
                scopes: Some(scopes),
                caller,
            });
        }
    }
    let operator = Caller::with_key(&app, app.operator("Zainab").await.secret());
    let session = operator.session(&app).await;
    walkers.push(Walker {
        name: "an operator's session".to_owned(),
        scopes: None,
        caller: session,
    });
    walkers.push(Walker {
        name: "an operator".to_owned(),
        scopes: None,
        caller: operator,
    });

    let (mut operations, mut open) = (0, Vec::new());
    for walker in &walkers {
        let (asked, wrong) = walker.walks(&surface, &kit, &hand).await;
        operations += asked;
        open.extend(wrong);
    }
    let nobody = Caller::nobody(&app);
    for question in surface.questions(&kit, &mut BTreeSet::new()) {
        let answer = nobody.ask(&question).await;
        operations += 1;
        if answer.status != 401 || !answer.body["data"].is_null() {
            open.push(format!("{} by nobody: {}", question.name, answer.text));
        }
    }
    println!(
        "schema walk on {engine:?}: {roots} root fields, {} nested fields, {} scopes, {} walkers, {operations} operations: {} open",
        asked.len(),
        Scope::ALL.len(),
        walkers.len(),
        open.len()
    );
    assert!(open.is_empty(), "{open:#?}");
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_one_scope_is_enough_for_a_command_to_succeed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("Zubaida School").await;
    let kit = Kit::of(&app, &school).await;
    let hand = Hand::at(&app.database.url).await;
    hand.change_all("UPDATE credentials SET api_version = '2025-12-01.tigris' WHERE name = 'zubaida-target'")
        .await;
    for question in Surface::read().questions(&kit, &mut BTreeSet::new()) {
        let (Needs::Merchant(scope) | Needs::MerchantOrOperator(scope)) = needs(&question.name) else {
            continue;
        };
        let single = app.key_of(school.tenant, scope.as_str().parse().unwrap()).await;
        let mut question = question.clone();
        if question.command {
            // Relations of the payment are another scope's.
            let input = question.text.split(')').next().unwrap();
            question.text = format!(
                "{input}) {{ {}(input: $input) {{ __typename userErrors {{ code }} }} }}",
                question.field
            );
        }
        let answer = Caller::with_key(&app, &single.secret).ask(&question).await;
        assert!(
            answer.body["errors"].is_null(),
            "{}: {}",
            question.name,
            answer.text
        );
        let data = &answer.body["data"][&question.field];
        assert!(!data.is_null(), "{}: {}", question.name, answer.text);
        if question.command {
            assert_eq!(data["userErrors"], json!([]), "{}", question.name);
        }
    }
    app.ledger_ties().await;
}
