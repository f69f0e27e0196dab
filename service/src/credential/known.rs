//! Keys that were checked a moment ago.
//!
//! Invariant: a key is believed without asking the database for one second at most, and not at all after this node revoked it;
//! its secret is compared each time. Only keys that opened something are remembered, so that a stranger cannot fill the memory.
//! See `docs/decisions/0005-keys-remembered.md`.

use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::SecretHash;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a key is believed.
const REMEMBERED: chrono::Duration = chrono::Duration::seconds(1);
/// Most keys; beyond, those that are no longer believed are forgotten, and then all.
const MOST: usize = 10_000;

/// A key as the database had it.
#[derive(Clone)]
struct Entry {
    hash: SecretHash,
    actor: Actor,
    read_at: Timestamp,
}

/// The keys that this node believes, by their token.
#[derive(Default)]
pub struct KnownKeys {
    entries: Mutex<HashMap<String, Entry>>,
    /// Counts what was forgotten: a key that was read before it was revoked must not be put back after.
    forgotten: AtomicU64,
}

/// How much had been forgotten when a key was about to be read.
#[derive(Clone, Copy)]
pub struct Before(u64);

impl KnownKeys {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // A panic elsewhere leaves whole entries behind.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The actor behind a key that was read a moment before `now`.
    pub fn get(&self, token: &str, hash: &SecretHash, now: Timestamp) -> Option<Actor> {
        let entries = self.entries();
        let entry = entries.get(token)?;
        // A clock that went back makes no key believed for longer.
        let fresh = entry.read_at <= now && now - entry.read_at < REMEMBERED;
        (fresh && entry.hash == *hash).then(|| entry.actor.clone())
    }

    /// Whether this key opened something on this node, however long ago.
    pub fn opened(&self, token: &str, hash: &SecretHash) -> bool {
        self.entries().get(token).is_some_and(|entry| entry.hash == *hash)
    }

    /// Call it before a key is read from the database, for [`Self::put`].
    pub fn before(&self) -> Before {
        Before(self.forgotten.load(Ordering::SeqCst))
    }

    /// Remembers a key that was read from the database at `now`, unless one was revoked meanwhile.
    pub fn put(&self, token: String, hash: SecretHash, actor: Actor, now: Timestamp, before: Before) {
        let mut entries = self.entries();
        if self.forgotten.load(Ordering::SeqCst) != before.0 {
            return;
        }
        if entries.len() >= MOST {
            entries.retain(|_, entry| now - entry.read_at < REMEMBERED);
        }
        if entries.len() >= MOST {
            entries.clear();
        }
        let read_at = now;
        entries.insert(token, Entry { hash, actor, read_at });
    }

    /// Believes a key no longer.
    pub fn forget(&self, token: &str) {
        let mut entries = self.entries();
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        entries.remove(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{OperatorId, SeededIds, new_id};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(1_781_517_600_000 + millis).unwrap()
    }

    fn actor() -> Actor {
        Actor::Operator(new_id::<OperatorId>(&SeededIds::new(1), at(0)))
    }

    #[test]
    fn a_key_is_believed_for_a_second() {
        let (known, hash) = (KnownKeys::default(), SecretHash::from_bytes([1; 32]));
        known.put("t".to_owned(), hash, actor(), at(0), known.before());
        for (millis, believed) in [(0, true), (999, true), (1_000, false), (-1, false)] {
            assert_eq!(known.get("t", &hash, at(millis)).is_some(), believed, "{millis}");
        }
        assert!(known.opened("t", &hash));
        known.forget("t");
        assert!(known.get("t", &hash, at(0)).is_none() && !known.opened("t", &hash));
    }

    #[test]
    fn another_secret_under_the_same_token_is_not() {
        let (known, hash) = (KnownKeys::default(), SecretHash::from_bytes([1; 32]));
        known.put("t".to_owned(), hash, actor(), at(0), known.before());
        let other = SecretHash::from_bytes([2; 32]);
        assert!(known.get("t", &other, at(0)).is_none() && !known.opened("t", &other));
    }

    #[test]
    fn a_key_that_was_read_before_it_was_revoked_is_not_put_back() {
        let (known, hash) = (KnownKeys::default(), SecretHash::from_bytes([1; 32]));
        let before = known.before();
        known.forget("t");
        known.put("t".to_owned(), hash, actor(), at(0), before);
        assert!(known.get("t", &hash, at(0)).is_none());
    }

    #[test]
    fn the_memory_is_bounded() {
        let (known, hash) = (KnownKeys::default(), SecretHash::from_bytes([1; 32]));
        for n in 0..MOST * 2 {
            known.put(n.to_string(), hash, actor(), at(0), known.before());
        }
        assert!(known.entries().len() <= MOST);
        let last = (MOST * 2 - 1).to_string();
        assert!(known.get(&last, &hash, at(0)).is_some());
    }
}
