use super::*;
use proptest::prelude::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(1_781_517_600_000 + millis).unwrap()
}

/// The shared bucket, as the table has it, and how much it has forgiven.
#[derive(Default)]
struct Shared {
    full_at: i64,
    forgiven: i64,
}

impl Shared {
    fn is_told(&mut self, told: Told, now: Timestamp) -> i64 {
        let before = self.full_at.saturating_sub(now.timestamp_micros());
        let unbounded = before.saturating_add(told.added).max(told.own);
        let missing = told.on(before);
        self.forgiven += unbounded - missing;
        self.full_at = now.timestamp_micros() + missing;
        missing
    }
}

/// An exchange whose answer is on its way.
#[derive(Clone, Copy)]
struct Flight {
    missing: i64,
    asked_at: Timestamp,
}

struct Node {
    limit: Limit,
    bucket: Bucket,
    unsent: Usage,
    flight: Option<Flight>,
    exchanged: i64,
    used: i64,
}

impl Node {
    fn new(limit: Limit) -> Self {
        Self {
            limit,
            bucket: Bucket::default(),
            unsent: Usage::default(),
            flight: None,
            exchanged: 0,
            used: 0,
        }
    }

    fn act(&mut self, now: Timestamp, act: impl FnOnce(&mut Bucket, Limit) -> bool) -> bool {
        let before = self.bucket;
        let done = act(&mut self.bucket, self.limit);
        self.unsent.note(self.limit, before, self.bucket, now);
        let at = now.timestamp_micros();
        self.used += self.bucket.missing(self.limit, at) - before.missing(self.limit, at);
        done
    }

    fn take(&mut self, units: u32, now: Timestamp) -> bool {
        self.act(now, |bucket, limit| bucket.take(limit, units, now).is_ok())
    }

    fn send(&mut self, shared: &mut Shared, now: Timestamp) {
        let sent = std::mem::take(&mut self.unsent);
        let missing = shared.is_told(sent.told(self.limit, now), now);
        self.flight = Some(Flight {
            missing,
            asked_at: now,
        });
    }

    fn hear(&mut self, now: Timestamp) {
        if let Some(flight) = self.flight.take() {
            self.bucket = Bucket::merged(self.limit, flight.missing, flight.asked_at, self.unsent, now);
        }
    }

    fn exchange(&mut self, shared: &mut Shared, now: Timestamp) {
        self.hear(now);
        self.send(shared, now);
        self.hear(now);
    }

    /// The database did not answer, and has not done it either.
    fn fail(&mut self, now: Timestamp) {
        let sent = std::mem::take(&mut self.unsent);
        // Meanwhile requests go on.
        self.take(1, now);
        self.unsent = sent.then(self.unsent);
    }
}

#[test]
fn what_one_node_gave_another_refuses_after_an_exchange() {
    let limit = Limit::per_second(20, 20);
    let (mut one, mut two, mut shared) = (Node::new(limit), Node::new(limit), Shared::default());
    assert!(one.take(20, at(0)) && two.take(1, at(0)));
    one.exchange(&mut shared, at(0));
    two.exchange(&mut shared, at(0));
    assert!(!two.take(1, at(0)));
    assert!(!two.take(1, at(50)), "one is owed");
    assert!(two.take(1, at(100)));
    one.exchange(&mut shared, at(100));
    assert!(one.take(1, at(100)), "it has not heard of the other's");
}

#[test]
fn what_was_given_back_is_there_for_the_other() {
    let limit = Limit::per_second(100, 10);
    let (mut one, mut two, mut shared) = (Node::new(limit), Node::new(limit), Shared::default());
    assert!(one.take(100, at(0)) && two.take(1, at(0)));
    one.exchange(&mut shared, at(0));
    two.exchange(&mut shared, at(0));
    assert!(!two.take(1, at(0)));
    one.act(at(0), |bucket, limit| {
        bucket.give_back(limit, 60, at(0));
        true
    });
    one.exchange(&mut shared, at(0));
    two.exchange(&mut shared, at(0));
    assert_eq!(two.bucket.left(limit, at(0)), 59);
}

#[test]
fn a_bucket_owes_one_capacity_at_the_most() {
    let limit = Limit::per_second(10, 10);
    let mut shared = Shared::default();
    let mut nodes: Vec<Node> = (0..5).map(|_| Node::new(limit)).collect();
    for node in &mut nodes {
        assert!(node.take(10, at(0)));
        node.exchange(&mut shared, at(0));
    }
    for node in &mut nodes {
        node.exchange(&mut shared, at(0));
        let waits = node.bucket.take(limit, 1, at(0)).unwrap_err().retry_after;
        assert_eq!(waits.num_milliseconds(), 1_100);
        assert_eq!(node.bucket.left(limit, at(0)), 0);
        node.bucket.charge(limit, 10, at(0));
        assert_eq!(
            node.bucket.full_at(limit, at(0)),
            at(2_000),
            "a charge adds nothing to it"
        );
    }
}

#[test]
fn clocks_that_differ_do_not_matter() {
    let limit = Limit::per_second(20, 20);
    let (mut one, mut two) = (Node::new(limit), Node::new(limit));
    assert!(one.take(15, at(0)));
    let missing = one.unsent.told(limit, at(0)).on(0);
    // The other's clock is an hour behind.
    let behind = at(-3_600_000);
    two.bucket = Bucket::merged(limit, missing, behind, Usage::default(), behind);
    assert_eq!(two.bucket.left(limit, behind), 5);
}

/// What a node does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Take(u32),
    GiveBack(u32),
    Charge(u32),
    Send,
    Hear,
    Fail,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_u32..20).prop_map(Step::Take),
        1 => (1_u32..10).prop_map(Step::GiveBack),
        1 => (1_u32..10).prop_map(Step::Charge),
        2 => Just(Step::Send),
        2 => Just(Step::Hear),
        1 => Just(Step::Fail),
    ]
}

fn perform(node: &mut Node, step: Step, shared: &mut Shared, now: Timestamp) {
    match step {
        Step::Take(units) => drop(node.take(units, now)),
        Step::GiveBack(units) => drop(node.act(now, |bucket, limit| {
            bucket.give_back(limit, units, now);
            true
        })),
        Step::Charge(units) => drop(node.act(now, |bucket, limit| {
            bucket.charge(limit, units, now);
            true
        })),
        Step::Send => {
            node.hear(now);
            node.send(shared, now);
        }
        Step::Hear => node.hear(now),
        Step::Fail => node.fail(now),
    }
}

proptest! {
    /// Longest time between two exchanges of a node, in milliseconds, is 250: the sum over all nodes never passes what comes back,
    /// one capacity for each node, what comes back to each other node between three exchanges, and what was forgiven.
    #[test]
    fn all_nodes_together_stay_within_the_limit_and_its_tolerance(
        capacity in 1_u32..100, restored in 1_u32..100, count in 1_usize..5,
        steps in prop::collection::vec((0_i64..60, 0_usize..5, step()), 1..400),
    ) {
        let limit = Limit::per_second(capacity, restored);
        let mut shared = Shared::default();
        let mut nodes: Vec<Node> = (0..count).map(|_| Node::new(limit)).collect();
        let mut clock = 0;
        for (wait, index, step) in steps {
            clock += wait;
            for node in &mut nodes {
                if clock - node.exchanged >= 250 {
                    node.exchange(&mut shared, at(clock));
                    node.exchanged = clock;
                }
            }
            perform(&mut nodes[index % count], step, &mut shared, at(clock));

            let used: i64 = nodes.iter().map(|node| node.used).sum();
            let others = i64::try_from(count - 1).unwrap();
            let tolerance = limit.micros(capacity) * (others + 1) + others * 3 * 310_000;
            prop_assert!(
                used <= clock * 1_000 + tolerance + shared.forgiven,
                "{used} in {clock} ms, tolerance {tolerance}, forgiven {}", shared.forgiven
            );
            if count == 1 {
                prop_assert_eq!(shared.forgiven, 0);
            }
        }
    }

    #[test]
    fn a_node_alone_is_limited_as_if_there_were_no_exchanges(
        capacity in 1_u32..100, restored in 1_u32..100,
        steps in prop::collection::vec((0_i64..60, step()), 1..300),
    ) {
        let limit = Limit::per_second(capacity, restored);
        let (mut alone, mut nobody) = (Node::new(limit), Shared::default());
        let (mut sharing, mut shared) = (Node::new(limit), Shared::default());
        let mut clock = 0;
        for (wait, step) in steps {
            clock += wait;
            perform(&mut sharing, step, &mut shared, at(clock));
            match step {
                Step::Send | Step::Hear => {}
                Step::Fail => drop(alone.take(1, at(clock))),
                other => perform(&mut alone, other, &mut nobody, at(clock)),
            }
            prop_assert_eq!(alone.bucket.full_at(limit, at(clock)), sharing.bucket.full_at(limit, at(clock)));
        }
    }

    /// Two nodes that always want more get what comes back and no more, once the first burst is over.
    #[test]
    fn in_the_long_run_the_rate_is_exact(
        count in 2_usize..6, waits in prop::collection::vec((0_i64..20, 0_usize..6), 2_000),
    ) {
        let limit = Limit::per_second(20, 20);
        let mut shared = Shared::default();
        let mut nodes: Vec<Node> = (0..count).map(|_| Node::new(limit)).collect();
        let (mut clock, mut taken) = (0, 0);
        for (wait, index) in waits {
            clock += wait;
            for node in &mut nodes {
                if clock - node.exchanged >= 250 {
                    node.exchange(&mut shared, at(clock));
                    node.exchanged = clock;
                }
            }
            while nodes[index % count].take(1, at(clock)) {
                taken += 1;
            }
        }
        let (burst, came_back) = (20 * i64::try_from(count).unwrap(), clock * 20 / 1_000);
        let jitter = 10 * i64::try_from(count).unwrap();
        prop_assert!(taken <= burst + came_back + jitter, "{taken} of {came_back} and {burst}");
        prop_assert!(taken + 40 >= came_back, "{taken} of {came_back}: not less either");
    }
}
