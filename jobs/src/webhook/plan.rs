//! Who is sent to next.
//!
//! Invariant: the planner alone knows what is in memory of lanes, so nothing there is locked. Round after round, each endpoint that has
//! something due gets its turn; slow ones together have half of all that can be under way, and those of which nothing is known one request each
//! of another quarter, so that the others never wait for them. What is told by transactions of this node is sent at once; what other nodes
//! wrote and what is due later is found by looking.

use super::batch::send_all;
use super::client::Client;
use super::lane::{Lane, RESERVE, SLOW, Settled, TOTAL};
use super::send::Sender;
use super::state::{DispatcherState, gauge};
use super::write::{Note, write};
use domain::id::WebhookEndpointId;
use service::App;
use service::random;
use service::webhook::{Claimed, LEASE, News, NodeId, Wanted, acquire, agenda, claim, release, renew};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often it is looked for what other nodes wrote and what is due later.
const LOOK: Duration = Duration::from_secs(1);
/// Word of other nodes is looked after so often at most.
const HEED: Duration = Duration::from_millis(25);
/// How long a lane in which nothing is to be done is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How long a graceful stop waits for attempts that are under way.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to wait after the database did not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Whether chance puts off what failed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// By up to a tenth of its pause.
    UpToATenth,
    /// Not at all.
    None,
}

impl Jitter {
    pub(super) fn chance(self) -> u16 {
        match self {
            Self::UpToATenth => random::chance(),
            Self::None => 0,
        }
    }
}

/// The dispatcher of a node.
pub struct Dispatcher {
    sender: Sender,
    node: NodeId,
    state: Arc<DispatcherState>,
    heard: watch::Receiver<i64>,
}

impl Dispatcher {
    /// A dispatcher that sends by `client`; `heard` says when other nodes may have written something.
    #[must_use]
    pub fn new(app: App, client: Client, jitter: Jitter, heard: watch::Receiver<i64>) -> Self {
        Self {
            sender: Sender { app, client, jitter },
            node: NodeId::new(random::name()),
            state: Arc::default(),
            heard,
        }
    }

    /// What it does, for metrics.
    #[must_use]
    pub fn state(&self) -> Arc<DispatcherState> {
        Arc::clone(&self.state)
    }

    /// Sends until `stopping`, then ends what is under way and gives its lanes back.
    pub async fn run(self, stopping: CancellationToken) {
        let app = self.sender.app.clone();
        let (notes, noted) = mpsc::channel(4 * TOTAL);
        let (settled, settling) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write(app.clone(), Arc::clone(&self.state), noted, settled));
        let node = self.node.clone();
        let now = Instant::now();
        let mut planner = Planner {
            app: app.clone(),
            node: self.node,
            sender: Arc::new(self.sender),
            state: self.state,
            lanes: BTreeMap::new(),
            turn: None,
            in_flight: 0,
            notes,
            settling,
            next_look: now,
            next_heed: now,
            next_renewal: now + LEASE / 3,
        };
        planner.work(self.heard, &stopping).await;
        planner.finish().await;
        drop(planner);
        // Without a database it would try for ever; what is not written down is made again.
        match timeout(PATIENCE, writer).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the writer of webhook attempts ended in a panic"),
            Err(_) => tracing::warn!("webhook attempts could not be written down"),
        }
        if let Err(error) = release(&app, &node).await {
            tracing::warn!(%error, "webhook lanes could not be given back; they are free when their lease is over");
        }
    }
}

struct Planner {
    app: App,
    node: NodeId,
    sender: Arc<Sender>,
    state: Arc<DispatcherState>,
    lanes: BTreeMap<WebhookEndpointId, Lane>,
    /// Who had the last turn.
    turn: Option<WebhookEndpointId>,
    in_flight: usize,
    notes: mpsc::Sender<Note>,
    settling: mpsc::UnboundedReceiver<Settled>,
    next_look: Instant,
    /// Word of other nodes is not looked after before.
    next_heed: Instant,
    next_renewal: Instant,
}

impl Planner {
    async fn work(&mut self, mut heard: watch::Receiver<i64>, stopping: &CancellationToken) {
        while !stopping.is_cancelled() {
            while let Ok(settled) = self.settling.try_recv() {
                self.settle(&settled);
            }
            let News {
                due,
                changed,
                anything,
            } = self.app.db().due().take();
            if anything {
                self.lanes.values_mut().for_each(Lane::let_go);
                self.next_look = Instant::now();
            }
            for endpoint in changed {
                match self.lanes.get_mut(&endpoint) {
                    Some(lane) => lane.suspect(),
                    None => self.next_look = Instant::now(),
                }
            }
            self.told(due).await;
            self.take_anew().await;
            if Instant::now() >= self.next_renewal {
                self.renew().await;
            }
            if Instant::now() >= self.next_look {
                self.look().await;
            }
            let wanted = self.wanted();
            self.publish();
            if !wanted.is_empty() {
                self.claim(&wanted).await;
                continue;
            }
            let (app, wait) = (self.app.clone(), self.wait());
            tokio::select! {
                () = stopping.cancelled() => {}
                () = app.db().due().news() => {}
                Some(settled) = self.settling.recv() => self.settle(&settled),
                Ok(()) = heard.changed() => self.next_look = self.next_look.min(self.next_heed.max(Instant::now() + HEED)),
                () = sleep(wait) => {}
            }
        }
    }

    /// Waits for what is under way, for a while, and keeps the lanes meanwhile.
    async fn finish(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.in_flight > 0 && Instant::now() < until {
            let wait = until
                .min(self.next_renewal)
                .saturating_duration_since(Instant::now());
            tokio::select! {
                Some(settled) = self.settling.recv() => self.settle(&settled),
                () = sleep(wait) => {}
            }
            if Instant::now() >= self.next_renewal {
                self.renew().await;
            }
        }
        if self.in_flight > 0 {
            tracing::warn!("webhook attempts are still under way; they are made again by whoever sends next");
        }
    }

    fn settle(&mut self, settled: &Settled) {
        self.in_flight = self.in_flight.saturating_sub(1);
        // A lane that was lost meanwhile is somebody else's.
        if let Some(lane) = self.lanes.get_mut(&settled.endpoint) {
            lane.settled(settled, self.app.now(), Instant::now());
        }
    }

    /// Takes lanes of which something here may be wrong anew: with them comes what the database says, and what was under way by mistake is
    /// found.
    async fn take_anew(&mut self) {
        let anew = self.lanes.values().filter(|lane| lane.is_to_be_taken_anew());
        let anew: Vec<WebhookEndpointId> = anew.map(|lane| lane.endpoint).collect();
        for endpoint in &anew {
            self.lanes.remove(endpoint);
        }
        self.adopt(anew).await;
    }

    async fn told(&mut self, endpoints: BTreeSet<WebhookEndpointId>) {
        let now = self.app.now();
        let mut strangers = Vec::new();
        for endpoint in endpoints {
            match self.lanes.get_mut(&endpoint) {
                Some(lane) => lane.expect(now),
                None => strangers.push(endpoint),
            }
        }
        self.adopt(strangers).await;
    }

    /// Takes the lanes of these endpoints, as far as nobody else has them.
    async fn adopt(&mut self, endpoints: Vec<WebhookEndpointId>) {
        if endpoints.is_empty() {
            return;
        }
        match acquire(&self.app, &self.node, &endpoints).await {
            Ok(lanes) => {
                let (now, instant) = (self.app.now(), Instant::now());
                for lane in lanes {
                    // The channel is open as long as the planner lives.
                    drop(self.notes.send(Note::Adopted(lane.endpoint, lane.health)).await);
                    self.lanes
                        .insert(lane.endpoint, Lane::new(&lane, Some(now), instant));
                }
            }
            Err(error) => self.trouble("webhook lanes could not be taken", &error).await,
        }
    }

    async fn trouble(&mut self, what: &'static str, error: &service::Error) {
        tracing::warn!(%error, "{what}");
        sleep(PAUSE).await;
    }

    /// Looks for what other nodes wrote, what is due later, and what nobody sends.
    async fn look(&mut self) {
        let begun = Instant::now();
        let found = match agenda(&self.app, &self.node).await {
            Ok(found) => found,
            Err(error) => {
                self.next_look = Instant::now() + PAUSE;
                return self
                    .trouble("it could not be looked for webhooks that are due", &error)
                    .await;
            }
        };
        // However long a look takes, most of the time is for sending.
        self.next_look = Instant::now() + LOOK.max(begun.elapsed() * 10);
        self.next_heed = Instant::now() + HEED.max(begun.elapsed() * 10);
        let now = self.app.now();
        let mut free = Vec::new();
        for entry in found {
            match (self.lanes.get_mut(&entry.endpoint), entry.at) {
                (Some(lane), Some(at)) => lane.expect(at),
                (Some(_), None) => {}
                (None, at) if entry.is_mine || entry.is_free => {
                    // What others leave for later is taken when it is due; what they were sending when they died, at once.
                    if entry.is_sending || at.is_none_or(|at| at <= now) {
                        free.push(entry.endpoint);
                    }
                }
                (None, _) => {}
            }
        }
        self.adopt(free).await;
        let now = self.app.now();
        let overdue = self.lanes.values().map(|lane| lane.overdue(now)).max();
        let millis = overdue.unwrap_or_default().as_millis();
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        self.state.overdue_millis.store(millis, Ordering::Relaxed);
    }

    async fn renew(&mut self) {
        self.next_renewal = Instant::now() + LEASE / 3;
        let idle = |lane: &Lane| {
            self.app.db().is_postgres()
                && lane.in_flight == 0
                && lane.due.is_none()
                && lane.last_used.elapsed() > IDLE
        };
        let idle: Vec<_> = self
            .lanes
            .values()
            .filter(|lane| idle(lane))
            .map(|lane| lane.endpoint)
            .collect();
        for endpoint in &idle {
            self.lanes.remove(endpoint);
        }
        if let Err(error) = renew(&self.app, &self.node, &idle).await {
            self.trouble("webhook lanes could not be renewed", &error).await;
        }
    }

    /// Who gets a turn now, in the order of turns.
    fn wanted(&mut self) -> Vec<Wanted> {
        let (now, instant) = (self.app.now(), Instant::now());
        let mut budget = TOTAL.saturating_sub(self.in_flight);
        let slow = || self.lanes.values().filter(|lane| lane.is_slow(instant));
        let mut slow_budget = SLOW.saturating_sub(slow().map(|lane| lane.in_flight).sum());
        let busy = slow().filter(|lane| lane.is_busy(now, instant)).count();
        let slow_share = (SLOW / busy.max(1)).max(1);
        let order: Vec<WebhookEndpointId> = match self.turn {
            None => self.lanes.keys().copied().collect(),
            Some(last) => {
                let after = self.lanes.range((Bound::Excluded(last), Bound::Unbounded));
                after
                    .chain(self.lanes.range(..=last))
                    .map(|(id, _)| *id)
                    .collect()
            }
        };
        let mut wanted = Vec::new();
        for endpoint in order {
            if budget == 0 {
                break;
            }
            let Some(lane) = self.lanes.get_mut(&endpoint) else {
                continue;
            };
            let is_slow = lane.is_slow(instant);
            let left = if lane.is_untried() {
                budget.saturating_sub(RESERVE).max(budget.min(slow_budget))
            } else if is_slow {
                budget.min(slow_budget)
            } else {
                budget
            };
            let room = lane.room(now, instant, left, slow_share);
            if room == 0 {
                continue;
            }
            let taken = usize::try_from(room).unwrap_or(usize::MAX);
            budget = budget.saturating_sub(taken);
            if is_slow {
                slow_budget = slow_budget.saturating_sub(taken);
            }
            self.turn = Some(endpoint);
            wanted.push(Wanted {
                endpoint,
                epoch: lane.epoch,
                room,
            });
        }
        wanted
    }

    async fn claim(&mut self, wanted: &[Wanted]) {
        let claimed = match claim(&self.app, &self.node, wanted).await {
            Ok(claimed) => claimed,
            Err(error) => {
                // Perhaps they were, and only the word of it was lost: what is under way then is found when the lanes are taken anew.
                for wanted in wanted {
                    if let Some(lane) = self.lanes.get_mut(&wanted.endpoint) {
                        lane.suspect();
                    }
                }
                return self
                    .trouble("webhooks that are due could not be claimed", &error)
                    .await;
            }
        };
        let instant = Instant::now();
        let mut batch = Vec::new();
        for (wanted, claimed) in wanted.iter().zip(claimed) {
            let expired = u64::try_from(claimed.expired).unwrap_or(u64::MAX);
            self.state.expired.fetch_add(expired, Ordering::Relaxed);
            if !claimed.is_mine {
                tracing::warn!(endpoint = %claimed.endpoint, "another node sends to this webhook endpoint now");
                self.state.lanes_lost.fetch_add(1, Ordering::Relaxed);
                self.lanes.remove(&claimed.endpoint);
                continue;
            }
            let Some(lane) = self.lanes.get_mut(&claimed.endpoint) else {
                continue;
            };
            let Claimed {
                deliveries,
                signer,
                expired,
                health,
                ..
            } = claimed;
            if signer.is_some() && lane.was_held() {
                // Whoever let it go, perhaps through another node, made it begin afresh.
                lane.begin_afresh(health);
                drop(self.notes.send(Note::Adopted(lane.endpoint, health)).await);
            }
            let settings = signer.as_ref().map(|signer| &signer.endpoint.settings);
            lane.claimed(settings, wanted.room, deliveries.len(), expired, instant);
            self.in_flight += deliveries.len();
            if let Some(signer) = signer.filter(|_| !deliveries.is_empty()) {
                batch.push((Arc::new(signer), deliveries, wanted.epoch));
            }
        }
        if !batch.is_empty() {
            let (sender, notes) = (Arc::clone(&self.sender), self.notes.clone());
            tokio::spawn(send_all(sender, batch, notes));
        }
    }

    /// How long nothing is to be done, if nothing is told.
    fn wait(&self) -> Duration {
        let now = self.app.now();
        let next = self.lanes.values().filter_map(|lane| lane.wakes(now)).min();
        let look = self
            .next_look
            .min(self.next_renewal)
            .saturating_duration_since(Instant::now());
        next.map_or(look, |next| next.max(Duration::from_millis(1)).min(look))
    }

    fn publish(&self) {
        let now = self.app.now();
        let open = self.lanes.values().filter(|lane| lane.is_open(now)).count();
        let instant = Instant::now();
        let slow = self.lanes.values().filter(|lane| lane.is_slow(instant));
        let slow = slow.map(|lane| lane.in_flight).sum();
        let state = &self.state;
        state.in_flight.store(gauge(self.in_flight), Ordering::Relaxed);
        state.slow_in_flight.store(gauge(slow), Ordering::Relaxed);
        state.lanes.store(gauge(self.lanes.len()), Ordering::Relaxed);
        state.open_breakers.store(gauge(open), Ordering::Relaxed);
    }
}
