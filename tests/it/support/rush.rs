//! A rush of sales on a server that may not survive it, and the proof that none was lost, doubled or left half done.

use super::hand::Hand;
use super::process::{Program, Shop};
use super::wait::until;
use super::{Reply, card, iqd};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::watch;

/// Sales that are sent at once, each under a key and a reference of its own, and what was heard of each.
pub struct Rush {
    inputs: Vec<Value>,
    heard: Vec<Option<Reply>>,
    answered: watch::Sender<usize>,
}

/// How many sales of a rush were answered.
pub struct Answered(watch::Receiver<usize>);

impl Answered {
    /// Waits until so many were answered.
    pub async fn reach(&mut self, count: usize) {
        let enough = self.0.wait_for(|answered| *answered >= count);
        tokio::time::timeout(Duration::from_secs(120), enough)
            .await
            .expect("a rush that goes on")
            .unwrap();
    }
}

/// What became of a rush.
#[derive(Debug)]
pub struct Tally {
    /// Operations that were found open after the crash.
    pub half_done: usize,
    /// Sales that were acknowledged in the rush.
    pub acknowledged: usize,
    /// Sales of which only a failure was heard, or nothing.
    pub unheard: usize,
    /// How many of these had been done all the same.
    pub done_unheard: usize,
}

impl Rush {
    /// A rush of `count` sales that nobody has sent yet. `name` is in every reference and key.
    pub fn new(name: &str, count: usize) -> Self {
        let sale = |number: usize| {
            let reference = format!("{name}-{number}");
            json!({
                "idempotencyKey": reference, "merchantReference": reference, "amount": iqd(1_000),
                "card": card("4242424242424242"),
            })
        };
        Self {
            inputs: (0..count).map(sale).collect(),
            heard: Vec::new(),
            answered: watch::Sender::new(0),
        }
    }

    /// Sends all of them, `at_once` at a time. Meanwhile `event` happens; it hears how many were answered so far.
    pub async fn send<T>(
        &mut self,
        shop: &Shop,
        node: &str,
        at_once: usize,
        event: impl AsyncFnOnce(Answered) -> T,
    ) -> T {
        let answered = &self.answered;
        let sales = stream::iter(self.inputs.iter().map(|input| async move {
            let reply = shop.sale(node, input).await;
            if reply.is_some() {
                answered.send_modify(|count| *count += 1);
            }
            reply
        }));
        let (heard, happened) = tokio::join!(
            sales.buffered(at_once).collect(),
            event(Answered(answered.subscribe()))
        );
        self.heard = heard;
        happened
    }

    /// What was heard of each sale.
    pub fn heard(&self) -> &[Option<Reply>] {
        &self.heard
    }

    /// Shows that every sale that was acknowledged is there once and captured, that none is half done, and that repeating all of
    /// them makes no second payment. `node` must run, with its sweeps.
    pub async fn proves(&self, program: &Program, shop: &Shop, node: &str, hand: &Hand) -> Tally {
        let open = "SELECT COUNT(*) FROM operations WHERE settled_at IS NULL";
        until("no operation is open", async || hand.number(open).await == 0).await;
        self.nothing_is_half_done(hand).await;
        let done = self.done(hand).await;
        let mut tally = Tally {
            half_done: 0,
            acknowledged: 0,
            unheard: 0,
            done_unheard: 0,
        };
        for (input, heard) in self.inputs.iter().zip(&self.heard) {
            let reference = input["merchantReference"].as_str().unwrap();
            let there = done.get(reference);
            if let Some(payment) = acknowledged(heard.as_ref()) {
                tally.acknowledged += 1;
                assert_eq!(there, Some(&payment), "{reference} was acknowledged");
            } else {
                tally.unheard += 1;
                tally.done_unheard += usize::from(there.is_some());
            }
        }

        self.repeats(shop, node, hand).await;
        self.nothing_is_half_done(hand).await;
        let verified = program.run(&["verify"]).await;
        assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
        tally
    }

    /// Sends everything again under the same keys: what was done is answered as it was, the rest is done now.
    async fn repeats(&self, shop: &Shop, node: &str, hand: &Hand) {
        let again = stream::iter(self.inputs.iter().map(|input| shop.sale(node, input)));
        let again: Vec<_> = again.buffered(32).collect().await;
        for ((input, first), second) in self.inputs.iter().zip(&self.heard).zip(again) {
            let second = second
                .unwrap_or_else(|| panic!("no answer to {input}"))
                .succeeds();
            let payment = acknowledged(Some(&second));
            assert!(payment.is_some(), "{second:#?}");
            if let Some(first) = acknowledged(first.as_ref()) {
                assert_eq!(payment, Some(first));
                assert_eq!(second.data["idempotentReplay"], true, "{input}");
            }
        }
        assert_eq!(self.done(hand).await.len(), self.inputs.len());
    }

    /// The captured payments of this rush by their references, of which none stands there twice.
    async fn done(&self, hand: &Hand) -> HashMap<String, String> {
        let name = self.inputs[0]["merchantReference"]
            .as_str()
            .unwrap()
            .trim_end_matches("-0");
        let rows = format!(
            "SELECT merchant_reference || ' ' || id FROM payments WHERE merchant_reference LIKE '{name}-%' \
             AND status = 'captured'"
        );
        let rows = hand.texts(&rows).await;
        let pair = |row: &String| {
            row.split_once(' ')
                .map(|(reference, id)| (reference.to_owned(), id.to_owned()))
                .unwrap()
        };
        let done: HashMap<_, _> = rows.iter().map(pair).collect();
        assert_eq!(done.len(), rows.len(), "a sale was done twice");
        done
    }

    async fn nothing_is_half_done(&self, hand: &Hand) {
        for (what, count) in [
            (
                "payments that are not captured",
                "SELECT COUNT(*) FROM payments WHERE status <> 'captured'",
            ),
            (
                "operations that did not succeed",
                "SELECT COUNT(*) FROM operations WHERE status <> 'succeeded'",
            ),
            (
                "keys without an answer",
                "SELECT COUNT(*) FROM idempotency_records WHERE answer IS NULL",
            ),
            (
                "payments without exactly one capture journal",
                "SELECT COUNT(*) FROM payments p LEFT JOIN (SELECT o.payment_id, COUNT(*) AS times FROM journals j \
                 JOIN operations o ON o.id = j.source_id WHERE j.kind = 'capture' GROUP BY o.payment_id) booked \
                 ON booked.payment_id = p.id WHERE COALESCE(booked.times, 0) <> 1",
            ),
            (
                "payments without exactly one event",
                "SELECT COUNT(*) FROM payments p LEFT JOIN (SELECT subject_id, COUNT(*) AS times FROM outbox_events \
                 WHERE type = 'payment.captured' GROUP BY subject_id) told \
                 ON told.subject_id = p.id WHERE COALESCE(told.times, 0) <> 1",
            ),
        ] {
            assert_eq!(hand.number(count).await, 0, "{what}");
        }
    }
}

/// The payment of a sale that was acknowledged as captured.
fn acknowledged(heard: Option<&Reply>) -> Option<String> {
    let heard = heard?;
    (heard.payment_status() == "CAPTURED").then(|| heard.payment())
}
