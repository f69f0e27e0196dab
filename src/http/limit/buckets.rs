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
