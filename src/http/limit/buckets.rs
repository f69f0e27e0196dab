//! The buckets of one class.
//!
//! Invariant: what is not yet told to the other nodes is not forgotten while there is room for it, and is told once.

use domain::Timestamp;
use domain::id::{CredentialId, OperatorId};
use domain::limit::{Bucket, Exceeded, Limit, Told, Usage};
use domain::merchant::Tenant;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most buckets of one class.
pub(super) const MOST: usize = 100_000;

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    Credential(CredentialId),
    Tenant(Tenant),
    Operator(OperatorId),
    Address(IpAddr),
    /// Whoever came when all buckets were taken.
    Rest,
}

impl Holder {
    /// What other nodes call it; none for what each node counts for itself.
    fn name(self) -> Option<String> {
        match self {
            Self::Credential(id) => Some(id.to_string()),
            Self::Tenant(tenant) => Some(format!("{}:{}", tenant.merchant, tenant.mode)),
            Self::Operator(id) => Some(id.to_string()),
            // An address reaches one node or few, and there are as many of them as somebody likes.
            Self::Address(_) | Self::Rest => None,
        }
    }

    const fn is_shared(self) -> bool {
        matches!(self, Self::Credential(_) | Self::Tenant(_) | Self::Operator(_))
    }
}

/// A bucket, and what the other nodes do not know of it yet.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    bucket: Bucket,
    unsent: Usage,
    /// Whether anybody asked since the last exchange, also in vain: then it is worth hearing what others have used.
    touched: bool,
}

#[derive(Default)]
struct State {
    held: HashMap<Holder, Held>,
    /// Those that are touched.
    touched: Vec<Holder>,
}

/// A bucket on its way to the other nodes.
pub(super) struct Outgoing {
    holder: Holder,
    sent: Usage,
    /// Its name.
    pub(super) name: String,
    /// What they are told.
    pub(super) told: Told,
}

/// The buckets of one class.
pub(super) struct Buckets {
    pub(super) limit: Limit,
    shared: bool,
    state: Mutex<State>,
}

impl Buckets {
    /// Buckets of this node alone.
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            limit,
            shared: false,
            state: Mutex::default(),
        }
    }

    /// The same, whose use is kept for the other nodes until it is told them.
    pub(super) fn shared(self) -> Self {
        Self { shared: true, ..self }
    }

    pub(super) const fn is_shared(&self) -> bool {
        self.shared
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn with<T>(
        &self,
        holder: Holder,
        now: Timestamp,
        act: impl FnOnce(&mut Bucket, Limit) -> T,
    ) -> T {
        let mut guard = self.state();
        let State { held, touched } = &mut *guard;
        if !held.contains_key(&holder) && held.len() >= MOST {
            held.retain(|_, held| held.touched || !held.bucket.is_full(now));
        }
        let known = held.contains_key(&holder);
        let holder = if known || held.len() < MOST {
            holder
        } else {
            Holder::Rest
        };
        let entry = held.entry(holder).or_default();
        let before = entry.bucket;
        let result = act(&mut entry.bucket, self.limit);
        if self.shared && holder.is_shared() {
            entry.unsent.note(self.limit, before, entry.bucket, now);
            if !entry.touched {
                entry.touched = true;
                touched.push(holder);
            }
        }
        result
    }

    /// Whether one unit is there, without taking it.
    pub(super) fn look(&self, holder: Holder, now: Timestamp) -> Result<(), Exceeded> {
        self.with(holder, now, |bucket, limit| {
            let mut tried = *bucket;
            tried.take(limit, 1, now)
        })
    }

    pub(super) fn take(&self, holder: Holder, units: u32, now: Timestamp) -> Result<(), Exceeded> {
        self.with(holder, now, |bucket, limit| bucket.take(limit, units, now))
    }

    /// What the other nodes are to hear now: each bucket that was touched since the last time. Either [`Self::hear`] or
    /// [`Self::take_back`] has to follow.
    pub(super) fn send(&self, now: Timestamp) -> Vec<Outgoing> {
        let mut guard = self.state();
        let State { held, touched } = &mut *guard;
        let outgoing = std::mem::take(touched).into_iter().filter_map(|holder| {
            let entry = held.get_mut(&holder)?;
            entry.touched = false;
            let sent = std::mem::take(&mut entry.unsent);
            Some(Outgoing {
                holder,
                name: holder.name()?,
                told: sent.told(self.limit, now),
                sent,
            })
        });
        outgoing.collect()
    }

    /// Takes the bucket as all nodes have used it, and keeps what this node has used since it was sent.
    pub(super) fn hear(&self, outgoing: &Outgoing, missing: i64, asked_at: Timestamp, now: Timestamp) {
        let mut guard = self.state();
        // Forgotten meanwhile: it was full here, and is heard of when it is touched again.
        if let Some(entry) = guard.held.get_mut(&outgoing.holder) {
            entry.bucket = Bucket::merged(self.limit, missing, asked_at, entry.unsent, now);
        }
    }

    /// Keeps for the next exchange what could not be told in this one.
    pub(super) fn take_back(&self, outgoing: &Outgoing) {
        let mut guard = self.state();
        let State { held, touched } = &mut *guard;
        if held.len() >= MOST && !held.contains_key(&outgoing.holder) {
            return;
        }
        let entry = held.entry(outgoing.holder).or_default();
        entry.unsent = outgoing.sent.then(entry.unsent);
        if !entry.touched {
            entry.touched = true;
            touched.push(outgoing.holder);
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.state().held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{IdGenerator, SeededIds};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(1_781_517_600_000 + millis).unwrap()
    }

    fn key(ids: &SeededIds) -> Holder {
        Holder::Credential(ids.id(at(0)))
    }

    fn ten() -> Buckets {
        Buckets::new(Limit::per_second(10, 10)).shared()
    }

    #[test]
    fn what_was_used_is_told_once_and_again_when_it_was_not_taken() {
        let (buckets, ids) = (ten(), SeededIds::new(1));
        let holder = key(&ids);
        buckets.take(holder, 4, at(0)).unwrap();
        buckets.take(Holder::Rest, 4, at(0)).unwrap();
        let [first] = <[_; 1]>::try_from(buckets.send(at(0))).ok().unwrap();
        assert_eq!((first.told.added, first.told.own), (400_000, 400_000));
        assert!(buckets.send(at(0)).is_empty());

        buckets.take(holder, 2, at(0)).unwrap();
        buckets.take_back(&first);
        let [both] = <[_; 1]>::try_from(buckets.send(at(0))).ok().unwrap();
        assert_eq!((both.told.added, both.told.own), (600_000, 600_000));

        // Another node has used one meanwhile, and this one uses one before it hears of it.
        buckets.take(holder, 1, at(0)).unwrap();
        buckets.hear(&both, 700_000, at(0), at(0));
        assert!(buckets.take(holder, 3, at(0)).is_err());
        assert!(buckets.take(holder, 2, at(0)).is_ok());
    }

    #[test]
    fn a_request_in_vain_asks_what_the_others_have_used() {
        let (buckets, ids) = (ten(), SeededIds::new(1));
        let holder = key(&ids);
        buckets.look(holder, at(0)).unwrap();
        let [nothing] = <[_; 1]>::try_from(buckets.send(at(0))).ok().unwrap();
        assert_eq!((nothing.told.added, nothing.told.own), (0, 0));
        buckets.hear(&nothing, 1_000_000, at(0), at(0));
        assert!(buckets.look(holder, at(0)).is_err());
    }

    #[test]
    fn what_is_not_told_yet_is_not_forgotten_for_newcomers() {
        let (buckets, ids) = (ten(), SeededIds::new(1));
        for _ in 0..MOST {
            buckets.take(key(&ids), 1, at(0)).unwrap();
        }
        // All are full again, and nobody has heard of them.
        buckets.take(key(&ids), 1, at(10_000)).unwrap();
        assert_eq!(buckets.send(at(10_000)).len(), MOST);
        buckets.take(key(&ids), 1, at(20_000)).unwrap();
        assert_eq!(buckets.count(), 1);
    }
}
