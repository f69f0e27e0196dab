//! Readers that lose their connection again and again while somebody sells: what each of them has read in the end is whole.

use super::actor::charge;
use super::dice::Dice;
use super::hand::Hand;
use super::money::iqd;
use super::process::{Node, Shop};
use super::socket::{Heard, Socket};
use super::wait::until;
use reqwest::Client;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

const FOLLOW: &str =
    "subscription($after: EventCursor!) { events(after: $after) { cursor event { sequence } } }";
const SALE: &str = "mutation($input: PaymentSaleInput!) { paymentSale(input: $input) { payment { id } userErrors { code } } }";

/// Where the nodes listen now; a test that kills some changes it.
pub type Nodes = Arc<RwLock<Vec<String>>>;

/// A merchant whose events are followed.
#[derive(Clone, Default)]
pub struct Seam {
    /// The nodes.
    pub nodes: Nodes,
    /// The secret of the merchant, for whom nothing has happened yet.
    pub secret: String,
    /// How many follow.
    pub readers: usize,
    /// How often they resume, all together, before the seller stops.
    pub resumes: usize,
    /// How many sell at once.
    pub sellers: usize,
    /// How often something was killed.
    pub kills: Arc<AtomicUsize>,
}

/// What came of it.
#[derive(Debug)]
pub struct Seen {
    /// Events that each reader has read, from the first on without a gap or a repeat.
    pub events: i64,
    /// How often readers resumed.
    pub resumes: usize,
    /// Longest time in which nothing was numbered although the sellers sold.
    pub stall: Duration,
}

/// A reader: where it is.
struct Reader {
    seam: Seam,
    cursor: Value,
    last: i64,
    dice: Dice,
}

impl Seam {
    fn node(&self, dice: &mut Dice) -> String {
        let nodes = self.nodes.read().unwrap();
        let count = u64::try_from(nodes.len()).unwrap();
        nodes[usize::try_from(dice.below(count)).unwrap()].clone()
    }

    /// Something was killed and is there again.
    pub fn killed(&self) {
        self.kills.fetch_add(1, Ordering::SeqCst);
    }

    /// Sells and reads until so many kills are over, then lets all readers read to the end.
    pub async fn proves_while(&self, url: &str, kills: usize) -> Seen {
        let hand = Hand::at(url).await;
        self.runs(&hand, |_| self.kills.load(Ordering::SeqCst) >= kills)
            .await
    }

    /// Sells and reads until readers have resumed often enough, then lets all of them read to the end.
    pub async fn proves(&self, hand: &Hand) -> Seen {
        self.runs(hand, |resumed| resumed >= self.resumes).await
    }

    async fn runs(&self, hand: &Hand, is_enough: impl Fn(usize) -> bool) -> Seen {
        // What was before, the merchant's credential for example, is behind them.
        until("everything so far has its place", async || {
            hand.number("SELECT COUNT(*) FROM outbox_events WHERE pos IS NULL")
                .await
                == 0
        })
        .await;
        let before = hand
            .number("SELECT COALESCE(MAX(tenant_seq), 0) FROM outbox_events")
            .await;
        let begin = self.cursor().await;
        let (over, resumed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let sellers: Vec<_> = (0..self.sellers)
            .map(|seller| tokio::spawn(self.clone().sells(seller, Arc::clone(&over))))
            .collect();
        let readers: Vec<_> = (0..self.readers)
            .map(|number| {
                let reader = Reader {
                    seam: self.clone(),
                    cursor: begin.clone(),
                    last: before,
                    dice: Dice::new(u64::try_from(number).unwrap() + 7),
                };
                tokio::spawn(reader.hops(Arc::clone(&over), Arc::clone(&resumed)))
            })
            .collect();
        let (mut stall, mut since, mut last) = (Duration::ZERO, Instant::now(), -1);
        while !is_enough(resumed.load(Ordering::SeqCst))
            && !readers.iter().any(tokio::task::JoinHandle::is_finished)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let pos = hand.try_number("SELECT last_pos FROM event_sequencer").await;
            if let Some(pos) = pos.filter(|pos| *pos != last) {
                stall = stall.max(since.elapsed());
                (since, last) = (Instant::now(), pos);
            }
        }
        over.store(true, Ordering::SeqCst);
        for seller in sellers {
            seller.await.unwrap();
        }
        until("every event has its place", async || {
            hand.try_number("SELECT COUNT(*) FROM outbox_events WHERE pos IS NULL")
                .await
                == Some(0)
        })
        .await;
        let events = hand.number("SELECT MAX(tenant_seq) FROM outbox_events").await;
        let count = hand.number("SELECT COUNT(*) FROM outbox_events").await;
        assert_eq!(
            events, count,
            "the places of a merchant that is alone are those of all"
        );
        for reader in readers {
            let mut reader = reader.await.unwrap();
            while reader.last < events {
                reader.reads(u64::MAX, Some(events)).await;
            }
            // What was half done when a node was killed ends later, and may have been read already.
            assert!(reader.last >= events);
        }
        Seen {
            events,
            resumes: resumed.load(Ordering::SeqCst),
            stall,
        }
    }

    async fn ask(&self, node: &str, query: &str, variables: Value) -> Option<Value> {
        let post = Client::new()
            .post(format!("{node}/graphql"))
            .header("x-api-key", &self.secret)
            .json(&json!({ "query": query, "variables": variables }));
        post.send().await.ok()?.json().await.ok()
    }

    async fn cursor(&self) -> Value {
        let node = self.node(&mut Dice::new(1));
        let answer = self.ask(&node, "{ eventCursor }", json!({})).await.unwrap();
        answer["data"]["eventCursor"].clone()
    }

    async fn sells(self, seller: usize, over: Arc<AtomicBool>) {
        let mut dice = Dice::new(u64::try_from(seller).unwrap() + 1_000);
        let client = Client::new();
        while !over.load(Ordering::SeqCst) {
            let node = self.node(&mut dice);
            let input = charge(iqd(1_000), json!({}));
            let post = client
                .post(format!("{node}/graphql"))
                .header("x-api-key", &self.secret)
                .json(&json!({ "query": SALE, "variables": { "input": input } }));
            if post.send().await.is_err() {
                // A node that was killed; another one sells on.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

impl Reader {
    /// Reads a little, loses its connection, goes on elsewhere.
    async fn hops(mut self, over: Arc<AtomicBool>, resumed: Arc<AtomicUsize>) -> Self {
        while !over.load(Ordering::SeqCst) {
            let most = self.dice.below(40);
            self.reads(most, None).await;
            resumed.fetch_add(1, Ordering::SeqCst);
        }
        self
    }

    /// Reads at most `most` events, or to the event `upto`; the connection is dropped then without a word.
    async fn reads(&mut self, most: u64, upto: Option<i64>) {
        let node = self.seam.node(&mut self.dice);
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        let Ok(mut socket) = Socket::open(&node, &[protocol, ("x-api-key", &self.seam.secret)]).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            return;
        };
        if socket
            .try_say(json!({ "type": "connection_init" }))
            .await
            .is_err()
        {
            return;
        }
        let mut read = 0;
        loop {
            if read >= most || upto.is_some_and(|upto| self.last >= upto) {
                return;
            }
            // A reader that waits for what does not come any more goes on to be asked whether it is over.
            let Ok(heard) = tokio::time::timeout(Duration::from_secs(2), socket.heard()).await else {
                return;
            };
            let Heard::Message(message) = heard else { return };
            match message["type"].as_str() {
                Some("connection_ack") => {
                    let payload = json!({ "query": FOLLOW, "variables": { "after": self.cursor } });
                    let follow = json!({ "id": "1", "type": "subscribe", "payload": payload });
                    if socket.try_say(follow).await.is_err() {
                        return;
                    }
                }
                Some("next") => {
                    let told = &message["payload"]["data"]["events"];
                    let sequence: i64 = told["event"]["sequence"]
                        .as_str()
                        .unwrap_or_else(|| panic!("{message}"))
                        .parse()
                        .unwrap();
                    assert_eq!(sequence, self.last + 1, "an event is missing or comes again");
                    (self.last, self.cursor) = (sequence, told["cursor"].clone());
                    read += 1;
                }
                // A node whose database is away for a moment says so, and the reader comes again.
                Some("error") if message["payload"][0]["extensions"]["code"] == "UNAVAILABLE" => return,
                _ => panic!("{message}"),
            }
        }
    }
}

/// Which of the nodes has the turn to number, if one has.
pub async fn numbering(nodes: &[Option<Node>], shop: &Shop) -> Option<usize> {
    for (number, node) in nodes.iter().enumerate() {
        let Some(node) = node else { continue };
        let metrics = shop.get(&node.url, "/metrics").await;
        let epoch = metrics
            .lines()
            .find_map(|line| line.strip_prefix("tahsil_event_sequencer_epoch "));
        if epoch.is_some_and(|epoch| epoch != "0") {
            return Some(number);
        }
    }
    None
}
