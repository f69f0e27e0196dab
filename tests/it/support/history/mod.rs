//! A long random history through the door, held against a simple model.

mod model;

use super::{Dice, Engine, Merchant, Reply, TestApp, card, fresh_key, iqd};
use chrono::{DateTime, Duration, Utc};
use model::{Fate, Kind, Model};
use serde_json::{Value, json};
use service::ledger::verify_all;
use service::payment::{expire_due, resolve_unknown_outcomes};
use std::collections::{BTreeSet, HashMap};

/// Most payments that a history begins; what is repeated after its key ran out comes on top.
const PAYMENTS: usize = 200;
/// More than a sweep of a history ever finds.
const ALL: u64 = 100_000;

/// What becomes of the operations on a payment.
#[derive(Clone, Copy)]
struct Fates {
    intake: Fate,
    capture: Fate,
    void: Fate,
    refund: Fate,
}

impl Fates {
    const fn of(&self, kind: Kind) -> Fate {
        match kind {
            Kind::Authorize | Kind::Sale => self.intake,
            Kind::Capture { .. } => self.capture,
            Kind::Void => self.void,
            Kind::Refund => self.refund,
        }
    }
}

/// A command, to be sent and perhaps repeated.
#[derive(Clone)]
struct Command {
    /// The place of its payment among all; `None` begins one.
    place: Option<usize>,
    kind: Kind,
    amount: i64,
    fates: Fates,
    input: Value,
}

impl Command {
    const fn mutation(&self) -> &'static str {
        match self.kind {
            Kind::Authorize => "paymentAuthorize",
            Kind::Sale => "paymentSale",
            Kind::Capture { .. } => "paymentCapture",
            Kind::Void => "paymentVoid",
            Kind::Refund => "paymentRefund",
        }
    }
}

/// A command that was accepted.
#[derive(Clone)]
struct Accepted {
    command: Command,
    at: DateTime<Utc>,
    operation: String,
}

struct Known {
    id: String,
    fates: Fates,
    model: Model,
}

/// The history so far.
pub struct History {
    app: Option<TestApp>,
    school: Merchant,
    dice: Dice,
    payments: Vec<Known>,
    accepted: Vec<Accepted>,
    refused: usize,
    repeated: usize,
    restarts: usize,
}

impl History {
    /// A history that has not begun.
    pub async fn new(engine: Engine, seed: u64) -> Self {
        let app = TestApp::start(engine).await;
        let school = app.merchant("school").await;
        let (payments, accepted) = (Vec::new(), Vec::new());
        let dice = Dice::new(seed);
        Self {
            app: Some(app),
            school,
            dice,
            payments,
            accepted,
            refused: 0,
            repeated: 0,
            restarts: 0,
        }
    }

    /// Goes on by `steps` commands and events, each of which the model must have foreseen; then compares everything.
    pub async fn goes_on(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.dice.below(100) {
                0..9 if self.payments.len() < PAYMENTS => self.begin().await,
                9..16 => self.follow_up(Kind::Capture { keep_rest: false }).await,
                16..48 => self.follow_up(Kind::Capture { keep_rest: true }).await,
                48..51 => self.follow_up(Kind::Void).await,
                51..74 => self.follow_up(Kind::Refund).await,
                74..80 => self.repeat().await,
                80..88 => self.ask_again().await,
                88 => drop(expire_due(&self.app().app, ALL).await.unwrap()),
                89..98 => self.time_passes(),
                98 if self.dice.once_in(2) => self.restart().await,
                _ => self.repeat().await,
            }
        }
        self.agrees().await;
    }

    /// Every kind of thing has happened.
    pub fn was_eventful(&self) {
        let statuses = self
            .payments
            .iter()
            .map(|known| known.model.status(self.app().now()));
        let statuses: BTreeSet<_> = statuses.collect();
        assert!(statuses.len() >= 6, "{statuses:?}");
        assert!(
            self.refused > 0 && self.repeated > 0 && self.restarts > 0,
            "{}",
            self.summary()
        );
    }

    /// What happened, in one line.
    pub fn summary(&self) -> String {
        let (payments, accepted) = (self.payments.len(), self.accepted.len());
        let Self {
            refused,
            repeated,
            restarts,
            ..
        } = self;
        let clock = self.app().now().format("%F %T");
        format!(
            "{payments} payments; {accepted} commands accepted, {refused} refused, {repeated} answered as before; \
             {restarts} restarts; clock at {clock}"
        )
    }

    fn app(&self) -> &TestApp {
        self.app.as_ref().unwrap()
    }

    fn now(&self) -> DateTime<Utc> {
        self.app().now()
    }

    fn number(&mut self, below: i64) -> i64 {
        i64::try_from(self.dice.below(u64::try_from(below).unwrap())).unwrap()
    }

    async fn begin(&mut self) {
        let amount = 1 + self.number(200_000);
        let kind = if self.dice.once_in(3) {
            Kind::Sale
        } else {
            Kind::Authorize
        };
        let poor = self.dice.once_in(12);
        let number = if poor {
            "4000000000009995"
        } else {
            "4242424242424242"
        };
        let mut metadata = json!({});
        let fates = Fates {
            intake: self.fate("sandbox_fault", !poor, &mut metadata),
            capture: self.fate("sandbox_fault_capture", true, &mut metadata),
            void: self.fate("sandbox_fault_void", true, &mut metadata),
            refund: self.fate("sandbox_fault_refund", true, &mut metadata),
        };
        let input = json!({
            "idempotencyKey": fresh_key(), "amount": iqd(amount), "card": card(number), "metadata": metadata,
        });
        self.send(Command {
            place: None,
            kind,
            amount,
            fates,
            input,
        })
        .await;
    }

    /// Asks for a fault in one of three payments, and says what follows from it.
    fn fate(&mut self, key: &str, approved: bool, metadata: &mut Value) -> Fate {
        let plain = if approved { Fate::Done } else { Fate::Refused };
        let (word, fate) = match self.dice.below(24) {
            0 | 1 => (
                "timeout_after_charge",
                Fate::Lost {
                    in_vain: 0,
                    done: approved,
                },
            ),
            2 | 3 => (
                "timeout_before_charge",
                Fate::Lost {
                    in_vain: 0,
                    done: false,
                },
            ),
            4 | 5 => (
                "late_success",
                Fate::Lost {
                    in_vain: 2,
                    done: approved,
                },
            ),
            6 => ("unreachable", Fate::Refused),
            7 => ("decline", Fate::Refused),
            _ => return plain,
        };
        metadata[key] = word.into();
        fate
    }

    async fn follow_up(&mut self, kind: Kind) {
        if self.payments.is_empty() {
            return;
        }
        let (place, most) = self.target(kind);
        let Known { id, fates, .. } = &self.payments[place];
        let (fates, mut input) = (*fates, json!({ "idempotencyKey": fresh_key(), "id": id }));
        let amount = match (kind, self.dice.below(10)) {
            // Everything there is, without saying how much.
            (Kind::Void, _) | (_, 0) => most,
            // A part, or up to a little too much.
            (_, chance) => {
                let amount = 1 + self.number(if chance == 1 { most + 2 } else { most / 4 + 1 });
                input["amount"] = iqd(amount);
                amount
            }
        };
        if kind == (Kind::Capture { keep_rest: true }) {
            input["finalCapture"] = false.into();
        }
        self.send(Command {
            place: Some(place),
            kind,
            amount,
            fates,
            input,
        })
        .await;
    }

    /// A payment for a command, and how much it can take: mostly one that can take it.
    fn target(&mut self, kind: Kind) -> (usize, i64) {
        let (now, mut tries) = (self.now(), 1 + self.dice.below(20));
        loop {
            let place = usize::try_from(self.dice.below(self.payments.len() as u64)).unwrap();
            let model = &self.payments[place].model;
            let most = match kind {
                Kind::Refund => model.refundable(),
                _ => model.capturable(now),
            };
            tries -= 1;
            if most > 0 || tries == 0 {
                return (place, if kind == Kind::Void { 0 } else { most });
            }
        }
    }

    /// Sends a command whose key stands for nothing, and sees whether what comes of it is what must come of it.
    async fn send(&mut self, command: Command) {
        let (kind, amount, now) = (command.kind, command.amount, self.now());
        let before = match command.place {
            Some(place) => self.payments[place].model.clone(),
            None => Model::new(),
        };

        let reply = self.school.send(command.mutation(), command.input.clone()).await;

        assert_eq!(reply.errors, Vec::<Value>::new());
        let said = format!("{kind:?} of {amount} at {now} on {before:#?}: {:#}", reply.data);
        if !before.allows(kind, amount, now) {
            assert!(!reply.codes().is_empty(), "{said}");
            self.refused += 1;
            return;
        }
        assert!(reply.codes().is_empty(), "{said}");
        assert_eq!(reply.data["idempotentReplay"], false, "{said}");
        let mut model = before;
        model.try_now(kind, amount, command.fates.of(kind), now);
        shows(&reply.data["payment"], &model, now);
        let operation = operation(&reply);
        match command.place {
            Some(place) => self.payments[place].model = model,
            None => self.payments.push(Known {
                id: reply.payment(),
                fates: command.fates,
                model,
            }),
        }
        self.accepted.push(Accepted {
            command,
            at: now,
            operation,
        });
    }

    /// Sends an earlier command again. For a day it is answered as it was; then its key is new, and it is a new command.
    async fn repeat(&mut self) {
        if self.accepted.is_empty() {
            return;
        }
        // Mostly one of the last, whose key still stands for it.
        let old = if self.dice.once_in(4) {
            0
        } else {
            self.accepted.len().saturating_sub(40)
        };
        let key = self.dice.pick(&self.accepted[old..]).command.input["idempotencyKey"].clone();
        // Of the commands under one key, the last one counts.
        let last = self
            .accepted
            .iter()
            .rev()
            .find(|accepted| accepted.command.input["idempotencyKey"] == key);
        let Accepted {
            command,
            at,
            operation: known,
        } = last.unwrap().clone();
        if self.now() >= at + Duration::hours(24) {
            return self.send(command).await;
        }
        let reply = self
            .school
            .send(command.mutation(), command.input)
            .await
            .succeeds();
        assert_eq!(reply.data["idempotentReplay"], true);
        assert_eq!(operation(&reply), known);
        self.repeated += 1;
    }

    async fn ask_again(&mut self) {
        let now = self.now();
        let resolved = resolve_unknown_outcomes(&self.app().app, ALL).await.unwrap();
        assert_eq!(resolved.failed, 0);
        self.payments.iter_mut().for_each(|known| known.model.sweep(now));
    }

    fn time_passes(&mut self) {
        let seconds = match self.dice.below(12) {
            0..9 => 1 + self.number(30),
            9..11 => 60 + self.number(3 * 3_600),
            _ => 86_400 + self.number(7 * 86_400),
        };
        self.app().clock.advance(Duration::seconds(seconds));
    }

    async fn restart(&mut self) {
        let app = self.app.take().unwrap().restart().await;
        self.school = self.school.at(&app);
        self.app = Some(app);
        self.restarts += 1;
    }

    /// All payments by id, as the list shows them.
    async fn all_payments(&self) -> HashMap<String, Value> {
        let (mut all, mut after) = (HashMap::new(), Value::Null);
        loop {
            let mut page = self
                .school
                .ask(PAGE, json!({ "after": after }))
                .await
                .field("payments")
                .data;
            let nodes = page["nodes"].as_array_mut().unwrap().drain(..);
            all.extend(nodes.map(|node| (node["id"].as_str().unwrap().to_owned(), node)));
            if page["pageInfo"]["hasNextPage"] == false {
                return all;
            }
            after = page["pageInfo"]["endCursor"].take();
        }
    }

    /// The books are sound, and every payment and what the merchant is owed are what the model says.
    async fn agrees(&self) {
        let integrity = verify_all(&self.app().app).await.unwrap();
        assert!(integrity.is_sound(), "{:#?}", integrity.problems);
        assert_eq!(integrity.payments, self.payments.len() as u64);
        let shown = self.all_payments().await;
        assert_eq!(shown.len(), self.payments.len());
        for known in &self.payments {
            shows(&shown[&known.id], &known.model, self.now());
        }
        let owed: i64 = self.payments.iter().map(|known| known.model.owed).sum();
        assert_eq!(self.school.payable("IQD").await, owed.to_string());
    }
}

const PAGE: &str = "query($after: String) { payments(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { \
     id status authorizedAmount { amount } capturedAmount { amount } refundedAmount { amount } refundPendingAmount { amount } \
     capturableAmount { amount } } } }";

fn operation(reply: &Reply) -> String {
    reply.data["operation"]["id"].as_str().unwrap().to_owned()
}

/// The door shows the payment as the model has it.
#[track_caller]
fn shows(payment: &Value, model: &Model, now: DateTime<Utc>) {
    let shown = [
        "authorizedAmount",
        "capturedAmount",
        "refundedAmount",
        "refundPendingAmount",
        "capturableAmount",
    ]
    .map(|field| payment[field]["amount"].as_str().unwrap().to_owned());
    let expected = [
        model.authorized,
        model.captured,
        model.refunded,
        model.pending,
        model.capturable(now),
    ];
    assert_eq!(
        shown,
        expected.map(|amount| amount.to_string()),
        "{model:#?} {payment:#}"
    );
    assert_eq!(payment["status"], model.status(now), "{model:#?} {payment:#}");
}
