//! How much may be asked: the buckets of this node, and what it tells the others of them.
//!
//! Invariant: memory is bounded whatever addresses ask: buckets that are full again are forgotten, and when too many are in use,
//! newcomers share one. A request is decided from memory alone; what merchants, keys and operators use is told to the other nodes
//! afterwards (`exchange`), what addresses use is not.

mod buckets;
mod exchange;
mod quota;

pub use exchange::{Exchange, keep_exchanging};
pub use quota::{Per, Quota};

use crate::config::Limits;
use buckets::{Buckets, Holder};
use domain::Timestamp;
use domain::actor::Actor;
use domain::limit::{Bucket, Exceeded, Limit};
use std::net::{IpAddr, Ipv6Addr};

/// Who asks, for the limits.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// Somebody with a key.
    Known(&'a Actor),
    /// Somebody without.
    Unknown(IpAddr),
}

impl Asker<'_> {
    /// The holder of what each key has for itself.
    fn key(self) -> Holder {
        match self {
            Self::Known(Actor::Merchant(merchant)) => Holder::Credential(merchant.credential),
            Self::Known(Actor::Operator(operator)) => Holder::Operator(*operator),
            Self::Unknown(address) => network(address),
        }
    }

    /// The holder of what all keys of a merchant in a mode share: what is rehearsed never holds up what is real.
    fn tenant(self) -> Holder {
        match self {
            Self::Known(Actor::Merchant(merchant)) => Holder::Tenant(merchant.tenant),
            other => other.key(),
        }
    }
}

/// An address; of IPv6 the network, since a host has all of it.
fn network(address: IpAddr) -> Holder {
    Holder::Address(match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => {
            let [a, b, c, d, ..] = long.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    })
}

/// What is left in a bucket of cost points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// How large the bucket is, and how fast it fills.
    pub limit: Limit,
    /// What is left.
    pub left: u32,
    /// When it is full again.
    pub full_at: Timestamp,
}

/// Whether anybody else counts for the same holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// This node is alone, or counts as if it were.
    One,
    /// There may be others: what is used here is kept until [`Throttle::exchange`] has told them.
    Several,
}

/// The limits of this node and what was used of them.
pub struct Throttle {
    cost: Buckets,
    payments: Buckets,
    payments_hourly: Buckets,
    queries: Buckets,
    public: Buckets,
    refused_keys: Buckets,
    refused_documents: Buckets,
}

impl Throttle {
    /// Nothing used.
    #[must_use]
    pub fn new(limits: &Limits, nodes: Nodes) -> Self {
        let shared = |limit| match nodes {
            Nodes::One => Buckets::new(limit),
            Nodes::Several => Buckets::new(limit).shared(),
        };
        Self {
            cost: shared(limits.cost),
            payments: shared(limits.payments),
            payments_hourly: shared(limits.payments_hourly),
            queries: shared(limits.queries),
            public: Buckets::new(limits.public),
            refused_keys: Buckets::new(limits.refused_keys),
            refused_documents: shared(limits.queries),
        }
    }

    /// Whether other nodes may be told of what is used here.
    #[must_use]
    pub const fn has_others(&self) -> bool {
        self.cost.is_shared()
    }

    /// The classes that the nodes share, by the names that they have in the table.
    fn shared(&self) -> [(&'static str, &Buckets); 5] {
        [
            ("cost", &self.cost),
            ("payments", &self.payments),
            ("payments_hourly", &self.payments_hourly),
            ("queries", &self.queries),
            ("refused_documents", &self.refused_documents),
        ]
    }

    /// The most that one operation may cost.
    #[must_use]
    pub const fn most_points(&self) -> u32 {
        self.cost.limit.capacity()
    }

    /// A request without a key.
    ///
    /// # Errors
    /// When the address asked too often.
    pub fn public(&self, address: IpAddr, now: Timestamp) -> Result<(), Exceeded> {
        self.public.take(network(address), 1, now)
    }

    /// Whether this address may try another key.
    ///
    /// # Errors
    /// When too many of its keys were refused.
    pub fn may_try_key(&self, address: IpAddr, now: Timestamp) -> Result<(), Exceeded> {
        self.refused_keys.look(network(address), now)
    }

    /// Whether this key may send another document that this node does not know. Reading one is work that nobody has paid for yet.
    ///
    /// # Errors
    /// When as many of its documents were refused as it may ask questions.
    pub fn may_send_document(&self, asker: Asker<'_>, now: Timestamp) -> Result<(), Exceeded> {
        self.refused_documents.look(asker.key(), now)
    }

    /// A document of this key was refused.
    pub fn document_refused(&self, asker: Asker<'_>, now: Timestamp) {
        self.refused_documents
            .with(asker.key(), now, |bucket, limit| bucket.charge(limit, 1, now));
    }

    /// A key of this address was refused.
    pub fn key_refused(&self, address: IpAddr, now: Timestamp) {
        self.refused_keys.with(network(address), now, |bucket, limit| {
            bucket.charge(limit, 1, now)
        });
    }

    /// Commands on payments, all or none of them.
    ///
    /// # Errors
    /// When the second or the hour has no more.
    pub fn commands(&self, asker: Asker<'_>, commands: u32, now: Timestamp) -> Result<(), Exceeded> {
        let holder = asker.tenant();
        self.payments.take(holder, commands, now)?;
        self.payments_hourly.take(holder, commands, now).inspect_err(|_| {
            self.payments.with(holder, now, |bucket, limit| {
                bucket.give_back(limit, commands, now)
            });
        })
    }

    /// One question.
    ///
    /// # Errors
    /// When the second has no more.
    pub fn question(&self, asker: Asker<'_>, now: Timestamp) -> Result<(), Exceeded> {
        self.queries.take(asker.tenant(), 1, now)
    }

    /// How the rates of commands stand, the shorter first; nothing is taken.
    #[must_use]
    pub fn command_quotas(&self, asker: Asker<'_>, now: Timestamp) -> [Quota; 2] {
        let holder = asker.tenant();
        [
            quota(&self.payments, "payments", Per::Second, holder, now),
            quota(&self.payments_hourly, "payments-hourly", Per::Hour, holder, now),
        ]
    }

    /// How the rate of questions stands; nothing is taken.
    #[must_use]
    pub fn question_quota(&self, asker: Asker<'_>, now: Timestamp) -> Quota {
        quota(&self.queries, "queries", Per::Second, asker.tenant(), now)
    }

    /// How the rate of requests without a key stands for an address; nothing is taken.
    #[must_use]
    pub fn public_quota(&self, address: IpAddr, now: Timestamp) -> Quota {
        quota(&self.public, "public", Per::Second, network(address), now)
    }

    /// Takes what an operation may cost.
    ///
    /// # Errors
    /// When less is left; nothing was taken then.
    pub fn spend(&self, asker: Asker<'_>, points: u32, now: Timestamp) -> Result<Points, (Exceeded, Points)> {
        self.cost.with(asker.key(), now, |bucket, limit| {
            let taken = bucket.take(limit, points, now);
            let points = points_of(bucket, limit, now);
            taken.map(|()| points).map_err(|exceeded| (exceeded, points))
        })
    }

    /// Gives back what was taken and not used, or takes what was used beyond.
    pub fn settle(&self, asker: Asker<'_>, taken: u32, used: u32, now: Timestamp) -> Points {
        self.cost.with(asker.key(), now, |bucket, limit| {
            bucket.give_back(limit, taken.saturating_sub(used), now);
            bucket.charge(limit, used.saturating_sub(taken), now);
            points_of(bucket, limit, now)
        })
    }

    /// What is left, without taking anything.
    #[must_use]
    pub fn points(&self, asker: Asker<'_>, now: Timestamp) -> Points {
        self.cost
            .with(asker.key(), now, |bucket, limit| points_of(bucket, limit, now))
    }
}

fn quota(buckets: &Buckets, name: &'static str, per: Per, holder: Holder, now: Timestamp) -> Quota {
    buckets.with(holder, now, |bucket, limit| Quota {
        name,
        per,
        most: limit.capacity(),
        left: bucket.left(limit, now),
        full_in: bucket.full_at(limit, now) - now,
    })
}

fn points_of(bucket: &Bucket, limit: Limit, now: Timestamp) -> Points {
    Points {
        limit,
        left: bucket.left(limit, now),
        full_at: bucket.full_at(limit, now),
    }
}

#[cfg(test)]
mod tests {
    use super::buckets::MOST;
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(1_781_517_600_000 + millis).unwrap()
    }

    fn throttle() -> Throttle {
        let two = Limit::per_second(2, 2);
        let limits = Limits {
            cost: Limit::per_second(100, 10),
            payments: two,
            payments_hourly: Limit::per_hour(3, 3),
            queries: two,
            public: two,
            refused_keys: two,
            exchange: std::time::Duration::ZERO,
        };
        Throttle::new(&limits, Nodes::Several)
    }

    const HERE: Asker<'_> = Asker::Unknown(IpAddr::V6(Ipv6Addr::LOCALHOST));

    #[test]
    fn commands_that_the_hour_refuses_cost_nothing_of_the_second() {
        let throttle = throttle();
        throttle.commands(HERE, 2, at(0)).unwrap();
        assert!(throttle.commands(HERE, 2, at(1_000)).is_err(), "the hour");
        assert!(
            throttle.commands(HERE, 1, at(1_000)).is_ok(),
            "the second still has two"
        );
        assert!(throttle.commands(HERE, 1, at(1_000)).is_err());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_ipv4_by_address() {
        let throttle = throttle();
        let ask = |address: &str| throttle.public(address.parse().unwrap(), at(0)).is_ok();
        assert!(ask("2001:db8::1") && ask("2001:db8::2") && !ask("2001:db8::3"));
        assert!(ask("2001:db8:0:1::1"));
        assert!(ask("192.0.2.1") && ask("192.0.2.1") && !ask("192.0.2.1") && ask("192.0.2.2"));
    }

    #[test]
    fn points_that_were_not_used_come_back() {
        let throttle = throttle();
        assert_eq!(throttle.spend(HERE, 90, at(0)).unwrap().left, 10);
        let (exceeded, points) = throttle.spend(HERE, 20, at(0)).unwrap_err();
        assert_eq!(
            (exceeded.retry_after.num_milliseconds(), points.left),
            (1_000, 10)
        );
        assert_eq!(throttle.settle(HERE, 90, 30, at(0)).left, 70);
        assert_eq!(throttle.settle(HERE, 0, 20, at(0)).left, 50);
        assert_eq!(throttle.points(HERE, at(5_000)).left, 100);
    }

    #[test]
    fn refused_keys_shut_an_address_out_for_a_while() {
        let throttle = throttle();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..2 {
            throttle.may_try_key(address, at(0)).unwrap();
            throttle.may_try_key(address, at(0)).unwrap();
            throttle.key_refused(address, at(0));
        }
        assert!(throttle.may_try_key(address, at(0)).is_err());
        assert!(throttle.may_try_key(address, at(500)).is_ok());
    }

    #[test]
    fn the_memory_is_bounded_whatever_addresses_ask() {
        let throttle = throttle();
        for n in 0..u32::try_from(MOST + 10).unwrap() {
            throttle.public(IpAddr::V4(n.into()), at(0)).ok();
        }
        assert_eq!(throttle.public.count(), MOST + 1, "and the rest shares one");
        assert!(throttle.public("255.0.0.1".parse().unwrap(), at(0)).is_err());
        assert!(
            throttle.public("255.0.0.1".parse().unwrap(), at(2_000)).is_ok(),
            "room again"
        );
        assert!(throttle.public.count() <= 2);
    }
}
